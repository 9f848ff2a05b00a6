"""Whose tags and segments a run tells again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.brands import folder, opened

from siyu.bits import stored
from siyu.config.expressions import Condition
from siyu.steady import steady, turning
from siyu_plugins.taggers.rules import Rules

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from siyu.brand import Brand
    from siyu.kinds import Frame
    from siyu.view import View

BRAND = """
[brand]
name = "Tiny"
[attribute]
size = { type = "text", purpose = "fit" }
mood = { type = "text", purpose = "tone", keep = "2d" }
[feature]
orders = { count = "ordered" }
orders_2d = { count = "ordered", window = "2d" }
last_2d = { last = "ordered", window = "2d" }
quiet = { days_since = "ordered" }
[tagger.value]
use = "rules"
when = { buyer = "orders >= 1", gone = "quiet > 3" }
[segment]
buyers = "tag('buyer') and orders_2d >= 0"
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("orders_2d >= 2 and size == 'XL'", True),
        ("did('ordered') and entry == 'shop'", True),
        ("mood == 'good'", False),
        ("last_2d >= '2026-11-01'", False),
        ("quiet > 3", False),
        ("days_since('ordered') > 3", False),
        ("joined < today", False),
        ("tag('buyer')", False),
        ("segment('buyers')", False),
    ],
)
def test_what_time_and_others_can_change_is_not_steady(tmp_path: Path, text: str, *, expected: bool) -> None:
    with opened(folder(tmp_path, BRAND)) as brand:
        assert steady(brand.programme, Condition.parse(text)) is expected
        assert steady(brand.programme, Condition.parse("tag('buyer')"), ["tag:buyer"])


def bought(member: int, day: int) -> dict[str, Any]:
    return {
        "identity": f"wecom:{member}",
        "type": "ordered",
        "time": f"2026-11-{day:02}T12:00:00",
        "source_id": f"{member}-{day}",
    }


def noon(day: int) -> str:
    return f"2026-11-{day:02}T12:00:01Z"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Return of how many members, and of how many tags, rules are asked."""
    found: list[tuple[int, int]] = []
    flags = Rules.flags

    def counted(tagger: Rules, view: View, names: Collection[str]) -> Frame:
        found.append((len(view.rows(view.raw["members"].select("member"))), len(names)))
        return flags(tagger, view, names)

    monkeypatch.setattr(Rules, "flags", counted)
    return found


def sizes(brand: Brand) -> dict[str, int]:
    with brand.store.opened() as session:
        return {name: size for (_, name), size in stored(session, "flags").sizes(session.engine).items()}


def test_a_run_tells_again_only_those_who_moved(tmp_path: Path, asked: list[tuple[int, int]]) -> None:
    with opened(folder(tmp_path, BRAND)) as brand:
        brand.ingest([bought(member, 1) for member in range(40)])
        brand.run(now=noon(1))
        assert asked == [(40, 2)]
        brand.ingest([bought(member, 2) for member in (3, 4)])
        brand.run(now=noon(2))
        # Time has a say in one of the tags, so everybody is asked of that one.
        assert asked[1:] == [(40, 1), (2, 2)]
        assert sizes(brand) == {"buyer": 40, "gone": 0}
        brand.run(now=noon(5))
        assert sizes(brand) == {"buyer": 40, "gone": 38}
        assert [one.size for one in brand.segments().sizes] == [40]


def test_where_only_days_pass_nobody_else_is_asked(tmp_path: Path, asked: list[tuple[int, int]]) -> None:
    aged = BRAND.replace("quiet > 3", "days_since('ordered') > 3").replace('window = "2d"', 'window = "90d"')
    with opened(folder(tmp_path, aged)) as brand:
        brand.ingest([bought(member, 1 + member % 2) for member in range(40)])
        brand.run(now=noon(2))
        assert asked == [(40, 2)]
        brand.ingest([bought(0, 3)])
        for day, gone in ((3, 0), (5, 19), (9, 40)):
            brand.run(now=noon(day))
            assert sizes(brand) == {"buyer": 40, "gone": gone}
        assert asked[1:] == [(1, 2), (0, 2), (0, 2)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("days_since('ordered') > 3", True),
        ("joined < today and orders_2d >= 2", True),
        ("quiet > 3", False),
        ("mood == 'good'", False),
        ("tag('buyer')", False),
    ],
)
def test_what_nothing_but_the_day_changes(tmp_path: Path, text: str, *, expected: bool) -> None:
    with opened(folder(tmp_path, BRAND)) as brand:
        assert turning(brand.programme, Condition.parse(text)) is expected


def test_another_config_tells_everybody_again(tmp_path: Path, asked: list[tuple[int, int]]) -> None:
    path = folder(tmp_path, BRAND)
    with opened(path, store=tmp_path / "store.duckdb") as brand:
        brand.ingest([bought(member, 1) for member in range(40)])
        brand.run(now=noon(1))
    folder(tmp_path, BRAND.replace("orders >= 1", "orders >= 2"))
    with opened(path, store=tmp_path / "store.duckdb") as brand:
        brand.run(now=noon(2))
        assert asked[1:] == [(40, 2)]
        assert sizes(brand) == {"buyer": 0, "gone": 0}
