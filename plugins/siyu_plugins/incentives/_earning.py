"""The rules by which events earn points: what they match, how much they give, and how much of it a member may get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu.config.units import DAY, Duration, Money
from siyu.frames import total
from siyu.kinds import Period, doc

if TYPE_CHECKING:
    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Cap", "Earn"]

_SENT = ("sent", "handed", "delivered")


@frozen(kw_only=True)
class Cap:
    """How much one member may earn by a rule: ``{ points = 100, per = "day" }``."""

    points: int = field(metadata=doc("how many points", unit="points", example=100))
    per: Period = field(default="day", metadata=doc("the span that is counted, in the brand's zone", example="day"))

    @points.validator
    def _check_points(self, _: Attribute[int], value: int) -> None:
        if value < 1:
            message = f"expected 1 point or more, not {value}"
            raise ValueError(message)

    def of(self, view: View, fresh: Frame, lots: Frame, ledger: Frame) -> Frame:
        """Cut the new lots to what is left for their member in their period, the earliest first.

        Args:
            view: The view.
            fresh: The new lots.
            lots: All lots of the rule.
            ledger: What was earned.
        """
        earned = ledger.filter(nw.col("kind") == "earned").group_by("item", "lot").agg(had=total("amount"))
        days = view.calendar.select("day", period=self._period())
        dated = fresh.join(days, on="day", how="left")
        periods = dated.select("member", "period").unique()
        known = lots.select("member", "day", "item", "lot").join(earned, on=["item", "lot"], how="inner")
        within = known.join(days, on="day", how="left").join(periods, on=["member", "period"], how="semi")
        used = within.group_by("member", "period").agg(used=total("had"))
        both = dated.join(used, on=["member", "period"], how="left").with_columns(nw.col("used").fill_null(0))
        upto = nw.col("amount").cum_sum().over("member", "period", order_by=["time", "lot"]).cast(nw.Int64)
        room = nw.max_horizontal(nw.lit(self.points, nw.Int64) - nw.col("used") - nw.col("before"), nw.lit(0, nw.Int64))
        counted = both.with_columns(before=upto - nw.col("amount"))
        return counted.with_columns(amount=nw.min_horizontal("amount", room)).filter(nw.col("amount") > 0)

    def _period(self) -> nw.Expr:
        if self.per == "total":
            return nw.lit("")
        return nw.col("date" if self.per == "day" else self.per).cast(nw.String)


@frozen(kw_only=True)
class Earn:
    """A rule by which an event earns points: ``{ event = "ordered", points = 1, per = "1.00" }``.

    With ``campaign`` only events of members earn whom that campaign reached within the time ``within`` before.
    """

    event: str = field(metadata={**doc("the event that earns", example="ordered"), "refers": "event"})
    points: int = field(metadata=doc("how many points", unit="points", example=1))
    per: Money | None = field(
        default=None, metadata=doc("for each such part of the event's amount; else for the event", example="10.00")
    )
    round: Literal["down", "nearest", "up"] = field(
        default="down", metadata=doc("how a part that is not full counts; half a part is rounded up", example="nearest")
    )
    entry: str = field(default="", metadata=doc("only events from this entry", example="wecom"))
    subject: str = field(default="", metadata=doc("only events of this subject", example="GROCERY"))
    campaign: str = field(
        default="",
        metadata={
            **doc("only events of members whom this campaign reached", example="member-day"),
            "refers": "campaign",
        },
    )
    step: str = field(default="", metadata=doc("only where this step of the campaign did", example="guide"))
    within: Duration = field(
        default=Duration(7 * DAY), metadata=doc("how long after the campaign's message it counts", example="3d")
    )
    most: Cap | None = field(
        default=None, metadata=doc("how much one member may earn by it", example={"points": 100, "per": "day"})
    )
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

    @step.validator
    def _check_step(self, _: Attribute[str], value: str) -> None:
        if value and not self.campaign:
            message = f"the step '{value}' is of no campaign: say which, as in campaign = 'welcome'"
            raise ValueError(message)

    @property
    def item(self) -> str:
        """The rule's name in the ledger: it must not depend on its place, or moving it would earn anew."""
        named = (self.event, self.entry, self.subject, self.campaign, self.step)
        return self.id or ":".join(part for part in named if part)

    def lots(self, view: View, facts: Frame) -> Frame:
        """Return what events earn before caps: member, item, lot (the event's id), amount, time, day."""
        where = {"type": self.event, "entry": self.entry, "subject": self.subject}
        matched = facts.filter(*(nw.col(column) == text for column, text in where.items() if text))
        if self.campaign:
            matched = matched.join(self._reached(view, matched), on="id", how="semi")
        lots = matched.select(
            "member",
            "day",
            item=nw.lit(self.item),
            lot=nw.col("id").cast(nw.String),
            amount=self._amount(),
            time=nw.col("second"),
        )
        return lots.filter(nw.col("amount") > 0)

    def within_cap(self, view: View, fresh: Frame, lots: Frame, ledger: Frame) -> Frame:
        """Return the new lots that the ledger does not have, as far as the cap leaves room: see ``Cap.of``."""
        if self.most is not None:
            fresh = self.most.of(view, fresh, lots, ledger)
        missing = fresh.join(ledger.select("item", "lot"), on=["item", "lot"], how="anti")
        return missing.select("member", "item", "lot", "amount", "time")

    def _amount(self) -> nw.Expr:
        points = nw.lit(self.points, nw.Int64)
        if self.per is None:
            return points
        part = self.per.minor
        more = {"down": 0, "nearest": part // 2, "up": part - 1}[self.round]
        if self.round == "nearest" and part % 2:
            # Half of an odd part is no whole number of minor units: both sides are doubled.
            return (nw.col("amount") * 2 + part) // (part * 2) * points
        return (nw.col("amount") + more) // part * points

    def _reached(self, view: View, facts: Frame) -> Frame:
        """Return the ids of the events that came soon enough after a message of the campaign had gone out."""
        sent = view.receipts.filter(nw.col("state").is_in(_SENT)).group_by("touch").agg(sent=nw.col("time").min())
        step = (nw.col("step") == self.step,) if self.step else ()
        touches = view.touches.filter(
            nw.col("campaign") == self.campaign, nw.col("recipient_kind") == "member", *step
        ).select(member=nw.col("recipient"), touch=nw.col("id"))
        pairs = facts.select("id", "member", "second").join(
            touches.join(sent, on="touch", how="inner"), on="member", how="inner"
        )
        after = nw.col("second") - nw.col("sent")
        return pairs.filter(after >= 0, after <= self.within.seconds).select("id").unique()
