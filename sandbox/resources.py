"""Where the files that ship with the program are: icons, data sets, lessons."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (_PACKAGE / "resources", _PACKAGE.parent / "resources")  # an installed wheel, a checkout


def resource(*parts: str) -> Path:
    """Return the path of a shipped file or folder.

    Raises
    ------
    FileNotFoundError
        When it is in neither the installed package nor the checkout.
    """
    for root in _ROOTS:
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError("/".join(parts))
