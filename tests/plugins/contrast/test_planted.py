"""Simulated audiences of which it is known what sets the group apart, and who outside of it is of its kind."""

from __future__ import annotations

from functools import cache
from math import exp, sqrt
from random import Random
from typing import Any, TypeAlias, get_args

import pytest
from tests.audiences import audience
from tests.brands import rounds

from siyu.config.expressions import Condition
from siyu.config.units import Share
from siyu.testing.views import EngineName
from siyu_plugins._contrast.comparison import Driver
from siyu_plugins.taggers.look_alike import LookAlike

Row: TypeAlias = "dict[str, Any]"

ENGINES: tuple[EngineName, ...] = get_args(EngineName)
MEMBERS = 2_000
LEVEL = Share(1_000)
NUMBERS = ("views", "clicks", "shares", "replies", "visits", "days")
TAGS = ("active", "reader", "gift", "new", "odd", "even")
BRAND = "\n".join(
    [
        "[attribute]\ntaste = { type = 'text', purpose = 'to recommend teas' }\n[feature]",
        *(f"{name} = {{ count = 'viewed' }}" for name in NUMBERS),
        "[tagger.t]\nuse = 'rules'\nwhen.vip = \"did('paid')\"",
        *(f"when.{name} = \"did('clicked')\"" for name in TAGS),
    ]
)
TAGGER = LookAlike(
    name="alike",
    like=Condition.parse("tag('vip')"),
    features=(*NUMBERS, "taste", "region"),
    tags_=TAGS,
    false_discovery=LEVEL,
    reach=Share(1_000),
)
# What members of the good kind have more of: views, a taste, a tag. All else is drawn alike for all.
PLANTED = {"views 4/4", "taste == 'puer'", "tag('active')"}


@cache
def members(seed: int, *, planted: bool) -> tuple[list[Row], dict[str, list[int]], set[int]]:
    """Draw members; return them, their tags, and who is of the good kind, of whom half are in the group already."""
    chance = Random(seed)
    good = {member for member in range(MEMBERS) if chance.random() < 0.2}
    rows: list[Row] = []
    tags: dict[str, list[int]] = {name: [] for name in (*TAGS, "vip")}
    for member in range(MEMBERS):
        better = planted and member in good
        row: Row = {name: int(-5 * (1 - exp(chance.gauss(0, 1)))) for name in NUMBERS}
        row["views"] += 15 * better
        row["taste"] = "puer" if better and chance.random() < 0.5 else chance.choice(["green", "puer", "white", None])
        row["region"] = chance.choice(["north", "south", "east", "west"])
        rows.append({"member": member, **row})
        for name in TAGS:
            if chance.random() < (0.6 if better and name == "active" else 0.2):
                tags[name].append(member)
        if member in good and chance.random() < 0.5:
            tags["vip"].append(member)
    return rows, tags, good - set(tags["vip"])


def drivers(seed: int, engine: EngineName, *, planted: bool) -> list[Driver]:
    rows, tags, _ = members(seed, planted=planted)
    return list(TAGGER.contrast(audience(BRAND, rows, engine, tags=tags)).drivers)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", range(rounds(3, 12)))
def test_what_is_planted_is_found(seed: int, engine: EngineName) -> None:
    found = [one.trait.name for one in drivers(seed, engine, planted=True)]
    assert set(found) >= PLANTED
    # The surest are those that were planted.
    assert set(found[: len(PLANTED)]) == PLANTED


def test_few_of_what_is_found_were_not_planted() -> None:
    seeds = range(rounds(12, 60))
    shares = []
    for seed in seeds:
        found = {one.trait.name for one in drivers(seed, "polars", planted=True)}
        shares.append(len(found - PLANTED) / len(found))
    assert sum(shares) / len(shares) <= LEVEL.basis_points / 10_000


@pytest.mark.parametrize("engine", ENGINES)
def test_on_noise_whole_runs_are_silent(engine: EngineName) -> None:
    seeds, level = range(100, 100 + rounds(6, 60)), LEVEL.basis_points / 10_000
    noisy = sum(bool(drivers(seed, engine, planted=False)) for seed in seeds)
    assert noisy <= len(seeds) * level + 3 * sqrt(len(seeds) * level * (1 - level))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", range(rounds(3, 12)))
def test_who_is_of_the_kind_is_tagged_rather_than_others(seed: int, engine: EngineName) -> None:
    rows, tags, hidden = members(seed, planted=True)
    seen = audience(BRAND, rows, engine, tags=tags)
    tagged = {member for (member,) in seen.rows(TAGGER.tags(seen).select("member"))}
    others = MEMBERS - len(tags["vip"])
    assert len(tagged) == others // 10
    assert not tagged & set(tags["vip"])
    # A tenth drawn at random would hold a tenth of the hidden ones.
    assert len(tagged & hidden) >= len(hidden) / 2
