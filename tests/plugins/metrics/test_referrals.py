from __future__ import annotations

from collections.abc import Callable
from typing import Any

from siyu.config.units import Money
from siyu.kinds import Worth
from siyu_plugins.metrics.referrals import Referrals

Measure = Callable[..., list[tuple[Any, ...]]]
JOINS = [
    {"type": "joined", "at": f"2026-{day}T10:00", "member": member}
    for member, day in ((1, "10-05"), (2, "11-01"), (3, "11-02"), (4, "11-03"), (5, "11-04"))
]


def line(number: int, kind: str, member: int, cause: int, **more: object) -> dict[str, Any]:
    given = {"incentive": "bring", "amount": 1, "cause_kind": "referral", "time": 0, "lot": str(cause)}
    return {**given, "id": number, "kind": kind, "member": member, "cause": str(cause), **more}


# Who 1 brought 2 and 3; 3 brought 4. What is refused, or of another referral, is not told.
GRANTS = [
    line(1, "referred", 1, 1),
    line(2, "referred", 1, 2),
    line(3, "referred", 3, 3),
    line(4, "refused", 3, 4, amount=0),
    line(5, "earned", 1, 1, incentive="points", amount=200, lot="bring:1"),
    line(6, "earned", 2, 1, incentive="points", amount=50, lot="bring:1"),
    line(7, "earned", 3, 3, incentive="coupon", amount=1, lot="bring:3"),
    line(8, "earned", 3, 3, incentive="points", amount=999, lot="other:3"),
]


def test_friends_k_factors_and_chains(measure: Measure) -> None:
    assert measure(Referrals(name="r", incentive="bring"), JOINS, now="2026-11-20", grants=GRANTS) == [
        ("2026-10", "", "k_factor", 2.0, 1),
        ("2026-11", "", "brought", 3.0, 3),
        ("2026-11", "", "k_factor", 0.25, 4),
        ("lifetime", "", "chain_1", 2.0, 2),
        ("lifetime", "", "chain_2", 1.0, 1),
    ]


def test_the_last_length_holds_the_longer_chains(measure: Measure) -> None:
    found = measure(Referrals(name="r", incentive="bring", chains=1), JOINS, now="2026-11-20", grants=GRANTS)
    assert [row[2:] for row in found if row[0] == "lifetime"] == [("chain_1", 3.0, 3)]


def test_what_a_friend_costs(measure: Measure) -> None:
    worth = {"points": Worth(units=100, amount=Money(150)), "coupon": Worth(units=7, amount=Money(700))}
    found = measure(Referrals(name="r", incentive="bring", worth=worth), JOINS, now="2026-11-20", grants=GRANTS)
    costs = [row for row in found if row[2] == "cost_per_member"]
    assert costs == [("2026-11", "", "cost_per_member", (250 * 150 / 100 + 100) / 3, 3)]


def test_nobody_brought_nobody(measure: Measure) -> None:
    assert measure(Referrals(name="r", incentive="bring"), [], now="2026-11-20") == []
