"""What a run keeps of how tags and segments changed since the last one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import narwhals as nw
import pytest
from attrs import frozen
from tests.brands import HEAD, folder, happened, opened, rows

from siyu import hookimpl
from siyu.brand import Brand
from siyu.kinds import Frame, Tagger
from siyu.view import View

RULES = """
[feature]
orders_3d = { count = "ordered", window = "3d" }
orders = { count = "ordered" }
[tagger.value]
use = "rules"
[tagger.value.when]
busy = "orders_3d >= 2"
buyer = "orders >= 1"
[segment]
busy_ones = "tag('busy')"
others = "not segment('busy_ones')"
"""
STAGES = """
[tagger.life]
use = "stages"
"""
DAYS = [f"2026-11-{day:02}T12:00" for day in range(1, 30)]


@frozen(kw_only=True)
class Stages(Tagger):
    """Tells who bought from who did not; what was bought lasts for two days."""

    transitions = "moved"

    @property
    def gives(self) -> tuple[str, ...]:
        """Both stages, and what does not last."""
        return ("looker", "buyer", "fresh")

    def tags(self, view: View) -> Frame:
        """Return one stage a member, and none for those whose purchase is long ago."""
        bought = nw.when(nw.col("type") == "ordered").then(nw.col("second")).otherwise(None).max()
        last = view.events.group_by("member").agg(last=bought)
        stage = nw.when(nw.col("last").is_null()).then(nw.lit("looker")).otherwise(nw.lit("buyer"))
        return last.select("member", tag=stage, expires=nw.col("last") + 2 * 86_400)


class Plugin:
    """Brings the tagger."""

    @hookimpl
    def siyu_register_taggers(self) -> dict[str, type[Tagger]]:
        """Bring it."""
        return {"stages": Stages}


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    return opened(folder(tmp_path, HEAD + RULES + STAGES), plugins={"stages": Plugin()})


def ran(brand: Brand, day: int, *facts: dict[str, Any]) -> None:
    if facts:
        brand.ingest(facts, now=DAYS[day])
    brand.run(now=DAYS[day], send=False)


def ordered(who: str, day: int, name: str) -> dict[str, Any]:
    return happened(who, "ordered", f"2026-11-{day + 1:02}T01:00:00", name)


def changed(brand: Brand, who: str) -> list[tuple[Any, ...]]:
    number = brand.number(f"wecom:{who}")
    found = rows(brand, "tag_changes", "member", "tagger", "tag", "change", "reason")
    return [row[1:] for row in found if row[0] == number]


def test_the_first_look_is_no_news(brand: Brand) -> None:
    ran(brand, 0, ordered("a", 0, "1"), ordered("a", 0, "2"), happened("b", "viewed", "2026-11-01T01:00:00", "3"))
    assert rows(brand, "tag_changes") == []
    assert [row for row in rows(brand, "events", "type") if row == ("moved",)] == []
    with brand.store.opened() as session:
        tags = brand.view(session, brand._second(DAYS[0])).tags
        found = session.engine.rows(
            tags.select("member", "tagger", "tag", "evidence", "since").sort("tag", "member", "tagger")
        )
    now, a, b = brand._second(DAYS[0]), brand.number("wecom:a"), brand.number("wecom:b")
    assert found == [
        (a, "value", "busy", "orders_3d >= 2", now),
        *sorted([(a, "life", "buyer", None, now), (a, "value", "buyer", "orders >= 1", now)]),
        (b, "life", "looker", None, now),
    ]


def test_a_change_says_why(brand: Brand) -> None:
    ran(brand, 0, ordered("a", 0, "1"), ordered("a", 0, "2"), happened("b", "viewed", "2026-11-01T01:00:00", "3"))
    ran(brand, 1, ordered("b", 1, "4"))
    ran(brand, 1)
    ran(brand, 5)
    assert changed(brand, "a") == [
        ("life", "buyer", "lost", "it expired"),
        ("value", "busy", "lost", "it no longer holds: orders_3d >= 2"),
    ]
    assert changed(brand, "b") == [
        ("life", "buyer", "gained", None),
        ("life", "looker", "lost", "it is no longer given"),
        ("value", "buyer", "gained", "orders >= 1"),
        ("life", "buyer", "lost", "it expired"),
    ]


def test_a_move_between_stages_is_an_event(brand: Brand) -> None:
    ran(brand, 0, happened("b", "viewed", "2026-11-01T01:00:00", "3"))
    ran(brand, 1, ordered("b", 1, "4"), happened("c", "viewed", "2026-11-02T01:00:00", "5"))
    ran(brand, 5)
    b, c = brand.number("wecom:b"), brand.number("wecom:c")
    found = [row[1:] for row in rows(brand, "events", "type", "member", "entry", "subject", "ref") if row[0] == "moved"]
    assert sorted(found[:2]) == sorted([(b, "life", "buyer", "looker"), (c, "life", "looker", None)])
    assert found[2:] == [(b, "life", None, "buyer")]


def test_a_new_tag_is_looked_at_and_an_old_one_ends(tmp_path: Path) -> None:
    path = folder(tmp_path, HEAD + RULES)
    store = tmp_path / "store.duckdb"
    with opened(path, store=store) as brand:
        ran(brand, 0, ordered("a", 0, "1"), ordered("b", 0, "2"), ordered("b", 0, "3"))
    folder(tmp_path, HEAD + RULES.replace("busy =", 'early = "orders_3d >= 1"\nbusy ='))
    with opened(path, store=store) as brand:
        ran(brand, 1, ordered("a", 1, "4"))
        assert changed(brand, "a") == [("value", "busy", "gained", "orders_3d >= 2")]
        assert changed(brand, "b") == []
        ran(brand, 4)
        assert sorted(changed(brand, "b")) == [
            ("value", "busy", "lost", "it no longer holds: orders_3d >= 2"),
            ("value", "early", "lost", "it no longer holds: orders_3d >= 1"),
        ]


def test_segments_have_sizes_and_who_joined_and_left(brand: Brand) -> None:
    def numbers() -> dict[tuple[str, str], float]:
        found = rows(brand, "measures", "metric", "slice", "key", "value")
        return {(name, key): value for metric, name, key, value in found if metric == "siyu:segments"}

    ran(brand, 0, ordered("a", 0, "1"), ordered("a", 0, "2"), ordered("b", 0, "3"))
    assert numbers() == {("busy_ones", "size"): 1, ("others", "size"): 1}
    ran(brand, 1, ordered("b", 1, "4"), ordered("c", 1, "5"))
    assert numbers() == {
        ("busy_ones", "size"): 2, ("busy_ones", "joined"): 1, ("busy_ones", "left"): 0,
        ("others", "size"): 1, ("others", "joined"): 1, ("others", "left"): 1,
    }  # fmt: skip
