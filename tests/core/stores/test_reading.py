from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import narwhals as nw
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.brands import HEAD, folder, happened, opened

from siyu.errors import UserError
from siyu.stores.engine import DuckEngine
from siyu.stores.reading import DuckIntake

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.kinds import Frame


@pytest.fixture
def intake(tmp_path: Path) -> DuckIntake:
    connection = duckdb.connect().cursor()
    return DuckIntake(connection, DuckEngine(connection, "00"), folder=tmp_path, now=0, exponent=2)


def scanned(
    intake: DuckIntake, content: bytes, form: Literal["csv", "jsonl", "parquet"] = "csv"
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    path = intake.folder / "file[1].x"
    path.write_bytes(content)
    scan = intake.scan(path, form)
    return intake._engine.rows(scan.rows), sorted(intake._engine.rows(scan.rejects))


def test_csv_lines_are_physical_lines(intake: DuckIntake) -> None:
    rows, rejects = scanned(intake, b'\xef\xbb\xbfa,b\r\n1,2\n\n\r\n3,"4\r\n5"\n6\n8,"9,""x"""\n')
    assert rows == [("1", "2", 2), ("3", "4\n5", 5), ("8", '9,"x"', 8)]
    assert rejects == [(7, "1 columns, where the header has 2", "6")]


def test_csv_empty_values_are_null(intake: DuckIntake) -> None:
    assert scanned(intake, b'a,b,c\n,"",x\n')[0] == [(None, None, "x", 2)]


def test_one_stray_quote_costs_one_line(intake: DuckIntake) -> None:
    rows, rejects = scanned(intake, b'a,b\n1,"x\n2,y\n3,"z"\n4,5" pipe\n')
    assert [row[-1] for row in rows] == [3, 4, 5]
    assert [line for line, *_ in rejects] == [2]


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
def test_csv_delimiters_are_found(intake: DuckIntake, delimiter: str) -> None:
    text = delimiter.join(["p", "q", "r"]) + "\n" + delimiter.join(["1", '"2"', "3"]) + "\n"
    assert scanned(intake, text.encode())[0] == [("1", "2", "3", 2)]


def test_lines_of_another_encoding_are_set_apart(intake: DuckIntake) -> None:
    rows, rejects = scanned(intake, b"a,b\n1,x\n2,\xff\n3,\xe8\x8c\xb6\n4,\xfe\n5,z\n")
    assert rows == [("1", "x", 2), ("3", "茶", 4), ("5", "z", 6)]
    assert [line for line, *_ in rejects] == [3, 5]
    assert "UTF-8" in rejects[0][1]


def test_utf_16_is_read_by_its_mark(intake: DuckIntake) -> None:
    assert scanned(intake, "a,b\n1,茶\n".encode("utf-16"))[0] == [("1", "茶", 2)]


def test_a_column_named_line_makes_way(intake: DuckIntake) -> None:
    (intake.folder / "a.csv").write_text("Line,\n7,8\n")
    scan = intake.scan(intake.folder / "a.csv", "csv")
    assert scan.rows.collect_schema().names() == ["line_", "column2", "line"]


@pytest.mark.parametrize(
    ("content", "form", "words"),
    [
        (b"", "csv", "no header"),
        (b"\xb6\xab,b\n1,2\n", "csv", "no header"),
        (b"a,A\n1,2\n", "csv", "two columns"),
        (b"a,b\n", "parquet", "cannot be read as Parquet"),
    ],
)
def test_what_is_not_of_the_form_is_an_error(
    intake: DuckIntake, content: bytes, form: Literal["csv", "parquet"], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        scanned(intake, content, form)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_missing_file_is_an_error(intake: DuckIntake, form: Literal["csv", "jsonl", "parquet"]) -> None:
    with pytest.raises(UserError, match="cannot be opened"):
        intake.scan(intake.folder / "none", form)


def test_json_lines(intake: DuckIntake) -> None:
    content = '{"a":1.5,"b":{"c":[1]},"line":3}\n\n{"A":"x","e/~ e":"\\"茶"}\nno\n[1]\n{"a":null}\n'
    rows, rejects = scanned(intake, content.encode(), "jsonl")
    assert rows == [("1.5", '{"c":[1]}', "3", None, 1), ("x", None, None, '"茶', 3), (None, None, None, None, 6)]
    assert [(line, raw) for line, _, raw in rejects] == [(4, "no"), (5, "[1]")]


def test_parquet_keeps_types_and_counts_rows(intake: DuckIntake) -> None:
    path = intake.folder / "a.parquet"
    query = "SELECT 1.5::DOUBLE AS a, 7 AS line UNION ALL SELECT 2, 8"
    intake._connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    scan = intake.scan(path, "parquet")
    assert scan.rows.collect_schema()["a"] == nw.Float64()
    assert intake._engine.rows(scan.rows) == [(1.5, 7, 1), (2.0, 8, 2)]
    assert intake._engine.rows(scan.rejects) == []


def converted(intake: DuckIntake, values: str, to: Any) -> list[Any]:  # noqa: ANN401 - the names of conversions
    frame: Frame = nw.from_native(intake._connection.sql(f"SELECT unnest([{values}]) AS given"))
    return [made for (made,) in intake._engine.rows(intake.convert(frame, "given", "made", to).select("made"))]


MOMENTS = {
    "2026-01-02 03:04:05": datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001 - moments are UTC without a zone
    "2026-01-02T03:04:05Z": datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001 - as above
    "2026-01-02T03:04:05+08:00": datetime(2026, 1, 1, 19, 4, 5),  # noqa: DTZ001 - as above
    "2026-01-02 03:04:05.5+0800": datetime(2026, 1, 1, 19, 4, 5, 500000),  # noqa: DTZ001 - as above
    " 2026-01-02 03:04-05 ": datetime(2026, 1, 2, 8, 4),  # noqa: DTZ001 - as above
    "2026/1/2": datetime(2026, 1, 2),  # noqa: DTZ001 - as above
    "2026-01-02 03:04:05 or so": None,
    "2026-02-30": None,
    "infinity": None,
    "now": None,
    "20260102": None,
    "202601020304": None,
    "1790000000": datetime(2026, 9, 21, 14, 13, 20),  # noqa: DTZ001 - as above
    "1790000000123": datetime(2026, 9, 21, 14, 13, 20, 123000),  # noqa: DTZ001 - as above
}


def test_moments(intake: DuckIntake) -> None:
    intake._connection.execute("SET TimeZone = 'Asia/Shanghai'")
    assert converted(intake, ", ".join(f"'{text}'" for text in MOMENTS), "moment") == list(MOMENTS.values())
    assert converted(intake, "DATE '2026-01-02', NULL", "moment") == [datetime(2026, 1, 2), None]  # noqa: DTZ001 - as above
    stamp = "TIMESTAMPTZ '2026-01-02 08:00:00+08'"
    assert converted(intake, stamp, "moment") == [datetime(2026, 1, 2)]  # noqa: DTZ001 - as above
    assert converted(intake, "0, 86400, 1e17::BIGINT", "moment") == [datetime(1970, 1, 1), datetime(1970, 1, 2), None]  # noqa: DTZ001 - as above
    assert converted(intake, "1790000000123", "moment") == [datetime(2026, 9, 21, 14, 13, 20, 123000)]  # noqa: DTZ001 - as above
    assert converted(intake, "true", "moment") == [None]


def test_days(intake: DuckIntake) -> None:
    assert converted(intake, "'2026-01-02', '2026-01-02T23:00:00-08:00', 'x'", "day") == [date(2026, 1, 2)] * 2 + [None]


def test_money(intake: DuckIntake) -> None:
    texts = "'1', ' 2.5 ', '2.675', '-2.675', '1_000', '1,5', '', 'x', 'nan', '1e3', '99999999999999999999999'"
    assert converted(intake, texts, "money") == [100, 250, 268, -268, None, None, None, None, None, 100_000, None]
    assert converted(intake, "2.675::DOUBLE, 1.005, 'nan'::DOUBLE, 1e300, -0.125", "money") == [
        268,
        101,
        None,
        None,
        -13,
    ]
    assert converted(intake, "2.675::DECIMAL(9, 3)", "money") == [268]
    assert converted(intake, "7, NULL", "money") == [700, None]
    assert converted(intake, "true", "money") == [None]


def test_integers(intake: DuckIntake) -> None:
    assert converted(intake, "'7', '-7.0', '7.5', '7 a', ''", "integer") == [7, -7, None, None, None]
    assert converted(intake, "7::DOUBLE, 7.5, 'inf'::DOUBLE, 1e30", "integer") == [7, None, None, None]
    assert converted(intake, "7::UBIGINT, 18446744073709551615::UBIGINT", "integer") == [7, None]


def test_texts(intake: DuckIntake) -> None:
    assert converted(intake, "' a b\t', '\u3000', ''", "text") == ["a b", None, None]
    assert converted(intake, "42::DOUBLE, 1.5", "text") == ["42", "1.5"]
    assert converted(intake, "42, NULL", "text") == ["42", None]


def test_pack(intake: DuckIntake) -> None:
    frame: Frame = nw.from_native(intake._connection.sql("""SELECT 1 AS a, 'x"' AS b, NULL AS c"""))
    (row,) = intake._engine.rows(intake.pack(frame, {"a'": "a", "b": "b", "c": "c"}, "made"))
    assert json.loads(row[-1]) == {"a'": 1, "b": 'x"', "c": None}


def test_sequence(intake: DuckIntake) -> None:
    frame = intake.sequence(3)
    assert frame.collect_schema() == {"index": nw.Int64()}
    assert intake._engine.rows(frame) == [(0,), (1,), (2,)]


VALUES = st.text(st.sampled_from('ab,"\n ;茶'), max_size=5)


@given(rows=st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=8))
def test_what_a_csv_writer_wrote_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]
) -> None:
    connection = duckdb.connect().cursor()
    intake = DuckIntake(connection, DuckEngine(connection, "00"), folder=tmp_path_factory.getbasetemp(), now=0)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("x", "y", "z"), *rows])
    found, rejects = scanned(intake, text.getvalue().encode())
    connection.close()
    assert [row[:3] for row in found] == [tuple(value or None for value in row) for row in rows]
    assert rejects == []


def test_a_message_becomes_a_frame(intake: DuckIntake) -> None:
    frame = intake.frame({"n": [1, None], "text": ["é", None]}, {"text": nw.String(), "n": nw.Int64()})
    assert intake._engine.rows(frame) == [("é", 1), (None, None)]
    assert frame.collect_schema().names() == ["text", "n"]


def test_the_log_tells_what_it_has_of_people(tmp_path: Path) -> None:
    with opened(folder(tmp_path, HEAD)) as brand:
        more = {"staff": "li", "subject": "poster"}
        brand.ingest(
            [
                happened("ann", "followed", "2026-11-01T00:00:00", "1", **more),
                happened("bob", "left", "2026-11-02", "2"),
            ]
        )
        with brand.store.opened() as session:
            intake = session.intake(brand.programme, now=0, cursor="")
            for types, found in (
                (["followed", "left"], [("wecom:ann", "followed", 1793491200, "1", "li", "poster")]),
                (["left"], []),
            ):
                asked = intake.events_of(["wecom:ann", "wecom:ann", "wecom:eve"], types)
                assert session.engine.rows(asked) == found
