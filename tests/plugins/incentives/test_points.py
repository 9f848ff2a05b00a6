from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.config.units import Duration, Money
from siyu.kinds import Period
from siyu_plugins.incentives.points import Cap, Earn, Points, Transfers

DAY = 86_400
START = 1_796_083_200
COLUMNS = ("kind", "member", "item", "lot", "cause", "amount")

Settle = Callable[..., list[tuple[Any, ...]]]


def points(*earn: Earn, **more: object) -> Points:
    rules = earn or (Earn(event="ordered", points=1, per=Money(100)),)
    given: dict[str, Any] = {"name": "points", "from_": date(2026, 12, 1), "earn": rules, **more}
    return Points(**given)


def order(
    event: int, amount: int | None, *, at: float = 0, member: int = 1, ref: str | None = None, **more: object
) -> dict[str, Any]:
    return {"id": event, "type": "ordered", "member": member, "amount": amount, "at": at, "ref": ref, **more}


def refund(
    event: int, amount: int | None, *, at: float = 1, member: int = 1, ref: str = "a", **more: object
) -> dict[str, Any]:
    return {"id": event, "type": "refunded", "member": member, "amount": amount, "at": at, "ref": ref, **more}


def line(kind: str, amount: int, *, lot: str, cause: str, item: str = "ordered", member: int = 1) -> dict[str, Any]:
    named = {"incentive": "points", "cause_kind": "event", "time": START}
    return {"id": amount, "member": member, "kind": kind, "item": item, "lot": lot, "cause": cause, **named} | {
        "amount": amount
    }


def test_each_full_part_of_the_amount_earns(settle: Settle) -> None:
    events = [order(1, 999), order(2, 99), order(3, None), order(4, -500), order(5, 100, member=2)]
    assert settle(points(), events, COLUMNS) == [
        ("earned", 1, "ordered", "1", "1", 9),
        ("earned", 2, "ordered", "5", "5", 1),
    ]


def test_without_a_part_an_event_earns_at_once(settle: Settle) -> None:
    events = [{"id": 1, "type": "joined", "member": 1, "at": 0}, order(2, 100)]
    assert settle(points(Earn(event="joined", points=50)), events, COLUMNS) == [("earned", 1, "joined", "1", "1", 50)]


def test_moments_of_a_lot(settle: Settle) -> None:
    kept = points(pending=Duration(7 * DAY), expires=Duration(365 * DAY))
    moments = ("incentive", "cause_kind", "time", "available", "expires")
    assert settle(kept, [order(1, 100, at=2)], moments) == [
        ("points", "event", START + 2 * DAY, START + 9 * DAY, START + 374 * DAY)
    ]
    assert settle(points(), [order(1, 100)], moments) == [("points", "event", START, START, None)]


def test_only_events_of_its_days_earn(settle: Settle) -> None:
    second = 1 / DAY
    events = [order(1, 100, at=-second), order(2, 100), order(3, 100, at=2 - second), order(4, 100, at=2)]
    found = settle(points(until=date(2026, 12, 2)), events, ("lot",))
    assert found == [("2",), ("3",)]


def test_nothing_is_earned_before_it_happens(settle: Settle) -> None:
    assert settle(points(), [order(1, 100, at=3)], COLUMNS, at=2) == []


def test_no_events_no_lines(settle: Settle) -> None:
    assert settle(points(), [], COLUMNS) == []


def test_rules_match_by_entry_and_subject_and_several_may_match(settle: Settle) -> None:
    rules = (
        Earn(event="ordered", points=1, per=Money(100)),
        Earn(event="ordered", points=5, entry="shop"),
        Earn(event="ordered", points=7, subject="tea"),
        Earn(event="ordered", points=9, subject="tea", id="festival"),
    )
    events = [order(1, 300, subject="tea"), order(2, 300, entry="shop", subject="cups")]
    assert settle(points(*rules), events, ("lot", "item", "amount")) == [
        ("1", "festival", 9),
        ("1", "ordered", 3),
        ("1", "ordered:tea", 7),
        ("2", "ordered", 3),
        ("2", "ordered:shop", 5),
    ]


