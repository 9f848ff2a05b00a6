"""The best combination of coupons for a basket, found by branch and bound, and why it is the best.

Coupons are applied in one order, so that a combination is a set. The search goes through the sets of which each
coupon gives something, the fuller ones first. It leaves out those that cannot beat the best so far: what a coupon
gives only goes down with what is left, so that no set gives more than its coupons would give each for itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import define, frozen

from siyu_plugins.incentives._baskets import BasketLine
from siyu_plugins.incentives._discounts import Discount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siyu_plugins.incentives._baskets import Basket

__all__ = ["Applied", "Choice", "Combination", "Refused", "best"]

LOOKS = 50_000
"""After how many combinations the search ends; its answer then says that it is not known to be the best."""


@frozen
class Applied:
    """One coupon of a combination.

    Attributes:
        coupon: Its name.
        base: What was left of its lines before it, in minor units.
        saved: What it takes off.
        parts: What it takes off each line of the basket.
        gift: The product that it adds; empty for none.
        worth: What that counts for.
    """

    coupon: str
    base: int
    saved: int
    parts: tuple[int, ...]
    gift: str = ""
    worth: int = 0


@frozen
class Combination:
    """A set of coupons applied to a basket."""

    applied: tuple[Applied, ...]
    left: tuple[int, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The coupons, in the order in which they are applied."""
        return tuple(one.coupon for one in self.applied)

    @property
    def value(self) -> int:
        """What it takes off and what its presents count for, in minor units."""
        return sum(one.saved + one.worth for one in self.applied)

    @property
    def rank(self) -> tuple[int, int, tuple[str, ...]]:
        """What combinations are ordered by: the most value, then the fewest coupons, then the names."""
        return (-self.value, len(self.applied), self.names)


@frozen
class Refused:
    """A coupon that the best combination does without.

    Attributes:
        coupon: Its name.
        reason: Why, for a person.
        short: By how much its lines fall short of its threshold, in minor units; 0 where that is not what it lacks.
        instead: The best combination with it; empty where there is none.
        value: What that one gives, in minor units.
    """

    coupon: str
    reason: str
    short: int = 0
    instead: tuple[str, ...] = ()
    value: int = 0


@frozen
class Choice:
    """The best combination.

    Attributes:
        combination: The coupons, in the order in which they are applied.
        refused: The other coupons, by name, each with the reason.
        exact: Whether it is certain that none is better.
    """

    combination: Combination
    refused: tuple[Refused, ...]
    exact: bool


def best(coupons: Mapping[str, Discount], basket: Basket, held: Mapping[str, int] | None = None) -> Choice:
    """Return the combination that gives most: of equal ones that of fewest coupons, then the first by names.

    Args:
        coupons: The rules of the coupons that can be used, by name.
        basket: The basket.
        held: How many of each there are; one by default.
    """
    search = _Search(basket.lines, coupons, _copies(coupons, held or {}))
    chosen = search.best()
    others = sorted({name for name, _ in search.copies} - set(chosen.names))
    refused = tuple(_refused(name, search, chosen) for name in others)
    return Choice(chosen, refused, not search.ended)


def _copies(coupons: Mapping[str, Discount], held: Mapping[str, int]) -> list[tuple[str, Discount]]:
    """Return the coupons in the order in which they are applied, as often as one order takes them."""
    ordered = sorted(coupons.items(), key=lambda pair: (pair[1].order, pair[0]))
    return [(name, one) for name, one in ordered for _ in range(min(one.times, held.get(name, 1)))]


@define
class _Search:
    lines: Sequence[BasketLine]
    rules: Mapping[str, Discount]
    copies: list[tuple[str, Discount]]
    ended: bool = False
    _found: Combination | None = None
    _looks: int = 0

    @property
    def empty(self) -> Combination:
        """The combination of no coupons."""
        return Combination((), tuple(line.amount for line in self.lines))

    def best(self, must: str = "") -> Combination:
        """Return the best combination, of those with one coupon where it is named; the empty one for none."""
        self._found, self._looks = None, 0
        for here in self._after(self.empty, 0, must):
            if (not must or must in here.names) and (self._found is None or here.rank < self._found.rank):
                self._found = here
        return self._found or self.empty

    def _after(self, known: Combination, start: int, must: str) -> Iterator[Combination]:
        """Yield the combinations that add coupons from a place on, but for those that are no better."""
        for place in range(start, len(self.copies)):
            name, coupon = self.copies[place]
            # Of copies that are the same, the second is taken only after the first.
            if place > start and name == self.copies[place - 1][0]:
                continue
            if self.ended or self._beaten(known, place):
                return
            more = self._with(known, name, coupon)
            if more is not None:
                yield more
                yield from self._after(more, place + 1, must)
            if name == must and must not in known.names:
                return

    def _with(self, known: Combination, name: str, coupon: Discount) -> Combination | None:
        """Return a combination with one more coupon; None where they do not combine, or it gives nothing."""
        if self.against(known, name):
            return None
        self._looks += 1
        self.ended = self._looks > LOOKS
        return _applied(self.lines, known, name, coupon)

    def against(self, known: Combination, name: str) -> str:
        """Return the first coupon of a combination that another one does not combine with; empty for none."""
        return next((other for other in known.names if _clash(name, other, self.rules)), "")

    def _beaten(self, known: Combination, place: int) -> bool:
        """Whether nothing that adds coupons from a place on is better than what was found."""
        if self._found is None:
            return False
        most = known.value + self._most(known, place)
        return (-most, len(known.applied) + 1) > self._found.rank[:2]

    def _most(self, known: Combination, place: int) -> int:
        """Return what the coupons from a place on give at most: each for itself, and one of each group."""
        groups: dict[str, int] = {}
        single = together = 0
        for name, coupon in self.copies[place:]:
            if self.against(known, name):
                continue
            base = coupon.base(self.lines, known.left)
            gives = coupon.saved(base) + coupon.given(base)
            if coupon.alone:
                single = max(single, gives * coupon.times)
            elif coupon.group and coupon.times == 1:
                groups[coupon.group] = max(groups.get(coupon.group, 0), gives)
            else:
                together += gives
        return max(single, together + sum(groups.values()))


def _clash(name: str, other: str, rules: Mapping[str, Discount]) -> bool:
    one, two = rules[name], rules[other]
    return name != other and (one.alone or two.alone or (bool(one.group) and one.group == two.group))


def _applied(lines: Sequence[BasketLine], known: Combination, name: str, coupon: Discount) -> Combination | None:
    """Return the combination with one more coupon; None where that gives nothing."""
    base = coupon.base(lines, known.left)
    saved, worth = coupon.saved(base), coupon.given(base)
    if not saved + worth:
        return None
    parts = coupon.parts(lines, known.left)
    left = tuple(amount - part for amount, part in zip(known.left, parts, strict=True))
    gift = coupon.gift.sku if coupon.gift is not None else ""
    return Combination((*known.applied, Applied(name, base, saved, parts, gift, worth)), left)


def _refused(name: str, search: _Search, chosen: Combination) -> Refused:
    """Say why a coupon is not in the best combination, and what the best one with it would give."""
    coupon = search.rules[name]
    base = coupon.base(search.lines, search.empty.left)
    short = coupon.from_.minor - base
    if not base:
        return Refused(name, "none of the lines is one that it is for")
    if short > 0:
        return Refused(name, "the lines that it is for do not come to its threshold", short)
    instead = search.best(must=name)
    other = search.against(chosen, name)
    why = f"it does not combine with {other}" if other else "no combination with it gives more"
    return Refused(name, why, 0, instead.names, instead.value)
