from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from siyu.config.units import Duration
from siyu_plugins.metrics.funnel import Funnel

Measure = Callable[..., list[tuple[Any, ...]]]

HOUR = 3_600


def funnel(**more: object) -> Funnel:
    given: dict[str, Any] = {"name": "path", "steps": ("viewed", "ordered", "paid"), **more}
    return Funnel(**given)


def did(kind: str, member: int, at: str) -> dict[str, Any]:
    return {"type": kind, "member": member, "at": f"2026-11-{at}"}


def values(rows: list[tuple[Any, ...]]) -> dict[str, tuple[float, int]]:
    return {key: (value, n) for _, _, key, value, n in rows}


def test_members_at_each_step(measure: Measure) -> None:
    events = [
        did("viewed", 1, "10T10:00"),
        did("ordered", 1, "10T11:00"),
        did("paid", 1, "10T11:00"),
        did("viewed", 2, "10T10:00"),
        did("ordered", 2, "11T10:00"),
        did("viewed", 3, "12T10:00"),
        did("ordered", 4, "12T10:00"),
    ]
    assert measure(funnel(), events, now="2026-11-20") == [
        ("30d", "", "ordered", 2.0, 3),
        ("30d", "", "paid", 1.0, 3),
        ("30d", "", "viewed", 3.0, 3),
    ]


def test_a_step_out_of_order_does_not_count_but_a_later_one_does(measure: Measure) -> None:
    early = [did("viewed", 1, "10T10:00"), did("ordered", 1, "10T09:59:59")]
    assert values(measure(funnel(), early, now="2026-11-20"))["ordered"] == (0.0, 1)
    again = [*early, did("ordered", 1, "10T10:00")]
    assert values(measure(funnel(), again, now="2026-11-20"))["ordered"] == (1.0, 1)


def test_a_step_is_skipped_by_nobody(measure: Measure) -> None:
    events = [did("viewed", 1, "10T10:00"), did("paid", 1, "10T11:00")]
    assert values(measure(funnel(), events, now="2026-11-20"))["paid"] == (0.0, 1)


def test_all_steps_count_within_the_time_from_the_top(measure: Measure) -> None:
    events = [did("viewed", 1, "10T10:00"), did("ordered", 1, "10T11:00"), did("paid", 1, "10T12:00:01")]
    slow = values(measure(funnel(within=Duration(2 * HOUR)), events, now="2026-11-20"))
    assert slow == {"viewed": (1.0, 1), "ordered": (1.0, 1), "paid": (0.0, 1)}
    assert values(measure(funnel(within=Duration(2 * HOUR + 1)), events, now="2026-11-20"))["paid"] == (1.0, 1)


def test_the_top_is_counted_over_the_newest_days(measure: Measure) -> None:
    events = [did("viewed", 1, "10T23:59"), did("viewed", 2, "11T00:00"), did("viewed", 3, "20T12:00")]
    rows = measure(funnel(days=10), events, now="2026-11-20T12:00")
    assert rows[-1] == ("10d", "", "viewed", 2.0, 2)


def test_an_empty_top(measure: Measure) -> None:
    assert measure(funnel(), [], now="2026-11-20") == [
        ("30d", "", "ordered", 0.0, 0),
        ("30d", "", "paid", 0.0, 0),
        ("30d", "", "viewed", 0.0, 0),
    ]


def test_what_is_no_funnel_is_refused() -> None:
    for steps in ((), ("viewed",), ("viewed", "viewed")):
        with pytest.raises(ValueError, match="expected two different events or more"):
            funnel(steps=steps)
    with pytest.raises(ValueError, match="expected 1 day or more, not 0"):
        funnel(days=0)