def test_a_refund_in_parts_takes_back_all_and_never_more(settle: Settle) -> None:
    events = [order(1, 1000, ref="a"), *(refund(number, 333, at=number) for number in (2, 3, 4, 5))]
    assert settle(points(), events, COLUMNS) == [
        ("earned", 1, "ordered", "1", "1", 10),
        ("reversed", 1, "ordered", "1", "2", -3),
        ("reversed", 1, "ordered", "1", "3", -3),
        ("reversed", 1, "ordered", "1", "4", -3),
        ("reversed", 1, "ordered", "1", "5", -1),
    ]


def test_a_refund_that_takes_nothing_back_has_no_line(settle: Settle) -> None:
    events = [order(1, 1000, ref="a"), refund(2, 99, at=1), refund(3, 1, at=2)]
    assert settle(points(), events, COLUMNS)[1:] == [("reversed", 1, "ordered", "1", "3", -1)]


def test_refunds_of_one_second_go_by_their_ids(settle: Settle) -> None:
    events = [order(1, 300, ref="a"), refund(9, 200), refund(8, 100)]
    assert settle(points(), events, COLUMNS)[1:] == [
        ("reversed", 1, "ordered", "1", "8", -1),
        ("reversed", 1, "ordered", "1", "9", -2),
    ]


def test_a_refund_is_of_the_same_member_and_order(settle: Settle) -> None:
    events = [order(1, 300, ref="a"), order(2, 300), refund(3, 300, member=2), refund(4, 300, ref="b")]
    assert [row[0] for row in settle(points(), events, COLUMNS)] == ["earned", "earned"]


def test_a_refund_without_an_amount_is_of_all_and_so_is_any_of_an_order_without(settle: Settle) -> None:
    flat = points(Earn(event="ordered", points=5))
    for worth, back in ((300, None), (None, 20), (None, None), (0, 1)):
        events = [order(1, worth, ref="a"), refund(2, back)]
        assert settle(flat, events, COLUMNS)[1:] == [("reversed", 1, "ordered", "1", "2", -5)]


def test_a_refund_takes_back_after_the_last_day_and_at_its_own_moment(settle: Settle) -> None:
    events = [order(1, 300, ref="a"), refund(2, 300, at=50)]
    found = settle(
        points(until=date(2026, 12, 2), pending=Duration(DAY)), events, ("kind", "time", "available", "expires")
    )
    assert found[1] == ("reversed", START + 50 * DAY, START + 50 * DAY, None)


def test_a_refund_uses_up_the_parts_of_a_payment_in_order(settle: Settle) -> None:
    paid = points(Earn(event="paid", points=1, per=Money(100)))
    events = [
        order(1, 500, at=0, ref="a", type="paid"),
        order(2, 1500, at=1, ref="a", type="paid"),
        refund(3, 800, at=2),
    ]
    assert settle(paid, events, COLUMNS)[2:] == [
        ("reversed", 1, "paid", "1", "3", -5),
        ("reversed", 1, "paid", "2", "3", -3),
    ]


def test_what_is_no_order_keeps_its_points(settle: Settle) -> None:
    rated = {"id": 1, "type": "rated", "member": 1, "at": 0, "ref": "a", "amount": 5}
    found = settle(points(Earn(event="rated", points=20)), [rated, refund(2, 300)], COLUMNS)
    assert [row[0] for row in found] == ["earned"]


def test_what_the_ledger_has_counts_and_not_what_the_rule_says_now(settle: Settle) -> None:
    events = [order(1, 1000, ref="a"), refund(2, 500)]
    cut = [line("earned", 4, lot="1", cause="1")]
    assert settle(points(), events, COLUMNS, grants=cut) == [("reversed", 1, "ordered", "1", "2", -2)]
    refused = [line("refused", 0, lot="1", cause="1")]
    assert settle(points(), events, COLUMNS, grants=refused) == []


