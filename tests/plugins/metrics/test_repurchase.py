from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from siyu_plugins.metrics.repurchase import Repurchase

Measure = Callable[..., list[tuple[Any, ...]]]


def orders(member: int, *days: str) -> list[dict[str, Any]]:
    return [{"member": member, "at": f"2026-11-{day}"} for day in days]


def test_share_median_and_mean(measure: Measure) -> None:
    events = [*orders(1, "01", "04", "05", "15"), *orders(2, "02", "06"), *orders(3, "09")]
    assert measure(Repurchase(name="r"), events, now="2026-11-20") == [
        ("lifetime", "", "mean_days", 4.5, 4),
        ("lifetime", "", "median_days", 3.5, 4),
        ("lifetime", "", "share", 2 / 3, 3),
    ]


def test_several_purchases_of_a_day_are_one(measure: Measure) -> None:
    events = orders(1, "01T08:00", "01T23:59")
    assert measure(Repurchase(name="r"), events, now="2026-11-20") == [("lifetime", "", "share", 0.0, 1)]


def test_only_the_newest_days(measure: Measure) -> None:
    events = [*orders(1, "01", "11", "13"), *orders(2, "10", "20")]
    assert measure(Repurchase(name="r", days=10), events, now="2026-11-20T08:00") == [
        ("10d", "", "mean_days", 2.0, 1),
        ("10d", "", "median_days", 2.0, 1),
        ("10d", "", "share", 0.5, 2),
    ]


def test_other_events_are_no_purchases(measure: Measure) -> None:
    events = [*orders(1, "01"), {"member": 1, "type": "viewed", "at": "2026-11-03"}]
    assert measure(Repurchase(name="r"), events, now="2026-11-20") == [("lifetime", "", "share", 0.0, 1)]
    assert measure(Repurchase(name="r", event="viewed"), events, now="2026-11-20") == [
        ("lifetime", "", "share", 0.0, 1)
    ]


def test_no_events_no_numbers(measure: Measure) -> None:
    assert measure(Repurchase(name="r"), [], now="2026-11-20") == []


def test_it_needs_a_day() -> None:
    with pytest.raises(ValueError, match="expected 1 day or more, not 0"):
        Repurchase(name="r", days=0)
