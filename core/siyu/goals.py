"""How far the brand's goals are, by the newest numbers of its metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from siyu.frames import latest
from siyu.moments import day_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.config.tables import Goal
    from siyu.view import View

__all__ = ["PROGRESS", "progress"]

PROGRESS = ["goal", "number", "period", "value", "target", "by", "weight", "state"]

_KEY = ["metric", "period", "slice", "key"]


def progress(view: View, goals: Mapping[str, Goal]) -> list[tuple[Any, ...]]:
    """Return one row a goal: the columns of ``PROGRESS``; ``state`` is reached, open, missed or not measured."""
    if not goals:
        return []
    wanted = sorted({goal.metric for goal in goals.values()})
    newest = latest(view.measures.filter(nw.col("metric").is_in(wanted)), _KEY, ["seq"])
    numbers = {tuple(row[:4]): row[4] for row in view.rows(newest.select(*_KEY, "value"))}
    return [_row(view, name, goal, numbers) for name, goal in goals.items()]


def _row(view: View, name: str, goal: Goal, numbers: Mapping[tuple[Any, ...], float | None]) -> tuple[Any, ...]:
    periods = [
        period
        for metric, period, part, key in numbers
        if (metric, part, key) == (goal.metric, goal.slice, goal.key) and goal.period in {"", period}
    ]
    period = max(periods, default="")
    value = numbers.get((goal.metric, period, goal.slice, goal.key))
    state = _state(view, goal, value)
    by = goal.by.isoformat() if goal.by else None
    sign = "at least" if goal.better == "more" else "at most"
    number = " ".join(part for part in (goal.metric, goal.slice, goal.key) if part)
    return name, number, period, value, f"{sign} {goal.target:g}", by, goal.weight, state


def _state(view: View, goal: Goal, value: float | None) -> str:
    if value is None:
        return "not measured"
    if value >= goal.target if goal.better == "more" else value <= goal.target:
        return "reached"
    return "missed" if goal.by is not None and view.today > day_of(goal.by) else "open"
