from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeAlias

import pytest
from tests.plugins.incentives.conftest import BRAND, DAY, START

from siyu.config.expressions import Condition
from siyu.config.units import Duration, Money
from siyu.kinds import Cost, Term
from siyu.testing.views import view
from siyu_plugins.incentives.coupon import Coupon, CouponItem, Issue

Settle: TypeAlias = "Callable[..., list[tuple[Any, ...]]]"
LINE = ("member", "kind", "item", "lot", "amount", "cause_kind", "cause", "available", "expires")


def item(**more: object) -> CouponItem:
    given: dict[str, Any] = {"off": Money(1000), **more}
    return CouponItem(**given)


def coupon(items: dict[str, CouponItem] | None = None, **more: object) -> Coupon:
    given: dict[str, Any] = {"name": "coupon", "from_": date(2026, 12, 1), "items": items or {"ten": item()}, **more}
    return Coupon(**given)


def day(at: float) -> int:
    return START + round(at * DAY)


def line(number: int, kind: str, what: str, amount: int, at: float, **more: object) -> dict[str, Any]:
    """Return a line of the ledger of member 1."""
    moment = {"time": day(at), "available": day(at), "expires": None, "cause_kind": "claim", "cause": f"c{number}"}
    about = {"id": number, "member": 1, "incentive": "coupon", "item": what, "lot": "", "kind": kind, "amount": amount}
    return {**about, **moment, "request": "", "reason": "", **more}


def lot(number: int, at: float, *, name: str = "gift", pieces: int = 1, until: float | None = None) -> dict[str, Any]:
    end = None if until is None else day(until)
    return line(number, "earned", "ten", pieces, at, lot=name, expires=end, cause_kind="event", cause=name)


def used(number: int, at: float, order: str, kind: str = "granted", name: str = "gift") -> list[dict[str, Any]]:
    """Return the two lines of a use."""
    claim = {"request": order, "cause": f"c{number}"}
    return [
        line(number, kind, "use:ten", 1, at, **claim),
        line(number + 1, "redeemed", "ten", -1, at, lot=name, **claim),
    ]


def event(number: int, kind: str, at: float, **more: object) -> dict[str, Any]:
    return {"id": number, "type": kind, "member": 1, "at": at, **more}


def test_what_may_be_claimed() -> None:
    items = {
        "held": item(),
        "taken": item(claimable=True, stock=9, each=1, lasts=Duration(DAY)),
        "told": item(code="TEA"),
        "sealed": item(codes=5),
        "all": item(open=True, stock=7),
    }
    cost = {name: (Cost(incentive="coupon", amount=1, item=name),) for name in items}
    assert coupon(items, unpaid=Duration(60)).terms() == (
        Term(item="use:held", unpaid=60, costs=cost["held"]),
        Term(item="taken", stock=9, each=1, lasts=DAY),
        Term(item="use:taken", unpaid=60, costs=cost["taken"]),
        Term(item="told", code="TEA"),
        Term(item="use:told", unpaid=60, costs=cost["told"]),
        Term(item="sealed", codes=5),
        Term(item="use:sealed", unpaid=60, costs=cost["sealed"]),
        Term(item="use:all", unpaid=60, stock=7),
    )


def test_open_coupons_have_nothing_to_settle() -> None:
    assert coupon({"all": item(open=True)}).settle(view(BRAND, {}, START, engine="duckdb")) is None


def test_each_event_gives_one(settle: Settle) -> None:
    issue = (Issue(coupon="ten", event="joined", subject="door", pieces=2),)
    one = coupon({"ten": item(lasts=Duration(3 * DAY))}, issue=issue, until=date(2026, 12, 9))
    events = [
        event(1, "joined", -1, subject="door"),
        event(2, "joined", 1, subject="door"),
        event(3, "joined", 2, subject="other"),
        event(4, "joined", 9, subject="door"),
    ]
    assert settle(one, events, LINE, at=2) == [
        (1, "earned", "ten", "joined:door:2", 2, "event", "2", day(1), day(4)),
    ]