def test_a_lot_of_a_rule_that_is_gone_is_still_taken_back(settle: Settle) -> None:
    events = [order(1, 1000, ref="a", at=-9), refund(2, 500)]
    old = [line("earned", 10, lot="1", cause="1", item="launch")]
    assert settle(points(Earn(event="joined", points=1)), events, COLUMNS, grants=old) == [
        ("reversed", 1, "launch", "1", "2", -5)
    ]


def test_other_ledgers_are_not_looked_at(settle: Settle) -> None:
    other = {**line("earned", 10, lot="1", cause="1"), "incentive": "stamps"}
    events = [order(1, 1000, ref="a", at=-9), refund(2, 500)]
    assert settle(points(), events, COLUMNS, grants=[other]) == []


def test_an_earlier_refund_that_is_heard_of_late_takes_back_the_rest_only(settle: Settle) -> None:
    events = [order(1, 1000, ref="a"), refund(2, 800, at=9), refund(3, 500, at=5)]
    ledger = [line("earned", 10, lot="1", cause="1"), line("reversed", -8, lot="1", cause="2")]
    assert settle(points(), events, COLUMNS, grants=ledger) == [("reversed", 1, "ordered", "1", "3", -2)]


def test_after_a_merge_the_refund_of_either_id_counts(settle: Settle) -> None:
    events = [order(1, 300, ref="a", member=7), refund(2, 300, member=3)]
    ledger = [line("earned", 3, lot="1", cause="1", member=7)]
    found = settle(points(), events, COLUMNS, grants=ledger, same=[(7, 3)])
    assert found == [("reversed", 3, "ordered", "1", "2", -3)]


_ORDER = st.tuples(
    st.integers(1, 100_000), st.lists(st.integers(0, 60_000), max_size=5), st.sets(st.integers(0, 4), max_size=5)
)


