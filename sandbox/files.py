"""Writing files whole or not at all, and saying in a sentence why one cannot be read or written."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sandbox.errors import InputError, fail

_DRAFT = ".loss-sandbox-"  # what an unfinished file or folder begins with


def reason(error: Exception) -> str:
    """Return why an operation on a file failed, in words that can follow a colon."""
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).lower()


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file so that it holds either all of it or, if anything fails, what it held before.

    Raises
    ------
    InputError
        If it cannot be written there.
    """
    name = str(path)
    if os.path.isdir(path):  # unlike Path.is_dir, it takes any name
        raise fail(name, "this is a folder, but must be the name of a file.")
    draft = path.parent / f"{_DRAFT}{secrets.token_hex(8)}.tmp"
    try:
        with draft.open("xb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        with suppress(OSError, ValueError):
            draft.unlink()
        raise fail(name, f"this cannot be written: {reason(error)}.") from None


@contextmanager
def delivery(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    """Give a place to write files in, and move them into `folder` once all of them are written.

    Files of the same name there are replaced, others stay. If anything fails, the folder is as it was before,
    and gone if it was not there.

    Parameters
    ----------
    folder : Path
        Made if it does not exist; whether it can be written to is known before anything is done.
    names : iterable of str
        What the files may be called.

    Raises
    ------
    InputError
        If the folder, or a file in it, cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: this is a file, but must be the folder to write into.")
    made = _missing(folder)
    draft = None
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=folder))
        except (OSError, ValueError) as error:
            raise InputError(f"{folder}: results cannot be written there: {reason(error)}.") from None
        for name in names:
            if (folder / name).is_dir():
                raise InputError(f"{folder / name} is a folder in the place of a file that is to be written.")
        try:
            yield draft
            for file in sorted(draft.iterdir()):
                os.replace(file, folder / file.name)
        except OSError as error:
            raise InputError(f"{folder}: the results could not be written: {reason(error)}.") from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)
        for each in reversed(made):  # stays if there is something in it
            with suppress(OSError):
                each.rmdir()


def _missing(folder: Path) -> list[Path]:
    """Return the folders that are to be made, outermost first."""
    path = folder.absolute()
    return [each for each in (*reversed(path.parents), path) if not os.path.lexists(each)]
