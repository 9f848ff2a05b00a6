"""What the counts of a 2x2 table say: shares, lift, an exact test, and the correction for many of them.

Whole numbers go in, one table for each thing that is compared; nothing here knows of members.
"""

from __future__ import annotations

from math import exp, lgamma, log
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Correction", "Counts", "adjusted"]

Correction: TypeAlias = Literal["benjamini-yekutieli", "benjamini-hochberg"]

# A further term of a sum that is smaller than this changes none of its digits.
_NOTHING = 1e-17
_DIGITS = 9


@frozen
class Counts:
    """How many members of a group and of the others have something.

    Attributes:
        inside: Members of the group that have it.
        group: All members of the group.
        outside: Others that have it.
        others: All others.
    """

    inside: int
    group: int
    outside: int
    others: int

    @property
    def support(self) -> int:
        """How many have it, in the group or not."""
        return self.inside + self.outside

    @property
    def size(self) -> int:
        """How many members there are."""
        return self.group + self.others

    @property
    def share_inside(self) -> float:
        """The share of the group that has it; 0 for an empty group."""
        return self.inside / self.group if self.group else 0.0

    @property
    def share_outside(self) -> float:
        """The share of the others that has it; 0 where there are none."""
        return self.outside / self.others if self.others else 0.0

    @property
    def lift(self) -> float:
        """How many times as frequent it is in the group as among all; 0 where nobody has it.

        Brin, Motwani, Ullman and Tsur, "Dynamic itemset counting", SIGMOD 1997, who call it interest.
        """
        return self.inside * self.size / (self.group * self.support) if self.group and self.support else 0.0

    @property
    def p(self) -> float:
        """The probability of counts at least as uneven where nothing sets the group apart: Fisher's exact test.

        R. A. Fisher, "The logic of inductive inference", Journal of the Royal Statistical Society 98 (1935). Of the
        two-sided versions it is twice the smaller tail, 1 at most: F. Yates, "Tests of significance for 2 x 2
        contingency tables", Journal of the Royal Statistical Society A 147 (1984). It is rounded to the digits that
        are the same on every machine.
        """
        if self.inside * self.size >= self.group * self.support:
            tail = _upper_tail(self.inside, self.group, self.support, self.size)
        else:
            # Few that have it are many that do not.
            tail = _upper_tail(self.group - self.inside, self.group, self.size - self.support, self.size)
        return float(f"{min(1.0, 2 * tail):.{_DIGITS}e}")

    @property
    def log_ratio(self) -> float:
        """The logarithm of how many times as likely it is for one of the group to have it as for another.

        Both shares are smoothed as in a Bernoulli naive Bayes classifier, by one member more who has it and one who
        has not: C. D. Manning, P. Raghavan and H. Schuetze, "Introduction to Information Retrieval", 2008, ch. 13.3.
        """
        inside = (self.inside + 1) / (self.group + 2)
        outside = (self.outside + 1) / (self.others + 2)
        return log(inside / outside)


def adjusted(values: Sequence[float], correction: Correction) -> list[float]:
    """Return the q-value of each p-value: the least false discovery rate at which it would still be a discovery.

    ``benjamini-hochberg`` holds for tests that are independent, or depend on each other positively in a certain
    sense: Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical
    Society B 57 (1995). ``benjamini-yekutieli`` holds however they depend on each other, and finds less:
    Y. Benjamini and D. Yekutieli, "The control of the false discovery rate in multiple testing under dependency",
    Annals of Statistics 29 (2001).

    Args:
        values: The p-values of all tests that were made, also of those that found nothing.
        correction: Which of the two.
    """
    number = len(values)
    penalty = sum(1 / rank for rank in range(1, number + 1)) if correction == "benjamini-yekutieli" else 1.0
    found, least = [1.0] * number, 1.0
    for rank, place in reversed(list(enumerate(sorted(range(number), key=values.__getitem__), 1))):
        least = min(least, values[place] * number * penalty / rank)
        found[place] = least
    return found


def _upper_tail(inside: int, group: int, support: int, size: int) -> float:
    """Return the probability that at least so many of the group have it, of those drawn from all at random.

    The hypergeometric distribution's first term comes of logarithms, each further one of the one before.
    """
    term = total = 1.0
    for number in range(inside, min(group, support)):
        term *= (support - number) * (group - number) / ((number + 1) * (size - support - group + number + 1))
        total += term
        if term < total * _NOTHING:
            break
    return exp(_log_chance(inside, group, support, size)) * total


def _log_chance(inside: int, group: int, support: int, size: int) -> float:
    """Return the logarithm of the hypergeometric probability of exactly so many."""
    drawn = _log_choices(support, inside) + _log_choices(size - support, group - inside)
    return drawn - _log_choices(size, group)


def _log_choices(size: int, number: int) -> float:
    return lgamma(size + 1) - lgamma(number + 1) - lgamma(size - number + 1)
