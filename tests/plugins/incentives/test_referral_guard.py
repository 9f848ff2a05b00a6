"""What a referral refuses, and what it holds until a person decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.invitations import DAY, START, joined, kinds, paid, referral

from siyu.config.units import Duration
from siyu_plugins.incentives.referral import Burst, Guard

COLUMNS = ("incentive", "kind", "member", "amount", "cause")
REFUSED = ("kind", "member", "reason")
CIRCLE = "the invitations go round in a circle"

Settle = Callable[..., list[tuple[Any, ...]]]
Ids = dict[str, int]


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
