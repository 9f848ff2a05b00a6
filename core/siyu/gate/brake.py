"""The brake: a run that would send far more than any day lately is held for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.gate.rule import Desk, verdict
from siyu.moments import day_expression, period_start

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["ACTION", "TARGET", "braked"]

TARGET, ACTION = "brake", "release"
"""The control that lets a day's touches pass: ``release`` of ``brake``, on that day."""

_DAYS = 28
_SECONDS = 86400


def braked(desk: Desk, touches: Frame) -> Frame | None:
    """All touches wait when this day's would be more than so many times the most of a day of the last 28.

    They go out with the first run after a person released the brake, on that day in the brand's zone.
    """
    brake, view, zone = desk.programme.gate.brake, desk.view, desk.programme.brand.zone
    begin = period_start(zone, view.now, "day")
    if _released(view, begin):
        return None
    passed = view.receipts.filter(nw.col("state") == "queued", nw.col("time") >= begin - _DAYS * _SECONDS)
    number = view.rows(touches.select(nw.len()))[0][0]
    days = day_expression(zone, "time", begin - _DAYS * _SECONDS, view.now)
    by_day = dict(view.rows(passed.with_columns(day=days).group_by("day").agg(number=nw.len()).select("day", "number")))
    today = by_day.pop(view.today, 0)
    bound = max(brake.times * max(by_day.values(), default=0), brake.least)
    if today + number <= bound:
        return None
    words = f"the brake: {today + number} touches today, of {bound} that pass without a person"
    return verdict(touches, "held", words)


def _released(view: View, begin: int) -> bool:
    ordered = view.raw["controls"].filter(
        nw.col("target") == TARGET, nw.col("action") == ACTION, nw.col("time") >= begin, nw.col("time") <= view.now
    )
    return bool(view.rows(ordered.select("time").head(1)))
