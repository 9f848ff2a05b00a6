from __future__ import annotations

from collections.abc import Callable
from typing import Any

from siyu_plugins.metrics.redemption import Redemption

Measure = Callable[..., list[tuple[Any, ...]]]


def happened(kind: str, subject: str | None, member: int, day: int) -> dict[str, Any]:
    return {"type": kind, "subject": subject, "member": member, "at": f"2026-11-{day:02}"}


def test_pairs_are_counted_and_not_events(measure: Measure) -> None:
    events = [
        happened("targeted", "a", 1, 1),
        happened("targeted", "a", 1, 3),
        happened("targeted", "a", 2, 1),
        happened("targeted", "b", 1, 5),
        happened("redeemed", "a", 1, 1),
        happened("redeemed", "a", 1, 2),
        # Before its offer, and without one.
        happened("redeemed", "b", 1, 4),
        happened("redeemed", "b", 2, 6),
        happened("viewed", "a", 2, 6),
    ]
    assert measure(Redemption(name="r"), events, now="2026-11-20") == [
        ("lifetime", "", "offered", 3.0, 3),
        ("lifetime", "", "rate", 1 / 3, 3),
        ("lifetime", "", "redeemed", 1.0, 1),
        ("lifetime", "", "unoffered", 1.0, 1),
        ("lifetime", "a", "offered", 2.0, 2),
        ("lifetime", "a", "rate", 0.5, 2),
        ("lifetime", "a", "redeemed", 1.0, 1),
        ("lifetime", "a", "unoffered", 0.0, 0),
        ("lifetime", "b", "offered", 1.0, 1),
        ("lifetime", "b", "rate", 0.0, 1),
        ("lifetime", "b", "redeemed", 0.0, 0),
        ("lifetime", "b", "unoffered", 1.0, 1),
    ]


def test_without_offers_there_is_no_rate(measure: Measure) -> None:
    found = measure(Redemption(name="r"), [happened("redeemed", None, 1, 1)], now="2026-11-20")
    assert [row[1:4] for row in found] == [("", "offered", 0.0), ("", "redeemed", 0.0), ("", "unoffered", 1.0)]
    assert measure(Redemption(name="r"), [], now="2026-11-20") == []
