"""Writing files completely or not at all, and saying why one cannot be read or written."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sandbox.errors import InputError, input_error

_DRAFT = ".loss-sandbox-"  # prefix of unfinished files and folders


def reason(error: Exception) -> str:
    """Return why a file operation failed, worded to follow a colon."""
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).lower()


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file completely; if anything fails, it keeps its old content.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    name = str(path)
    if os.path.isdir(path):  # unlike Path.is_dir, accepts any name
        raise input_error(name, "this is a folder, but must be the name of a file.")
    draft = path.parent / f"{_DRAFT}{secrets.token_hex(8)}.tmp"
    try:
        with draft.open("xb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except (OSError, ValueError) as error:  # ValueError: not a valid file name
        with suppress(OSError, ValueError):
            draft.unlink()
        raise input_error(name, f"this cannot be written: {reason(error)}.") from None


@contextmanager
def write_together(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    """Yield a draft folder to write files in, and move them into `folder` once all are written.

    Existing files of the same name are replaced, others stay. If anything fails, `folder` is left as it was, or
    removed if it did not exist.

    Parameters
    ----------
    folder : Path
        Created if it does not exist; write access is checked on entry.
    names : iterable of str
        The names that the files may have.

    Raises
    ------
    InputError
        If the folder, or a file in it, cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: this is a file; a folder to write into is needed.")
    created = _missing(folder)
    draft = None
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=folder))
        except (OSError, ValueError) as error:
            raise InputError(f"{folder}: results cannot be written there: {reason(error)}.") from None
        for name in names:
            if (folder / name).is_dir():
                raise InputError(f"{folder / name} is a folder, but a file must be written there.")
        try:
            yield draft
            for file in sorted(draft.iterdir()):
                os.replace(file, folder / file.name)
        except OSError as error:
            raise InputError(f"{folder}: the results could not be written: {reason(error)}.") from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)
        for path in reversed(created):
            with suppress(OSError):  # not empty: it stays
                path.rmdir()


def _missing(folder: Path) -> list[Path]:
    """Return the folders to create, outermost first."""
    path = folder.absolute()
    return [parent for parent in (*reversed(path.parents), path) if not os.path.lexists(parent)]
