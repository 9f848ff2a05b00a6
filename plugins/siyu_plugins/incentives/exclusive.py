"""Exclusive prices: what some members pay, for some days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.config.units import Duration, Money
from siyu.kinds import Incentive, Term, doc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import click

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Exclusive", "ExclusiveItem"]

PRICES = {"sku": nw.String(), "price": nw.Int64(), "was": nw.Int64(), "each": nw.Int64()}


@frozen(kw_only=True)
class ExclusiveItem:
    """What is sold at a price of its own: ``{ sku = "T01", price = "59.00", was = "79.00", each = 2 }``."""

    sku: str = field(metadata=doc("the product, as a claim names it", example="T01"))
    price: Money = field(metadata=doc("what these members pay for a unit", example="59.00"))
    was: Money = field(metadata=doc("what a unit costs otherwise", example="79.00"))
    each: int | None = field(
        default=None, metadata=doc("how many units one member may have; any number by default", unit="units", example=2)
    )
    stock: int | None = field(
        default=None, metadata=doc("how many units there are for all; any number by default", unit="units", example=200)
    )

    @sku.validator
    def _check_sku(self, _: Attribute[str], value: str) -> None:
        if not value.strip():
            raise ValueError("expected the product's sku, not an empty text")

    @was.validator
    def _check_was(self, _: Attribute[Money], value: Money) -> None:
        if not 0 <= self.price.minor < value.minor:
            raise ValueError(
                f"expected a price below what the unit was, and not below 0: it is '{self.price}', was '{value}'"
            )

    @each.validator
    def _check_each(self, _: Attribute[int | None], value: int | None) -> None:
        if value is not None and value < 1:
            raise ValueError(f"expected 1 unit or more for each member, not {value}")

    @stock.validator
    def _check_stock(self, _: Attribute[int | None], value: int | None) -> None:
        if value is not None and value < 0:
            raise ValueError(f"expected a stock of 0 units or more, not {value}")


@frozen(kw_only=True)
class Exclusive(Incentive):
    """Sells at a price of its own to those whom ``to`` names, as a segment or a tier, within the incentive's days.

    A claim names a sku; its line counts units, ``granted``, or ``reserved`` until they are paid where ``unpaid`` is
    set. A member whom several exclusive prices are for pays the lowest: ``siyu prices`` tells which.

    ```toml
    [incentive.vip-price]
    use = "exclusive"
    from = 2026-12-01
    to = "segment('vip')"
    items = [{ sku = "T01", price = "59.00", was = "79.00", each = 2 }]
    ```
    """

    items: tuple[ExclusiveItem, ...] = field(metadata=doc("what is sold, and at which price"))
    unpaid: Duration | None = field(
        default=None, metadata=doc("when a unit that is not paid falls back; never by default", example="15m")
    )
    was_lowest: Duration | None = field(
        default=None,
        metadata=doc(
            "over how long before it 'was' is the lowest price that was really paid, as laws on comparison prices "
            "ask; not stated by default",
            example="30d",
        ),
    )

    @items.validator
    def _check_items(self, _: Attribute[tuple[ExclusiveItem, ...]], value: tuple[ExclusiveItem, ...]) -> None:
        if not value:
            raise ValueError("expected at least one item, as in { sku = 'T01', price = '59.00', was = '79.00' }")
        skus = [item.sku for item in value]
        twice = next((sku for sku in skus if skus.count(sku) > 1), None)
        if twice:
            raise ValueError(f"expected each sku once, but '{twice}' stands there more often")

    def __attrs_post_init__(self) -> None:
        """Refuse a price that is for everybody.

        Raises:
            ValueError: ``to`` is not given.
        """
        if self.to is None:
            raise ValueError("expected to, since a price for everybody is no exclusive one: to = \"segment('vip')\"")

    def facts(self) -> Mapping[str, object]:
        """State that prices are compared, and with what."""
        lowest = {} if self.was_lowest is None else {"reference_days": self.was_lowest.days}
        return {"items": [{"reference_price": True, **lowest} for _ in self.items]}

    def terms(self) -> Sequence[Term]:
        """Return one term an item, in units."""
        unpaid = None if self.unpaid is None else self.unpaid.seconds
        return tuple(Term(item=item.sku, stock=item.stock, each=item.each, unpaid=unpaid) for item in self.items)

    def prices(self, view: View) -> Frame:
        """Return what members pay now: member, incentive, sku, price, was (minor units), each (null for any number)."""
        begin, end = view.window(self)
        rows = self.items if begin <= view.now < end else ()
        columns: dict[str, list[object]] = {
            "sku": [item.sku for item in rows],
            "price": [item.price.minor for item in rows],
            "was": [item.was.minor for item in rows],
            "each": [item.each for item in rows],
        }
        items = view.table(columns, PRICES).with_columns(_one=nw.lit(1))
        members = view.matching(self.to).with_columns(_one=nw.lit(1), incentive=nw.lit(self.name))
        return members.join(items, on="_one", how="inner").select("member", "incentive", *PRICES)


@hookimpl
def siyu_register_incentives() -> Mapping[str, type[Incentive]]:
    """Bring ``exclusive``."""
    return {"exclusive": Exclusive}


@hookimpl
def siyu_register_commands() -> Mapping[str, click.Command]:
    """Bring ``siyu prices``."""
    from siyu_plugins.incentives._price_command import prices

    return {"prices": prices}
