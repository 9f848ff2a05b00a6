"""The best combination of coupons for a basket, found by branch and bound, and why it is the best.

Coupons are applied in one order, so that a combination is a set. The search goes through the sets of which each
coupon gives something, the fuller ones first. It leaves out those that cannot beat the best so far: what a coupon
gives only goes down with what is left, so that no set gives more than its coupons would give each for itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import Factory, define, frozen

from siyu_plugins.incentives._baskets import BasketLine, parted
from siyu_plugins.incentives._discounts import Discount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siyu_plugins.incentives._baskets import Basket

__all__ = ["Applied", "Choice", "Combination", "Refused", "best"]

LOOKS = 50_000
"""After how many combinations the search ends; its answer then says that it is not known to be the best."""

_FEWER = 10


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
        instead: The best combination with it that was found; empty where there is none.
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
    exact = not search.ended
    others = sorted({name for name, _ in search.copies} - set(chosen.names))
    refused = tuple(_refused(name, search, chosen) for name in others)
    return Choice(chosen, refused, exact)


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
    mine: Mapping[str, tuple[int, ...]] = Factory(lambda self: self.places(), takes_self=True)
    clashes: Mapping[str, Collection[str]] = Factory(lambda self: _clashes(self.rules), takes_self=True)
    _found: Combination | None = None
    _looks: int = 0

    def places(self) -> dict[str, tuple[int, ...]]:
        """Return the places of the lines that each coupon is for."""
        return {
            name: tuple(place for place, line in enumerate(self.lines) if rule.takes(line))
            for name, rule in self.rules.items()
        }

    def base(self, name: str, left: Sequence[int]) -> int:
        """Return what is left of the lines that a coupon is for."""
        return sum(left[place] for place in self.mine[name])

    @property
    def empty(self) -> Combination:
        """The combination of no coupons."""
        return Combination((), tuple(line.amount for line in self.lines))

    def best(self, must: str = "", looks: int = LOOKS, known: Combination | None = None) -> Combination:
        """Return the best combination, of those with one coupon where it is named; the empty one for none.

        Args:
            must: The coupon that it is to have.
            looks: After how many combinations to end.
            known: One that is known to have it: what is no better is not looked at.
        """
        self._found, self._looks, self.ended = known, looks, False
        for here in self._after(self.empty, 0, must):
            if (not must or must in here.names) and (self._found is None or here.rank < self._found.rank):
                self._found = here
        return self._found or self.empty

    def _after(self, known: Combination, start: int, must: str) -> Iterator[Combination]:
        """Yield the combinations that add coupons from a place on, but for those that are no better."""
        most = self._most(known, start)
        for place, (name, coupon) in enumerate(self.copies[start:], start):
            # Of copies that are the same, the second is taken only after the first.
            if place > start and name == self.copies[place - 1][0]:
                continue
            if self.ended or self._beaten(known, most[place - start]):
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
        self._looks -= 1
        self.ended = self._looks < 0
        base = self.base(name, known.left)
        saved, worth = coupon.saved(base), coupon.given(base)
        return _applied(known, Applied(name, base, saved, self._parts(name, known.left, saved), coupon.present, worth))

    def _parts(self, name: str, left: Sequence[int], saved: int) -> tuple[int, ...]:
        """Return what a coupon takes off each line."""
        parts = [0] * len(left)
        mine = self.mine[name]
        for place, part in zip(mine, parted(saved, [left[place] for place in mine]), strict=True):
            parts[place] = part
        return tuple(parts)

    def exchanged(self, chosen: Combination, must: str) -> Combination | None:
        """Return a combination with one more coupon, and without those that it clashes with; None for no such."""
        names = [name for name in chosen.names if name not in self.clashes[must]] + [must]
        known: Combination | None = self.empty
        for name in sorted(names, key=lambda name: (self.rules[name].order, name)):
            known = (self._with(known, name, self.rules[name]) or known) if known else None
        return known if known and must in known.names else None

    def against(self, known: Combination, name: str) -> str:
        """Return the first coupon of a combination that another one does not combine with; empty for none."""
        return next((other for other in known.names if other in self.clashes[name]), "")

    def _beaten(self, known: Combination, more: int) -> bool:
        """Whether nothing that adds so much at most to a combination is better than what was found."""
        if self._found is None:
            return False
        return (-known.value - more, len(known.applied) + 1) > self._found.rank[:2]

    def _most(self, known: Combination, start: int) -> list[int]:
        """Return for each place what the coupons from there on add at most: each for itself, and one of each group."""
        groups: dict[str, int] = {}
        single = together = 0
        most: list[int] = []
        for name, coupon in reversed(self.copies[start:]):
            base = 0 if self.against(known, name) else self.base(name, known.left)
            gives = coupon.saved(base) + coupon.given(base)
            if coupon.alone:
                single = max(single, gives * coupon.times)
            elif coupon.group and coupon.times == 1:
                more = max(gives - groups.get(coupon.group, 0), 0)
                groups[coupon.group] = groups.get(coupon.group, 0) + more
                together += more
            else:
                together += gives
            most.append(max(single, together))
        return most[::-1]


def _clashes(rules: Mapping[str, Discount]) -> dict[str, set[str]]:
    """Return the coupons that each one does not combine with."""
    return {
        name: {
            other
            for other, two in rules.items()
            if name != other and (one.alone or two.alone or (one.group and one.group == two.group))
        }
        for name, one in rules.items()
    }


def _applied(known: Combination, one: Applied) -> Combination | None:
    """Return the combination with one more coupon; None where that gives nothing."""
    if not one.saved + one.worth:
        return None
    left = tuple(amount - part for amount, part in zip(known.left, one.parts, strict=True))
    return Combination((*known.applied, one), left)


def _refused(name: str, search: _Search, chosen: Combination) -> Refused:
    """Say why a coupon is not in the best combination, and what the best one with it would give."""
    coupon = search.rules[name]
    base = search.base(name, search.empty.left)
    short = coupon.from_.minor - base
    if not base:
        return Refused(name, "none of the lines is one that it is for")
    if short > 0:
        return Refused(name, "the lines that it is for do not come to its threshold", short)
    instead = search.best(name, LOOKS // _FEWER, search.exchanged(chosen, name))
    other = search.against(chosen, name)
    why = f"it does not combine with {other}" if other else "no combination with it gives more"
    return Refused(name, why, 0, instead.names, instead.value)
