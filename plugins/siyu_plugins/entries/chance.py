"""Arithmetic that looks like chance: every made-up value is a function of a number and a salt."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import narwhals as nw

from siyu.arms import draw

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["between", "chosen", "numbered", "scattered", "share"]

_PRIME = 2**31 - 1


def scattered(number: nw.Expr, salt: str) -> nw.Expr:
    """Return a number from 0 to 2^31 - 2 for each number, all far apart: what the other draws start from.

    A linear hash turns 0, 1, 2 … into equal steps, which show as stripes where two draws meet; squaring bends them.
    """
    line = draw(number, salt, _PRIME)
    return (line * line + number) % _PRIME


def between(key: nw.Expr, salt: str, least: int, most: int) -> nw.Expr:
    """Return a whole number from ``least`` to ``most``, all about equally often."""
    return draw(key, salt, most - least + 1) + least


def share(key: nw.Expr, salt: str, percent: int) -> nw.Expr:
    """Return whether a number is among so many percent."""
    return draw(key, salt, 100) < percent


def chosen(place: nw.Expr, values: Sequence[Any]) -> nw.Expr:
    """Return the value at a place of a sequence, the last one for every place beyond it."""
    pairs = reversed(list(enumerate(values[:-1])))
    return reduce(
        lambda rest, one: nw.when(place == one[0]).then(nw.lit(one[1])).otherwise(rest), pairs, nw.lit(values[-1])
    )


def numbered(prefix: str, *columns: str) -> nw.Expr:
    """Return a name that ends in numbers: ``prefix-12-3``."""
    texts = [nw.col(column).cast(nw.String) for column in columns]
    return nw.concat_str(nw.lit(prefix), *texts, separator="-")
