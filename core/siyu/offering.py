"""What incentives give, what bounds it, and what may be claimed: limits, budgets, worth, rewards, terms."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from attrs import Attribute, field, frozen
from attrs.validators import ge

from siyu.config.expressions import Condition
from siyu.config.units import Money
from siyu.values import doc

__all__ = ["Budget", "Cost", "Early", "Limit", "Period", "Reward", "Term", "Worth"]

Period: TypeAlias = Literal["day", "week", "month", "quarter", "year", "total"]


def _positive(_: object, __: Attribute[Any], value: int | Money) -> None:
    if (value.minor if isinstance(value, Money) else value) <= 0:
        raise ValueError(f"expected an amount above 0, not {value}")


@frozen(kw_only=True)
class Limit:
    """How often one member may get something."""

    times: int = field(validator=ge(1), metadata=doc("how many times", example=10))
    per: Period = field(default="total", metadata=doc("the span that is counted, in the brand's zone", example="month"))


@frozen(kw_only=True)
class Budget:
    """How much may be given to all members together."""

    amount: int | Money = field(
        validator=_positive,
        metadata=doc("how much, in the incentive's own unit: a number of points or pieces, or money", example="500.00"),
    )
    per: Period = field(default="total", metadata=doc("the span that is counted, in the brand's zone", example="month"))

    @property
    def units(self) -> int:
        """How much, as the ledger counts it: money in minor units."""
        return self.amount.minor if isinstance(self.amount, Money) else self.amount


@frozen
class Reward:
    """What is given, and by which incentive's ledger: ``gives = { points = 200 }``.

    Attributes:
        incentive: The name of the incentive whose ledger gets the line.
        amount: How much of it, in that incentive's unit.
        item: Which of its items, as in ``gives = { coupon = "new-10" }``; empty where it has none.
    """

    incentive: str
    amount: int = 1
    item: str = ""


@frozen(kw_only=True)
class Worth:
    """What units of an incentive's ledger cost the brand: ``worth = { units = 100, amount = "1.00" }``."""

    units: int = field(
        default=1, validator=ge(1), metadata=doc("how many units cost the amount", unit="units", example=100)
    )
    amount: Money = field(validator=_positive, metadata=doc("what they cost the brand", example="1.00"))


@frozen(kw_only=True)
class Early:
    """A head start for some, out of a stock of its own.

    Attributes:
        to: Who has it.
        by: How many seconds before the others.
        stock: How many units are kept for it.
    """

    to: Condition
    by: int
    stock: int


@frozen(kw_only=True)
class Cost:
    """What a claim is paid with: units of a ledger, ``{ incentive = "points", amount = 500 }``."""

    incentive: str = field(metadata={**doc("the incentive whose ledger pays", example="points"), "refers": "incentive"})
    amount: int = field(validator=ge(1), metadata=doc("how many units of it, for one unit claimed", example=500))
    item: str = field(
        default="", metadata=doc("only units of this item of that ledger; of any by default", example="new-10")
    )


@frozen(kw_only=True)
class Term:
    """What may be claimed of one item, and what bounds it.

    Attributes:
        item: The item's name, that a claim gives in ``ref``.
        amount: What a claim of quantity 1 is granted, in the incentive's unit.
        stock: How many units there are for everybody; None for any number.
        each: How many units one member may have; None for any number.
        unpaid: After how many seconds a unit that was not paid falls back; None where a grant is final.
        early: A head start, where there is one.
        lasts: After how many seconds a unit that was granted, or paid, can no longer be used; None for never.
        costs: What a claim is paid with. The oldest lots that can be used at its second pay, as lines ``redeemed`` of
            the same cause; a claim that they do not cover is refused. What a reservation was paid with is given back
            when it is released, as lines ``restored``.
        shares: Amounts in the order in which they are granted, instead of ``amount``: the nth claim that is granted
            gets the nth, and there are no more units than these. Such a claim is of quantity 1.
        waiting: Whether a claim that finds nothing left waits: a unit that falls back goes to the first who waits,
            is still allowed to have it and does not want more than there is.
        transfer: Whether a claim moves units of this ledger to another member, named by ``to`` in its props, and
            gives nothing new: lines ``transferred``, of the same lots; neither budgets nor stock count it.
        code: What a claim must carry as ``code`` in its props to be granted, in small or capital letters; empty for
            nothing.
    """

    item: str
    amount: int = 1
    stock: int | None = None
    each: int | None = None
    unpaid: int | None = None
    early: Early | None = None
    lasts: int | None = None
    costs: tuple[Cost, ...] = ()
    shares: tuple[int, ...] | None = field(default=None)
    waiting: bool = False
    transfer: bool = field(default=False)
    code: str = ""

    @shares.validator
    def _check_shares(self, _: Attribute[tuple[int, ...] | None], value: tuple[int, ...] | None) -> None:
        if value is not None and self.unpaid is not None:
            raise ValueError("expected shares or unpaid, not both: what falls back has no place in the order")
        if value is not None and any(share < 0 for share in value):
            raise ValueError("expected shares of 0 units or more")

    @transfer.validator
    def _check_transfer(self, _: Attribute[bool], value: bool) -> None:  # noqa: FBT001 - attrs hands it over
        given = (self.stock, self.unpaid, self.early, self.lasts, self.shares, self.costs or None)
        if value and (self.waiting or any(one is not None for one in given)):
            raise ValueError(
                "expected a transfer without stock, unpaid, early, lasts, shares, costs or waiting: it gives nothing"
            )
