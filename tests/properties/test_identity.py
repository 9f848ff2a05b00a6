"""Who is one person depends on what is known, and on no order or parts in which it came: against plain union-find."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb
import narwhals as nw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import folder, happened, opened, rounds, rows

from siyu.components import labels
from siyu.moments import written
from siyu.stores.engine import DuckEngine
from siyu.testing.polars import PolarsEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from siyu.brand import Brand

LIMITS = {"wecom": 2, "card": 3, "shop": 3}
TOML = """
[brand]
name = "Tiny"
[identity]
shared_by = 3
shared_by_kind = { wecom = 2 }
[feature]
views = { count = "viewed" }
"""
NAMES = [f"wecom:{name}" for name in "abcde"] + [f"card:{name}" for name in "fgh"] + ["shop:s"]
NOW = 1_800_000_000

Link = tuple[str, str, int, str]
"""One name, the other, the moment, and who says what: "evidence", or a person that they are one ("one") or "two"."""

# Some are linked with many others; no link has the moment of one that is undone.
hubs = st.sampled_from(["shop:s", "card:f", "wecom:a"])
pairs = st.tuples(st.one_of(hubs, st.sampled_from(NAMES)), st.sampled_from(NAMES))
moments = st.integers(1, 20)
facts = st.lists(st.tuples(pairs, moments).map(lambda one: (*one[0], 2 * one[1], "evidence")), max_size=12)
# A batch of links, what a person says of two, or a run.
words = st.sampled_from(["one", "two", "two"])
undone = st.tuples(pairs, moments, words).map(lambda one: (*one[0], 2 * one[1] + 1, one[2]))
steps = st.lists(st.one_of(facts.map(tuple), undone, st.none()), max_size=7)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield folder(Path(name), TOML)


def people(links: Iterable[Link]) -> tuple[dict[str, set[str]], set[tuple[str, str, int]]]:
    """Return all who are one person with somebody else, by name, and who is shared by how many of which kind."""
    said: dict[frozenset[str], list[tuple[int, int, str]]] = defaultdict(list)
    for seq, (one, other, moment, word) in enumerate(links):
        said[frozenset((one, other))].append((moment, seq, word))
    holding = [tuple(pair) for pair, words in said.items() if len(pair) == 2 and holds(words)]
    near: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one, other in holding:
        near[one, other.partition(":")[0]].add(other)
        near[other, one.partition(":")[0]].add(one)
    shared = {(who, kind, len(others)) for (who, kind), others in near.items() if len(others) > LIMITS[kind]}
    nobody = {who for who, *_ in shared}
    group = {name: {name} for name in NAMES}
    for one, other in holding:
        if not {one, other} & nobody and group[one] is not group[other]:
            both = group[one] | group[other]
            group |= dict.fromkeys(both, both)
    return {name: found for name, found in group.items() if len(found) > 1}, shared


def holds(words: list[tuple[int, int, str]]) -> bool:
    by_hand = [one for one in words if one[-1] != "evidence"]
    return all(one[-1] != "two" for one in by_hand) or max(by_hand)[-1] == "one"


def expected(brand: Brand, links: Iterable[Link]) -> tuple[dict[int, int], set[tuple[int, str, int]]]:
    groups, shared = people(links)
    number = {name: brand.number(name) for name in NAMES}
    canon = {number[name]: min(number[each] for each in found) for name, found in groups.items()}
    return canon, {(number[name], kind, n) for name, kind, n in shared}


def known(brand: Brand) -> tuple[dict[int, int], set[tuple[int, str, int]]]:
    return dict(rows(brand, "canon", "member", "canon")), set(rows(brand, "shared", "member", "kind", "n"))


def linked(brand: Brand, links: Iterable[Link]) -> None:
    found = [
        {"identity": one, "other": other, "evidence": "till", "time": written(NOW + moment, "UTC")}
        for one, other, moment, _ in links
    ]
    brand.ingest(found, table="links", now=NOW)


def said(brand: Brand, link: Link) -> None:
    one, other, moment, word = link
    (brand.link if word == "one" else brand.unlink)(one, other, evidence="slip", now=NOW + moment)


def viewed(brand: Brand) -> None:
    """Let everybody look at something, some of them twice."""
    names = [(name, n) for name in NAMES for n in range(1 + len(name) % 2)]
    seen = [happened("x", "viewed", "2026-11-12T01:00", f"{name}-{n}") | {"identity": name} for name, n in names]
    brand.ingest(seen, now=NOW)


def features(brand: Brand) -> dict[int, int]:
    return dict(rows(brand, "features", "member", "views"))


@settings(max_examples=rounds(10, 100))
@given(steps=steps)
def test_what_is_brought_forward_is_what_a_full_build_gives(place: Path, steps: list[Any]) -> None:
    links: list[Link] = []
    with opened(place) as brand, opened(place) as whole:
        viewed(brand)
        viewed(whole)
        for step in steps:
            if step is None:
                brand.run(now=NOW + 50)
            elif step and isinstance(step[0], tuple):
                linked(brand, step)
                links += step
            elif step:
                said(brand, step)
                links.append(step)
            assert known(brand) == expected(brand, links)
        brand.run(now=NOW + 60)
        linked(whole, [link for link in links if link[-1] == "evidence"])
        for link in links:
            if link[-1] != "evidence":
                said(whole, link)
        whole.run(now=NOW + 60)
        assert features(brand) == features(whole)
        assert known(brand) == known(whole)


@settings(max_examples=rounds(6, 100))
@given(data=st.data(), links=facts)
def test_no_order_and_no_batching_changes_the_members(place: Path, data: st.DataObject, links: list[Link]) -> None:
    shuffled = data.draw(st.permutations(links))
    with opened(place) as brand:
        viewed(brand)
        while shuffled:
            size = data.draw(st.integers(1, len(shuffled)))
            linked(brand, shuffled[:size])
            shuffled = shuffled[size:]
            if data.draw(st.booleans()):
                brand.run(now=NOW + 50)
        brand.run(now=NOW + 60)
        canon, shared = known(brand)
        assert (canon, shared) == expected(brand, links)
        views: dict[int, int] = defaultdict(int)
        for name in NAMES:
            number = brand.number(name)
            views[canon.get(number, number)] += 1 + len(name) % 2
        assert features(brand) == views


@given(links=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=60))
def test_labels_are_those_of_union_find(links: list[tuple[int, int]]) -> None:
    group = {number: {number} for pair in links for number in pair if pair[0] != pair[1]}
    for one, other in links:
        if one != other and group[one] is not group[other]:
            both = group[one] | group[other]
            group |= dict.fromkeys(both, both)
    least: Mapping[int, int] = {number: min(found) for number, found in group.items()}
    for engine in (PolarsEngine("k"), DuckEngine(duckdb.connect(), "k")):
        columns = {"a": [one for one, _ in links], "b": [other for _, other in links]}
        frame = engine.frame(columns, {"a": nw.Int64(), "b": nw.Int64()})
        assert dict(engine.rows(labels(engine, frame).select("member", "canon"))) == least


SHAPES: dict[str, Callable[[int], int]] = {
    "path": lambda n: n - 1,
    "star": lambda _: 0,
    "tree": lambda n: n // 2,
    "comb": lambda n: n - 2 + n % 2,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_long_shapes_are_one_component(shape: str) -> None:
    size = 3000
    ids = [(n * 7919) % size for n in range(size)]
    links = [(ids[n], ids[SHAPES[shape](n)]) for n in range(2, size)] + [(ids[0], ids[1]), (ids[1], ids[2])]
    engine = DuckEngine(duckdb.connect(), "k")
    columns = {"a": [one for one, _ in links], "b": [other for _, other in links]}
    frame = engine.frame(columns, {"a": nw.Int64(), "b": nw.Int64()})
    assert engine.rows(labels(engine, frame).group_by("canon").agg(n=nw.len())) == [(0, size)]
