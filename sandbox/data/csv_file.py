"""Reading a CSV file into a table, or saying in one sentence why it cannot be read."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from sandbox.data.bounds import MAX_BYTES, MAX_COLUMNS, MAX_ROWS
from sandbox.data.table import Numbers, Table, Texts
from sandbox.errors import InputError

_MISSING = frozenset({"", "NA", "NaN", "nan", "null", "NULL", "?"})
_DELIMITERS = "\t;,"  # of equally good ones the first: in 1,5;2,5 the comma is a decimal sign
_SNIFFED = 50  # records looked at to find the delimiter


def read_table(path: Path, name: str | None = None) -> Table:
    """Read a CSV file: comma, semicolon or tab; UTF-8, with or without a byte order mark.

    The first row is a header if none of its cells is a number; else the columns are x1, x2, ..., y. A header
    without a name becomes "column 3". In files with semicolons a decimal comma is understood. Blank lines are
    skipped; empty cells, NA, NaN, null and ? are missing values.

    Parameters
    ----------
    path : Path
    name : str, optional
        What messages call it; the file's name by default.

    Returns
    -------
    Table
        A column of numbers where every cell with a value is one, else of texts.

    Raises
    ------
    InputError
        No such file, a folder, unreadable, too large, not text, empty, only a header, one column, a ragged
        row, names that repeat, too many rows or columns.
    """
    name = name or path.name or str(path)
    text = _text(path, name)
    delimiter = _delimiter(text, name)
    comma = delimiter == ";"
    rows, lines = _rows(text, delimiter, name)
    header = None
    if not any(is_number(cell, comma) for cell in rows[0]):
        header, rows, lines = rows[0], rows[1:], lines[1:]
    names = _names(header, len(rows[0]) if rows else 0, name)
    columns = {key: _column(cells, comma) for key, cells in zip(names, zip(*rows, strict=True), strict=True)}
    return Table(name, columns, tuple(lines))


def _text(path: Path, name: str) -> str:
    try:
        if path.is_dir():
            raise InputError(f"{name} is a folder; a CSV file is needed.")
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{name} is larger than {MAX_BYTES // 1_000_000} MB, the most that is read.")
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise InputError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InputError(f"{name} is not UTF-8 text; save the table as CSV in UTF-8.")
    if not text.strip():
        raise InputError(f"{name} is empty.")
    return text


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line each record ends on, and its cells; blank lines are left out."""
    # Strictness would refuse a quote inside a cell, as in 5" pipe, which is harmless.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    for row in reader:
        if len(row) > 1 or (row and row[0].strip()):
            yield reader.line_num, row


def _delimiter(text: str, name: str) -> str:
    """Return the delimiter that gives the most of the first records the same number of cells, above one."""
    best, best_share = "", 0.0
    for delimiter in _DELIMITERS:
        try:
            widths = Counter(len(row) for _, row in islice(_records(text, delimiter), _SNIFFED))
        except csv.Error:
            continue
        width, agreeing = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(0, 0))
        share = agreeing / max(1, widths.total())
        if width > 1 and share > best_share:
            best, best_share = delimiter, share
    if not best:
        raise InputError(
            f"{name} has one column only; at least one feature and a target are needed, "
            "separated by commas, semicolons or tabs."
        )
    return best


def _rows(text: str, delimiter: str, name: str) -> tuple[list[list[str]], list[int]]:
    rows: list[list[str]] = []
    lines: list[int] = []
    width = 0
    try:
        for line, row in _records(text, delimiter):
            width = width or len(row)
            if width > MAX_COLUMNS:
                raise InputError(f"{name} has {width} columns; at most {MAX_COLUMNS} are read.")
            if len(row) != width:
                raise InputError(f"{name}, line {line}: {len(row)} cells, where the first row has {width}.")
            if len(rows) > MAX_ROWS:
                raise InputError(f"{name} has more than {MAX_ROWS} rows, the most that are read.")
            rows.append(row)
            lines.append(line)
    except csv.Error as error:
        raise InputError(
            f"{name} cannot be read as CSV after line {lines[-1] if lines else 0}: {error}."
        ) from None
    return rows, lines


def _names(header: list[str] | None, width: int, name: str) -> list[str]:
    if header is None:
        return [*(f"x{i + 1}" for i in range(width - 1)), "y"]
    if not width:
        raise InputError(f"{name} has only a header, and no rows.")
    names = [cell.strip() or f"column {i + 1}" for i, cell in enumerate(header)]
    twice = next((key for key, times in Counter(names).items() if times > 1), None)
    if twice is not None:
        raise InputError(f'{name} has more than one column "{twice}"; give every column a name of its own.')
    return names


def _point(cell: str) -> str:
    """Return a cell with its decimal comma as a point; one that has both stays, and is no number."""
    return cell if "." in cell else cell.replace(",", ".", 1)


def _number(cell: str) -> float:
    """Return a stripped cell as a number, NaN where it is missing; a ValueError where it is neither."""
    return float("nan") if cell in _MISSING else float(cell)


def is_number(cell: str, comma: bool) -> bool:
    """Return whether a cell has a value and it is a number, `comma`: maybe with a decimal comma."""
    cell = cell.strip()
    if cell in _MISSING or "_" in cell:
        return False
    try:
        float(_point(cell) if comma else cell)
    except ValueError:
        return False
    return True


def _column(cells: Sequence[str], comma: bool) -> Numbers | Texts:
    if "_" not in "".join(cells):  # Python reads 1_000 as a number, people do not
        numbers = [_point(cell) for cell in cells] if comma else cells
        try:
            return np.fromiter(map(float, numbers), np.float64, len(cells))
        except ValueError:  # the usual file has no gaps, and is done by now
            pass
        try:
            return np.fromiter((_number(cell.strip()) for cell in numbers), np.float64, len(cells))
        except ValueError:
            pass
    texts = np.empty(len(cells), dtype=np.object_)
    texts[:] = [None if cell.strip() in _MISSING else cell.strip() for cell in cells]
    return texts
