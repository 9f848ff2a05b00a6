from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from siyu.config.units import Duration, Money
from siyu.kinds import Reward
from siyu_plugins.incentives.referral import Counts, Gives, Referral

DAY = 86_400
START = 1_796_083_200
COLUMNS = ("incentive", "kind", "member", "amount", "cause")

Settle = Callable[..., list[tuple[Any, ...]]]
Ids = dict[str, int]


def referral(**more: object) -> Referral:
    counts = Counts(at_least=Money(5000), within=Duration(30 * DAY), settle=Duration(7 * DAY))
    gives = Gives(inviter=(Reward("points", 200),))
    given: dict[str, Any] = {"name": "bring", "from_": date(2026, 12, 1), "counts": counts, "gives": gives, **more}
    return Referral(**given)


def joined(event: int, member: int, by: str | None, *, at: float = 0) -> dict[str, Any]:
    ref = by if by is None or ":" in by else f"wecom:{by}"
    return {"id": event, "type": "joined", "member": member, "at": at, "ref": ref}


def paid(event: int, member: int, amount: int | None = 5000, *, at: float = 1, ref: str | None = "o") -> dict[str, Any]:
    return {"id": event, "type": "paid", "member": member, "at": at, "ref": ref, "amount": amount}


def refunded(event: int, member: int, *, at: float, ref: str | None = "o") -> dict[str, Any]:
    return {"id": event, "type": "refunded", "member": member, "at": at, "ref": ref, "amount": 1}


def test_a_friend_who_bought_rewards_the_inviter(settle: Settle, ids: Ids) -> None:
    events = [joined(1, 5, "anna"), paid(2, 5, at=3)]
    columns = ("incentive", "kind", "member", "item", "lot", "amount", "cause_kind", "cause", "time", "available")
    moment = START + 10 * DAY
    assert settle(referral(), events, columns, known=[ids["anna"], 5]) == [
        ("bring", "referred", ids["anna"], "friend", "1", 1, "referral", "1", moment, None),
        ("points", "earned", ids["anna"], "", "bring:1", 200, "referral", "1", moment, moment),
    ]


def test_both_may_get_several_rewards(settle: Settle, ids: Ids) -> None:
    gives = Gives(inviter=(Reward("points", 200), Reward("coupon", 1, "new-10")), friend=(Reward("points", 50),))
    component = referral(gives=gives)
    events = [joined(1, 5, "anna"), paid(2, 5)]
    found = settle(component, events, ("incentive", "item", "member", "amount"), known=[ids["anna"], 5])
    assert found == sorted(
        [
            ("bring", "friend", ids["anna"], 1),
            ("coupon", "new-10", ids["anna"], 1),
            ("points", "", 5, 50),
            ("points", "", ids["anna"], 200),
        ],
        key=repr,
    )
    assert component.rewards == (*gives.inviter, *gives.friend)


@pytest.mark.parametrize(
    ("amount", "at", "counts"),
    [(5000, 30, True), (4999, 1, False), (None, 1, False), (5000, 30 + 1 / DAY, False), (5000, -1, False)],
)
def test_what_counts(settle: Settle, ids: Ids, amount: int | None, at: float, *, counts: bool) -> None:
    events = [joined(1, 5, "anna"), paid(2, 5, amount, at=at)]
    assert bool(settle(referral(), events, COLUMNS, known=[ids["anna"], 5])) is counts


def test_without_a_least_amount_any_counts(settle: Settle, ids: Ids) -> None:
    component = referral(counts=Counts(event="checked_in"))
    events = [joined(1, 5, "anna"), {"id": 2, "type": "checked_in", "member": 5, "at": 1}]
    assert len(settle(component, events, COLUMNS, known=[ids["anna"], 5])) == 2


def test_the_reward_waits_for_the_refund(settle: Settle, ids: Ids) -> None:
    events, known = [joined(1, 5, "anna"), paid(2, 5, at=1)], [ids["anna"], 5]
    assert settle(referral(), events, COLUMNS, at=8 - 1 / DAY, known=known) == []
    assert len(settle(referral(), events, COLUMNS, at=8, known=known)) == 2


def test_a_refund_in_time_prevents_it_and_a_later_one_does_not(settle: Settle, ids: Ids) -> None:
    events, known = [joined(1, 5, "anna"), paid(2, 5, at=1)], [ids["anna"], 5]
    assert settle(referral(), [*events, refunded(3, 5, at=8)], COLUMNS, known=known) == []
    for other in (refunded(3, 5, at=8 + 1 / DAY), refunded(3, 5, at=2, ref="p"), refunded(3, 6, at=2)):
        assert len(settle(referral(), [*events, other], COLUMNS, known=known)) == 2


