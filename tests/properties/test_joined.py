"""What was sent is not sent again after two members are joined, nor after they are parted."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import TYPE_CHECKING

import pytest
from tests.brands import HEAD, folder, gapless, happened, opened, rounds, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import Any

    from siyu.brand import Brand

TOML = (
    HEAD
    + """
[campaign.day]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
every = "day"
say = "hi"
via = "box"
[campaign.once]
use = "journey"
from = 2026-11-01
start = { event = "joined" }
via = "box"
steps = [{ id = "hello", say = "hi" }, { id = "later", say = "hi", after = "1h" }]
[campaign.again]
use = "journey"
from = 2026-11-01
start = { event = "ordered" }
again = "2d"
via = "box"
steps = [{ id = "thanks", say = "hi" }, { id = "how", say = "hi", after = "1h" }]
"""
)
NOW = "2026-11-12T12:00"
SOON = "2026-11-12T12:30"
TOMORROW = "2026-11-13T12:00"
# The less number of the two stands for both, so each test goes both ways round.
PAIRS = pytest.mark.parametrize("names", [("ann", "bob"), ("bob", "ann")])
WAYS = list(product([("ann", "bob"), ("bob", "ann")], ["run", "tick"]))
PASSES = pytest.mark.parametrize(("names", "again"), WAYS[:: rounds(3, 1)])


def facts(who: str, minute: int = 0) -> list[dict[str, Any]]:
    """Return what starts both journeys of a member, and has both their steps due."""
    return [
        happened(who, "joined", f"2026-11-12T01:{minute:02}", f"j-{who}"),
        happened(who, "ordered", f"2026-11-12T02:{minute:02}", f"o-{who}", amount=100),
    ]


def keys(brand: Brand) -> Counter[tuple[Any, ...]]:
    """Return how often each step of an occurrence was sent, to whomever."""
    return Counter(rows(brand, "touches", "campaign", "edition", "step", "occurrence"))


def joined(brand: Brand, names: Iterable[str], *, parted: bool = False) -> None:
    one, other = (f"wecom:{name}" for name in names)
    (brand.unlink if parted else brand.link)(one, other, evidence="till", now=NOW)


def nudged(brand: Brand, again: str) -> None:
    """Do another pass: a tick looks only at those of whom something is new."""
    news = [happened(who, "viewed", "2026-11-12T03:00", f"v-{who}-{brand.store.last}") for who in ("ann", "bob")]
    brand.ingest(news, now=SOON)
    (brand.tick if again == "tick" else brand.run)(now=SOON)


@PASSES
def test_what_both_were_sent_before(tmp_path: Path, names: tuple[str, str], again: str) -> None:
    with opened(folder(tmp_path, TOML)) as brand:
        brand.ingest([*facts("ann"), *facts("bob", 7)], now=NOW)
        brand.run(now=NOW)
        before = keys(brand)
        assert before.total() == 2 * 5
        joined(brand, names)
        nudged(brand, again)
        assert keys(brand) == before
        joined(brand, names, parted=True)
        nudged(brand, again)
        assert keys(brand) == before
        gapless(brand)


@PASSES
def test_what_one_was_sent_before(tmp_path: Path, names: tuple[str, str], again: str) -> None:
    first, second = names
    with opened(folder(tmp_path, TOML)) as brand:
        brand.ingest(facts(first), now=NOW)
        brand.run(now=NOW)
        before = keys(brand)
        assert before.total() == 5
        joined(brand, names)
        brand.ingest(facts(second), now=SOON)
        nudged(brand, again)
        assert keys(brand) == before
        joined(brand, names, parted=True)
        nudged(brand, again)
        # While the two were joined nothing was sent, and before that nothing reached the second: it may get its own.
        received = rows(brand, "touches", "recipient", "campaign", "step", "occurrence")
        assert len(received) == len(set(received))
        assert sum(who == brand.number(f"wecom:{first}") for who, *_ in received) == before.total()
        gapless(brand)


@PASSES
def test_what_was_sent_while_they_were_joined(tmp_path: Path, names: tuple[str, str], again: str) -> None:
    with opened(folder(tmp_path, TOML)) as brand:
        brand.ingest([*facts("ann"), *facts("bob")], now=NOW)
        joined(brand, names)
        brand.run(now=NOW)
        before = keys(brand)
        assert before.total() == 5
        joined(brand, names, parted=True)
        nudged(brand, again)
        assert keys(brand) == before
        joined(brand, names)
        nudged(brand, again)
        assert keys(brand) == before
        gapless(brand)


@PAIRS
def test_each_has_starts_of_their_own_after_they_were_parted(tmp_path: Path, names: tuple[str, str]) -> None:
    with opened(folder(tmp_path, TOML)) as brand:
        brand.ingest([*facts("ann"), *facts("bob", 7)], now=NOW)
        joined(brand, names)
        brand.run(now=NOW)
        before = keys(brand)
        assert before.total() == 5
        joined(brand, names, parted=True)
        nudged(brand, "run")
        assert keys(brand) & before == before
        assert set(keys(brand).values()) == {1}


@PAIRS
def test_the_next_occurrence_goes_to_each_person_once(tmp_path: Path, names: tuple[str, str]) -> None:
    day = ("day", 1, "send")
    with opened(folder(tmp_path, TOML)) as brand:
        brand.ingest([*facts("ann"), *facts("bob")], now=NOW)
        joined(brand, names)
        brand.run(now=NOW)
        joined(brand, names, parted=True)
        brand.run(now=TOMORROW)
        assert keys(brand)[(*day, "2026-11-12")] == 1
        assert keys(brand)[(*day, "2026-11-13")] == 2
        joined(brand, names)
        brand.run(now="2026-11-14T12:00")
        assert keys(brand)[(*day, "2026-11-14")] == 1
        gapless(brand)


@PAIRS
def test_links_that_come_in_as_facts(tmp_path: Path, names: tuple[str, str]) -> None:
    one, other = (f"wecom:{name}" for name in names)
    link = {"identity": one, "other": other, "evidence": "unionid", "time": "2026-11-12T04:10"}
    with opened(folder(tmp_path, TOML)) as brand:
        brand.ingest([*facts("ann"), *facts("bob", 7)], now=NOW)
        brand.run(now=NOW)
        before = keys(brand)
        brand.ingest([link], table="links", now=SOON)
        for done in passes(brand):
            done(now=SOON)
            assert keys(brand) == before
        assert len(rows(brand, "canon")) == 2


def passes(brand: Brand) -> list[Callable[..., object]]:
    return [brand.tick, brand.run, brand.tick, brand.run]
