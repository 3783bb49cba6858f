"""Reading a CSV file into a table, with one-sentence errors if it cannot be read."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

import numpy as np

from sandbox.data.bounds import MAX_BYTES, MAX_CELLS, MAX_COLUMNS, MAX_LETTERS, MAX_LINES, MAX_ROWS
from sandbox.data.table import Numbers, Table, Texts, is_text
from sandbox.errors import InputError, shown
from sandbox.files import read_file
from sandbox.words import count, one_line

_MISSING = frozenset({"", "NA", "NaN", "nan", "null", "NULL", "?"})
_DELIMITERS = "\t;,"  # the first wins a tie: in 1,5;2,5 the comma is a decimal sign
_SNIFFED = 50  # records read to find the delimiter
_SNIFFED_LENGTH = 200_000  # characters

Columns = tuple[list[Numbers | Texts], Sequence[int]]  # with the line that each row ends on


def read_table(path: Path, name: str | None = None) -> Table:
    """Read a CSV file: comma, semicolon or tab; UTF-8, with or without a byte order mark.

    The first row is a header if none of its cells is a number; else the columns are x1, x2, ..., y. An empty
    name in a header becomes "column 3". Files with semicolons may have decimal commas. Blank lines are skipped;
    empty cells, NA, NaN, null and ? are missing values.

    Parameters
    ----------
    path : Path
    name : str, optional
        Its name in messages; the file's name by default.

    Returns
    -------
    Table
        A column holds numbers if every cell with a value is one, else texts.

    Raises
    ------
    InputError
        No such file, a folder, unreadable, too large, not text, empty, only a header, one column, a ragged
        row, names that repeat, a cell that is too long, too many rows, columns or lines.
    """
    name = shown(name or path.name or path)
    text = _text(path, name)
    delimiter = _delimiter(text, name)
    first = next(_records(text, delimiter, name))[1]
    if len(first) > MAX_COLUMNS:
        raise InputError(f"{name} has {len(first)} columns; at most {MAX_COLUMNS} are allowed.")
    has_header = not any(is_number(cell, comma=delimiter == ";") for cell in first)
    names = _names(first, name) if has_header else [*(f"x{i + 1}" for i in range(len(first) - 1)), "y"]
    columns, lines = _plain(text, delimiter, has_header, len(first), name) or _careful(
        text, delimiter, has_header, len(first), name
    )
    return Table(name, dict(zip(names, columns, strict=True)), tuple(lines), decimal_comma=delimiter == ";")


def _text(path: Path, name: str) -> str:
    data = read_file(path, MAX_BYTES, "a table")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InputError(f"{name} is not UTF-8 text; save the table as CSV in UTF-8.")
    if not text.strip():
        raise InputError(f"{name} is empty.")
    if text.count("\n") + text.count("\r") - text.count("\r\n") > MAX_LINES:
        raise InputError(f"{name} has more than {MAX_LINES:,} lines, blank ones included, the largest number allowed.")
    return text


def _records(text: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line each record ends on, and its cells; blank lines are left out."""
    # Strict mode would refuse a quote inside a cell, as in 5" pipe, which is harmless.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        for row in reader:
            if len(row) > 1 or (row and row[0].strip()):
                yield reader.line_num, row
    except csv.Error:  # the one that can occur: a cell is too long, most often for a quote that is not closed
        raise InputError(
            f"{name}, line {reader.line_num}: a cell has more than {MAX_LETTERS:,} characters, the largest number "
            "allowed; is a quote before it not closed?"
        ) from None