def test_after_a_refund_the_next_purchase_counts(settle: Settle, ids: Ids) -> None:
    events = [joined(1, 5, "anna"), paid(2, 5, at=1), refunded(3, 5, at=2), paid(4, 5, at=9, ref="p")]
    events += [paid(5, 5, at=11, ref="q")]
    found = settle(referral(), events, ("kind", "time"), known=[ids["anna"], 5])
    assert found == [("earned", START + 16 * DAY), ("referred", START + 16 * DAY)]


def test_orders_without_an_id_cannot_be_refunded(settle: Settle, ids: Ids) -> None:
    events = [joined(1, 5, "anna"), paid(2, 5, ref=None), refunded(3, 5, at=2, ref=None)]
    assert len(settle(referral(), events, COLUMNS, known=[ids["anna"], 5])) == 2


def test_who_invites_must_be_a_member_and_another(settle: Settle, ids: Ids) -> None:
    for by in ("nobody", None, "", "wecom", "just text:"):
        events = [joined(1, 5, by), paid(2, 5)]
        assert settle(referral(), events, COLUMNS, known=[ids["anna"], 5]) == []
    own = [joined(1, ids["anna"], "anna"), paid(2, ids["anna"])]
    assert settle(referral(), own, COLUMNS, known=[ids["anna"]]) == []


def test_an_inviter_who_turns_out_to_be_the_friend_gets_nothing(settle: Settle, ids: Ids) -> None:
    events, same = [joined(1, 5, "anna"), paid(2, 5)], [(ids["anna"], 5)]
    assert settle(referral(), events, COLUMNS, known=[5], same=same) == []


def test_an_inviter_is_found_under_any_of_their_ids(settle: Settle, ids: Ids) -> None:
    events, same = [joined(1, 5, "anna"), paid(2, 5)], [(ids["anna"], 3)]
    found = settle(referral(), events, ("member",), known=[3, 5], same=same)
    assert found == [(3,), (3,)]


def test_only_a_first_join_brings_a_friend(settle: Settle, ids: Ids) -> None:
    known = [ids["anna"], ids["ben"], 5]
    twice = [joined(1, 5, "anna"), joined(2, 5, "ben", at=1), paid(3, 5, at=2)]
    assert {row[2] for row in settle(referral(), twice, COLUMNS, known=known)} == {ids["anna"]}
    tied = [joined(2, 5, "anna"), joined(1, 5, "ben"), paid(3, 5, at=2)]
    assert {row[2] for row in settle(referral(), tied, COLUMNS, known=known)} == {ids["ben"]}
    member_before = [joined(1, 5, None, at=-9), joined(2, 5, "anna"), paid(3, 5, at=2)]
    assert settle(referral(), member_before, COLUMNS, known=known) == []


def test_of_two_who_invited_each_other_the_earlier_pair_stands(settle: Settle, ids: Ids) -> None:
    anna, ben = ids["anna"], ids["ben"]
    for later in (1, 0):
        events = [joined(1, anna, "ben"), joined(2, ben, "anna", at=later), paid(3, anna, at=2), paid(4, ben, at=2)]
        found = settle(referral(), events, COLUMNS, known=[anna, ben])
        assert {(row[2], row[4]) for row in found} == {(ben, "1")}


def test_a_chain_of_invitations_stands(settle: Settle, ids: Ids) -> None:
    anna, ben, cleo = ids["anna"], ids["ben"], ids["cleo"]
    events = [joined(1, anna, "ben"), joined(2, ben, "cleo", at=1), paid(3, anna, at=2), paid(4, ben, at=2)]
    found = settle(referral(), events, ("kind", "member"), known=[anna, ben, cleo])
    assert [row for row in found if row[0] == "referred"] == sorted([("referred", ben), ("referred", cleo)], key=repr)


def test_friends_join_within_its_days_and_may_buy_after_them(settle: Settle, ids: Ids) -> None:
    component, known = referral(until=date(2026, 12, 2)), [ids["anna"], 5]
    for at, lines in ((-1 / DAY, 0), (0, 2), (2 - 1 / DAY, 2), (2, 0)):
        events = [joined(1, 5, "anna", at=at), paid(2, 5, at=20)]
        assert len(settle(component, events, COLUMNS, known=known)) == lines


def test_no_events_no_lines(settle: Settle) -> None:
    assert settle(referral(), [], COLUMNS) == []


def test_a_referral_gives_something() -> None:
    with pytest.raises(ValueError, match="expected a reward for the inviter or the friend"):
        referral(gives=Gives())
