from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.brands import rounds

from siyu.config.units import Duration, Money
from siyu.testing.views import EngineName, work
from siyu.view import View
from siyu_plugins.taggers.tiers import Tiers

DAY = 86_400
WINDOW, GRACE = 40 * DAY, 10 * DAY
BRAND = '[brand]\nname = "tea"\nzone = "UTC"\n'
STEPS = {"silver": 300, "gold": 1000}

Row = dict[str, Any]


def second(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


FIRST = second("2026-01-15")


def tiers(**more: Any) -> Tiers:  # noqa: ANN401 - its attributes
    steps: Mapping[str, int | Money] = {name: Money(least) for name, least in STEPS.items()}
    spans = {"window": Duration(WINDOW), "grace": Duration(GRACE), "review": "month"}
    return Tiers(name="level", **{"tiers": steps, **spans, **more})


def seen(events: Sequence[Row], now: int, engine: EngineName, grants: Sequence[Row] = ()) -> View:
    rows = [
        {"id": number, "type": "ordered", "member": 1, "ref": f"r{number}", **row} for number, row in enumerate(events)
    ]
    return work(BRAND, {"events": rows, "grants": grants}, now, engine).view


def told(tagger: Tiers, view: View) -> list[tuple[Any, ...]]:
    return sorted(view.rows(tagger.tags(view).select("member", "tag", "value", "evidence")))


def held(tagger: Tiers, view: View) -> list[tuple[Any, ...]]:
    return sorted(view.rows(tagger.spans(view).select("tag", "since", "until")), key=repr)


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_a_tier_is_reached_at_once_and_lost_after_the_grace(engine: EngineName) -> None:
    events: list[Row] = [{"second": FIRST, "amount": 1000}, {"second": FIRST + 50 * DAY, "amount": 300}]
    tagger = tiers()
    assert told(tagger, seen(events, FIRST, engine)) == [(1, "gold", "0.00", "spend 10.00")]
    # The review of March comes after 45 days: the first order counts no more, but the grace lasts until March 11.
    march = second("2026-03-01")
    assert told(tagger, seen(events, march, engine)) == [(1, "gold", "0.00", "spend 0.00")]
    assert told(tagger, seen(events, march + GRACE, engine)) == [(1, "silver", "7.00", "spend 3.00, 7.00 to gold")]
    may = second("2026-05-01")
    assert held(tagger, seen(events, may + GRACE, engine)) == [
        ("gold", FIRST, march + GRACE),
        ("silver", FIRST, may + GRACE),
    ]


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_a_tier_of_nothing_is_every_members(engine: EngineName) -> None:
    tagger = tiers(tiers={"friend": 0, "gold": Money(1000)})
    events: list[Row] = [{"second": FIRST, "amount": 400}, {"second": FIRST, "member": 2, "type": "viewed"}]
    assert told(tagger, seen(events, FIRST, engine)) == [
        (1, "friend", "6.00", "spend 4.00, 6.00 to gold"),
        (2, "friend", "10.00", "spend 0.00, 10.00 to gold"),
    ]


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_refunds_count_from_their_moment_and_never_more_than_the_order(engine: EngineName) -> None:
    back = {"type": "refunded", "ref": "r0"}
    events: list[Row] = [
        {"second": FIRST, "amount": 500},
        {"second": FIRST + DAY, "amount": 100},
        {"second": FIRST + 2 * DAY, "amount": 400, **back},
        {"second": FIRST + 3 * DAY, "amount": 400, **back},
    ]
    view = seen(events, FIRST + 3 * DAY, engine)
    assert told(tiers(), view) == [(1, "silver", "9.00", "spend 1.00, 9.00 to gold")]
    counted = tiers(by="orders", tiers={"one": 1, "two": 2, "three": 3})
    assert told(counted, view) == [(1, "two", "2", "orders 1, 2 to three")]


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_points_count_as_they_were_earned(engine: EngineName) -> None:
    line = {"incentive": "points", "member": 1, "item": "ordered", "lot": "a"}
    grants = [
        {**line, "id": 1, "kind": "earned", "amount": 30, "time": FIRST},
        {**line, "id": 2, "kind": "redeemed", "amount": -30, "time": FIRST + 1},
        {**line, "id": 3, "kind": "reversed", "amount": -10, "time": FIRST + DAY},
    ]
    events = [{"second": FIRST, "type": "viewed"}]
    counted = tiers(by="points", points="points", tiers={"some": 15, "many": 50})
    assert told(counted, seen(events, FIRST + DAY, engine, grants)) == [(1, "some", "30", "points 20, 30 to many")]


_HAPPENS = st.tuples(
    st.integers(0, 200 * 24),
    st.sampled_from([100, 299, 300, 700, 1000]),
    st.sampled_from(["ordered", "ordered", "refunded"]),
)


@given(
    found=st.lists(_HAPPENS, min_size=1, max_size=8), looks=st.lists(st.integers(0, 260 * 24), min_size=2, max_size=4)
)
@settings(max_examples=rounds(5, 100), suppress_health_check=[HealthCheck.too_slow])
def test_tiers_are_as_in_a_plain_model(found: list[tuple[int, int, str]], looks: list[int]) -> None:
    events: list[Row] = []
    for hour, amount, kind in found:
        about = {"ref": "r0"} if kind == "refunded" else {}
        events.append({"second": FIRST + hour * 3600, "amount": amount, "type": kind, **about})
    tagger = tiers()
    whole = seen(events, FIRST + 300 * DAY, "polars")
    spans = held(tagger, whole)
    for look in looks:
        now = FIRST + look * 3600
        heard = [event for event in events if event["second"] <= now]
        expected = plain(events, now)
        names = ["", "silver", "gold"]
        at = [tag for tag, since, until in spans if since <= now and (until is None or now < until)]
        assert max((names.index(tag) for tag in at), default=0) == expected
        if heard:
            tags = told(tagger, seen(heard, now, "polars"))
            assert [row[1] for row in tags] == [name for name in names[expected : expected + 1] if name]


def plain(events: Sequence[Row], now: int) -> int:
    """Return the level of the one member at a moment, asked of every moment since the review that tells."""
    months = [second(f"2026-{month:02}-01") for month in range(1, 13)]
    first = min(events, key=lambda event: event["second"])["second"]
    told_by = [start for start in months if start + GRACE <= now and start > first]
    start = told_by[-1] if told_by else 0
    moments = [event["second"] for event in events if start <= event["second"] <= now]
    return max((level(events, moment) for moment in [*moments, *([start] if start else [])]), default=0)


def level(events: Sequence[Row], moment: int) -> int:
    spent = 0
    for number, event in enumerate(events):
        if event["type"] == "ordered" and moment - WINDOW < event["second"] <= moment:
            backs = [
                one["amount"]
                for one in events
                if one["type"] == "refunded" and max(one["second"], event["second"]) <= moment
            ]
            spent += event["amount"] - (min(sum(backs), event["amount"]) if number == 0 else 0)
    return sum(spent >= least for least in STEPS.values())


def test_what_makes_no_tiers_is_refused() -> None:
    refused: list[tuple[dict[str, Any], str]] = [
        ({"tiers": {}}, "expected at least one tier"),
        ({"tiers": {"a": Money(1), "b": Money(1)}}, "two tiers of one threshold are one tier"),
        ({"tiers": {"a": 5}}, "the tier 'a' takes money as text"),
        ({"tiers": {"a": -5}}, "expected 0 or more for the tier 'a', not -5"),
        ({"by": "orders"}, "the tier 'silver' takes a whole number"),
        ({"by": "points", "tiers": {"a": 5}}, "expected the incentive whose points are meant"),
        ({"grace": Duration(30 * DAY)}, "expected a grace that is over before the next review of a month"),
    ]
    for given_, message in refused:
        with pytest.raises(ValueError, match=message):
            tiers(**given_)
