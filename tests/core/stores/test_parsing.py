from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.stores.engine import DuckEngine
from siyu.stores.parsing import Census, census
from siyu.stores.records import _carefully, _quickly, read_csv

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from siyu.kinds import Scan

PIECES = ["a", "7", ",", ",", '"', '""', "\n", "\n", "\r\n", " ", "茶", "\t"]


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckEngine]:
    with duckdb.connect() as connection:
        yield DuckEngine(connection.cursor(), "00")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv") / "a.csv"


def told(engine: DuckEngine, scan: Scan) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    rejects = scan.rejects.select("line", "reason", "raw")
    return engine.rows(scan.rows.sort("line")), sorted(engine.rows(rejects))


@given(body=st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_the_parser_and_the_careful_reader_agree(engine: DuckEngine, path: Path, body: str) -> None:
    path.write_bytes(b"x,y\n" + body.encode())
    quick = _quickly(engine, path)
    if quick is not None:
        assert told(engine, quick) == told(engine, _carefully(engine._cursor, engine, path))


def test_plain_lines_are_parsed_and_the_others_told_by_line(engine: DuckEngine, path: Path) -> None:
    lines = [f"{number},v{number}" if number % 10 else f"{number}" for number in range(2, 50_001)]
    path.write_text("x,y\n" + "\n".join(lines) + "\n\n", encoding="utf-8")
    assert _quickly(engine, path) is not None
    rows, rejects = told(engine, read_csv(engine._cursor, engine, path))
    assert all(line == int(x) and y == f"v{x}" for x, y, line in rows)
    assert [line for line, *_ in rejects] == list(range(10, 50_001, 10))
    assert {reason for _, reason, _ in rejects} == {"1 columns, where the header has 2"}
    assert len(rows) + len(rejects) == 49_999


@pytest.mark.parametrize(
    ("content", "lines", "marks"),
    [
        (b"", 0, 0),
        (b"a", 1, 0),
        (b"a,\n", 1, 1),
        (b"a\r\nb,,\r\n\r\n", 2, 2),
        (b"a\n\nb", 3, 0),
    ],
)
def test_lines_and_delimiters_are_counted(path: Path, content: bytes, lines: int, marks: int) -> None:
    path.write_bytes(content)
    assert census(path, ",") == Census(lines, marks, quoted=False)


@pytest.mark.parametrize("content", [b"a\rb\n", b"a\0\n", b"a\nb\r\n"])
def test_lines_that_are_not_what_they_seem_are_not_counted(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert census(path, ",") is None
