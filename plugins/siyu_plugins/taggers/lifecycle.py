"""Tags by where members stand in their life with the brand: new, active, at risk, dormant, lost, won back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu.config.units import DAY, Duration
from siyu.frames import latest, row_number, total
from siyu.hooks import hookimpl
from siyu.kinds import Frame, Tagger, doc
from siyu_plugins.taggers._checks import at_least_one, whole_days

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu.view import View

__all__ = ["STAGES", "Cycle", "Lifecycle", "siyu_register_taggers"]

STAGES = ("lead", "new", "active", "at-risk", "dormant", "lost", "won-back")
"""The stages; each is a tag of that name unless the config names it otherwise."""

_FEWEST = 2


@frozen(kw_only=True)
class Cycle:
    """Thresholds by a member's own rhythm: the mean of the days from each day with an order to the next one.

    It holds for members with enough orders. They are at risk after so many times their own mean; ``dormant`` and
    ``lost`` come later in the proportion in which they stand to ``at_risk`` in the config.
    """

    times: int = field(
        default=2,
        validator=at_least_one,
        metadata=doc("after how many times their mean members are at risk; 2 is one order missed", example=2),
    )
    orders: int = field(
        default=3, metadata=doc("on how many days a member must have ordered, at least 2; below, no mean says much")
    )
    least: Duration = field(
        default=Duration(14 * DAY),
        validator=whole_days,
        metadata=doc("nobody is at risk sooner: who ordered on two days running has no cycle of a day", unit="days"),
    )

    @orders.validator
    def _a_gap(self, _attribute: Attribute[int], value: int) -> None:
        if value < _FEWEST:
            message = f"expected orders on 2 days at least, since a cycle lies between them, not {value}"
            raise ValueError(message)


@frozen(kw_only=True)
class Lifecycle(Tagger):
    """Tells where each member stands by the days of their orders; every member has exactly one of the tags.

    Of the days since the last order, and of those between two orders, the brand's calendar days count; orders of one
    day are one. The first of these that holds is the stage:

    - ``lead``: known, but without any order;
    - ``lost``, ``dormant``, ``at-risk``: the last order is more than that many days ago;
    - ``new``: the first order is at most ``fresh`` days ago;
    - ``won-back``: an order at most ``fresh`` days ago came after a gap of more than ``dormant`` days;
    - ``active``: everybody else.

    So a stage follows from the orders and the day alone, and a member is won back by exactly those orders that find
    them dormant or lost. A refund does not undo an order; where it should, take ``paid`` or ``received`` for the event.

    The defaults suit what is used up within a month, as tea, coffee or cosmetics are: ``fresh`` is one cycle,
    ``at_risk`` is two (one order missed), ``dormant`` is four, and ``lost`` a year, in which each season came once.
    Where members differ much in their rhythm, ``cycle`` measures each by their own; that of a won-back order is made
    of the orders before it.

    The tag's value is the number of orders, its score the days since the last one (of leads, since they are known),
    its evidence both, with the gap that was closed and the own rhythm where there is one. Moves from one stage to
    another are kept as events ``moved``.

    ```toml
    [tagger.lifecycle]
    use = "lifecycle"
    at_risk = "45d"
    dormant = "90d"
    lost = "270d"
    names = { at-risk = "slipping", won-back = "returned" }
    ```
    """

    transitions: ClassVar[str] = "moved"

    event: str = field(default="ordered", metadata={**doc("the event that is an order"), "refers": "event"})
    fresh: Duration = field(
        default=Duration(30 * DAY),
        validator=whole_days,
        metadata=doc("how long a first or a won-back order is news", unit="days"),
    )
    at_risk: Duration = field(
        default=Duration(60 * DAY),
        validator=whole_days,
        metadata=doc("after how long without an order a member is at risk", unit="days"),
    )
    dormant: Duration = field(
        default=Duration(120 * DAY),
        validator=whole_days,
        metadata=doc("after how long without an order a member is dormant", unit="days"),
    )
    lost: Duration = field(
        default=Duration(365 * DAY),
        validator=whole_days,
        metadata=doc("after how long without an order a member is lost", unit="days"),
    )
    cycle: Cycle | None = field(
        default=None,
        metadata=doc("thresholds by each member's own rhythm, where they have one", example={"times": 2}),
    )
    leads: bool = field(default=True, metadata=doc("whether members without any order have a tag"))
    names: dict[str, str] = field(
        factory=dict, metadata=doc("other tags for the stages, by the stage", example={"at-risk": "slipping"})
    )

    @names.validator
    def _known(self, _attribute: Attribute[dict[str, str]], value: dict[str, str]) -> None:
        for stage in value:
            if stage not in STAGES:
                message = f"no stage '{stage}'; the stages are {', '.join(STAGES)}"
                raise ValueError(message)
        if len(set(self.gives)) < len(self.gives) or not all(self.gives):
            message = f"expected a tag of its own for each stage, not {', '.join(self.gives)}"
            raise ValueError(message)

    def __attrs_post_init__(self) -> None:
        """Refuse thresholds that do not follow one another.

        Raises:
            ValueError: They do not.
        """
        if not self.fresh <= self.at_risk < self.dormant < self.lost:
            found = f"{self.fresh}, {self.at_risk}, {self.dormant}, {self.lost}"
            message = f"expected fresh up to at_risk, and then dormant and lost each after more days, not {found}"
            raise ValueError(message)

    @property
    def gives(self) -> Sequence[str]:
        """The tags of the stages."""
        return tuple(self._tag(stage) for stage in STAGES if self.leads or stage != "lead")

    def tags(self, view: View) -> Frame:
        """Return one row a member: member, tag, value, score, evidence."""
        orders = view.events.filter(nw.col("type") == self.event, ~nw.col("member").is_null())
        daily = orders.group_by("member", "day").agg(orders=nw.len().cast(nw.Int64))
        lives = view.keep(_lives(daily))
        staged = self._staged(lives.join(self._back(daily, lives, view.today), on="member", how="left"), view.today)
        return nw.concat([staged, self._leads(view, lives)]) if self.leads else staged

    def _staged(self, lives: Frame, today: int) -> Frame:
        """Return the tags of members with orders; ``lives`` has ``gap`` beside its columns."""
        span, gaps = nw.col("last") - nw.col("first"), nw.col("days") - 1
        ago, since = nw.lit(today) - nw.col("last"), nw.lit(today) - nw.col("first")
        judged = lives.with_columns(ago=ago, every=span // _some(gaps), own=self._has_own(gaps))
        tag: nw.Expr = nw.lit(self._tag("active"))
        tag = nw.when(~nw.col("gap").is_null()).then(nw.lit(self._tag("won-back"))).otherwise(tag)
        tag = nw.when(since <= self.fresh.days).then(nw.lit(self._tag("new"))).otherwise(tag)
        for stage, name in (("at-risk", "at_risk"), ("dormant", "dormant"), ("lost", "lost")):
            quiet = ago > self._limit(name, span, gaps)
            tag = nw.when(quiet).then(nw.lit(self._tag(stage))).otherwise(tag)
        return judged.select(
            "member",
            tag=tag,
            value=nw.col("orders").cast(nw.String),
            score=nw.col("ago").cast(nw.Float64),
            evidence=_evidence(),
        )

    def _back(self, daily: Frame, lives: Frame, today: int) -> Frame:
        """Return member, gap: the last gap of more than ``dormant`` days that an order in the fresh days closed."""
        fresh = today - self.fresh.days
        # Whoever first ordered within the fresh days is new, so only the others are looked at.
        returned = lives.filter(nw.col("last") >= fresh, nw.col("first") < fresh)
        counted = row_number(daily.join(returned.select("member", "first"), on="member"), ["member"], ["day"], "count")
        gaps = counted.with_columns(_before=nw.col("day").shift(1).over("member", order_by="day"))
        known = gaps.with_columns(gap=(nw.col("day") - nw.col("_before")).cast(nw.Int64))
        limit = self._limit("dormant", nw.col("_before") - nw.col("first"), nw.col("count") - _FEWEST)
        closed = known.filter(nw.col("day") >= fresh, nw.col("gap") > limit)
        return latest(closed.select("member", "day", "gap"), ["member"], ["day"]).select("member", "gap")

    def _limit(self, name: str, span: nw.Expr, gaps: nw.Expr) -> nw.Expr:
        """Return after how many days a stage begins, for members with so many gaps over so many days."""
        days, base = getattr(self, name).days, self.at_risk.days
        if self.cycle is None:
            return nw.lit(days, nw.Int64)
        # Rounded down once: a whole number is above a fraction where it is above the whole number below it.
        own = span.cast(nw.Int64) * (self.cycle.times * days) // (_some(gaps) * base)
        least = nw.lit(self.cycle.least.days * days // base, nw.Int64)
        return nw.when(self._has_own(gaps)).then(nw.max_horizontal(own, least)).otherwise(nw.lit(days, nw.Int64))

    def _has_own(self, gaps: nw.Expr) -> nw.Expr:
        return nw.lit(value=False) if self.cycle is None else gaps >= self.cycle.orders - 1

    def _leads(self, view: View, lives: Frame) -> Frame:
        days = (nw.lit(view.today) - nw.col("joined")).cast(nw.Int64)
        return view.members.join(lives.select("member"), on="member", how="anti").select(
            "member",
            tag=nw.lit(self._tag("lead")),
            value=nw.lit("0"),
            score=days.cast(nw.Float64),
            evidence=nw.concat_str(nw.lit("no order, known for "), days.cast(nw.String), nw.lit(" d")),
        )

    def _tag(self, stage: str) -> str:
        return self.names.get(stage, stage)


def _lives(daily: Frame) -> Frame:
    """Return member, first, last (days), orders, days (with an order); all Int64; one row a member with orders."""
    day = nw.col("day").cast(nw.Int64)
    return daily.group_by("member").agg(
        first=day.min(), last=day.max(), orders=total("orders"), days=nw.len().cast(nw.Int64)
    )


def _some(gaps: nw.Expr) -> nw.Expr:
    """Return a number to divide by: it is asked for also where there is no gap."""
    return nw.max_horizontal(gaps, nw.lit(1, nw.Int64))


def _evidence() -> nw.Expr:
    orders, ago, gap, every = (nw.col(name).cast(nw.String) for name in ("orders", "ago", "gap", "every"))
    back = nw.when(~gap.is_null()).then(nw.concat_str(nw.lit(", back after "), gap, nw.lit(" d"))).otherwise(nw.lit(""))
    rhythm = nw.when(nw.col("own")).then(nw.concat_str(nw.lit(", every "), every, nw.lit(" d"))).otherwise(nw.lit(""))
    return nw.concat_str(nw.lit("orders "), orders, nw.lit(", last "), ago, nw.lit(" d ago"), back, rhythm)


@hookimpl
def siyu_register_taggers() -> Mapping[str, type[Tagger]]:
    """Bring ``lifecycle``."""
    return {"lifecycle": Lifecycle}
