"""What one coupon is worth: its rule, and what it takes off a basket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import Attribute, field, frozen
from attrs.validators import ge

from siyu.config.units import Money, Share
from siyu.kinds import doc

if TYPE_CHECKING:
    from siyu_plugins.incentives._baskets import BasketLine

__all__ = ["Discount", "Present"]

_FULL = 10_000


def _positive(_: object, __: Attribute[Any], value: Money | None) -> None:
    if value is not None and value.minor <= 0:
        raise ValueError(f"expected an amount above 0, not '{value}'")


@frozen(kw_only=True)
class Present:
    """What a coupon adds to an order: ``{ sku = "T01", worth = "19.00" }``."""

    sku: str = field(metadata=doc("the product that is added", example="T01"))
    worth: Money = field(
        validator=_positive, metadata=doc("what it counts for where coupons are compared", example="19.00")
    )


@frozen(kw_only=True)
class Discount:
    """What a coupon gives: an amount, a share or a present, from a threshold on.

    It looks at the lines that it is for, less what coupons before it have taken off them. An amount takes off what
    is left at most; a share is rounded to the nearest minor unit, the half up. What is taken off is parted over those
    lines in proportion to what is left of them.
    """

    from_: Money = field(
        default=Money(0), metadata=doc("how much its lines must come to (满), by default nothing", example="200.00")
    )
    off: Money | None = field(
        default=None, validator=_positive, metadata=doc("the amount that it takes off (减)", example="30.00")
    )
    percent: Share | None = field(default=None, metadata=doc("the share that it takes off", example="10%"))
    gift: Present | None = field(
        default=None, metadata=doc("what it adds to the order", example={"sku": "T01", "worth": "19.00"})
    )
    every: bool = field(
        default=False, metadata=doc("whether the amount is taken off for each full 'from', and not once", example=True)
    )
    most: Money | None = field(
        default=None, validator=_positive, metadata=doc("how much it takes off at most", example="50.00")
    )
    skus: tuple[str, ...] = field(default=(), metadata=doc("only lines of these products", example=["G01"]))
    categories: tuple[str, ...] = field(default=(), metadata=doc("only lines of these categories", example=["gaiwan"]))
    order: int = field(
        default=0, metadata=doc("when it is applied: lower first, and of equal ones by name", example=10)
    )
    group: str = field(default="", metadata=doc("of the coupons of a group, an order takes one", example="shop"))
    alone: bool = field(default=False, metadata=doc("whether it combines with no other coupon", example=True))
    times: int = field(
        default=1, validator=ge(1), metadata=doc("how many of it one order takes", unit="coupons", example=1)
    )

    def __attrs_post_init__(self) -> None:
        """Refuse a coupon that gives nothing, or several things.

        Raises:
            ValueError: Not exactly one of off, percent and gift is given, or the threshold does not go with it.
        """
        if sum(given is not None for given in (self.off, self.percent, self.gift)) != 1:
            raise ValueError(
                'expected one of off = "30.00", percent = "10%" and gift = { sku = "T01", worth = "19.00" }'
            )
        if self.percent is not None and not self.percent.basis_points:
            raise ValueError("expected a percent above 0%")
        if self.from_.minor < 0:
            raise ValueError(f"expected a threshold of 0 or more, not '{self.from_}'")
        if self.every and (self.off is None or not self.from_.minor):
            raise ValueError('every goes with from and off, as in { from = "200.00", off = "30.00", every = true }')

    def takes(self, line: BasketLine) -> bool:
        """Whether a line is one of those that it is for."""
        named = self.skus or self.categories
        return not named or line.sku in self.skus or (bool(line.category) and line.category in self.categories)

    @property
    def present(self) -> str:
        """The product that it adds; empty for none."""
        return "" if self.gift is None else self.gift.sku

    def saved(self, base: int) -> int:
        """Return what it takes off, in minor units, where so much is left of its lines; never more than that."""
        if base < self.from_.minor:
            return 0
        if self.percent is not None:
            saved = (base * self.percent.basis_points + _FULL // 2) // _FULL
        else:
            saved = 0 if self.off is None else self.off.minor * (base // self.from_.minor if self.every else 1)
        return min(saved, base, base if self.most is None else self.most.minor)

    def given(self, base: int) -> int:
        """Return what its present counts for, where so much is left of its lines: they must be worth something."""
        return self.gift.worth.minor if self.gift is not None and base >= max(self.from_.minor, 1) else 0