@pytest.mark.parametrize(
    ("per", "causes"),
    [("total", ["vips:", "vips:", "vips:"]), ("month", ["vips:2026-12", "vips:2026-12", "vips:2027-01"])],
)
def test_those_whom_it_is_for_get_it_once_in_each_span(settle: Settle, per: Any, causes: list[str]) -> None:  # noqa: ANN401 - a word of the config
    who = Condition.parse("entry == 'wecom'")
    one = coupon(issue=(Issue(coupon="ten", to=who, per=per, on=date(2026, 12, 2), id="vips"),))
    events = [event(1, "joined", 0.5)]
    assert settle(one, events, LINE, at=0.9) == []
    for at, cause in zip((1, 20, 40), causes, strict=True):
        assert settle(one, events, LINE, at=at) == [
            (1, "earned", "ten", f"vips:{cause}", 1, "issue", cause, day(at), None)
        ]


def test_a_touch_that_went_out_gives_what_it_offers() -> None:
    touches = [
        {"id": number, "recipient": number, "recipient_kind": kind, "offer": offer, "campaign": "welcome"}
        for number, kind, offer in (
            (1, "member", "ten"),
            (2, "member", "ten"),
            (3, "member", "all"),
            (4, "group", "ten"),
        )
    ]
    receipts = [
        {"touch": touch, "state": state, "time": day(2)}
        for touch, state in ((1, "sent"), (2, "queued"), (3, "sent"), (4, "sent"))
    ]
    items = {"ten": item(lasts=Duration(DAY)), "all": item(open=True)}
    for engine in ("duckdb", "polars"):
        seen = view(BRAND, {"touches": touches, "receipts": receipts}, day(3), engine=engine)
        settled = coupon(items).settle(seen)
        assert settled is not None
        assert seen.rows(settled.select(*LINE)) == [(1, "earned", "ten", "1", 1, "touch", "1", day(2), day(3))]


def test_what_is_left_of_a_lot_expires_with_it(settle: Settle) -> None:
    grants = [lot(1, 1, pieces=3, until=5), *used(2, 2, "o1"), lot(4, 1, name="other")]
    assert settle(coupon(), [], LINE, at=4.9, grants=grants) == []
    expired = (1, "expired", "ten", "gift", -2, "lot", "gift", day(5), None)
    assert settle(coupon(), [], LINE, at=5, grants=grants) == [expired]
    over = [*grants, line(9, "expired", "ten", -2, 5, lot="gift", cause_kind="lot", cause="gift")]
    assert settle(coupon(), [], LINE, at=6, grants=over) == []
    # What comes back to a lot that is over expires in a line of its own.
    back = [*over, line(10, "restored", "ten", 1, 6, lot="gift")]
    assert settle(coupon(), [], LINE, at=6, grants=back) == [
        (1, "expired", "ten", "gift", -1, "lot", "gift:2", day(5), None)
    ]


def test_what_another_incentive_gave_ends_as_the_coupon_does(settle: Settle) -> None:
    one = coupon({"ten": item(lasts=Duration(3 * DAY)), "ever": item()})
    grants = [lot(1, 1, name="friends:7"), line(2, "earned", "ever", 1, 1, lot="friends:8")]
    assert settle(one, [], LINE, at=3.9, grants=grants) == []
    expired = (1, "expired", "ten", "friends:7", -1, "lot", "friends:7", day(4), None)
    assert settle(one, [], LINE, at=4, grants=grants) == [expired]


