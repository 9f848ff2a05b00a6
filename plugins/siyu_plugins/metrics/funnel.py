"""Funnel: how many members come how far along a line of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.config.units import DAY, Duration
from siyu.kinds import Metric, doc
from siyu_plugins.metrics._numbers import newest_days, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Funnel"]

_LEAST = 2


@frozen(kw_only=True)
class Funnel(Metric):
    """Counts the members who reach each of some steps, in their order.

    A member is at the top with their first event of the first step in the newest ``days`` days, and reaches a step
    with their first event of it that is not before the moment of the step before, and at most ``within`` after the
    top. A number: the period is the days, as ``30d``, ``key`` the step, ``value`` the members who reached it, ``n``
    those at the top.
    """

    steps: tuple[str, ...] = field(
        metadata={**doc("the events, in order", example=["viewed", "ordered", "paid"]), "refers": "event"}
    )
    within: Duration = field(
        default=Duration(30 * DAY), metadata=doc("how long a member may take from the top", example="14d")
    )
    days: int = field(default=30, metadata=doc("how many days the top is counted over", unit="days", example=30))

    @steps.validator
    def _check_steps(self, _: Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
        if len(value) < _LEAST or len(set(value)) < len(value):
            message = "expected two different events or more, as in ['viewed', 'ordered']"
            raise ValueError(message)

    @days.validator
    def _check_days(self, _: Attribute[int], value: int) -> None:
        if value < 1:
            message = f"expected 1 day or more, not {value}"
            raise ValueError(message)

    def measure(self, view: View) -> Frame:
        """Return one number a step."""
        newest, period = newest_days(view, self.days)
        top, *steps = self.steps
        reached = [view.keep(_firsts(newest, top).with_columns(top="second"))]
        for step in steps:
            reached.append(view.keep(self._next(view, reached[-1], step)))
        size = reached[0].select(n=nw.len())
        counts = [
            frame.select(value=nw.len(), key=nw.lit(step)) for frame, step in zip(reached, self.steps, strict=True)
        ]
        counted = nw.concat([numbers(count.join(size, how="cross")) for count in counts])
        return counted.with_columns(period=nw.lit(period))

    def _next(self, view: View, reached: Frame, step: str) -> Frame:
        """Return the members who reach a step as well: member, second (when), top."""
        events = view.events.filter(nw.col("type") == step).select("member", "second")
        pairs = events.join(reached.select("member", "top", since="second"), on="member", how="inner")
        timely = (nw.col("second") >= nw.col("since")) & (nw.col("second") - nw.col("top") <= self.within.seconds)
        return pairs.filter(timely).group_by("member", "top").agg(nw.col("second").min())


def _firsts(events: Frame, step: str) -> Frame:
    return events.filter(nw.col("type") == step).group_by("member").agg(nw.col("second").min())


@hookimpl
def siyu_register_metrics() -> Mapping[str, type[Metric]]:
    """Bring ``funnel``."""
    return {"funnel": Funnel}
