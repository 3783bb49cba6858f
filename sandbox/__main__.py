"""The program loss-sandbox, also started by python -m sandbox."""

import sys

from sandbox import signals


def main() -> int:
    """Run the command line; return the exit code.

    Nothing is imported before Ctrl+C is quiet: until there is something to keep, it ends the program without a word.
    """
    signals.end_by_default()
    from sandbox.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
