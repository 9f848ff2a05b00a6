"""The counters that bound what incentives give: limits, budgets, and the budgets of campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from math import lcm
from typing import TYPE_CHECKING, Literal

import narwhals as nw
from attrs import field, frozen

from siyu.config.units import Money
from siyu.kinds import Campaign, Incentive

if TYPE_CHECKING:
    from siyu.config.programme import Programme
    from siyu.kinds import Budget, Frame, Period

__all__ = ["BY_CLAIMS", "NOT_GIVEN", "Bound", "budgets", "given", "limits", "refusal", "taken_back"]

BY_CLAIMS = ("granted", "reserved")
"""The kinds of the lines by which claims give something."""

NOT_GIVEN = ("corrected", "covered", "opened", "restored", "transferred")
"""The kinds of lines that move or set right what was given before: no budget counts them again, none refuses them."""

_REFUSALS = {
    "stock": "it is sold out",
    "each": "the member has as many as one may have",
    "limit": "the member's limit is reached",
    "budget": "the budget is spent",
    "campaign": "the campaign's budget is spent",
}


@frozen
class Bound:
    """One counter, or one for each period and member.

    Attributes:
        name: Its name; ``refusal`` says what it means for a person.
        room: How much it holds.
        counts: What is drawn: 1 for each line, the units that are asked for, or the amount that is given.
        own: Whether every member has a counter of their own.
        per: The period after which it is full again.
        rates: What an amount of 1 draws, by the incentive that gives it; 1 where it is not named.
    """

    name: str
    room: int
    counts: Literal["lines", "units", "amounts"]
    own: bool = False
    per: Period = "total"
    rates: Mapping[str, int] = field(factory=dict)

    def draw(self, incentive: str, quantity: int, amount: int) -> int:
        """Return what a claim of so many units draws, that is given an amount."""
        return {"lines": 1, "units": quantity, "amounts": amount * self.rates.get(incentive, 1)}[self.counts]


def refusal(counter: str) -> str:
    """Return in plain words why a counter without room, or a bound, by its name, refuses."""
    return _REFUSALS.get(counter.partition("/")[0], "it cannot be had")


def limits(incentive: Incentive) -> tuple[Bound, ...]:
    """Return the limit of an incentive, if it has one."""
    limit = incentive.limit
    if limit is None:
        return ()
    return (Bound(f"limit/{incentive.name}", limit.times, "lines", own=True, per=limit.per),)


def budgets(programme: Programme, incentive: Incentive) -> tuple[Bound, ...]:
    """Return the budgets of an incentive and the one of its campaign.

    Money is counted exactly: where 3 points cost 0.01, a point draws 1 of a budget of which 0.01 is 3.
    """
    own = [_own(incentive, number, budget) for number, budget in enumerate(incentive.budgets)]
    if incentive.during is None:
        return tuple(own)
    (campaign,) = (one for one in programme.of(Campaign) if one.name == incentive.during)
    return tuple(own) if campaign.budget is None else (*own, _campaign(programme, campaign, campaign.budget))


def _own(incentive: Incentive, number: int, budget: Budget) -> Bound:
    name, worth = f"budget/{incentive.name}/{number}", incentive.worth
    if worth is None or not isinstance(budget.amount, Money):
        return Bound(name, budget.units, "amounts", per=budget.per)
    return Bound(
        name, budget.units * worth.units, "amounts", per=budget.per, rates={incentive.name: worth.amount.minor}
    )


def _campaign(programme: Programme, campaign: Campaign, budget: Budget) -> Bound:
    """Return a campaign's budget, in parts of a minor unit so small that every incentive's unit costs some of them."""
    worths = {one.name: one.worth for one in programme.of(Incentive) if one.during == campaign.name and one.worth}
    parts = lcm(*(worth.units for worth in worths.values()))
    rates = {name: worth.amount.minor * parts // worth.units for name, worth in worths.items()}
    return Bound(f"campaign/{campaign.name}", budget.units * parts, "amounts", per=budget.per, rates=rates)


def given(ledger: Frame) -> Frame:
    """Return the lines that give something and stand.

    Not what moves or corrects, no reservation that fell back, and nothing that a person reversed in full.
    """
    lines = ledger.filter(nw.col("amount") > 0, ~nw.col("kind").is_in(list(NOT_GIVEN)))
    released = ledger.filter(nw.col("kind") == "released").select(_number="cause")
    reserved = lines.filter(nw.col("kind") == "reserved").with_columns(_number=nw.col("id").cast(nw.String))
    kept = reserved.join(released, on="_number", how="anti").drop("_number")
    standing = nw.concat([lines.filter(nw.col("kind") != "reserved"), kept])
    return standing.join(taken_back(ledger), on=["id", "amount"], how="anti")


def taken_back(ledger: Frame) -> Frame:
    """Return what people took back of lines: id, amount. A line of that amount holds nothing any more."""
    lines = ledger.filter(nw.col("kind") == "reversed", nw.col("cause_kind") == "line")
    return lines.select(id=nw.col("cause").cast(nw.Int64), amount=-nw.col("amount"))
