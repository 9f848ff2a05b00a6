from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.brands import HEAD, folder, happened, opened, rows

from siyu.errors import UserError
from siyu.kinds import Reward
from siyu_plugins.incentives.tiers import Tiers

DAY = 86_400
START = 1_796_083_200
BRAND = """
[brand]
name = "tea"
zone = "UTC"
[tagger.level]
use = "tiers"
tiers = { silver = "5.00", gold = "10.00" }
window = "20d"
review = "month"
grace = "5d"
[tagger.seen]
use = "rules"
when = { none = "never('ordered')" }
"""
COLUMNS = ("incentive", "kind", "item", "lot", "amount", "cause", "time")

Settle = Callable[..., list[tuple[Any, ...]]]
Row = dict[str, Any]


def levels(**more: Any) -> Tiers:  # noqa: ANN401 - its attributes
    return Tiers(name="levels", from_=date(2026, 12, 1), of="level", **more)


def order(number: int, amount: int, at: float) -> Row:
    return {"id": number, "type": "ordered", "member": 1, "amount": amount, "at": at, "ref": f"r{number}"}


def line(found: tuple[Any, ...], number: int) -> Row:
    names = ("incentive", "kind", "item", "lot", "amount", "cause", "time")
    return {**dict(zip(names, found, strict=True)), "id": number, "member": 1, "cause_kind": "tier"}


def test_a_tier_is_a_line_when_it_is_reached_and_when_it_is_lost(settle: Settle) -> None:
    reached = str(START + 2 * DAY)
    review = START + 36 * DAY
    events = [order(1, 1000, 2)]
    begun = settle(levels(), events, COLUMNS, at=10, brand=BRAND)
    assert begun == [
        ("levels", "earned", "gold", reached, 1, f"{reached}:0", START + 2 * DAY),
        ("levels", "earned", "silver", reached, 1, f"{reached}:0", START + 2 * DAY),
    ]
    ledger = [line(found, number) for number, found in enumerate(begun)]
    assert settle(levels(), events, COLUMNS, at=30, brand=BRAND, grants=ledger) == []
    ended = settle(levels(), [*events, order(2, 500, 30)], COLUMNS, at=40, brand=BRAND, grants=ledger)
    assert ended == [("levels", "expired", "gold", reached, -1, f"{reached}:0", review)]
    # Whether a run looked in between or not makes no difference.
    assert settle(levels(), [*events, order(2, 500, 30)], COLUMNS, at=40, brand=BRAND) == sorted(
        [*begun, *ended], key=repr
    )


def test_late_facts_set_the_ledger_right(settle: Settle) -> None:
    told = settle(levels(), [order(1, 500, 9)], COLUMNS, at=10, brand=BRAND)
    ledger = [line(found, number) for number, found in enumerate(told)]
    again = settle(levels(), [order(1, 500, 9), order(2, 500, 3)], COLUMNS, at=10, brand=BRAND, grants=ledger)
    late, early = str(START + 9 * DAY), str(START + 3 * DAY)
    assert [row[1:5] for row in again] == [
        ("earned", "gold", late, 1),
        ("earned", "silver", early, 1),
        ("reversed", "silver", late, -1),
    ]


def test_a_tier_gives_once_and_says_what_it_brings(settle: Settle) -> None:
    given = levels(gives={"gold": (Reward("points", 200),)}, benefits={"gold": ("double points", "early access")})
    events = [order(1, 1000, 2)]
    found = settle(given, events, ("incentive", "kind", "lot", "amount", "reason"), at=10, brand=BRAND)
    assert ("points", "earned", "levels:gold", 200, "came into gold") in found
    assert any(row[-1] == "came into gold: double points, early access" for row in found)
    old = settle(given, [order(1, 1000, -2)], ("incentive", "kind", "lot", "amount"), at=10, brand=BRAND)
    assert [row[0] for row in old] == ["levels", "levels"], "who came into it before is no news"


def test_before_its_first_day_it_has_no_lines(settle: Settle) -> None:
    assert settle(levels(), [order(1, 1000, -9)], COLUMNS, at=-1, brand=BRAND) == []


def test_what_is_known_of_nobody_else_changes_nothing(settle: Settle) -> None:
    """A tick looks at some members alone, and at the ledgers of all."""
    other = {**line(("levels", "earned", "gold", "7", 1, "7:0", START), 1), "member": 2}
    assert settle(levels(), [order(1, 100, 2)], COLUMNS, at=10, brand=BRAND, grants=[other]) == []


GIVING = (
    HEAD
    + """
[tagger.level]
use = "tiers"
tiers = { gold = "10.00" }
[incentive.level]
use = "tiers"
from = 2026-12-01
of = "level"
gives = { gold = { points = 200 } }
[incentive.points]
use = "points"
from = 2026-12-01
earn = [{ event = "ordered", per = "1.00", points = 1 }]
times = { gold = 2 }
expires = "10d"
[segment]
golden = "tag('gold')"
"""
)


def test_in_one_run_a_tier_is_reached_named_and_rewarded_with_points_that_expire(tmp_path: Path) -> None:
    with opened(folder(tmp_path, GIVING)) as brand:
        when = "2026-12-01T10:00:00"
        brand.ingest([happened("ann", "ordered", when, "o1", amount=1000)], now=START + DAY)
        brand.run(now=START + DAY, send=False)
        assert sorted(rows(brand, "grants", "amount")) == [(1,), (20,), (200,)]
        with brand.store.opened() as session:
            ends = session.cursor.execute("SELECT DISTINCT expires - time FROM grants WHERE incentive = 'points'")
            assert ends.fetchall() == [(10 * DAY,)]
        # A tick of another member leaves the tier alone.
        brand.ingest([happened("ben", "ordered", "2026-12-02T10:00:00", "o2", amount=100)], now=START + 2 * DAY)
        brand.tick(now=START + 2 * DAY)
        brand.run(now=START + 12 * DAY, send=False)
        found = rows(brand, "grants", "incentive", "kind", "amount")
        assert sorted(line for line in found if line[1] != "earned") == [
            ("points", "expired", -200),
            ("points", "expired", -20),
            ("points", "expired", -1),
        ]


def test_a_tagger_of_another_kind_is_refused(settle: Settle) -> None:
    other = Tiers(name="levels", from_=date(2026, 12, 1), of="seen")
    with pytest.raises(UserError, match=r"\[tagger.seen\] tells of no tiers"):
        settle(other, [], COLUMNS, brand=BRAND)
