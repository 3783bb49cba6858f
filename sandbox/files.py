"""Reading what a person names, writing files completely or not at all, and saying why neither is possible.

Every file that a person may name is read by `read_file`, and every path is asked about by `status` alone.
"""

from __future__ import annotations

import io
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sandbox.errors import InputError, input_error

_DRAFT = ".loss-sandbox-"  # prefix of unfinished files and folders


_CHUNK = 2**20  # bytes read at once
# Neither wait for a pipe's other end, nor become the process of a terminal; Windows has text files besides.
_HOW_TO_OPEN = sum(getattr(os, name, 0) for name in ("O_RDONLY", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"))


def reason(error: Exception) -> str:
    """Return why a file operation failed, worded to follow a colon."""
    if isinstance(error, UnicodeError):
        return "its name has characters that no file name can have"
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).lower()


def status(path: Path, problem: str = "this cannot be read") -> os.stat_result | None:
    """Return what the system knows of a path; None if nothing is there.

    Raises
    ------
    InputError
        If the path cannot be used at all: a name that is too long or impossible, a folder that is locked; the
        sentence says that, after `problem`.
    """
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # ValueError: not a possible file name
        raise input_error(str(path), f"{problem}: {reason(error)}.") from None


def read_file(path: Path, most: int, needed: str) -> bytes:
    """Return the content of a file that a person names: an ordinary one, which is read without ever waiting.

    Parameters
    ----------
    path : Path
    most : int
        The most bytes it may have. They are counted while they are read: some files do not know their size.
    needed : str
        What it should be: "an experiment".

    Raises
    ------
    InputError
        If there is none, or it is a folder, a pipe, a device or a socket, cannot be read, or is too large.
    """
    name = str(path)
    found = status(path)
    if found is None:
        raise input_error(name, "there is no such file.")
    _check_ordinary(found, needed, name)  # before it is opened, which may itself do something to a device
    try:
        descriptor = os.open(path, _HOW_TO_OPEN)
        with io.FileIO(descriptor) as file:
            _check_ordinary(os.fstat(descriptor), needed, name)  # it may have been replaced meanwhile
            content = _read(file, most + 1)
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise input_error(name, f"this cannot be read: {reason(error)}.") from None
    if content is None:
        raise input_error(name, f"reading this would not end, but this must be {needed}.")
    if len(content) > most:
        raise input_error(name, f"this is too large: {needed} has at most {most:,} bytes.")
    return content


def _check_ordinary(found: os.stat_result, needed: str, name: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise input_error(name, f"this is a folder, but must be {needed}.")
    if not stat.S_ISREG(found.st_mode):
        raise input_error(name, f"this is not an ordinary file, but must be {needed}.")


def _read(file: io.FileIO, most: int) -> bytes | None:
    """Return at most so many bytes; None if the next ones would have to be waited for, as in a log of the system."""
    content = io.BytesIO()
    while left := most - content.tell():
        chunk = file.read(min(left, _CHUNK))
        if chunk is None:
            return None
        if not chunk:
            break
        content.write(chunk)
    return content.getvalue()


def check_writable(path: Path, needed: str = "the name of a file") -> None:
    """Raise InputError if a file cannot be written at a path: a folder, or no possible name."""
    found = status(path, "this cannot be written")
    if found is not None and stat.S_ISDIR(found.st_mode):
        raise input_error(str(path), f"this is a folder, but must be {needed}.")


def check_folder(folder: Path) -> None:
    """Raise InputError if a path cannot be a folder to write into: a file, or no possible name."""
    found = status(folder, "results cannot be written there")
    if found is not None and not stat.S_ISDIR(found.st_mode):
        raise input_error(str(folder), "this is a file; a folder to write into is needed.")


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file completely; if anything fails, it keeps its old content.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    name = str(path)
    check_writable(path)
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
    check_folder(folder)
    created = _missing(folder)
    draft = None
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=folder))
        except (OSError, ValueError) as error:
            raise InputError(f"{folder}: results cannot be written there: {reason(error)}.") from None
        for name in names:
            check_writable(folder / name)
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
