"""How many of the drivers are due to chance, measured over audiences where it is known what is planted.

A set of members is a whole number with a bit for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from math import sqrt
from random import Random
from typing import TypeAlias

import pytest
from tests.brands import rounds

from siyu_plugins._contrast.significance import Correction, Counts, adjusted

Decide: TypeAlias = "Callable[[Sequence[float], float], list[bool]]"

MEMBERS = 600
EVERYBODY = (1 << MEMBERS) - 1
CORRECTIONS: tuple[Correction, ...] = ("benjamini-yekutieli", "benjamini-hochberg")
ROUNDS = rounds(200, 1000)
PLANTED = 10


def drawn(halvings: int, chance: Random) -> int:
    """Return members drawn at random: a half of all, of those a half, and so on."""
    members = EVERYBODY
    for _ in range(halvings):
        members &= chance.getrandbits(MEMBERS)
    return members


def group_of(size: int, chance: Random) -> int:
    return sum(1 << member for member in chance.sample(range(MEMBERS), size))


def noise(chance: Random) -> Iterator[int]:
    """Yield traits that have nothing to do with a group: tags of any size, and features in four parts each."""
    for _ in range(30):
        yield drawn(chance.randint(1, 5), chance)
    for _ in range(12):
        upper, odd = drawn(1, chance), drawn(1, chance)
        yield from (upper & odd, upper & ~odd, ~upper & odd & EVERYBODY, ~upper & ~odd & EVERYBODY)


def planted(group: int, chance: Random) -> Iterator[int]:
    """Yield traits that half of the group have, and a quarter of the others."""
    for _ in range(PLANTED):
        yield drawn(2, chance) | drawn(1, chance) & group


def p_value(trait: int, group: int) -> float:
    inside, size = (trait & group).bit_count(), group.bit_count()
    return Counts(inside, size, trait.bit_count() - inside, MEMBERS - size).p


@cache
def noisy() -> list[list[float]]:
    """Return the p-values of audiences where nothing sets the group apart."""
    chance, found = Random(1), []
    for _ in range(ROUNDS):
        group = group_of(chance.choice([20, 60, 200]), chance)
        found.append([p_value(trait, group) for trait in noise(chance)])
    return found


@cache
def mixed() -> list[list[float]]:
    """Return the p-values of audiences where the first traits are planted, and the others are noise."""
    chance, found = Random(2), []
    for _ in range(ROUNDS):
        group = group_of(120, chance)
        found.append([p_value(trait, group) for trait in (*planted(group, chance), *noise(chance))])
    return found


def corrected(correction: Correction) -> Decide:
    return lambda values, level: [q <= level for q in adjusted(values, correction)]


def uncorrected(values: Sequence[float], level: float) -> list[bool]:
    return [p <= level for p in values]


def discovering(decide: Decide, level: float) -> int:
    """Return in how many audiences something is found where there is nothing."""
    return sum(any(decide(values, level)) for values in noisy())


def allowed(level: float) -> float:
    """Return in how many it may: what the level says, and three standard deviations of that."""
    return ROUNDS * level + 3 * sqrt(ROUNDS * level * (1 - level))


@pytest.mark.parametrize("level", [0.05, 0.2])
@pytest.mark.parametrize("correction", CORRECTIONS)
def test_on_noise_it_is_silent(correction: Correction, level: float) -> None:
    assert discovering(corrected(correction), level) <= allowed(level)


def test_without_a_correction_it_would_not_be() -> None:
    assert discovering(uncorrected, 0.05) > 3 * allowed(0.05)


def false_shares(decide: Decide, level: float) -> list[float]:
    """Return of each mixed audience which share of what is found is noise."""
    found = [decide(values, level) for values in mixed()]
    return [sum(one[PLANTED:]) / max(sum(one), 1) for one in found]


def rate(shares: Sequence[float]) -> tuple[float, float]:
    """Return the mean, and its standard error."""
    mean = sum(shares) / len(shares)
    return mean, sqrt(sum((share - mean) ** 2 for share in shares)) / len(shares)


@pytest.mark.parametrize("level", [0.05, 0.2])
@pytest.mark.parametrize("correction", CORRECTIONS)
def test_beside_what_is_planted_few_are_false(correction: Correction, level: float) -> None:
    mean, error = rate(false_shares(corrected(correction), level))
    assert mean <= level + 3 * error


def test_what_is_planted_is_found() -> None:
    for correction in CORRECTIONS:
        found = sum(sum(corrected(correction)(values, 0.05)[:PLANTED]) for values in mixed())
        assert found >= 0.9 * PLANTED * ROUNDS


def test_without_a_correction_more_than_the_level_are_false() -> None:
    mean, error = rate(false_shares(uncorrected, 0.05))
    assert mean > 0.05 + 3 * error
