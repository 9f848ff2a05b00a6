"""The stages of drawn lives are what a plain reading of the rules says, and follow from one another."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any, get_args

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import rounds

from siyu.config.units import Duration
from siyu.testing.views import EngineName, view
from siyu_plugins.taggers.lifecycle import Cycle, Lifecycle

DAY = 86_400
TODAY = 20_000
BRAND = '[brand]\nname = "tea"\nzone = "UTC"\n'
MEMBERS = range(1, 7)

# Days ago, now and then all of them close together, and whether it is an order.
LIFE = st.sampled_from([12, 60]).flatmap(
    lambda most: st.lists(st.tuples(st.integers(0, most), st.sampled_from([True, True, False])), min_size=1, max_size=8)
)


DAYS = st.integers(1, 20).map(lambda number: Duration(number * DAY))
CYCLES = st.builds(Cycle, times=st.integers(1, 4), orders=st.integers(2, 4), least=DAYS)


@st.composite
def taggers(draw: st.DrawFn) -> Lifecycle:
    """Draw thresholds that follow one another."""
    fresh = draw(st.integers(1, 8))
    at_risk = fresh + draw(st.integers(0, 6))
    dormant = at_risk + draw(st.integers(1, 10))
    return Lifecycle(
        name="life",
        fresh=Duration(fresh * DAY),
        at_risk=Duration(at_risk * DAY),
        dormant=Duration(dormant * DAY),
        lost=Duration((dormant + draw(st.integers(1, 20))) * DAY),
        cycle=draw(st.none() | CYCLES),
        leads=draw(st.booleans()),
    )


def limits(tagger: Lifecycle, days: list[int]) -> dict[str, Fraction]:
    """Return after how many days without an order each stage begins, for a member who ordered on these days."""
    plain = {name: Fraction(getattr(tagger, name).days) for name in ("at_risk", "dormant", "lost")}
    if tagger.cycle is None or len(days) < tagger.cycle.orders:
        return plain
    gaps = [later - earlier for earlier, later in pairwise(days)]
    own = max(tagger.cycle.times * Fraction(sum(gaps), len(gaps)), Fraction(tagger.cycle.least.days))
    return {name: own * days_ / plain["at_risk"] for name, days_ in plain.items()}


def stage(tagger: Lifecycle, days: list[int], today: int) -> str:
    """Return the stage of a member who ordered on these days, in their order."""
    if not days:
        return "lead"
    for name in ("lost", "dormant", "at_risk"):
        if today - days[-1] > limits(tagger, days)[name]:
            return name.replace("_", "-")
    if days[0] >= today - tagger.fresh.days:
        return "new"
    return "won-back" if was_back(tagger, days, today) else "active"


def was_back(tagger: Lifecycle, days: list[int], today: int) -> bool:
    """Tell whether a fresh order came after so long a gap that it found the member dormant."""
    return any(
        later >= today - tagger.fresh.days and later - earlier > limits(tagger, days[:number])["dormant"]
        for number, (earlier, later) in enumerate(pairwise(days), 1)
    )


def tags(tagger: Lifecycle, events: list[dict[str, Any]], today: int, engine: EngineName) -> dict[int, str]:
    seen = view(BRAND, {"events": events}, today * DAY + DAY // 2, engine)
    rows = seen.rows(tagger.tags(seen).select("member", "tag"))
    assert len({member for member, _ in rows}) == len(rows), "one tag a member"
    assert {tag for _, tag in rows} <= set(tagger.gives)
    return dict(rows)


def happened(lives: dict[int, list[tuple[int, bool]]]) -> list[dict[str, Any]]:
    return [
        {"member": member, "type": "ordered" if order else "viewed", "second": (TODAY - ago) * DAY + 60}
        for member, life in lives.items()
        for ago, order in life
    ]


@given(tagger=taggers(), lives=st.fixed_dictionaries(dict.fromkeys(MEMBERS, LIFE)))
@settings(max_examples=rounds(10, 150))
def test_stages_are_what_a_plain_reading_gives(tagger: Lifecycle, lives: dict[int, list[tuple[int, bool]]]) -> None:
    expected = {}
    for member, life in lives.items():
        days = sorted({TODAY - ago for ago, order in life if order})
        expected[member] = stage(tagger, days, TODAY)
    if not tagger.leads:
        expected = {member: tag for member, tag in expected.items() if tag != "lead"}
    for engine in get_args(EngineName):
        assert tags(tagger, happened(lives), TODAY, engine) == expected


@given(tagger=taggers(), lives=st.fixed_dictionaries(dict.fromkeys(MEMBERS, LIFE)))
@settings(max_examples=rounds(10, 150))
def test_an_order_wins_back_exactly_whom_it_finds_dormant_or_lost(
    tagger: Lifecycle, lives: dict[int, list[tuple[int, bool]]]
) -> None:
    always = attrs.evolve(tagger, leads=True)
    # Nothing of the day itself, so that the morning's stage is the one that the order finds.
    events = [{**event, "second": event["second"] - DAY} for event in happened(lives)]
    before = tags(always, events, TODAY, "polars")
    now = tags(always, [*events, *happened({member: [(0, True)] for member in MEMBERS})], TODAY, "polars")
    for member, life in lives.items():
        days = sorted({TODAY - 1 - ago for ago, order in life if order})
        back = before[member] in ("dormant", "lost") or was_back(always, days, TODAY)
        is_new = min([TODAY, *days]) >= TODAY - tagger.fresh.days
        assert now[member] == ("new" if is_new else "won-back" if back else "active")