@given(orders=st.lists(_ORDER, min_size=1, max_size=8))
@settings(
    # One example holds several orders, each of a member of its own.
    max_examples=max(settings().max_examples // 5, 1),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_is_taken_back_is_the_share_of_all_refunds_whenever_they_are_heard_of(
    settle: Settle, orders: list[tuple[int, list[int], set[int]]]
) -> None:
    early: list[dict[str, Any]] = []
    late: list[dict[str, Any]] = []
    for member, (worth, backs, heard) in enumerate(orders, 1):
        early.append(order(member * 10, worth, member=member, ref="a"))
        for number, back in enumerate(backs):
            events = early if number in heard else late
            events.append(refund(member * 10 + number + 1, back, at=number, member=member))
    first = settle(points(), early, COLUMNS)
    ledger = [line(kind, amount, lot=lot, cause=cause, member=member) for kind, member, _, lot, cause, amount in first]
    again = settle(points(), [*early, *late], COLUMNS, grants=ledger)
    for member, (worth, backs, _) in enumerate(orders, 1):
        taken = -sum(row[-1] for row in {*first, *again} if row[:2] == ("reversed", member))
        assert taken == worth // 100 * min(sum(backs), worth) // worth


def test_a_part_that_is_not_full_counts_as_the_rule_says(settle: Settle) -> None:
    ways: list[tuple[Literal["down", "nearest", "up"], list[int]]]
    ways = [("down", [1, 1]), ("nearest", [1, 2]), ("up", [1, 1, 2])]
    for how, expected in ways:
        rule = Earn(event="ordered", points=1, per=Money(101), round=how)
        events = [order(1, 101), order(2, 152), order(3, 50)]
        assert sorted(amount for (amount,) in settle(points(rule), events, ("amount",))) == expected
    assert settle(
        points(Earn(event="ordered", points=3, per=Money(100), round="nearest")), [order(1, 150)], ("amount",)
    ) == [(6,)]


def test_a_cap_cuts_what_comes_last_in_its_period(settle: Settle) -> None:
    rule = Earn(event="ordered", points=1, per=Money(100), most=Cap(points=12, per="day"))
    events = [
        order(1, 1000, at=0),
        order(2, 500, at=0.5),
        order(3, 300, at=0.6),
        order(4, 500, at=1),
        order(5, 900, member=2),
    ]
    assert settle(points(rule), events, ("member", "lot", "amount")) == [
        (1, "1", 10),
        (1, "2", 2),
        (1, "4", 5),
        (2, "5", 9),
    ]
    # What is heard of late gets what is left, and what was earned stays.
    early = [line("earned", 5, lot="2", cause="2"), line("earned", 3, lot="3", cause="3")]
    assert settle(points(rule), events[:3], ("lot", "amount"), grants=early) == [("1", 4)]


def test_a_cap_holds_for_as_long_as_it_says(settle: Settle) -> None:
    events = [order(number, 400, at=number * 10) for number in range(1, 5)]
    spans: list[tuple[Period, list[int]]]
    spans = [("total", [4, 3]), ("month", [4, 3, 4]), ("year", [4, 3, 4]), ("week", [4, 4, 4, 4])]
    for per, expected in spans:
        rule = Earn(event="ordered", points=1, per=Money(100), most=Cap(points=7, per=per))
        assert [amount for _, amount in settle(points(rule), events, ("lot", "amount"))] == expected


CAMPAIGN = """
[brand]
name = "tea"
zone = "UTC"
[content.words]
use = "library"
[content.words.items.hi]
kind = "emotion"
text = "Hi!"
[channel.box]
use = "outbox"
path = "out"
[campaign.news]
use = "broadcast"
from = 2026-12-01
on = 2026-12-01
at = "10:00"
say = "hi"
via = "box"
"""


def test_a_campaign_earns_for_those_whom_it_reached_while_it_counts(settle: Settle) -> None:
    about = {"recipient_kind": "member", "campaign": "news"}
    touches = [{"id": 8, "recipient": 1, "step": "send", **about}, {"id": 9, "recipient": 2, "step": "send", **about}]
    receipts = [
        {"touch": 8, "state": "sent", "time": START + DAY},
        {"touch": 8, "state": "delivered", "time": START + 2 * DAY},
        {"touch": 9, "state": "failed", "time": START + DAY},
    ]
    events = [
        order(1, 100, at=0.5),
        order(2, 100, at=1),
        order(3, 100, at=4),
        order(4, 100, at=4.1),
        order(5, 100, at=2, member=2),
    ]
    for step, expected in (("", ["2", "3"]), ("send", ["2", "3"]), ("other", [])):
        rule = Earn(event="ordered", points=5, campaign="news", step=step, within=Duration(3 * DAY))
        found = settle(points(rule), events, ("lot", "item"), brand=CAMPAIGN, touches=touches, receipts=receipts)
        assert found == [(lot, ":".join(part for part in ("ordered", "news", step) if part)) for lot in expected]


TAGGED = """
[brand]
name = "tea"
zone = "UTC"
[feature]
views = { count = "viewed" }
[tagger.seen]
use = "rules"
[tagger.seen.when]
keen = "views >= 2"
[tagger.level]
use = "tiers"
tiers = { gold = "20.00" }
"""


def test_members_with_a_tag_earn_more_and_tiers_from_when_they_are_reached(settle: Settle) -> None:
    views = [{"id": number, "type": "viewed", "member": 2, "at": 0} for number in (11, 12)]
    events = [
        order(1, 1000),
        order(2, 1000, at=1),
        order(3, 1050, at=2),
        order(4, 1000, member=2),
        order(5, 700, member=3),
        *views,
    ]
    many = points(times={"keen": 1.25, "gold": 2})
    found = settle(many, events, ("lot", "amount"), brand=TAGGED)
    assert found == [("1", 10), ("2", 20), ("3", 20), ("4", 12), ("5", 7)]


def test_people_correct_with_their_name_and_why(settle: Settle) -> None:
    about = {"type": "corrected", "member": 1, "subject": "points", "at": 1}
    events = [
        {**about, "id": 1, "quantity": 5, "staff": "Mei", "props": '{"why": "lost at the till"}'},
        {**about, "id": 2, "quantity": -3, "staff": "Mei"},
        {**about, "id": 3, "quantity": 3},
        {**about, "id": 4, "staff": "Mei"},
        {**about, "id": 5, "quantity": 9, "staff": "Mei", "subject": "stamps"},
    ]
    columns = ("lot", "kind", "amount", "expires", "reason")
    ends = START + DAY + 30 * DAY
    assert settle(points(expires=Duration(30 * DAY)), events, columns, at=5) == [
        ("1", "corrected", 5, ends, "by Mei: lost at the till"),
        ("2", "corrected", -3, None, "by Mei"),
        ("3", "refused", 0, None, "a correction names its author"),
        ("4", "refused", 0, None, "it is of nothing"),
    ]


def test_what_expired_is_not_taken_back(settle: Settle) -> None:
    kept = points(expires=Duration(10 * DAY))
    events = [order(1, 1000, ref="a")]
    ledger = [line("earned", 10, lot="1", cause="1") | {"expires": START + 10 * DAY}]
    over = settle(kept, events, ("kind", "amount", "cause_kind", "cause", "time"), grants=ledger, at=10)
    assert over == [("expired", -10, "lot", "1", START + 10 * DAY)]
    gone = {**line("expired", -10, lot="1", cause="1"), "cause_kind": "lot", "time": START + 10 * DAY}
    # Neither by a refund that comes then, nor by an earlier one that is heard of then.
    for at in (5, 10, 20):
        assert settle(kept, [*events, refund(2, 1000, at=at)], COLUMNS, grants=[*ledger, gone]) == []


def test_what_comes_back_to_a_lot_that_is_over_expires_as_well(settle: Settle) -> None:
    kept = points(expires=Duration(10 * DAY))
    earned = line("earned", 10, lot="1", cause="1") | {"expires": START + 10 * DAY}
    gone = {**line("expired", -4, lot="1", cause="1"), "cause_kind": "lot", "time": START + 10 * DAY}
    spent = {**line("redeemed", -6, lot="1", cause="7"), "cause_kind": "claim"}
    back = {**line("restored", 6, lot="1", cause="7"), "cause_kind": "claim", "time": START + 11 * DAY}
    found = settle(kept, [], ("kind", "amount", "cause", "time"), grants=[earned, gone, spent, back], at=12)
    assert found == [("expired", -6, "1:1", START + 11 * DAY)]


def test_two_rules_of_one_name_are_refused() -> None:
    rule = Earn(event="ordered", points=1)
    with pytest.raises(ValueError, match="two rules go by the name 'ordered' in the ledger: give one of them an id"):
        points(rule, rule)


def test_values_that_earn_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one rule"):
        Points(name="points", from_=date(2026, 12, 1), earn=())
    with pytest.raises(ValueError, match="expected 1 point or more, not 0"):
        Earn(event="ordered", points=0)
    with pytest.raises(ValueError, match=r"expected an amount above 0, not '0\.00'"):
        Earn(event="ordered", points=1, per=Money(0))


def test_factors_and_caps_that_mean_nothing_are_refused() -> None:
    refused: list[tuple[Callable[[], object], str]] = [
        (lambda: points(times={"gold": 0.5}), "expected a number from 1 to 100 with two decimals at most for 'gold'"),
        (lambda: points(times={"gold": 1.234}), "expected a number from 1 to 100 with two decimals"),
        (lambda: Cap(points=0), "expected 1 point or more, not 0"),
        (lambda: Transfers(most=0), "expected 1 point or more, not 0"),
        (lambda: Earn(event="ordered", points=1, step="send"), "the step 'send' is of no campaign"),
    ]
    for make, message in refused:
        with pytest.raises(ValueError, match=message):
            make()
