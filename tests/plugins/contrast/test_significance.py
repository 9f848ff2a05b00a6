from __future__ import annotations

from fractions import Fraction
from math import comb, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu_plugins._contrast.significance import Correction, Counts, adjusted

# The p-values of table 1 in Benjamini and Hochberg's paper of 1995.
PAPER = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590]
FIFTEEN = [*PAPER, 1.0]
CORRECTIONS: tuple[Correction, ...] = ("benjamini-yekutieli", "benjamini-hochberg")


def exact(counts: Counts) -> Fraction:
    """Return the p-value by its definition: both tails of all the ways in which the group can be drawn."""
    has, size, group = counts.support, counts.size, counts.group
    ways = {number: comb(has, number) * comb(size - has, group - number) for number in range(group + 1)}
    lower = sum(many for number, many in ways.items() if number <= counts.inside)
    upper = sum(many for number, many in ways.items() if number >= counts.inside)
    return min(Fraction(1), 2 * Fraction(min(lower, upper), comb(size, group)))


@st.composite
def tables(draw: st.DrawFn, most: int = 60) -> Counts:
    group, others = draw(st.integers(0, most)), draw(st.integers(0, most))
    return Counts(draw(st.integers(0, group)), group, draw(st.integers(0, others)), others)


def test_the_lady_tasting_tea() -> None:
    # Eight cups, four with the milk first, of which she names three: of C(8, 4) = 70 ways to choose four cups, 16 have
    # three right and 1 has four, so one tail is 17/70. (Fisher, "The Design of Experiments", 1935, chapter 2.)
    assert Counts(3, 4, 1, 4).p == pytest.approx(2 * 17 / 70, rel=1e-9)
    # All four right: 1/70.
    assert Counts(4, 4, 0, 4).p == pytest.approx(2 / 70, rel=1e-9)


def test_the_convictions_of_twins() -> None:
    # Fisher's table of 1935: of 13 criminals' identical twins 10 were convicted, of 17 that are not identical 2. He
    # finds 619/1330665 for one tail.
    assert Counts(10, 13, 2, 17).p == pytest.approx(2 * 619 / 1330665, rel=1e-9)


@given(tables())
def test_the_test_is_exact(counts: Counts) -> None:
    assert counts.p == pytest.approx(float(exact(counts)), rel=1e-9)


@given(tables())
def test_the_test_does_not_ask_which_is_the_group_nor_what_is_having(counts: Counts) -> None:
    turned = Counts(counts.outside, counts.others, counts.inside, counts.group)
    negated = Counts(counts.group - counts.inside, counts.group, counts.others - counts.outside, counts.others)
    assert turned.p == pytest.approx(counts.p, rel=1e-9)
    assert negated.p == pytest.approx(counts.p, rel=1e-9)


def test_the_test_is_exact_for_many() -> None:
    for inside in (30, 50, 60, 90):
        counts = Counts(inside, 400, 2_250, 18_000)
        assert counts.p == pytest.approx(float(exact(counts)), rel=1e-7), inside


def test_of_millions_it_is_quick_and_no_error() -> None:
    assert Counts(25_000, 50_000, 475_000, 950_000).p == pytest.approx(1, abs=0.01)
    assert Counts(35_000, 50_000, 475_000, 950_000).p == 0.0
    assert Counts(0, 50_000, 475_000, 950_000).p == 0.0


def test_shares_and_lift() -> None:
    counts = Counts(30, 100, 70, 900)
    assert (counts.support, counts.size) == (100, 1000)
    assert counts.share_inside == pytest.approx(0.3)
    assert counts.share_outside == pytest.approx(7 / 90)
    # Of all 10% have it, of the group 30%.
    assert counts.lift == pytest.approx(3)
    assert counts.log_ratio == pytest.approx(log((31 / 102) / (71 / 902)))


def test_where_there_is_nobody_there_is_nothing_to_say() -> None:
    for counts in (Counts(0, 0, 0, 0), Counts(0, 0, 3, 9), Counts(3, 9, 0, 0), Counts(0, 5, 0, 5), Counts(5, 5, 5, 5)):
        assert counts.p == 1.0
    assert Counts(0, 0, 3, 9).lift == Counts(0, 5, 0, 5).lift == 0.0
    assert Counts(0, 0, 3, 9).share_inside == Counts(3, 9, 0, 0).share_outside == 0.0


def test_the_published_example_of_the_correction() -> None:
    found = adjusted(FIFTEEN, "benjamini-hochberg")
    # At 5% the paper has four discoveries; without a correction there would be nine.
    assert [q <= 0.05 for q in found] == [True] * 4 + [False] * 11
    assert found[3] == pytest.approx(0.0095 * 15 / 4)
    # The sixth, 0.0278 * 15 / 6, is above the seventh, 0.0298 * 15 / 7, so it takes that one's.
    assert found[5] == found[6] == pytest.approx(0.0298 * 15 / 7)


def test_under_any_dependence_the_correction_is_stricter() -> None:
    # 1 + 1/2 + 1/3 = 11/6.
    assert adjusted([0.02, 0.5, 0.01], "benjamini-yekutieli") == pytest.approx([0.055, 11 / 12, 0.055])
    assert adjusted([], "benjamini-yekutieli") == []


@given(st.lists(st.integers(0, 1000), max_size=30), st.integers(1, 999), st.sampled_from(CORRECTIONS))
def test_a_discovery_is_what_the_step_up_procedure_rejects(
    values: list[int], level: int, correction: Correction
) -> None:
    number = len(values)
    penalty = sum(Fraction(1, rank) for rank in range(1, number + 1)) if correction == CORRECTIONS[0] else Fraction(1)
    bounds = [Fraction(rank * level, 1000 * number) / penalty for rank in range(1, number + 1)]
    ordered = sorted(Fraction(value, 1000) for value in values)
    rejected = [value for value, bound in zip(ordered, bounds, strict=True) if value <= bound]
    greatest = max(rejected, default=Fraction(-1))
    # Just above the level, so that a value at its bound does not hang on the last digit.
    found = [q <= level / 1000 * (1 + 1e-12) for q in adjusted([value / 1000 for value in values], correction)]
    assert found == [Fraction(value, 1000) <= greatest for value in values]
