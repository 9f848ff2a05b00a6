"""Flash sale: few units at a low price, first come, first served; prices are held against what they were before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.config.expressions import Condition
from siyu.config.units import DAY, Clock, Duration, Money
from siyu.events import EventType
from siyu.kinds import Early, Incentive, Term, doc
from siyu_plugins.incentives._prices import Compared, check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu import View

__all__ = ["EarlyAccess", "FlashSale", "Item"]


@frozen(kw_only=True)
class Item:
    """What is on sale: ``{ sku = "G01", price = "99.00", was = "169.00", stock = 800 }``."""

    sku: str = field(metadata=doc("the product, as a claim names it", example="G01"))
    price: Money = field(metadata=doc("what a unit costs in the sale", example="99.00"))
    was: Money = field(metadata=doc("what a unit costs otherwise", example="169.00"))
    stock: int = field(metadata=doc("how many units there are for everybody", unit="units", example=800))
    each: int | None = field(default=1, metadata=doc("how many units one member may have", unit="units", example=1))

    @sku.validator
    def _check_sku(self, _: Attribute[str], value: str) -> None:
        if not value.strip():
            message = "expected the product's sku, not an empty text"
            raise ValueError(message)

    @was.validator
    def _check_was(self, _: Attribute[Money], value: Money) -> None:
        if not 0 <= self.price.minor < value.minor:
            message = f"expected a price below what the unit was, and not below 0: it is '{self.price}', was '{value}'"
            raise ValueError(message)

    @stock.validator
    def _check_stock(self, _: Attribute[int], value: int) -> None:
        if value < 0:
            message = f"expected a stock of 0 units or more, not {value}"
            raise ValueError(message)

    @each.validator
    def _check_each(self, _: Attribute[int | None], value: int | None) -> None:
        if value is not None and value < 1:
            message = f"expected 1 unit or more for each member, not {value}"
            raise ValueError(message)


@frozen(kw_only=True)
class EarlyAccess:
    """A head start for some: ``{ to = "segment('vip')", by = "2h", stock = 200 }``."""

    to: Condition = field(metadata=doc("who has it", example="segment('vip')"))
    by: Duration = field(metadata=doc("how long before the others", example="2h"))
    stock: int = field(metadata=doc("how many units of each item are kept for it", unit="units", example=200))

    @by.validator
    def _check_by(self, _: Attribute[Duration], value: Duration) -> None:
        if not value.seconds:
            message = "expected a head start above 0, as in '2h'"
            raise ValueError(message)

    @stock.validator
    def _check_stock(self, _: Attribute[int], value: int) -> None:
        if value < 0:
            message = f"expected a stock of 0 units or more, not {value}"
            raise ValueError(message)


@frozen(kw_only=True)
class FlashSale(Incentive):
    """Sells few units at a low price, within the incentive's days, from ``at`` on the first until ``ends`` on the last.

    A claim names the sale as ``subject`` and the sku as ``ref``; each gets one answer, in the order in which claims
    come in. The ledger counts units: a unit is ``granted``, or ``reserved`` until it is paid where ``unpaid`` is set.
    With ``waiting``, a claim that finds it sold out waits for a unit that falls back, in the same order.

    Who wants to be told before it begins sends an event ``reminder_asked`` with the sale as ``subject``: a feature
    that counts those, as in ``{ count = "reminder_asked", subject = "gaiwan" }``, says to a campaign whom to tell.

    Where ``was_lowest`` is stated and the store has prices, ``was`` is held against them in every plan and run until
    the sale is over: it may not be above the lowest price that held within that time before the sale, or, where none
    did, the last one before it.
    """

    at: Clock | None = field(
        default=None, metadata=doc("when it begins on its first day; at midnight by default", example="10:00")
    )
    ends: Clock | None = field(
        default=None, metadata=doc("when it is over on its last day; at the end of it by default", example="22:00")
    )
    items: tuple[Item, ...] = field(metadata=doc("what is on sale"))
    early: EarlyAccess | None = field(default=None, metadata=doc("a head start for some; for nobody by default"))
    unpaid: Duration | None = field(
        default=None, metadata=doc("when a unit that is not paid falls back; never by default", example="15m")
    )
    waiting: bool = field(
        default=False, metadata=doc("whether those who find it sold out wait for units that fall back")
    )
    was_lowest: Duration | None = field(
        default=None,
        metadata=doc(
            "over how long before the sale 'was' is the lowest price that was really paid, as laws on comparison "
            "prices ask; not stated by default",
            example="30d",
        ),
    )

    @ends.validator
    def _check_ends(self, _: Attribute[Clock | None], value: Clock | None) -> None:
        if value is not None and self.until is None:
            message = f"expected a last day for '{value}' to be on, as in until = {self.from_}"
            raise ValueError(message)
        opens, closes = self.hours
        if self.until == self.from_ and closes <= opens:
            message = f"expected an end after the beginning of the same day: it begins at '{self.at}'"
            raise ValueError(message)

    @items.validator
    def _check_items(self, _: Attribute[tuple[Item, ...]], value: tuple[Item, ...]) -> None:
        if not value:
            message = "expected at least one item, as in { sku = 'G01', price = '99.00', was = '169.00', stock = 800 }"
            raise ValueError(message)
        skus = [item.sku for item in value]
        twice = next((sku for sku in skus if skus.count(sku) > 1), None)
        if twice:
            message = f"expected each sku once, but '{twice}' stands there more often: put its stock together"
            raise ValueError(message)

    @unpaid.validator
    def _check_unpaid(self, _: Attribute[Duration | None], value: Duration | None) -> None:
        if value is None and self.waiting:
            message = "expected a time to pay in, as in '15m': without one no unit falls back to those who wait"
            raise ValueError(message)
        if value is not None and not value.seconds:
            message = "expected a time above 0 to pay in, as in '15m'; leave unpaid out where a grant is final"
            raise ValueError(message)

    @was_lowest.validator
    def _check_was_lowest(self, _: Attribute[Duration | None], value: Duration | None) -> None:
        if value is not None and not value.days:
            message = f"expected a day or more, as in '30d', not '{value}'"
            raise ValueError(message)

    @property
    def hours(self) -> tuple[int, int]:
        """The second of its first day at which it begins, and that of its last day at which it is over."""
        return (self.at.seconds if self.at else 0), (self.ends.seconds if self.ends else DAY)

    def facts(self) -> Mapping[str, object]:
        """State that prices are compared, and with what."""
        lowest = {} if self.was_lowest is None else {"reference_days": self.was_lowest.days}
        return {"items": [{"reference_price": True, **lowest} for _ in self.items]}

    def settle(self, view: View) -> None:
        """Hold the prices that are compared with against the prices that were.

        Raises:
            UserError: A price that is compared with was not the lowest.
        """
        begin, end = view.window(self)
        if self.was_lowest is not None and view.now < end:
            compared = [Compared(item.sku, item.was) for item in self.items]
            check(view, f"incentive.{self.name}", compared, begin, self.was_lowest)

    def terms(self) -> Sequence[Term]:
        """Return one term an item, in units."""
        head = self.early
        early = None if head is None else Early(to=head.to, by=head.by.seconds, stock=head.stock)
        unpaid = None if self.unpaid is None else self.unpaid.seconds
        return tuple(
            Term(
                item=item.sku,
                stock=item.stock,
                each=item.each,
                unpaid=unpaid,
                early=early,
                waiting=self.waiting,
            )
            for item in self.items
        )


@hookimpl
def siyu_register_incentives() -> Mapping[str, type[Incentive]]:
    """Bring ``flash-sale``."""
    return {"flash-sale": FlashSale}


@hookimpl
def siyu_register_event_types() -> Mapping[str, EventType]:
    """Bring the event of those who want to be told before a sale begins."""
    return {"reminder_asked": EventType("a member asks to be told when something begins", subject="incentive")}
