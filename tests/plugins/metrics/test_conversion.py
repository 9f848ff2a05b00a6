from __future__ import annotations

from collections.abc import Callable
from typing import Any

from siyu.config.units import Duration
from siyu_plugins.metrics._numbers import Happening
from siyu_plugins.metrics.conversion import Conversion

Measure = Callable[..., list[tuple[Any, ...]]]

DAY = 86_400


def conversion(**more: object) -> Conversion:
    given: dict[str, Any] = {"name": "c", "of": Happening(event="joined"), "to": Happening(event="ordered"), **more}
    return Conversion(**given)


def joined(member: int, at: str, entry: str | None = "wecom") -> dict[str, Any]:
    return {"type": "joined", "member": member, "at": at, "entry": entry}


def ordered(member: int, at: str, **more: object) -> dict[str, Any]:
    return {"type": "ordered", "member": member, "at": at, "entry": "shop", **more}


EVENTS = [
    joined(1, "2026-10-31T23:59"),
    joined(2, "2026-11-01T00:00"),
    joined(3, "2026-11-02", "mini"),
    joined(4, "2026-11-30", None),
    joined(1, "2026-11-05"),
    ordered(1, "2026-10-31T23:59"),
    ordered(1, "2026-12-01"),
    ordered(2, "2026-10-31"),
    ordered(3, "2026-11-20"),
    ordered(4, "2026-12-30"),
    ordered(5, "2026-12-30"),
]


def test_by_month_of_the_first_event(measure: Measure) -> None:
    assert measure(conversion(), EVENTS, now="2026-12-31") == [
        ("2026-10", "", "ordered", 1.0, 1),
        ("2026-11", "", "ordered", 2 / 3, 3),
    ]


def test_within_a_time(measure: Measure) -> None:
    found = measure(conversion(within=Duration(18 * DAY), per="total"), EVENTS, now="2026-12-31")
    assert found == [("lifetime", "", "ordered", 0.5, 4)]
    found = measure(conversion(within=Duration(18 * DAY - 1), per="total"), EVENTS, now="2026-12-31")
    assert found == [("lifetime", "", "ordered", 0.25, 4)]


def test_by_week_and_entry(measure: Measure) -> None:
    assert measure(conversion(per="week", by="entry"), EVENTS, now="2026-12-31") == [
        ("2026-10-26", "wecom", "ordered", 0.5, 2),
        ("2026-11-02", "mini", "ordered", 1.0, 1),
        ("2026-11-30", "", "ordered", 1.0, 1),
    ]


def test_of_one_type_the_second_must_be_later(measure: Measure) -> None:
    again = conversion(of=Happening(event="ordered"), per="total")
    events = [ordered(1, "2026-11-01"), ordered(1, "2026-11-01"), ordered(2, "2026-11-01"), ordered(2, "2026-11-02")]
    assert measure(again, events, now="2026-12-31") == [("lifetime", "", "ordered", 0.5, 2)]


def test_only_some_events_count(measure: Measure) -> None:
    tea = conversion(of=Happening(event="joined", entry="wecom"), to=Happening(event="ordered", subject="tea"))
    events = [
        joined(1, "2026-11-01"),
        joined(2, "2026-11-01", "mini"),
        joined(3, "2026-11-01"),
        ordered(1, "2026-11-02", subject="tea"),
        ordered(3, "2026-11-02", subject="cups"),
    ]
    assert measure(tea, events, now="2026-12-31") == [("2026-11", "", "ordered", 0.5, 2)]


def test_the_entry_of_a_tie_is_that_of_the_lower_id(measure: Measure) -> None:
    events = [joined(1, "2026-11-01", "wecom"), joined(1, "2026-11-01", "mini")]
    assert measure(conversion(by="entry"), events, now="2026-12-31") == [("2026-11", "wecom", "ordered", 0.0, 1)]


def test_no_events_no_numbers(measure: Measure) -> None:
    for per in ("week", "month", "total"):
        assert measure(conversion(per=per), [], now="2026-12-31") == []
