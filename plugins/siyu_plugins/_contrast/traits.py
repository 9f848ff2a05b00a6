"""What a member has or has not, as a condition: a part of a feature's range, a value, a flag, a tag."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import field, frozen

from siyu.config.units import Money

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["WHOLE", "Trait", "flag", "number", "ranges", "tag", "value"]

WHOLE = ("integer", "money", "day")
"""The types of columns that hold whole numbers."""

_FIRST_DAY = date(1970, 1, 1)


@frozen
class Trait:
    """Something that a member has or has not; of one column's traits a member has one at most.

    Attributes:
        name: Its name, which stays while the bounds of a range move.
        condition: What it says, as a condition is written.
        column: The column that it reads, as in ``Condition.needs``.
        holds: Whether a member has it: never null.
        above: The value that a number exceeds; None where there is none.
        up_to: The value that a number does not exceed; None where there is none.
    """

    name: str
    condition: str
    column: str
    holds: nw.Expr = field(eq=False, repr=False)
    above: float | None = None
    up_to: float | None = None


def number(column: str, kind: str) -> nw.Expr:
    """Return a column of numbers as 64 bits, as they are cut and compared."""
    return nw.col(column).cast(nw.Int64 if kind in WHOLE else nw.Float64)


def ranges(column: str, kind: str, cuts: Sequence[float], exponent: int) -> Iterator[Trait]:
    """Yield the parts of a column's range; none where all its values are equal.

    Args:
        column: A feature or an attribute that holds numbers.
        kind: Its type in conditions.
        cuts: The greatest value of each part, in their order. Parts whose cuts are equal are empty but for the first.
        exponent: How many decimals the brand's currency has.
    """
    for position, cut in enumerate(cuts):
        above = cuts[position - 1] if position else None
        up_to = cut if cut < cuts[-1] else None
        if above != cut and (above, up_to) != (None, None):
            least, greatest = (None if one is None else _written(one, kind, exponent) for one in (above, up_to))
            name, words = f"{column} {position + 1}/{len(cuts)}", _between(column, least, greatest)
            yield Trait(name, words, column, _inside(number(column, kind), above, up_to), above, up_to)


def value(column: str, text: str) -> Trait:
    """Return the trait of having a value in a column of texts."""
    quote = '"' if "'" in text else "'"
    words = f"{column} == {quote}{text}{quote}"
    return Trait(words, words, column, (nw.col(column) == text).fill_null(value=False))


def flag(column: str) -> Trait:
    """Return the trait of a column of true and false."""
    return Trait(column, column, column, nw.col(column).fill_null(value=False))


def tag(name: str) -> Trait:
    """Return the trait of having a tag."""
    words, column = f"tag('{name}')", f"tag:{name}"
    return Trait(words, words, column, nw.col(column).fill_null(value=False))


def _inside(numbers: nw.Expr, above: float | None, up_to: float | None) -> nw.Expr:
    inside = ~numbers.is_null()
    inside = inside if above is None else inside & (numbers > above)
    inside = inside if up_to is None else inside & (numbers <= up_to)
    return inside.fill_null(value=False)


def _between(column: str, above: str | None, up_to: str | None) -> str:
    if above is None:
        return f"{column} <= {up_to}"
    return f"{column} > {above}" if up_to is None else f"{above} < {column} <= {up_to}"


def _written(bound: float, kind: str, exponent: int) -> str:
    """Write a number as conditions take it."""
    if kind == "money":
        return f"'{Money(int(bound), exponent)}'"
    if kind == "day":
        return f"'{_FIRST_DAY + timedelta(days=int(bound))}'"
    # All digits of a number, and none as a power of ten.
    return str(bound) if kind == "integer" else format(Decimal(repr(bound)), "f")
