from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Literal

import pytest
from tests.invitations import DAY, START, joined, kinds, paid, referral

from siyu.config.units import Duration
from siyu.kinds import Reward
from siyu_plugins.incentives.referral import Attribution, Burst, Counts, Gives

COLUMNS = ("incentive", "kind", "member", "amount", "cause")
REFUSED = ("kind", "member", "reason")
SELF, CIRCLE = "the friend is the inviter", "the invitations go round in a circle"

Settle = Callable[..., list[tuple[Any, ...]]]
Ids = dict[str, int]


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
    assert settle(referral(), own, REFUSED, known=[ids["anna"]]) == [("refused", ids["anna"], SELF)]


def test_an_inviter_who_turns_out_to_be_the_friend_gets_nothing(settle: Settle, ids: Ids) -> None:
    events, same = [joined(1, 5, "anna"), paid(2, 5)], [(ids["anna"], 5)]
    assert settle(referral(), events, REFUSED, known=[5], same=same) == [("refused", 5, SELF)]


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
        assert {(row[2], row[4]) for row in found if row[1] != "refused"} == {(ben, "1")}
        refused = [row for row in settle(referral(), events, REFUSED, known=[anna, ben]) if row[0] == "refused"]
        assert refused == [("refused", anna, CIRCLE)]


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


def test_a_friend_who_comes_by_a_code_is_brought_by_whose_it_is(settle: Settle, ids: Ids) -> None:
    component = referral(codes={"booth": "wecom:ben"})
    known = [ids["anna"], ids["ben"], 5]
    for code, inviter in ((str(ids["anna"]), "anna"), ("booth", "ben")):
        for column in ("subject", "ref"):
            join = {"id": 1, "type": "joined", "member": 5, "at": 0, column: code}
            found = settle(component, [join, paid(2, 5)], ("kind", "member"), known=known)
            assert kinds(found) == {("referred", ids[inviter])}
    assert settle(component, [joined(1, 5, None), paid(2, 5)], COLUMNS, known=known) == []


def test_a_code_stays_whose_it_is_after_a_merge(settle: Settle, ids: Ids) -> None:
    join = {"id": 1, "type": "joined", "member": 5, "at": 0, "subject": str(ids["anna"])}
    found = settle(referral(), [join, paid(2, 5)], ("kind", "member"), known=[3, 5], same=[(ids["anna"], 3)])
    assert kinds(found) == {("referred", 3)}


@pytest.mark.parametrize(("touch", "inviter"), [("first", "anna"), ("last", "ben")])
def test_of_several_invitations_the_first_or_the_last_in_time_counts(
    settle: Settle, ids: Ids, touch: Literal["first", "last"], inviter: str
) -> None:
    component = referral(attribution=Attribution(within=Duration(3 * DAY), touch=touch))
    scans = [
        {"id": number, "type": kind, "member": 5, "at": at, "subject": f"wecom:{who}"}
        for number, (kind, who, at) in enumerate(
            [("scanned", "cleo", 0), ("scanned", "anna", 1), ("followed", "ben", 2), ("scanned", "cleo", 5)], 11
        )
    ]
    known = [ids[name] for name in ("anna", "ben", "cleo")]
    found = settle(component, [*scans, joined(1, 5, None, at=4), paid(2, 5, at=5)], ("kind", "member"), known=known)
    assert kinds(found) == {("referred", ids[inviter])}


def test_the_joining_itself_is_the_last_invitation(settle: Settle, ids: Ids) -> None:
    scan = {"id": 11, "type": "scanned", "member": 5, "at": 0, "subject": "wecom:ben"}
    events, known = [scan, joined(1, 5, "anna"), paid(2, 5)], [ids["anna"], ids["ben"]]
    assert kinds(settle(referral(), events, ("kind", "member"), known=known)) == {("referred", ids["anna"])}


def test_a_friend_may_have_to_stay(settle: Settle, ids: Ids) -> None:
    counts = Counts(event="joined", settle=Duration(0), stays=Duration(30 * DAY))
    component, known = referral(counts=counts), [ids["anna"], 5]
    events = [joined(1, 5, "anna")]
    assert settle(component, events, COLUMNS, at=30 - 1 / DAY, known=known) == []
    assert len(settle(component, events, COLUMNS, at=30, known=known)) == 2
    for kind, subject, at, lines in (
        ("left", None, 30, 0),
        ("unfollowed", "member", 1, 0),
        ("unfollowed", "transfer", 1, 2),
        ("left", None, 31, 2),
    ):
        gone = {"id": 3, "type": kind, "member": 5, "at": at, "subject": subject}
        assert len(settle(component, [*events, gone], COLUMNS, known=known)) == lines