@pytest.mark.parametrize(
    ("refunds", "returns", "when"),
    [
        ([(4, 60)], "whole", None),
        ([(4, 60)], "part", 4),
        ([(4, 60), (6, 40)], "whole", 6),
        ([(4, None)], "whole", 4),
        ([(4, 100)], "never", None),
    ],
)
def test_a_refund_gives_the_coupon_back_as_the_policy_says(
    settle: Settle,
    refunds: list[tuple[int, int | None]],
    returns: Any,  # noqa: ANN401 - a word of the config
    when: int | None,
) -> None:
    events = [
        event(1, "ordered", 2, ref="o1", amount=100),
        *(event(2 + at, "refunded", at, ref="o1", amount=amount) for at, amount in refunds),
    ]
    one = coupon(returns=returns, grace=Duration(7 * DAY))
    found = settle(one, events, LINE, at=8, grants=[lot(1, 1, until=30), *used(2, 2, "o1")])
    expected = [
        (1, "restored", "ten", "back:2", 1, "use", "2", day(when or 0), day(30)),
        (1, "reversed", "use:ten", "", -1, "use", "2", day(when or 0), None),
    ]
    assert found == ([] if when is None else expected)


def test_what_comes_back_can_be_used_for_some_days_at_least(settle: Settle) -> None:
    refund = [event(1, "refunded", 9, ref="o1")]
    for until, end in ((3, day(9 + 7)), (30, day(30)), (None, None)):
        found = settle(coupon(), refund, LINE, at=9, grants=[lot(1, 1, until=until), *used(2, 2, "o1")])
        assert [line[-1] for line in found if line[1] == "restored"] == [end]


def test_only_a_use_that_was_paid_comes_back(settle: Settle) -> None:
    confirmed = line(4, "confirmed", "use:ten", 0, 3, request="o1", cause_kind="event", cause="9")
    refund = [event(1, "refunded", 9, ref="o1")]
    held = [lot(1, 1), *used(2, 2, "o1", "reserved")]
    assert settle(coupon(), refund, LINE, at=9, grants=held) == []
    assert len(settle(coupon(), refund, LINE, at=9, grants=[*held, confirmed])) == 2


def test_what_a_member_holds() -> None:
    grants = [
        lot(1, 1, pieces=3, until=5),
        *used(2, 2, "o1"),
        lot(4, 1, name="later", pieces=4) | {"available": day(4)},
        line(5, "earned", "other", 1, 1, lot="x"),
        line(6, "restored", "ten", 2, 3, lot="back:9", cause_kind="use", cause="9", expires=day(9)),
    ]
    for engine in ("duckdb", "polars"):
        for at, found in ((3, [(1, "other", 1), (1, "ten", 4)]), (5, [(1, "other", 1), (1, "ten", 6)])):
            seen = view(BRAND, {"grants": grants}, day(at), engine=engine)
            assert sorted(seen.rows(coupon().held(seen).select("member", "item", "pieces"))) == found


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"off": None}, "expected one of off"),
        ({"gift": None, "percent": None, "off": Money(0)}, "expected an amount above 0"),
        ({"from_": Money(-1)}, "expected a threshold of 0 or more"),
        ({"every": True}, "every goes with from and off"),
        ({"codes": 3, "code": "TEA"}, "codes of one piece each go without"),
        ({"claimable": True, "code": "TEA"}, "claimable goes without"),
        ({"open": True, "lasts": Duration(5)}, "lasts goes without open"),
        ({"times": 0}, "times"),
    ],
)
def test_a_coupon_that_is_none_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        item(**wrong)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"items": {}}, "expected at least one coupon"),
        ({"items": {"use:x": item()}}, "does not start with 'use:'"),
        ({"issue": (Issue(coupon="nine"),)}, "no coupon 'nine' that members hold; there are ten"),
        ({"issue": (Issue(coupon="ten"), Issue(coupon="ten"))}, "given twice as ''"),
    ],
)
def test_coupons_that_cannot_be_given_are_refused(wrong: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"name": "coupon", "from_": date(2026, 12, 1), "items": {"ten": item()}, **wrong}
    with pytest.raises(ValueError, match=words):
        Coupon(**given)


def test_an_issue_is_of_events_or_of_a_span() -> None:
    with pytest.raises(ValueError, match="event goes without on and per"):
        Issue(coupon="ten", event="joined", per="month")
    with pytest.raises(ValueError, match="subject goes with event"):
        Issue(coupon="ten", subject="door")
