from __future__ import annotations

from collections.abc import Callable
from typing import Any

Judge = Callable[..., list[tuple[Any, ...]]]

TOUCHES = [{"campaign": "tea"}, {"campaign": "cups"}, {"campaign": "cups", "channel": "sms"}]


def order(target: str, action: str, actor: str | None = "Li") -> dict[str, Any]:
    return {"target": target, "action": action, "actor": actor, "time": "2026-11-19"}


def test_stops_hold_what_they_name(judge: Judge) -> None:
    stops = [order("campaign:tea", "stop"), order("channel:sms", "stop", None)]
    assert judge("stopped", TOUCHES, controls=stops) == [
        (1, "held", "stopped by Li"),
        (3, "held", "stopped by somebody"),
    ]


def test_all_is_stopped(judge: Judge) -> None:
    assert [number for number, *_ in judge("stopped", TOUCHES, controls=[order("all", "stop")])] == [1, 2, 3]


def test_the_newest_order_for_a_target_counts(judge: Judge) -> None:
    orders = [
        order("campaign:tea", "stop"),
        order("all", "stop"),
        order("all", "resume"),
        order("campaign:cups", "resume"),
        order("campaign:cups", "stop"),
        order("campaign:cups", "approve"),
    ]
    assert [number for number, *_ in judge("stopped", TOUCHES, controls=orders)] == [1, 2, 3]
    resumed = [*orders, order("campaign:tea", "resume"), order("campaign:cups", "resume")]
    assert judge("stopped", TOUCHES, controls=resumed) == []


def test_two_stops_give_one_verdict(judge: Judge) -> None:
    stops = [order("campaign:cups", "stop", "Wu"), order("channel:sms", "stop", "An"), order("all", "stop", "Li")]
    found = judge("stopped", TOUCHES, controls=stops)
    assert [number for number, *_ in found] == [1, 2, 3]
    assert found[2] == (3, "held", "stopped by An")