def _delimiter(text: str, name: str) -> str:
    """Return the delimiter that splits most of the first records into the same number of cells, above one."""
    best, best_share = "", 0.0
    problem: InputError | None = None
    start = text[:_SNIFFED_LENGTH]
    for delimiter in _DELIMITERS:
        widths: Counter[int] = Counter()
        try:
            for _, row in islice(_records(start, delimiter, name), _SNIFFED):
                widths[len(row)] += 1
        except InputError as error:  # unless it was only split wrongly, it will occur again
            problem = error
        width, agreeing = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(0, 0))
        share = agreeing / max(1, widths.total())
        if width > 1 and share > best_share:
            best, best_share = delimiter, share
    if not best:
        raise problem or InputError(
            f"{name} has only one column; at least one feature and a target are needed, "
            "separated by commas, semicolons or tabs."
        )
    return best


def _plain(text: str, delimiter: str, has_header: bool, width: int, name: str) -> Columns | None:
    """Read a file without quotes, blank lines or missing numbers, at twice the speed; return None for others."""
    length = text.count("\n") + (not text.endswith("\n"))
    ends_alike = text.count("\r") == text.count("\r\n")
    if '"' in text or not ends_alike:
        return None
    if text.count(delimiter) >= MAX_CELLS:  # not all of them need be read to know that
        raise _too_many_cells(name)
    if length > MAX_ROWS + has_header:
        return None
    row = next(islice(_records(text, delimiter, name), int(has_header), None), (0, []))[1]
    kinds = [(f"f{i}", np.float64 if is_number(cell) else np.object_) for i, cell in enumerate(row)]
    if len(row) != width:
        return None
    try:
        records = np.loadtxt(
            io.StringIO(text),
            np.dtype(kinds),
            comments=None,
            delimiter=delimiter,
            skiprows=int(has_header),
            ndmin=1,
        )
    except ValueError:
        return None
    fields = [records[key] for key, _ in kinds]
    if records.size + has_header != length or any(is_text(f) and max(map(len, f)) > MAX_LETTERS for f in fields):
        return None
    columns = [_column(f.tolist(), delimiter == ";") if is_text(f) else f.copy() for f in fields]
    return columns, range(1 + has_header, 1 + length)


def _careful(text: str, delimiter: str, has_header: bool, width: int, name: str) -> Columns:
    """Read any file; reading errors name the line."""
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, row in islice(_records(text, delimiter, name), int(has_header), None):
        if len(row) != width:
            raise InputError(f"{name}, line {line}: {count(len(row), 'cell')}, but the first row has {width}.")
        if len(rows) == MAX_ROWS:
            raise InputError(f"{name} has more than {MAX_ROWS} rows, the largest number allowed.")
        if (len(rows) + 1) * width > MAX_CELLS:
            raise _too_many_cells(name)
        rows.append(row)
        lines.append(line)
    if not rows:
        raise InputError(f"{name} has only a header and no rows.")
    return [_column(cells, delimiter == ";") for cells in zip(*rows, strict=True)], lines


def _too_many_cells(name: str) -> InputError:
    return InputError(f"{name} has more than {MAX_CELLS:,} cells, rows times columns, the largest number allowed.")


def _names(header: list[str], name: str) -> list[str]:
    names = [one_line(cell) or f"column {i + 1}" for i, cell in enumerate(header)]
    repeated = next((key for key, times in Counter(names).items() if times > 1), None)
    if repeated is not None:
        raise InputError(f'{name} has more than one column "{shown(repeated)}"; give every column its own name.')
    return names


def _point(cell: str) -> str:
    """Replace a decimal comma by a point; a cell that has both stays, and is no number."""
    return cell if "." in cell else cell.replace(",", ".", 1)


def is_number(cell: str, comma: bool = False) -> bool:
    """Return whether a cell is a number, not missing; with `comma`, it may have a decimal comma."""
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
        with suppress(ValueError):  # most columns have no gaps, and are done here
            return np.fromiter(map(float, numbers), np.float64, len(cells))
        with suppress(ValueError):
            return np.array([math.nan if cell in _MISSING else float(cell) for cell in map(str.strip, numbers)])
    texts = np.empty(len(cells), dtype=np.object_)
    texts[:] = [None if cell in _MISSING else cell for cell in map(str.strip, cells)]
    return texts