def test_a_friend_may_have_to_be_active_later(settle: Settle, ids: Ids) -> None:
    counts = Counts(event="viewed", after=Duration(10 * DAY), within=Duration(20 * DAY), settle=Duration(0))
    for at, lines in ((10 - 1 / DAY, 0), (10, 2), (20, 2), (20 + 1 / DAY, 0)):
        events = [joined(1, 5, "anna"), {"id": 2, "type": "viewed", "member": 5, "at": at}]
        assert len(settle(referral(counts=counts), events, COLUMNS, known=[ids["anna"]])) == lines


def test_the_one_above_is_rewarded_once_the_inviter_has_counted(settle: Settle, ids: Ids) -> None:
    gives = Gives(inviter=(Reward("points", 200),), above=(Reward("points", 20),))
    component = referral(gives=gives, basis="counsel, 2026-11-01")
    events = [joined(1, ids["ben"], "anna"), paid(2, ids["ben"], at=2), joined(3, 5, "ben"), paid(4, 5, at=3)]
    found = settle(component, events, ("member", "amount", "cause"), known=[ids["anna"]])
    assert [row for row in found if row[1] == 20] == [(ids["anna"], 20, "3")]
    early = [*events[:3], paid(4, 5, at=1)]
    assert not [row for row in settle(component, early, ("amount",), known=[ids["anna"]]) if row == (20,)]
    assert component.rewards[-1] == Reward("points", 20)
    assert component.facts()["depth"] == 2


def test_a_third_level_gets_nothing_however_long_the_chain_is(settle: Settle, ids: Ids) -> None:
    gives = Gives(inviter=(Reward("points", 200),), above=(Reward("points", 20),))
    component = referral(gives=gives, basis="counsel, 2026-11-01")
    chain = ["ben", "cleo", "dora"]
    events = []
    for place, (name, inviter) in enumerate(zip(chain, ["anna", *chain[:-1]], strict=True)):
        events += [joined(2 * place + 1, ids[name], inviter, at=place), paid(2 * place + 2, ids[name], at=place + 0.5)]
    found = settle(component, events, ("cause", "member", "amount", "kind"), known=[ids["anna"]])
    # The cause is the last friend's joining: their inviter and the one above are all who get anything for it.
    paid_for = [(member, amount) for cause, member, amount, kind in found if cause == "5" and kind == "earned"]
    assert sorted(paid_for) == sorted([(ids["cleo"], 200), (ids["ben"], 20)])
    assert ids["anna"] not in {member for member, _ in paid_for}


def test_a_friend_counts_once_under_all_ids(settle: Settle, ids: Ids) -> None:
    events = [joined(2, 6, "ben", at=0), joined(1, 5, "anna", at=1), paid(3, 5, at=2)]
    paying = {"incentive": "bring", "kind": "referred", "member": ids["anna"], "amount": 1, "time": START}
    line = {**paying, "id": 1, "cause_kind": "referral", "cause": "1", "item": "friend", "lot": "1"}
    known = [ids["anna"], ids["ben"]]
    assert settle(referral(), events, COLUMNS, known=known, same=[(5, 6)], grants=[line]) == []
    assert len(settle(referral(), events, COLUMNS, known=known, same=[(5, 6)])) == 2


def test_nothing_is_given_for_a_share_nor_a_second_level_without_a_basis() -> None:
    with pytest.raises(ValueError, match="nothing is given for a share"):
        Counts(event="shared")
    gives = Gives(inviter=(Reward("points", 200),), above=(Reward("points", 20),))
    with pytest.raises(ValueError, match="why a second level may be rewarded"):
        referral(gives=gives)
    with pytest.raises(ValueError, match="nothing counts before"):
        Counts(after=Duration(40 * DAY))
    with pytest.raises(ValueError, match="a span above 0"):
        Burst(friends=2, within=Duration(0))
