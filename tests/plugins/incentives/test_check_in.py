from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from siyu.config.units import Duration
from siyu.kinds import Reward
from siyu_plugins.incentives.check_in import Cards, CheckIn, Level

DAY = 86_400
START = 1_796_083_200

Settle = Callable[..., list[tuple[Any, ...]]]


def streak(*levels: Level, **more: object) -> CheckIn:
    given: dict[str, Any] = {"name": "days", "from_": date(2026, 12, 1), **more}
    return CheckIn(levels=levels or (Level(days=2, gives=(Reward("points", 5),)),), **given)


def came(*days: float, member: int = 1, first: int = 1) -> list[dict[str, Any]]:
    return [{"id": first + n, "type": "checked_in", "member": member, "at": day} for n, day in enumerate(days)]


def card(event: int, missed: str, *, at: float, of: str = "days") -> dict[str, Any]:
    return {"id": event, "type": "made_up", "member": 1, "at": at, "subject": of, "ref": missed}


def test_a_level_and_what_it_gives(settle: Settle) -> None:
    columns = ("incentive", "kind", "member", "item", "lot", "amount", "cause_kind", "cause", "time")
    moment = START + 3 * DAY // 2
    assert settle(streak(), came(0.5, 1.5), columns) == [
        ("days", "earned", 1, "2-days", "2026-12:1", 1, "level", "2-days:2", moment),
        ("points", "earned", 1, "", "days:2-days:2", 5, "level", "2-days:2", moment),
    ]


def reached(settle: Settle, component: CheckIn, events: list[dict[str, Any]], **more: object) -> list[tuple[Any, ...]]:
    found = settle(component, events, ("incentive", "item", "cause"), **more)
    return [(item, cause.partition(":")[2]) for incentive, item, cause in found if incentive == "days"]


def test_a_gap_begins_a_row_anew(settle: Settle) -> None:
    assert reached(settle, streak(), came(0, 2, 4, 5)) == [("2-days", "4")]
    assert reached(settle, streak(count="any"), came(0, 2, 4)) == [("2-days", "2")]


def test_several_events_of_a_day_are_one_day(settle: Settle) -> None:
    assert reached(settle, streak(), came(0.1, 0.2, 0.3)) == []
    assert reached(settle, streak(), came(0.1, 1.2, 1.3)) == [("2-days", "2")]


def test_a_level_is_reached_as_often_as_it_may_be(settle: Settle) -> None:
    twice = streak(Level(days=2, gives=(), times=2))
    assert reached(settle, twice, came(0, 1, 2, 3, 4, 5)) == [("2-days", "2"), ("2-days", "4")]


def test_a_period_begins_anew(settle: Settle) -> None:
    assert reached(settle, streak(), came(30, 31)) == []
    assert reached(settle, streak(per="total"), came(30, 31)) == [("2-days", "2")]
    assert reached(settle, streak(per="week"), came(0, 1, 7, 8)) == [("2-days", "2"), ("2-days", "4")]


def test_a_card_makes_up_for_a_missed_day(settle: Settle) -> None:
    cards = Cards(times=1, within=Duration(2 * DAY))
    days = [*came(0, 2), card(9, "2026-12-02", at=2.5)]
    assert reached(settle, streak(), days) == []
    assert reached(settle, streak(cards=cards), days) == [("2-days", "9")]
    four = streak(Level(days=4, gives=()), cards=cards)
    gaps = [*came(0, 2), card(8, "2026-12-02", at=2.5), card(9, "2026-12-04", at=5.5)]
    assert reached(settle, four, gaps) == []
    assert reached(settle, streak(Level(days=4, gives=()), cards=Cards(times=2, within=Duration(2 * DAY))), gaps) != []


@pytest.mark.parametrize(
    ("missed", "at", "of"),
    [
        ("2026-12-02", 4.5, "days"),
        ("2026-12-02", 1.5, "days"),
        ("2026-12-02", 0.5, "days"),
        ("tomorrow", 2.5, "days"),
        ("2026-12-02", 2.5, "other"),
    ],
)
def test_a_card_too_late_too_early_or_for_something_else_fills_nothing(
    settle: Settle, missed: str, at: float, of: str
) -> None:
    component = streak(cards=Cards(times=1, within=Duration(2 * DAY)))
    assert reached(settle, component, [*came(0), card(9, missed, at=at, of=of)]) == []


def test_no_card_for_a_day_before_it_began(settle: Settle) -> None:
    component = streak(cards=Cards(times=1, within=Duration(9 * DAY)))
    assert reached(settle, component, [*came(0), card(9, "2026-11-30", at=0.5)]) == []


def test_what_the_ledger_has_is_not_given_again_by_an_earlier_day_or_another_id(settle: Settle) -> None:
    line = {"id": 1, "incentive": "days", "kind": "earned", "member": 7, "item": "2-days", "amount": 1}
    known = {**line, "lot": "2026-12:1", "cause_kind": "level", "cause": "2-days:2", "time": START}
    assert len(settle(streak(), came(0, 1), ("lot",))) == 2
    assert settle(streak(), came(0, 1, 2), ("lot",), grants=[known], same=[(1, 7)]) == []


def test_levels_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one level"):
        CheckIn(name="days", from_=date(2026, 12, 1), levels=())
    with pytest.raises(ValueError, match="expected one level of 2 days"):
        streak(Level(days=2, gives=()), Level(days=2, gives=()))
    with pytest.raises(ValueError, match="expected a day or more, as in '3d', not '1h'"):
        Cards(times=1, within=Duration(3600))


def test_it_states_what_it_rewards() -> None:
    assert streak(event="shared").facts() == {"rewarded_events": ("shared",)}
