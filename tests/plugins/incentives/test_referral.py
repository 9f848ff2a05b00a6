from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Literal

import pytest

from siyu.config.units import Duration, Money
from siyu.kinds import Reward
from siyu_plugins.incentives.referral import Attribution, Burst, Counts, Gives, Guard, Referral

DAY = 86_400
START = 1_796_083_200
COLUMNS = ("incentive", "kind", "member", "amount", "cause")
REFUSED = ("kind", "member", "reason")
SELF, CIRCLE = "the friend is the inviter", "the invitations go round in a circle"

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


def kinds(rows: list[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Return the own lines, without the rewards."""
    return {row for row in rows if row[0] in {"referred", "refused", "held"}}


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


def test_circles_of_any_length_lose_their_last_pair(settle: Settle, ids: Ids) -> None:
    names = ["anna", "ben", "cleo", "dora"]
    events = [joined(number, ids[who], names[number - 1], at=number) for number, who in enumerate(names)]
    events += [paid(10 + number, ids[who], at=5) for number, who in enumerate(names)]
    found = settle(referral(), events, ("kind", "cause", "reason"), known=[ids[name] for name in names])
    assert kinds(found) == {("referred", str(number), None) for number in range(3)} | {("refused", "3", CIRCLE)}


def test_a_long_chain_is_no_circle(settle: Settle) -> None:
    links = [joined(number, number, str(number - 1), at=number / DAY) for number in range(1001, 1040)]
    chain = [{**row, "ref": row["ref"].removeprefix("wecom:")} for row in links]
    events = [*chain, *(paid(2000 + row["id"], row["id"]) for row in chain)]
    found = settle(referral(), events, ("kind", "member"), known=[1000])
    assert kinds(found) == {("referred", number) for number in range(1000, 1039)}


def device(event: int, member: int, value: str, *, at: float = 0) -> dict[str, Any]:
    return {"id": event, "type": "viewed", "member": member, "at": at, "props": f'{{"device": "{value}"}}'}


def test_who_shares_a_device_with_the_inviter_is_refused_or_held(settle: Settle, ids: Ids) -> None:
    events = [joined(1, 5, "anna"), paid(2, 5), device(3, 5, "d1"), device(4, ids["anna"], "d1", at=8)]
    reason = "the friend and the inviter have the same device"
    for guard, kind in ((Guard(same=("device",)), "refused"), (Guard(same=("device",), review=("self",)), "held")):
        component = referral(guard=guard)
        assert settle(component, events, REFUSED) == [(kind, ids["anna"], reason)]
    later = [*events[:3], device(4, ids["anna"], "d1", at=9)]
    assert len(settle(component, later, COLUMNS)) == 2
    assert len(settle(referral(), events, COLUMNS)) == 2


def test_families_that_share_too_much_are_held(settle: Settle, ids: Ids) -> None:
    component = referral(guard=Guard(same=("device",), family=2))
    events = [joined(10 + friend, friend, "anna", at=friend) for friend in (5, 6, 7)]
    events += [paid(20 + friend, friend, at=friend + 1) for friend in (5, 6, 7)]
    events += [device(30 + friend, friend, "d1", at=friend) for friend in (5, 6)]
    known = [ids["anna"]]
    assert {row[0] for row in kinds(settle(component, events, REFUSED, known=known))} == {"referred"}
    for at, held in ((8, "567"), (14, "67"), (14.5, "7"), (20, "")):
        found = settle(component, [*events, device(37, 7, "d1", at=at)], ("kind", "cause"), known=known)
        assert {cause for kind, cause in found if kind == "held"} == {f"1{friend}" for friend in held}


def test_bursts_are_held_whole(settle: Settle, ids: Ids) -> None:
    component = referral(guard=Guard(bursts=(Burst(friends=2, within=Duration(DAY)),)))
    for joins, held in (
        ((0, 0.2, 0.9, 3), "012"),
        ((0, 0.2, 1, 3), ""),
        ((0, 0.8, 1.6, 1.7), "123"),
        ((0, 0.5, 0.9, 1.2), "0123"),
    ):
        events = [joined(10 + number, 5 + number, "anna", at=at) for number, at in enumerate(joins)]
        events += [paid(20 + number, 5 + number, at=4) for number in range(4)]
        found = settle(component, events, ("kind", "cause", "reason"), known=[ids["anna"]])
        reason = "more than 2 friends of the inviter joined within 1d"
        assert {row for row in found if row[0] == "held"} == {("held", f"1{number}", reason) for number in held}


def test_what_a_person_says_first_settles_what_is_held(settle: Settle, ids: Ids) -> None:
    component = referral(guard=Guard(same=("device",), review=("self",)))
    events = [joined(1, 5, "anna"), paid(2, 5), device(3, 5, "d1"), device(4, ids["anna"], "d1")]

    def word(event: int, kind: str, at: float) -> dict[str, Any]:
        more = {"subject": "bring", "ref": "1", "staff": "li", "props": '{"note": "one household"}'}
        return {"id": event, "type": f"invitation_{kind}", "member": ids["anna"], "at": at, **more}

    columns = ("kind", "cause_kind", "amount", "time", "reason")
    counted = START + 8 * DAY
    held = ("held", "review", 0, counted, "the friend and the inviter have the same device")
    said = [word(6, "approved", 10), word(5, "refused", 11)]
    found = settle(component, [*events, *said], columns)
    granted = ("referred", "referral", 1, START + 10 * DAY, None)
    assert found == sorted([("earned", "referral", 200, START + 10 * DAY, None), held, granted], key=repr)
    said = [word(5, "refused", 4), word(6, "approved", 10)]
    refused = ("refused", "referral", 0, counted, "refused by li: one household")
    assert settle(component, [*events, *said], columns) == sorted([held, refused], key=repr)
    elsewhere = [{**word(5, "approved", 9), "subject": "other"}]
    assert settle(component, [*events, *elsewhere], columns) == [held]


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
