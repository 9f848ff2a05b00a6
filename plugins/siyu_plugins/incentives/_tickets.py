"""Tickets of a draw: those that events earn, those that refunds take back, and who holds how many."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import field, frozen
from attrs.validators import ge

from siyu.config.units import Money
from siyu.frames import latest, total
from siyu.kinds import doc
from siyu_plugins.incentives._rows import lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu import View
    from siyu.kinds import Frame, Incentive

__all__ = ["TICKET", "Enter", "held", "new_tickets"]

TICKET = "ticket"
"""The item of tickets in the ledger, and of claims for them."""


@frozen(kw_only=True)
class Enter:
    """What earns tickets: ``{ event = "paid", at_least = "50.00", tickets = 1 }``."""

    event: str = field(metadata={**doc("the event that earns them", example="paid"), "refers": "event"})
    at_least: Money | None = field(default=None, metadata=doc("the least amount of it", example="50.00"))
    subject: str = field(default="", metadata=doc("only events of this subject", example="green tea"))
    entry: str = field(default="", metadata=doc("only events from this entry", example="wecom"))
    tickets: int = field(default=1, validator=ge(1), metadata=doc("how many tickets it earns", example=1))

    def fits(self) -> nw.Expr:
        """Return whether an event fits."""
        least = () if self.at_least is None else (nw.col("amount") >= self.at_least.minor,)
        where = {"type": self.event, "subject": self.subject, "entry": self.entry}
        return nw.all_horizontal(
            *(nw.col(column) == text for column, text in where.items() if text), *least, ignore_nulls=False
        )


def new_tickets(view: View, incentive: Incentive, rules: Sequence[Enter], ledger: Frame, until: int) -> Frame:
    """Return the lines of tickets that the ledger does not know: earned by events, and taken back by refunds.

    An event that was refunded earns its tickets as any other, and loses them: so limits do not depend on when the
    refund comes to be known.

    Args:
        view: The pass.
        incentive: The incentive.
        rules: What earns tickets.
        ledger: The incentive's lines so far.
        until: The second from which on refunds take nothing back.
    """
    begin, end = view.window(incentive)
    events = view.events.filter(nw.col("second") >= begin, nw.col("second") < end)
    counted = events.with_columns(tickets=_counted(rules)).filter(nw.col("tickets") > 0)
    facts = counted.select(
        "member",
        "ref",
        lot=nw.col("id").cast(nw.String),
        tickets=nw.col("tickets").cast(nw.Int64),
        time=nw.col("second"),
    )
    fresh = facts.join(ledger.select("lot").unique(), on="lot", how="anti")
    entitled = fresh.join(view.matching(incentive.to), on="member", how="semi")
    earned = view.keep(entitled.with_columns(kind=nw.lit("earned"), amount=nw.col("tickets"), cause=nw.col("lot")))
    known = ledger.select("kind", "member", "lot", "amount")
    had = nw.concat([known, earned.select("kind", "member", "lot", "amount")])
    returned = view.keep(_returned(view, facts).filter(nw.col("time") < until))
    common = {"incentive": nw.lit(incentive.name), "item": nw.lit(TICKET), "cause_kind": nw.lit("event")}
    return nw.concat([lines(part.with_columns(**common)) for part in (earned, _taken(had, returned))])


def held(ledger: Frame) -> Frame:
    """Return member, number (Int64, the event that a ticket came by), amount: the tickets that are in the draw."""
    numbered = ledger.filter(nw.col("kind").is_in(["earned", "reversed", "granted"]), nw.col("item") == TICKET)
    number = nw.when(nw.col("kind") == "granted").then(nw.col("cause")).otherwise(nw.col("lot")).cast(nw.Int64)
    tickets = numbered.with_columns(number=number).group_by("member", "number").agg(amount=total("amount"))
    return tickets.filter(nw.col("amount") > 0)


def _counted(rules: Sequence[Enter]) -> nw.Expr:
    """Return how many tickets an event earns, by the first rule that it fits."""
    none = nw.lit(0, nw.Int64)
    return reduce(
        lambda otherwise, rule: nw.when(rule.fits()).then(nw.lit(rule.tickets, nw.Int64)).otherwise(otherwise),
        reversed(rules),
        none,
    )


def _returned(view: View, facts: Frame) -> Frame:
    """Return lot, cause, time of the events that were refunded, even in part: by their first refund."""
    refunds = view.events.filter(nw.col("type") == "refunded", nw.col("ref") != "")
    back = refunds.select("member", "ref", back="second", refund="id")
    found = facts.filter(nw.col("ref") != "").join(back, on=["member", "ref"], how="inner")
    first = latest(found, ["lot"], ["-back", "-refund"])
    return first.select("lot", cause=nw.col("refund").cast(nw.String), time=nw.col("back"))


def _taken(ledger: Frame, returned: Frame) -> Frame:
    reversed_ = ledger.filter(nw.col("kind") == "reversed").select("lot").unique()
    had = ledger.filter(nw.col("kind") == "earned", nw.col("amount") > 0).join(reversed_, on="lot", how="anti")
    lots = had.select("member", "lot", amount=-nw.col("amount"))
    return lots.join(returned, on="lot", how="inner").with_columns(kind=nw.lit("reversed"))
