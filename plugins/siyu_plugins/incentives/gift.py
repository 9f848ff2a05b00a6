"""Gifts: goods for points, and something for those who review what they bought."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import narwhals as nw
from attrs import Attribute, field, frozen
from attrs.validators import ge

from siyu import hookimpl
from siyu.config.units import Duration
from siyu.frames import row_number
from siyu.kinds import Cost, Incentive, Term, doc
from siyu_plugins.incentives._rows import lines

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Gift", "Good", "Review"]

_PROPS = {"text": nw.String(), "words": nw.Int64(), "photos": nw.Int64()}
_ORDERS = ("ordered", "paid", "received")


@frozen(kw_only=True)
class Good:
    """Something that is had for points: ``{ sku = "M01", costs = [{ incentive = "points", amount = 500 }] }``."""

    sku: str = field(metadata=doc("the product, as a claim names it", example="M01"))
    costs: tuple[Cost, ...] = field(
        metadata=doc("what it is paid with", example=[{"incentive": "points", "amount": 500}])
    )
    stock: int | None = field(
        default=None, metadata=doc("how many there are; any number by default", unit="units", example=100)
    )
    each: int | None = field(
        default=None, metadata=doc("how many one member may have; any number by default", unit="units", example=1)
    )

    @sku.validator
    def _check_sku(self, _: Attribute[str], value: str) -> None:
        if not value.strip():
            raise ValueError("expected the product's sku, not an empty text")

    @costs.validator
    def _check_costs(self, _: Attribute[tuple[Cost, ...]], value: tuple[Cost, ...]) -> None:
        if not value:
            raise ValueError('expected at least one cost, as in [{ incentive = "points", amount = 500 }]')

    @stock.validator
    def _check_stock(self, _: Attribute[int | None], value: int | None) -> None:
        if value is not None and value < 0:
            raise ValueError(f"expected a stock of 0 units or more, not {value}")

    @each.validator
    def _check_each(self, _: Attribute[int | None], value: int | None) -> None:
        if value is not None and value < 1:
            raise ValueError(f"expected 1 unit or more for each member, not {value}")


@frozen(kw_only=True)
class Review:
    """What is given for a review or a reply with words and photos: ``{ sku = "S01", words = 20, photos = 1 }``.

    It looks at how much was written and shown, and never at the score: who finds fault gets the same.
    """

    sku: str = field(metadata=doc("the product that is given", example="S01"))
    event: Literal["rated", "replied"] = field(default="rated", metadata=doc("what members do: rate, or reply"))
    subject: str = field(default="", metadata=doc("only events of this subject", example="tea"))
    words: int = field(
        default=0, validator=ge(0), metadata=doc("how many words, or characters of Chinese, at least", example=20)
    )
    photos: int = field(default=0, validator=ge(0), metadata=doc("how many photos at least", example=1))
    within: Duration | None = field(
        default=None, metadata=doc("how long after the order it counts; for ever by default", example="30d")
    )


@frozen(kw_only=True)
class Gift(Incentive):
    """Gives goods for points, and gifts for reviews: never for a share, and one for each order.

    A claim names a sku of ``goods`` and is paid by its ``costs``. A review is an event ``rated`` or ``replied`` whose
    ``ref`` is an order of the same member and whose props tell ``words`` and ``photos``, or the ``text`` that words
    are counted in. The first that has enough of both earns the gift of that order, a line of kind ``earned`` whose
    cause is the order. ``limit`` and ``budget`` bound what is given for reviews; the budget is its stock.

    ```toml
    [incentive.thanks]
    use = "gift"
    from = 2026-12-01
    reviews = { sku = "S01", words = 20, photos = 1 }
    ```
    """

    scope: ClassVar[Literal["member", "population"]] = "member"

    goods: tuple[Good, ...] = field(default=(), metadata=doc("what is had for points; nothing by default"))
    reviews: Review | None = field(
        default=None, metadata=doc("what is given for reviews; nothing by default", example={"sku": "S01", "words": 20})
    )
    unpaid: Duration | None = field(
        default=None, metadata=doc("when a good whose order is not paid falls back; never by default", example="15m")
    )

    def __attrs_post_init__(self) -> None:
        """Refuse a gift of nothing.

        Raises:
            ValueError: There are neither goods nor reviews, or a good stands there twice.
        """
        if not self.goods and self.reviews is None:
            raise ValueError('expected goods or reviews, as in reviews = { sku = "S01", words = 20, photos = 1 }')
        skus = [good.sku for good in self.goods]
        twice = next((sku for sku in skus if skus.count(sku) > 1), None)
        if twice:
            raise ValueError(f"expected each sku once, but '{twice}' stands there more often")

    def facts(self) -> Mapping[str, object]:
        """State what is rewarded: a review, whatever it says."""
        return {} if self.reviews is None else {"reviews": {"rewarded_events": (self.reviews.event,)}}

    @property
    def holdings(self) -> Collection[str]:
        """The products that it gives."""
        return [good.sku for good in self.goods] + ([self.reviews.sku] if self.reviews else [])

    def terms(self) -> Sequence[Term]:
        """Return one term for each of the goods."""
        unpaid = None if self.unpaid is None else self.unpaid.seconds
        return tuple(
            Term(item=good.sku, stock=good.stock, each=good.each, unpaid=unpaid, costs=good.costs)
            for good in self.goods
        )

    def settle(self, view: View) -> Frame | None:
        """Return one line for each order that was reviewed well enough."""
        if self.reviews is None:
            return None
        begin, end = view.window(self)
        wanted = self._written(view, self.reviews).filter(nw.col("second") >= begin, nw.col("second") < end)
        ordered = _ordered(view)
        counted = wanted.join(ordered, on=["member", "ref"], how="inner").filter(nw.col("second") >= nw.col("ordered"))
        if self.reviews.within is not None:
            counted = counted.filter(nw.col("second") - nw.col("ordered") <= self.reviews.within.seconds)
        first = row_number(counted, ["member", "ref"], ["second", "id"], "nth").filter(nw.col("nth") == 1)
        order = nw.concat_str(nw.lit(f"{self.reviews.event}:"), nw.col("ref"))
        return lines(
            first.with_columns(
                incentive=nw.lit(self.name),
                kind=nw.lit("earned"),
                item=nw.lit(self.reviews.sku),
                lot=order,
                amount=nw.lit(1),
                cause_kind=nw.lit("order"),
                cause=nw.col("ref"),
                time=nw.col("second"),
                available=nw.col("second"),
            )
        )

    @staticmethod
    def _written(view: View, review: Review) -> Frame:
        """Return the reviews with enough words and photos."""
        told = view.events.filter(nw.col("type") == review.event, nw.col("ref") != "")
        if review.subject:
            told = told.filter(nw.col("subject") == review.subject)
        read = view.fields(told, _PROPS)
        length = nw.col("text").str.len_chars().cast(nw.Int64)
        words = nw.coalesce("words", length).fill_null(0)
        return read.filter(words >= review.words, nw.col("photos").fill_null(0) >= review.photos)


def _ordered(view: View) -> Frame:
    """Return the orders: member, ref, ordered (the second of their first event)."""
    orders = view.events.filter(nw.col("type").is_in(_ORDERS), nw.col("ref") != "")
    return orders.group_by("member", "ref").agg(ordered=nw.col("second").min())


@hookimpl
def siyu_register_incentives() -> Mapping[str, type[Incentive]]:
    """Bring ``gift``."""
    return {"gift": Gift}
