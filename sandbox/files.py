"""Reading what a person names, writing files completely or not at all, and saying why neither is possible.

Every file that a person may name is read by `read_file`, and every path is asked about by `status` alone.
"""

from __future__ import annotations

import errno
import hashlib
import io
import itertools
import os
import platform
import re
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sandbox.errors import InputError, input_error

_DRAFT = ".loss-sandbox-"  # prefix of unfinished files and folders; then the process that writes them, and its host


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


def draft_path(folder: Path, ending: str = "") -> Path:
    """Return the path of a new hidden draft in a folder, which `remove_old_drafts` finds if this process is killed."""
    return folder / f"{_DRAFT}{_host()}-{os.getpid()}-{secrets.token_hex(8)}{ending}"


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def remove_old_drafts(folder: Path) -> None:
    """Remove the drafts of processes of this machine that were killed; those of any that may still run stay."""
    mine = re.compile(re.escape(f"{_DRAFT}{_host()}-") + r"(\d+)-[0-9a-f]{16}(\.\w+)?")
    with suppress(OSError):
        for path in folder.iterdir():
            match = mine.fullmatch(path.name)
            if match is not None and not _may_run(int(match[1])):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _may_run(process: int) -> bool:
    if sys.platform == "win32":  # where os.kill ends the process that it asks about
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it runs, as another user
        return True
    return True


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file completely; if anything fails, it keeps its old content.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    name = str(path)
    check_writable(path)
    draft = draft_path(path.parent, ".tmp")
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
def write_together(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """Yield a draft folder to write files in, and move them into `folder` once all are written.

    Existing files of the same name are replaced, others stay. If anything fails, `folder` is left as it was, or
    removed if it did not exist. The first of the names is there only if all are: its old file is taken away before
    any other is replaced, and its new one comes last, so that a mixture of old and new never looks finished.

    Parameters
    ----------
    folder : Path
        Created if it does not exist; write access is checked on entry.
    names : sequence of str
        The names that the files may have.

    Raises
    ------
    InputError
        If the folder, or a file in it, cannot be written.
    """
    check_folder(folder)
    created = _missing(folder)
    draft = draft_path(folder)
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            draft.mkdir()
        except (OSError, ValueError) as error:
            raise InputError(f"{folder}: results cannot be written there: {reason(error)}.") from None
        remove_old_drafts(folder)
        for name in names:
            check_writable(folder / name)
        try:
            yield draft
            _move(draft, folder, names[0])
        except OSError as error:
            raise InputError(f"{folder}: the results could not be written: {reason(error)}.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        for path in reversed(created):
            with suppress(OSError):  # not empty: it stays
                path.rmdir()


def check_can_write(folder: Path, names: Sequence[str]) -> None:
    """Check that files of these names could be written into a folder now; leave no trace.

    Raises
    ------
    InputError
        If not.
    """
    with write_together(folder, names):
        pass


def write_somewhere(folder: Path, names: Sequence[str], write: Callable[[Path], object]) -> tuple[Path, str]:
    """Write files into a folder or, if that fails, beside it, or into the system's folder for temporary files.

    Parameters
    ----------
    folder : Path
    names : sequence of str
        As for `write_together`.
    write : callable
        Writes the files into the folder that it is given.

    Returns
    -------
    folder : Path
        Where the files are.
    problem : str
        Why they are not where they should be; "" if they are.

    Raises
    ------
    InputError
        If they could be written nowhere.
    """
    problem: InputError | None = None
    for place in _places(folder):
        try:
            with write_together(place, names) as draft:
                write(draft)
        except InputError as error:
            problem = problem or error
        else:
            return place, "" if problem is None else str(problem)
    assert problem is not None
    raise problem


def _places(folder: Path) -> Iterator[Path]:
    yield folder
    folder = folder.absolute()
    yield _free(folder.parent, folder.name)
    with suppress(OSError):
        yield _free(Path(tempfile.gettempdir()), folder.name)


def _free(parent: Path, name: str) -> Path:
    """Return a path where nothing is: NAME-2, NAME-3, ..."""
    return next(path for number in itertools.count(2) if not os.path.lexists(path := parent / f"{name}-{number}"))


def _move(draft: Path, folder: Path, last: str) -> None:
    """Move the files of a draft into its folder, `last` at the end; if one cannot be, all is put back."""
    files = sorted(draft.iterdir(), key=lambda path: (path.name == last, path.name))
    replaced = draft_path(draft)
    replaced.mkdir()
    done: list[tuple[Path, Path]] = []  # where each was, and where it is

    def move(source: Path, target: Path) -> None:
        os.replace(source, target)
        done.append((source, target))

    def take_away(name: str) -> None:
        if (folder / name).is_dir():
            raise OSError(errno.EISDIR, f"{name} has become a folder")
        if os.path.lexists(folder / name):
            move(folder / name, replaced / name)

    try:
        if files and files[-1].name == last:
            take_away(last)
        for file in files:
            take_away(file.name)
            move(file, folder / file.name)
    except BaseException:
        for source, target in reversed(done):
            with suppress(OSError):
                os.replace(target, source)
        raise


def _missing(folder: Path) -> list[Path]:
    """Return the folders to create, outermost first."""
    path = folder.absolute()
    return [parent for parent in (*reversed(path.parents), path) if not os.path.lexists(parent)]
