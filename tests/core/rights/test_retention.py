"""What is older than it may be kept is purged from the store by a run, at the very second, and stays out."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.brands import HEAD, folder, opened, rows
from tests.core.rights.conftest import fact

from siyu.moments import moment

ZONE = "Asia/Shanghai"
DAY = 86_400
FIRST = moment("2026-11-10T20:00", ZONE)
# Of events at this moment: a note is kept for 5 days, a taste of tea for 10.
AT = "2026-11-10T12:00:00"


TOML = (
    HEAD
    + """
[attribute]
tea = { type = "text", purpose = "to say what fits", keep = "10d" }
[field.note]
purpose = "to answer"
keep = "5d"
[field.size]
purpose = "to fill the shelf"
"""
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return folder(tmp_path, TOML)


def facts() -> list[dict[str, object]]:
    return [
        fact("wecom:a", "viewed", AT, "v", props='{"size":3,"note":"left at the door"}'),
        fact("wecom:a", "profiled", AT, "p", props='{"tea":"oolong","zone":"Asia/Shanghai"}'),
    ]


def test_a_run_purges_at_the_second_and_not_before(place: Path) -> None:
    with opened(place) as brand:
        brand.ingest(facts(), now=FIRST)
        brand.run(now=FIRST + 5 * DAY - 1)
        kept = rows(brand, "events", "props")
        assert kept == [('{"size":3,"note":"left at the door"}',), ('{"tea":"oolong","zone":"Asia/Shanghai"}',)]
        brand.plan(now=FIRST + 5 * DAY).close()
        brand.tick(now=FIRST + 5 * DAY)
        assert rows(brand, "events", "props") == kept
        assert brand.run(now=FIRST + 5 * DAY).counts["purged"] == 1
        assert rows(brand, "events", "props")[0] == ('{"size":3}',)
        brand.run(now=FIRST + 10 * DAY - 1)
        assert rows(brand, "members", "tea") == [("oolong",)]
        brand.run(now=FIRST + 10 * DAY)
        assert rows(brand, "members", "tea", "zone") == [(None, ZONE)]
        assert rows(brand, "events", "props") == [('{"size":3}',), ('{"zone":"Asia/Shanghai"}',)]


def test_a_file_that_comes_again_is_known_before_and_after_a_purge(place: Path) -> None:
    with opened(place) as brand:
        brand.ingest(facts(), now=FIRST)
        for days in (5, 10, 11):
            again = brand.ingest(facts(), now=FIRST + days * DAY)
            assert (again.counts["events"], again.counts["rejects"]) == (0, 0)
            brand.run(now=FIRST + days * DAY)
        late = fact("wecom:b", "viewed", AT, "late", props='{"note":"late","size":1}')
        brand.ingest([late], now=FIRST + 12 * DAY)
        brand.run(now=FIRST + 12 * DAY)
        assert "late" not in repr(rows(brand, "events", "props"))


def test_a_shorter_span_purges_what_it_ended(place: Path) -> None:
    with opened(place, store=place / "store") as brand:
        brand.ingest(facts(), now=FIRST)
        brand.run(now=FIRST + 2 * DAY)
    folder(place, TOML.replace('keep = "5d"', 'keep = "1d"'))
    with opened(place, store=place / "store") as brand:
        assert brand.run(now=FIRST + 2 * DAY + 1).counts["purged"] == 1
