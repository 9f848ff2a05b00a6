"""Points: what events earn, and what refunds take back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.config.units import Duration, Money
from siyu.kinds import Incentive, doc
from siyu_plugins.incentives._reversals import reversals
from siyu_plugins.incentives._rows import lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Earn", "Points"]


@frozen(kw_only=True)
class Earn:
    """A rule by which an event earns points: ``{ event = "ordered", points = 1, per = "1.00" }``."""

    event: str = field(metadata={**doc("the event that earns", example="ordered"), "refers": "event"})
    points: int = field(metadata=doc("how many points", unit="points", example=1))
    per: Money | None = field(
        default=None, metadata=doc("for each full such part of the event's amount; else for the event", example="10.00")
    )
    entry: str = field(default="", metadata=doc("only events from this entry", example="wecom"))
    subject: str = field(default="", metadata=doc("only events of this subject", example="GROCERY"))
    id: str = field(
        default="", metadata=doc("the rule's name in the ledger; by default what it matches", example="double-tea")
    )

    @points.validator
    def _check_points(self, _: Attribute[int], value: int) -> None:
        if value < 1:
            message = f"expected 1 point or more, not {value}"
            raise ValueError(message)

    @per.validator
    def _check_per(self, _: Attribute[Money | None], value: Money | None) -> None:
        if value is not None and value.minor < 1:
            message = f"expected an amount above 0, not '{value}'"
            raise ValueError(message)

    @property
    def item(self) -> str:
        """The rule's name in the ledger: it must not depend on its place, or moving it would earn anew."""
        return self.id or ":".join(part for part in (self.event, self.entry, self.subject) if part)

    def lots(self, facts: Frame) -> Frame:
        """Return what events earn: member, item, lot (the event's id), amount, time."""
        where = {"type": self.event, "entry": self.entry, "subject": self.subject}
        matched = facts.filter(*(nw.col(column) == text for column, text in where.items() if text))
        points = nw.lit(self.points, nw.Int64)
        amount = nw.col("amount") // self.per.minor * points if self.per else points
        lots = matched.select(
            "member", item=nw.lit(self.item), lot=nw.col("id").cast(nw.String), amount=amount, time=nw.col("second")
        )
        return lots.filter(nw.col("amount") > 0).with_columns(nw.col("amount").cast(nw.Int64))


@frozen(kw_only=True)
class Points(Incentive):
    """Gives points for events, and takes them back for refunds.

    A line of kind ``earned`` names its event as cause and lot, and its rule as item. A ``refunded`` event of the
    same member with the order's ``ref`` takes back what that order (``ordered``, ``paid`` or ``received``) earned,
    in proportion to the amount, whenever it comes: lines of kind ``reversed``. A refund without an amount is of the
    whole order, and of an order without an amount any refund is.

    Lots carry the moment at which they expire; no line is written when they do.
    """

    earn: tuple[Earn, ...] = field(metadata=doc("what earns points; several rules may match one event"))
    pending: Duration = field(
        default=Duration(0), metadata=doc("how long after the event points can be used", example="7d")
    )
    expires: Duration | None = field(
        default=None, metadata=doc("how long they can be used; for ever by default", example="365d")
    )

    @earn.validator
    def _check_earn(self, _: Attribute[tuple[Earn, ...]], value: tuple[Earn, ...]) -> None:
        if not value:
            message = "expected at least one rule, as in [{ event = 'ordered', points = 1, per = '1.00' }]"
            raise ValueError(message)
        items = [rule.item for rule in value]
        twice = next((item for item in items if items.count(item) > 1), None)
        if twice:
            message = f"two rules go by the name '{twice}' in the ledger: give one of them an id of its own"
            raise ValueError(message)

    def facts(self) -> Mapping[str, object]:
        """State what earns points, rule by rule."""
        return {"earn": [{"rewarded_events": (rule.event,)} for rule in self.earn]}

    def settle(self, view: View) -> Frame:
        """Return the lines that events earn within the incentive's days, and that refunds reverse."""
        begin, end = view.window(self)
        facts = view.events.filter(nw.col("second") >= begin, nw.col("second") < end)
        earned = nw.concat([rule.lots(facts) for rule in self.earn])
        ledger = view.grants.filter(nw.col("incentive") == self.name)
        return nw.concat([self._earned(earned), self._reversed(reversals(earned, ledger, view.events))])

    def _earned(self, lots: Frame) -> Frame:
        available = nw.col("time") + self.pending.seconds
        kept = {} if self.expires is None else {"expires": available + self.expires.seconds}
        cause = {"kind": nw.lit("earned"), "cause_kind": nw.lit("event"), "cause": nw.col("lot")}
        return lines(lots.with_columns(**cause, incentive=nw.lit(self.name), available=available, **kept))

    def _reversed(self, rows: Frame) -> Frame:
        return lines(rows.with_columns(incentive=nw.lit(self.name), available=nw.col("time")))


@hookimpl
def siyu_register_incentives() -> Mapping[str, type[Incentive]]:
    """Bring ``points``."""
    return {"points": Points}
