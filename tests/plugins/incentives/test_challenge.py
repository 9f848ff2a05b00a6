from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from siyu.config.units import Duration, Money
from siyu.kinds import Reward
from siyu_plugins.incentives.challenge import Challenge, Level, Task

DAY = 86_400
START = 1_796_083_200

Settle = Callable[..., list[tuple[Any, ...]]]
PAID = Task(event="paid", at_least=Money(5000), settle=Duration(2 * DAY))
VISITS = Task(event="checked_in", times=2, subject="shop", entry="wecom")


def challenge(*levels: Level, **more: object) -> Challenge:
    given: dict[str, Any] = {"name": "ways", "from_": date(2026, 12, 1), "tasks": (VISITS, PAID), **more}
    return Challenge(levels=levels or (Level(tasks=2, gives=(Reward("points", 9),)),), **given)


def visit(event: int, at: float, subject: str = "shop") -> dict[str, Any]:
    return {"id": event, "type": "checked_in", "member": 1, "at": at, "subject": subject}


def paid(event: int, at: float, amount: int = 5000, kind: str = "paid") -> dict[str, Any]:
    return {"id": event, "type": kind, "member": 1, "at": at, "amount": amount, "ref": "o"}


def test_a_level_and_what_it_gives(settle: Settle) -> None:
    columns = ("incentive", "kind", "member", "item", "lot", "amount", "cause_kind", "cause", "time")
    moment = START + 4 * DAY
    assert settle(challenge(), [visit(1, 0), paid(2, 2), visit(3, 3)], columns) == [
        ("points", "earned", 1, "", "ways:2-tasks:2", 9, "level", "2-tasks:2", moment),
        ("ways", "earned", 1, "2-tasks", "all:1", 1, "level", "2-tasks:2", moment),
    ]


@pytest.mark.parametrize(
    "events",
    [
        [visit(1, 0), paid(2, 2)],
        [visit(1, 0), visit(3, 1, "page"), paid(2, 2)],
        [visit(1, 0), visit(3, 1), paid(2, 2, 4999)],
        [visit(1, 0), visit(3, 1), paid(2, 2), paid(4, 4, 1, "refunded")],
        [visit(1, 0), visit(3, 1), paid(2, 99)],
        [visit(1, -1), visit(3, 1), paid(2, 2)],
    ],
)
def test_what_does_not_do_it(settle: Settle, events: list[dict[str, Any]]) -> None:
    assert settle(challenge(), events, ("member",)) == []


def test_a_refund_after_it_has_settled_changes_nothing(settle: Settle) -> None:
    events = [visit(1, 0), visit(3, 1), paid(2, 2), paid(4, 4.1, 1, "refunded")]
    assert len(settle(challenge(), events, ("member",))) == 2


def test_each_period_anew(settle: Settle) -> None:
    months = challenge(Level(tasks=1, gives=()), per="month")
    events = [visit(1, 0), visit(2, 30), visit(3, 31), visit(4, 32)]
    assert [lot for (lot,) in settle(months, events, ("lot",))] == ["2026-12:1", "2027-01:1"]


def test_what_the_ledger_has_is_not_given_again(settle: Settle) -> None:
    line = {"id": 1, "incentive": "ways", "kind": "refused", "member": 7, "item": "2-tasks", "amount": 0}
    known = {**line, "lot": "all:1", "cause_kind": "level", "cause": "2-tasks:8", "time": START}
    events = [visit(1, 0), visit(3, 1), paid(2, 2)]
    assert settle(challenge(), events, ("lot",), grants=[known], same=[(1, 7)]) == []


def test_a_challenge_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one task"):
        challenge(tasks=())
    with pytest.raises(ValueError, match="expected levels of 1 to 2 tasks"):
        challenge(Level(tasks=3, gives=()))
    with pytest.raises(ValueError, match="expected one level of 1 tasks"):
        challenge(Level(tasks=1, gives=()), Level(tasks=1, gives=()))


def test_it_states_what_it_rewards() -> None:
    assert challenge().facts() == {
        "tasks": [{"rewarded_events": ("checked_in",)}, {"rewarded_events": ("paid",)}],
    }
