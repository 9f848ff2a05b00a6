"""Prices that are compared with, held against the prices that were: what laws on reductions ask for.

Of a time before a sale, the lowest price that held at any moment of it is the highest that may be compared with.
Where none held, it is the last one before, as the rules on price fraud of mainland China say of days without a deal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.config.units import Duration, Money
from siyu.errors import UserError
from siyu.frames import latest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Compared", "check"]

_NEVER = 2**62


@frozen
class Compared:
    """A price that one is compared with.

    Attributes:
        sku: The product.
        was: The price.
    """

    sku: str
    was: Money


def check(view: View, where: str, compared: Sequence[Compared], begin: int, span: Duration) -> None:
    """Hold prices that are compared with against the lowest of a time before a moment.

    A store without any prices says nothing against them: then they are the brand's own word.

    Args:
        view: The pass.
        where: What is checked, as in ``incentive.gaiwan``, for the message.
        compared: The prices; their places are those in the array ``items``.
        begin: The second when the sale begins.
        span: How long before it.

    Raises:
        UserError: One of them is higher, or no price of its product is known though the store has prices.
    """
    lowest = dict(view.rows(_lowest(view, compared, begin, span)))  # portable: a row a product, for a message
    if not lowest and not view.rows(view.prices.head(1)):  # portable: whether there is any
        return
    for position, one in enumerate(compared):
        place = f"{where}.items[{position}] ({one.sku})"
        if one.sku not in lowest:
            message = f"{place}: no price of it is known from before the sale; bring in its prices, or leave it out"
            raise UserError(message)
        known, was = lowest[one.sku], one.was.minor
        if was > known:
            price = Money(known, one.was.exponent)
            message = f"{place}: was = '{one.was}' is above '{price}', the lowest price of the {span} before the sale"
            raise UserError(f"{message}; set was = '{price}' or less")


def _lowest(view: View, compared: Sequence[Compared], begin: int, span: Duration) -> Frame:
    """Return sku, price: the lowest price that held within the time, or the last one before it."""
    known = view.prices.filter(nw.col("sku").is_in([one.sku for one in compared])).with_columns(
        nw.col("from").fill_null(0), nw.col("until").fill_null(_NEVER), cheaper=-nw.col("price")
    )
    dated = known.filter(nw.col("from") < begin, nw.col("from") < nw.col("until"))
    within = dated.filter(nw.col("until") > begin - span.seconds)
    held = within.group_by("sku").agg(nw.col("price").min())
    last = latest(dated.join(held, on="sku", how="anti"), ["sku"], ["until", "from", "cheaper"])
    return nw.concat([held.select("sku", "price"), last.select("sku", "price")])
