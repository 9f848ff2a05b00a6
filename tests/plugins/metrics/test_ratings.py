from __future__ import annotations

from collections.abc import Callable
from typing import Any

from siyu_plugins.metrics.ratings import Ratings

Measure = Callable[..., list[tuple[Any, ...]]]


def rated(subject: str, day: str, *scores: int | None, **more: object) -> list[dict[str, Any]]:
    base = {"type": "rated", "subject": subject, "at": f"2026-{day}", "member": 1, **more}
    return [{**base, "amount": score} for score in scores]


def test_csat_is_the_share_of_the_two_best(measure: Measure) -> None:
    events = [*rated("csat", "10-05", 1, 3, 4, 5, 5), *rated("csat", "11-05", 3)]
    assert measure(Ratings(name="r"), events, now="2026-11-20") == [
        ("2026-10", "", "csat", 0.6, 5),
        ("2026-11", "", "csat", 0.0, 1),
    ]


def test_nps_is_promoters_less_detractors(measure: Measure) -> None:
    events = rated("nps", "11-05", 10, 9, 9, 8, 7, 6, 0, 10)
    assert measure(Ratings(name="r", per="total"), events, now="2026-11-20") == [("lifetime", "", "nps", 25.0, 8)]
    assert measure(Ratings(name="r", per="total"), rated("nps", "11-05", 0, 6), now="2026-11-20") == [
        ("lifetime", "", "nps", -100.0, 2)
    ]


def test_each_entry_has_its_own(measure: Measure) -> None:
    events = [*rated("nps", "11-05", 10, entry="wecom"), *rated("nps", "11-05", 3), *rated("csat", "11-05", 4)]
    assert measure(Ratings(name="r", by="entry"), events, now="2026-11-20") == [
        ("2026-11", "", "csat", 1.0, 1),
        ("2026-11", "", "nps", -100.0, 1),
        ("2026-11", "wecom", "nps", 100.0, 1),
    ]


def test_what_is_off_the_scale_is_left_out(measure: Measure) -> None:
    events = [*rated("csat", "11-05", 0, 6, 50, None), *rated("nps", "11-05", -1, 11, None), *rated("tea", "11-05", 5)]
    assert measure(Ratings(name="r"), events, now="2026-11-20") == []
