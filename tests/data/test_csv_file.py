"""CSV files: what is read, and with which message anything else is refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.data import Data, csv_file, load_data
from sandbox.data.csv_file import read_table
from sandbox.errors import InputError

PLAIN = "a,b,kind\n1,2.5,cat\n3,4,dog\n-5,6e1,cat\n7,8,dog\n"
A, B = [1.0, 3.0, -5.0, 7.0], [2.5, 4.0, 60.0, 8.0]


def load(folder: Path, content: str | bytes, **settings: object) -> Data:
    """Load a file with this content, all of it for training, without scaling."""
    path = folder / "points.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    settings = {"test_fraction": 0, "standardize": False, **settings}
    return load_data(file="points.csv", folder=folder, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", ";").replace(".", ","),  # a decimal comma
        PLAIN.replace("\n", "\r\n"),
        PLAIN.rstrip("\n"),
        PLAIN.replace("\n", "\n\n"),
        "\n" + PLAIN.replace(",", " , "),
        PLAIN.encode("utf-8-sig"),
        '"a","b","kind"\n"1","2.5","cat"\n3,4,"dog"\n-5, "60",cat\n7,8,dog\n',
    ],
    ids=[
        "comma",
        "semicolon",
        "tab",
        "decimal_comma",
        "crlf",
        "no_last_newline",
        "blank_lines",
        "spaces",
        "bom",
        "quotes",
    ],
)
def test_every_csv_dialect_gives_the_same_table(tmp_path: Path, content: str | bytes) -> None:
    data = load(tmp_path, content)
    assert (data.name, data.task) == ("points.csv", "binary")
    assert (data.feature_names, data.target_names, data.class_names) == (
        ("a", "b"),
        ("kind",),
        ("cat", "dog"),
    )
    assert np.array_equal(data.X_train, np.column_stack([A, B]))
    assert data.y_train.tolist() == [0, 1, 0, 1]
    assert data.notices == ()


def test_without_a_header_columns_are_numbered(tmp_path: Path) -> None:
    data = load(tmp_path, "cat,2,1\ndog,4,0\ncat,6,1\ndog,8,0\n", features=["x2"])
    assert (data.feature_names, data.target_names, data.class_names) == (("x2",), ("y",), ("0", "1"))
    assert data.X_train.ravel().tolist() == [2, 4, 6, 8]
    assert data.y_train.tolist() == [1, 0, 1, 0]


def test_a_comma_is_decimal_if_semicolons_also_fit(tmp_path: Path) -> None:
    data = load(tmp_path, "1,5;2,5;0\n2,5;3,5;1\n3,5;4,5;0\n4,5;5,5;1\n")
    assert data.X_train.tolist() == [[1.5, 2.5], [2.5, 3.5], [3.5, 4.5], [4.5, 5.5]]
    assert data.class_names == ("0", "1")


def test_a_quoted_name_may_contain_delimiters_line_breaks_and_any_letters(tmp_path: Path) -> None:
    data = load(tmp_path, '"größe, cm",art\n1,"a, b"\n2,"c\nd"\n3,"a, b"\n4,"c\nd"\n')
    assert data.feature_names == ("größe, cm",)
    assert data.class_names == ("a, b", "c d")


def test_a_nameless_column_is_named_after_its_number(tmp_path: Path) -> None:
    assert load(tmp_path, ",b,y\n1,2,0\n2,3,1\n3,4,0\n4,5,1\n").feature_names == ("column 1", "b")


@pytest.mark.parametrize("gap", ["", "NA", "NaN", "nan", "null", "?", " NA "])
def test_rows_with_missing_values_are_dropped_and_counted(tmp_path: Path, gap: str) -> None:
    content = f"a,b,c,y\n1,2,{gap},0\n{gap},3,1,1\n3,4,2,{gap}\n4,5,3,1\n5,6,4,0\n6,7,5,1\n"
    data = load(tmp_path, content, features=["a", "b"])
    assert data.X_train.tolist() == [[1, 2], [4, 5], [5, 6], [6, 7]]
    assert data.notices == ("2 rows with missing values were left out.",)
    assert load(tmp_path, content, features=["b"]).notices == ("1 row with missing values was left out.",)


def test_a_missing_class_name_is_a_missing_value(tmp_path: Path) -> None:
    data = load(tmp_path, "a,y\n1,cat\n2,NA\n3,dog\n4,\n5,cat\n6,dog\n")
    assert data.class_names == ("cat", "dog") and data.X_train.ravel().tolist() == [1, 3, 5, 6]
    assert data.notices == ("2 rows with missing values were left out.",)


def test_the_quick_and_the_careful_reader_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{a!r}, {b!r} ,k_{c},{c}" for a, b, c in zip(*rng.normal(size=(2, 50)).tolist(), range(50), strict=True)]
    path = tmp_path / "t.csv"
    path.write_text("a,b,name,c\n" + "\n".join(rows))
    quick = read_table(path)
    monkeypatch.setattr(csv_file, "_plain", lambda *_: None)
    careful = read_table(path)
    assert tuple(quick.lines) == tuple(careful.lines) == tuple(range(2, 52))
    for name in ("a", "b", "name", "c"):
        assert quick.columns[name].dtype == careful.columns[name].dtype
        assert np.array_equal(quick.columns[name], careful.columns[name])


HEAD = "a,b,y\n"
ROWS = "1,2,0\n2,3,1\n3,4,0\n4,5,1\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "points.csv is empty."),
        (" \n\n", "points.csv is empty."),
        (HEAD, "points.csv has only a header and no rows."),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "points.csv is not UTF-8 text; save the table as CSV in UTF-8."),
        ("größe,y\n".encode("latin-1"), "points.csv is not UTF-8 text; save the table as CSV in UTF-8."),
        ("a,b\n".encode("utf-16"), "points.csv is not UTF-8 text; save the table as CSV in UTF-8."),
        (HEAD + ROWS + "5,6\n", "points.csv, line 6: 2 cells, but the first row has 3."),
        (
            HEAD + "\n" + '1,2,"0\n0"\n' + "5,6,7,8\n",
            "points.csv, line 5: 4 cells, but the first row has 3.",
        ),
        ("a\n1\n2\n3\n4\n", "points.csv has only one column; at least one feature and a target are needed"),
        ("a,b,a\n1,2,3\n", 'points.csv has more than one column "a"; give every column its own name.'),
        (HEAD + "1,2,0\n2,3,1\n3,4,0\n", "points.csv has 3 rows; at least 4 are needed."),
        (
            HEAD + "1,2,0\n2,,1\n3,4,0\n4,5,1\n",
            "points.csv has 3 rows after 1 row with missing values was left out; at least 4 are needed.",
        ),
        (
            "a,place,y\n1,oslo,0\n2,rome,1\n3,oslo,0\n4,rome,1\n",
            'points.csv: the column "place" has no numbers (line 2 has "oslo"); choose features that',
        ),
        (
            HEAD + ROWS + "5,six,1\n",
            'points.csv: the column "b" is not all numbers (line 6 has "six"); choose features that',
        ),
        (
            HEAD + ROWS + "5,1_000,1\n",
            'points.csv: the column "b" is not all numbers (line 6 has "1_000"); choose features',
        ),
        (
            HEAD + ROWS + '5,"1,5",1\n',
            'points.csv: the column "b" is not all numbers (line 6 has "1,5"); choose features',
        ),
        (
            HEAD + "1,,0\n2,?,1\n3,NA,0\n4,,1\n",
            'points.csv: the column "b" has no numbers; all its values are missing.',
        ),
        (
            HEAD + ROWS + "5,inf,1\n",
            'points.csv, line 6: the column "b" has an infinite number; every number must be finite.',
        ),
        (
            HEAD + "\n" + ROWS + "5,1e999,1\n",
            'points.csv, line 7: the column "b" has an infinite number; every',
        ),
        (
            HEAD + "1,2,5\n2,3,5\n3,4,5\n4,5,5\n",
            'points.csv: the target "y" has only one class; at least two are',
        ),
        (
            "a,y\n1,x\n2,x\n3,x\n4,x\n",
            'points.csv: the target "y" has only one class; at least two are needed.',
        ),
        (
            "a,y\n" + "".join(f"{i},c{i}\n" for i in range(21)),
            'points.csv: the target "y" has 21 classes; at most 20 are allowed.',
        ),
        (",".join("abc" * 400) + "\n", "points.csv has 1200 columns; at most 1000 are allowed."),
        ("a,y\n" + "1,0\n" * 200_001, "points.csv has more than 200000 rows, the largest number allowed."),
        (
            HEAD + ROWS + '5,"6,1\n' + "7,8,0\n" * 30_000,
            "points.csv, line 21851: a cell has more than 131,072 characters, the largest number allowed; is",
        ),
        ("a," + "b" * 131_073 + "\n1,2\n", "points.csv, line 1: a cell has more than 131,072 characters"),
        (HEAD + "1,2," + "b" * 131_073 + "\n", "points.csv, line 2: a cell has more than 131,072 characters"),
        ("x" * 200_001, "points.csv, line 1: a cell has more than 131,072 characters"),
        (HEAD + ROWS + "\n" * 1_000_000, "points.csv has more than 1,000,000 lines, blank ones included"),
        (HEAD + ROWS + "\r\n" * 1_000_000, "points.csv has more than 1,000,000 lines, blank ones included"),
        (
            (",".join(f"c{i}" for i in range(999)) + "\n" + "1" + ",1" * 998 + "\n") * 4_100,
            "points.csv has more than 4,0",
        ),
        (HEAD + '1,2,"0"\n' + "," * 2 + "\n", "points.csv has 1 row after 1 row"),
        (
            "a,\x1b[31m\x9b\u202e,\x1b[31m\x9b\u202e\n1,2,3\n",
            r'points.csv has more than one column "\x1b[31m\x9b\u202e";',
        ),
        (
            "a,y\n" + "z" * 30_000 + ",1\n" + "1,2\n" * 5,
            f'points.csv: the column "a" is not all numbers (line 2 has "{"z" * 77}...{"z" * 40}");',
        ),
    ],
)
def test_invalid_files_are_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(InputError) as error:
        load(tmp_path, content)
    assert str(error.value).startswith(message)


def test_unreadable_paths_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"nothing\.csv: there is no such file\.$"):
        load_data(file="nothing.csv", folder=tmp_path)
    (tmp_path / "deep").mkdir()
    with pytest.raises(InputError, match=r"deep: this is a folder, but must be a table\.$"):
        load_data(file="deep", folder=tmp_path)
    monkeypatch.setattr(csv_file, "MAX_BYTES", 2_000_000)
    with pytest.raises(InputError, match=r"points\.csv: this is too large: a table has at most 2,000,000 bytes\.$"):
        load(tmp_path, "x" * 2_000_001)
    with pytest.raises(InputError, match=r"cannot be read: not a directory\.$"):
        load_data(file="points.csv/inside.csv", folder=tmp_path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"target": "kinds"}, 'points.csv has no target "kinds"; did you mean "kind"? Available: a, b, kind.'),
        ({"target": ["a", "a"]}, 'data.target names "a" twice; once is enough.'),
        (
            {"target": ["a", "b", "kind"]},
            "points.csv has no column left for a feature; all of them are targets.",
        ),
        ({"features": ["a", "kind"]}, 'The target "kind" cannot also be a feature; choose another column.'),
        ({"features": ["a", "kind^2"]}, 'The target "kind" cannot also be a feature; choose another column.'),
        ({"features": ["a", "c"]}, 'There is no column "c"; available: a, b, kind.'),
        ({"target": "a"}, 'points.csv: the column "kind" has no numbers (line 2 has "cat"); choose features'),
        (
            {"task": "regression"},
            'points.csv: the target "kind" holds names, but a regression needs numbers.',
        ),
        (
            {"target": ["a", "kind"]},
            'points.csv: the target "kind" holds names, but a regression needs numbers.',
        ),
        (
            {"target": ["a", "kind"], "task": "binary"},
            "points.csv: 2 targets are given, but a binary task has one.",
        ),
    ],
)
def test_invalid_targets_and_features_are_refused(tmp_path: Path, settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as error:
        load(tmp_path, PLAIN, **settings)
    assert str(error.value).startswith(message)


def test_an_absolute_path_needs_no_folder(tmp_path: Path) -> None:
    (tmp_path / "abs.csv").write_text(PLAIN)
    assert load_data(file=str(tmp_path / "abs.csv")).name == "abs.csv"


def test_gaps_are_missing_values_in_the_table(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,x\n,\n")
    table = read_table(tmp_path / "t.csv")
    assert table.columns["a"][0] == 1 and math.isnan(table.columns["a"][1])
    assert table.columns["b"].tolist() == ["x", None]


CELLS = st.sampled_from(
    ["1", "2.5", "-3", "1e308", "1e-320", "inf", "nan", "", "NA", "a", "b c", '"', '"q"', "1,5", "1_0"]
)


@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=4).flatmap(
        lambda row: st.sampled_from([",".join(row), ";".join(row), "\t".join(row)])
    ), max_size=9),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["auto", "binary", "multiclass", "regression"]),
)  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_data_or_refused_in_a_sentence(tmp_path: Path, rows: list[str], end: str, task: str) -> None:
    try:
        data = load(tmp_path, end.join(rows), task=task, standardize=True, test_fraction=0.3)
    except InputError as error:
        assert "points.csv" in str(error) or str(error).startswith("data.test_fraction")
    else:
        assert np.isfinite(data.X_train).all() and np.isfinite(data.X_test).all()
        assert np.isfinite(data.y_train).all() and np.isfinite(data.y_test).all()
        assert len(data.X_train) + len(data.X_test) >= 4


@given(st.binary(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_data_or_refused(tmp_path: Path, content: bytes) -> None:
    try:
        assert len(load(tmp_path, content).X_train) >= 4
    except InputError as error:
        assert "points.csv" in str(error)
