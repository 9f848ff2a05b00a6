"""The same facts lead to the same decisions, in whichever order and in however many parts they come in."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import EVERYTHING, contents, folder, gapless, happened, opened, rounds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from siyu.brand import Brand

NOW = ("2026-11-10T12:00", "2026-11-13T12:00")
MEMBERS = [f"m{number}" for number in range(8)]
# Few moments, so that many facts share one; the last two are history to the first run and news to the second.
TIMES = [
    *(f"2026-10-{day}T{hour}:00:00" for day in (20, 31) for hour in ("01", "15")),
    *(f"2026-11-{day}T{hour}:30:00" for day in ("01", "08", "09") for hour in ("01", "02")),
    "2026-11-10T05:00:00",
    "2026-11-12T02:00:00",
]
# What a log says of its own making, and how the claims that nobody makes here are kept.
OWN = ("runs", "rejects", "identities")


@st.composite
def facts(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw joins with and without an inviter, orders, refunds in parts, opt-outs; of some members nothing."""
    times, members = st.sampled_from(TIMES), st.sampled_from(MEMBERS)
    inviters = st.none() | members.map(lambda name: f"wecom:{name}")
    found = [
        happened(who, "joined", draw(times), f"j{number}", ref=draw(inviters))
        for number, who in enumerate(draw(st.lists(members, max_size=10)))
    ]
    amounts = st.sampled_from([100, 4999, 5000, 5050, 10000, 99999])
    orders = draw(st.lists(st.tuples(members, times, amounts), max_size=20))
    for number, (who, when, amount) in enumerate(orders):
        ref = f"o{number}" if number % 7 else "shared"
        found.append(happened(who, "ordered", when, f"o{number}", ref=ref, amount=amount))
    backs = st.tuples(st.integers(0, 19), times, st.sampled_from([None, 1, 33, 2500, 5000, 99999]))
    for number, (order, when, back) in enumerate(draw(st.lists(backs, max_size=12))):
        who = orders[order % len(orders)][0] if orders else "m0"
        found.append(happened(who, "refunded", when, f"r{number}", ref=f"o{order}", amount=back))
    gone = draw(st.lists(st.tuples(members, times), max_size=2))
    found += [happened(who, "unsubscribed", when, f"u{number}") for number, (who, when) in enumerate(gone)]
    return found


@st.composite
def statements(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw what members say of being written to, often at one moment."""
    state, when = st.sampled_from(["granted", "withdrawn", "unknown"]), st.sampled_from(TIMES[-4:])
    said = draw(st.lists(st.tuples(st.sampled_from(MEMBERS[:3]), state, when), max_size=8))
    return [
        {"identity": f"wecom:{who}", "channel": "", "purpose": "marketing", "state": word, "time": moment}
        for who, word, moment in said
    ]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("facts"), EVERYTHING)


def taken(brand: Brand, parts: Sequence[Sequence[dict[str, Any]]], said: Sequence[Sequence[dict[str, Any]]]) -> None:
    for part, words in zip(parts, said, strict=True):
        if words:
            brand.ingest(words, table="consents", now=NOW[0])
        if part:
            brand.ingest(part, now=NOW[0])


def outcomes(brand: Brand) -> list[dict[str, list[tuple[Any, ...]]]]:
    """Run at both moments and return what all tables then hold."""
    found = []
    for now in NOW:
        brand.run(now=now, send=False)
        found.append(contents(brand, without=OWN))
    gapless(brand)
    return found


@given(
    events=facts(),
    said=statements(),
    chance=st.integers(0, 2**32),
    halves=st.booleans(),
)
@settings(max_examples=rounds(4, 50))
def test_facts_are_order_free(
    path: Path, events: list[dict[str, Any]], said: list[dict[str, Any]], chance: int, *, halves: bool
) -> None:
    with opened(path) as brand:
        taken(brand, [events], [said])
        expected = outcomes(brand)
    mixed, words = list(events), list(said)
    Random(chance).shuffle(mixed)
    Random(chance).shuffle(words)
    places = (len(mixed) // 2, len(words) // 2) if halves else (0, 0)
    with opened(path) as brand:
        taken(brand, [mixed[: places[0]], mixed[places[0] :]], [words[: places[1]], words[places[1] :]])
        assert outcomes(brand) == expected


@given(events=facts(), chance=st.integers(0, 2**32))
@settings(max_examples=rounds(2, 25))
def test_facts_that_come_twice_count_once(path: Path, events: list[dict[str, Any]], chance: int) -> None:
    with opened(path) as brand:
        taken(brand, [events], [[]])
        expected = outcomes(brand)
    twice = events * 2
    Random(chance).shuffle(twice)
    with opened(path) as brand:
        taken(brand, [events[::2], twice, twice], [[], [], []])
        assert outcomes(brand) == expected
