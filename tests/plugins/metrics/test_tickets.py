from __future__ import annotations

from collections.abc import Callable
from typing import Any

from siyu_plugins.metrics.tickets import Tickets

Measure = Callable[..., list[tuple[Any, ...]]]


def told(kind: str, at: str, ref: str | None, member: int = 1, **more: object) -> dict[str, Any]:
    return {"type": kind, "at": f"2026-{at}", "ref": ref, "member": member, **more}


def test_the_share_that_is_closed_and_how_long_it_took(measure: Measure) -> None:
    events = [
        told("ticket_closed", "11-02T10:00", "a"),
        told("ticket_opened", "11-01T10:00", "a"),
        told("complained", "11-03T10:00", "b", member=2),
        told("ticket_opened", "11-03T12:00", "b", member=2),
        told("ticket_closed", "11-03T16:00", "b", member=2),
        told("ticket_opened", "11-04T10:00", "c", member=3),
        told("ticket_closed", "11-05T10:00", "c", member=4),
    ]
    assert measure(Tickets(name="t"), events, now="2026-11-20") == [
        ("2026-11", "", "closed", 2 / 3, 3),
        ("2026-11", "", "mean_hours", 15.0, 2),
        ("2026-11", "", "median_hours", 15.0, 2),
    ]


def test_what_is_opened_again_is_open(measure: Measure) -> None:
    again = [
        told("ticket_opened", "10-31T10:00", "a", entry="wecom"),
        told("ticket_closed", "11-01T10:00", "a"),
        told("ticket_opened", "11-02T10:00", "a", entry="shop"),
    ]
    monthly = Tickets(name="t", by="entry")
    assert measure(monthly, again, now="2026-11-20") == [("2026-10", "wecom", "closed", 0.0, 1)]
    closed = [*again, told("ticket_closed", "11-02T10:00", "a")]
    assert measure(monthly, closed, now="2026-11-20") == [
        ("2026-10", "wecom", "closed", 1.0, 1),
        ("2026-10", "wecom", "mean_hours", 48.0, 1),
        ("2026-10", "wecom", "median_hours", 48.0, 1),
    ]


def test_what_has_no_number_is_no_ticket(measure: Measure) -> None:
    events = [
        told("complained", "11-01", None),
        told("ticket_opened", "11-01", ""),
        told("ticket_closed", "11-01", "x"),
    ]
    assert measure(Tickets(name="t"), events, now="2026-11-20") == []
