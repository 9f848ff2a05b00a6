from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from siyu_plugins.metrics.retention import Retention

Measure = Callable[..., list[tuple[Any, ...]]]


def events(**months: str) -> list[dict[str, Any]]:
    """Two orders of each member in each of the months named, as ``m1="09 11"``."""
    return [
        {"member": int(member[1:]), "at": f"2026-{month}-{day}"}
        for member, named in months.items()
        for month in named.split()
        for day in ("03", "28")
    ]


def test_active_members_and_shares_of_cohorts(measure: Measure) -> None:
    found = measure(Retention(name="r"), events(m1="08 09 11", m2="08", m3="09 10 11", m4="11"), now="2026-12-01")
    assert found == [
        ("2026-08", "", "active", 2.0, 2),
        ("2026-08", "", "m1", 0.5, 2),
        ("2026-08", "", "m2", 0.0, 2),
        ("2026-08", "", "m3", 0.5, 2),
        ("2026-09", "", "active", 2.0, 2),
        ("2026-09", "", "m1", 1.0, 1),
        ("2026-09", "", "m2", 1.0, 1),
        ("2026-10", "", "active", 1.0, 1),
        ("2026-11", "", "active", 3.0, 3),
    ]


def test_a_share_is_given_once_its_month_is_over(measure: Measure) -> None:
    rows = events(m1="10 11")
    keys = [row[2] for row in measure(Retention(name="r"), rows, now="2026-11-30T23:59:59")]
    assert keys == ["active", "active"]
    keys = [row[2] for row in measure(Retention(name="r"), rows, now="2026-12-01")]
    assert keys == ["active", "m1", "active"]


def test_a_cohort_is_followed_for_some_months(measure: Measure) -> None:
    found = measure(Retention(name="r", months=1), events(m1="08"), now="2026-12-01")
    assert [row[2] for row in found] == ["active", "m1"]


def test_months_go_on_over_a_year(measure: Measure) -> None:
    rows = [{"member": 1, "at": "2025-12-31"}, {"member": 1, "at": "2026-01-01"}]
    found = measure(Retention(name="r", months=1), rows, now="2026-02-01")
    assert found[1] == ("2025-12", "", "m1", 1.0, 1)


def test_other_events_are_no_activity(measure: Measure) -> None:
    rows = [{"member": 1, "at": "2026-10-05", "type": "viewed"}]
    assert measure(Retention(name="r"), rows, now="2026-12-01") == []
    assert len(measure(Retention(name="r", event="viewed"), rows, now="2026-12-01")) == 2


def test_no_events_no_numbers(measure: Measure) -> None:
    assert measure(Retention(name="r"), [], now="2026-12-01") == []


def test_a_cohort_needs_a_month() -> None:
    with pytest.raises(ValueError, match="expected 1 month or more, not 0"):
        Retention(name="r", months=0)
