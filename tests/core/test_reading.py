from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.brands import HEAD, folder, gapless, opened, rows

from siyu.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

FILED = (
    HEAD
    + """
[entry.till]
use = "files"
files = ["in/*.csv"]
type = "ordered"
member = "wecom:{who}"
id = "id"
time = "time"
amount = "amount"
[entry.made]
use = "simulate"
members = 5
from = 2026-11-01
"""
)
ORDERS = "who,id,time,amount\nann,o1,2026-11-11T01:00:00,1.00\nbob,o2,2026-11-11T02:00:00,2.00\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = folder(tmp_path / "brand", FILED)
    (made / "in").mkdir()
    (made / "in" / "one.csv").write_text(ORDERS, encoding="utf-8")
    return made


def test_an_entry_is_read_from_where_it_ended(path: Path) -> None:
    with opened(path) as brand:
        assert brand.read("till").counts == {"events": 2, "rejects": 0}
        assert "events" not in brand.read("till").counts
        (path / "in" / "two.csv").write_text(ORDERS.replace("o2", "o3"), encoding="utf-8")
        assert brand.read("till").counts["events"] == 1
        assert [kind for (kind,) in rows(brand, "runs", "kind")] == ["ingest"] * 2
        gapless(brand)


def test_other_files_leave_the_entrys_own_cursor(path: Path, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text(ORDERS.replace("o2", "o3"), encoding="utf-8")
    more = str(tmp_path / "more.csv")
    with opened(path) as brand:
        brand.read("till")
        assert brand.read("till", files=[more]).counts["events"] == 1
        assert "events" not in brand.read("till", files=[more]).counts
        assert "rejects" not in brand.read("till").counts
        assert brand.read("till", files=[more], keep=False).counts["events"] == 0


@pytest.mark.parametrize(
    ("entry", "files", "words"), [("tilt", [], "it has: made, till"), ("made", ["a.csv"], "reads no files")]
)
def test_mistakes_say_what_to_do(path: Path, entry: str, files: list[str], words: str) -> None:
    with opened(path) as brand, pytest.raises(UserError, match=words):
        brand.read(entry, files=files)


def test_an_id_with_another_moment_is_refused_and_not_counted_twice(path: Path) -> None:
    late = "who,id,time,amount\nann,o1,2025-01-01T01:00:00,1.00\nann,o4,2026-11-11T01:00:00,1.00\n"
    with opened(path) as brand:
        brand.read("till")
        (path / "in" / "two.csv").write_text(late, encoding="utf-8")
        counts = brand.read("till").counts
        assert (counts["events"], counts["rejects"]) == (1, 1)
        assert rows(brand, "rejects", "line", "reason") == [(2, "the same id came before with other content")]
        assert [name for (name,) in rows(brand, "events", "source_id")] == ["o1", "o2", "o4"]


def test_of_many_rows_all_good_ones_come_in_and_all_bad_ones_are_rejects(path: Path) -> None:
    flaws = ["bob,,2026-11-11T01:00:00,1.00", "bob,x1,soon,1.00", "bob,x2,2026-11-11T01:00:00,free", "bob,x3", '"bob']
    lines = [
        flaws[number // 100 % 5] if number % 100 == 7 else f"m{number % 999},n{number},2026-11-11T01:00:00,1.00"
        for number in range(60_000)
    ]
    head = "who,id,time,amount\n"
    (path / "in" / "one.csv").write_text(head + "\n".join(lines[:40_000]), encoding="utf-8")
    (path / "in" / "two.csv").write_text(head + "\n".join(lines[20_000:]), encoding="utf-8")
    with opened(path) as brand:
        counts = brand.read("till").counts
        assert counts["events"] == 59_400
        # A reject is told by its file and line: the rows in both files are bad in both.
        assert counts["rejects"] == 800
        one = sorted(line for (line, source) in rows(brand, "rejects", "line", "source") if source == "in/one.csv")
        assert one == list(range(9, 40_000, 100))
        assert len({name for (name,) in rows(brand, "events", "source_id")}) == 59_400
        (path / "in" / "three.csv").write_text(head + "\n".join(lines), encoding="utf-8")
        again = brand.read("till").counts
        assert (again["events"], again["rejects"]) == (0, 600)
