from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from siyu_plugins.metrics.cac import AcquisitionCost

Measure = Callable[..., list[tuple[Any, ...]]]


def day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def cost(on: str, amount: int, entry: str | None = "wecom") -> dict[str, Any]:
    return {"day": day(on), "entry": entry, "amount": amount}


def joined(member: int, at: str, entry: str | None = "wecom") -> dict[str, Any]:
    return {"member": member, "type": "joined", "at": at, "entry": entry}


def test_costs_over_new_members_by_entry_and_month(measure: Measure) -> None:
    costs = [
        cost("2026-10-01", 5000),
        cost("2026-10-31", 1001),
        cost("2026-11-01", 900),
        cost("2026-11-02", 700, "mini"),
    ]
    events = [
        joined(1, "2026-10-20"),
        joined(2, "2026-10-31"),
        joined(3, "2026-11-01"),
        joined(4, "2026-11-30", "mini"),
        joined(5, "2026-11-05", "mini"),
    ]
    found = measure(AcquisitionCost(name="cac"), events, now="2026-12-01", costs=costs)
    assert found == [
        ("2026-10", "wecom", "cost_per_member", 3000.5, 2),
        ("2026-11", "mini", "cost_per_member", 350.0, 2),
        ("2026-11", "wecom", "cost_per_member", 900.0, 1),
    ]


def test_without_costs_or_new_members_there_is_no_number(measure: Measure) -> None:
    costs = [cost("2026-10-20", 500, "mini"), cost("2026-10-20", 500, None), cost("2026-11-20", 500)]
    events = [joined(1, "2026-10-20"), joined(2, "2026-10-20", None)]
    found = measure(AcquisitionCost(name="cac"), events, now="2026-12-01", costs=costs)
    assert found == []


def test_no_rows_no_numbers(measure: Measure) -> None:
    assert measure(AcquisitionCost(name="cac"), [], now="2026-12-01") == []
