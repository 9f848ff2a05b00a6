"""What is refused at a glance is refused by the desk as well, with the same words, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, folder, happened, opened, rounds

from siyu.claims.asking import Asking, People
from siyu.claims.columns import values
from siyu.claims.glance import decided
from siyu.keys import hashed
from siyu.moments import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siyu.brand import Brand
    from siyu.claims.desk import Desk

ZONE = "Asia/Shanghai"
BEGIN = moment("2026-11-12T00:00", ZONE)
# Before the head start, in it, on both days, at midnight, and after the end.
SECONDS = [BEGIN - 9000, BEGIN - 60, BEGIN, BEGIN + 1, BEGIN + 600, BEGIN + 86399, BEGIN + 86400, BEGIN + 2 * 86400]
MEMBERS = range(1, 7)
TOML = (
    HEAD
    + """
[feature]
orders = { count = "ordered" }
[incentive.open]
use = "flash-sale"
from = 2026-11-12
until = 2026-11-13
items = [
  { sku = "A", price = "9.00", was = "16.00", stock = 3, each = 2 },
  { sku = "B", price = "9.00", was = "16.00", stock = 4 },
]
limit = { per = "day", times = 3 }
budget = [{ amount = 9 }, { amount = 5, per = "day" }]
[incentive.early]
use = "flash-sale"
from = 2026-11-12
until = 2026-11-13
items = [{ sku = "A", price = "9.00", was = "16.00", stock = 2, each = 3 }]
early = { to = "orders >= 1", by = "2h", stock = 1 }
unpaid = "10m"
[incentive.some]
use = "flash-sale"
from = 2026-11-12
items = [{ sku = "A", price = "9.00", was = "16.00", stock = 2 }]
to = "orders >= 1"
"""
)


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brand]:
    """Open a brand in which the first three members ordered."""
    with opened(folder(tmp_path_factory.mktemp("glance"), TOML)) as found:
        facts = [happened("x", "ordered", "2026-11-11T00:00", f"o{n}", amount=100, member=n) for n in MEMBERS if n < 4]
        found.ingest([{**fact, "identity": None} for fact in facts], now=BEGIN - 9000)
        found.run(now=BEGIN - 9000)
        yield found


@st.composite
def batches(draw: st.DrawFn) -> list[list[tuple[int, str, str, int, int]]]:
    """Draw batches of claims in the order of time: second, incentive, item, member, quantity."""
    items = [("open", "A"), ("open", "B"), ("early", "A"), ("some", "A"), ("open", "C")]
    found, seconds = [], sorted(draw(st.lists(st.sampled_from(SECONDS), min_size=1, max_size=4)))
    for second in seconds:
        one = st.tuples(
            st.just(second), st.sampled_from(items), st.sampled_from(MEMBERS), st.sampled_from([1, 1, 1, 2, 0])
        )
        drawn = draw(st.lists(one, min_size=1, max_size=14))
        found.append([(when, *item, member, quantity) for when, item, member, quantity in drawn])
    return found


def asking(batch: list[tuple[int, str, str, int, int]], number: int) -> Asking:
    requests = [f"r{number}-{place}" for place in range(len(batch))]
    seconds, incentives, items, members, quantities = (list(column) for column in zip(*batch, strict=True))
    events = [hashed("key", request) for request in requests]
    unnamed: list[str | None] = [None] * len(batch)
    without = [""] * len(batch)
    return Asking(incentives, items, requests, quantities, unnamed, members, events, seconds, without, without)


def desk(brand: Brand, more: dict[str, Any]) -> Desk:
    """Open a desk, and let one item have more terms."""
    with brand.store.opened() as session:
        view = brand.view(session, BEGIN)
        found = brand._grants.desk(lambda: view, shared=False)
        offer = found.offers["early", "A"]
        found.offers["early", "A"] = evolve(offer, term=evolve(offer.term, **more))
        # Who may is looked up once, while the view can be used.
        for offer in found.offers.values():
            for condition in (offer.to, offer.term.early.to if offer.term.early else None):
                if condition is not None:
                    found.entitled(condition)
        return found


def told(desk: Desk) -> dict[int, tuple[Any, ...]]:
    return {event: (line.kind, line.amount, line.reason, line.expires) for event, line in desk.answered.items()}


@given(drawn=batches(), together=st.booleans(), more=st.sampled_from([{}, {}, {"waiting": True}, {"code": "tea"}]))
@settings(max_examples=rounds(40, 400))
def test_a_glance_equals_the_desk(
    brand: Brand, drawn: list[list[tuple[Any, ...]]], more: dict[str, Any], *, together: bool
) -> None:
    quick, slow = desk(brand, more), desk(brand, more)
    cut = [[one for batch in drawn for one in batch]] if together else drawn
    for number, batch in enumerate(cut):
        claims = asking(batch, number)
        people = People(claims.member, {})
        found = decided(quick, [], claims, people)
        expected = [claims.claim(place, people) for place in range(len(claims))]
        assert list(zip(*found.of.values(), strict=True)) == [values(line) for line in slow.decide(expected)]
        assert told(quick) == told(slow)
        # A counter that a glance found full of others has not been opened by it, and is as good as new.
        assert quick.rooms.fold.rooms.items() <= slow.rooms.fold.rooms.items()
