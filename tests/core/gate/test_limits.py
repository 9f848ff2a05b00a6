"""The rules that issue no cap and ask no consent: age, distance, allow-list, environment, brake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Judge = Callable[..., list[tuple[Any, ...]]]


def born(year: int) -> dict[str, Any]:
    return {"type": "profiled", "at": "2026-09-01", "props": f'{{"birth_year": {year}}}'}


@pytest.mark.parametrize(("year", "young"), [(2007, False), (2008, True), (2009, True), (2010, True)])
def test_whoever_may_be_too_young_gets_no_marketing(judge: Judge, year: int, *, young: bool) -> None:
    events = [{**born(year), "member": 1}, {**born(year), "member": 2}]
    found = judge("age", [{}, {"purpose": "service"}], gate="age = { least = 18 }", events=events)
    assert found == ([(1, "suppressed", "younger than 18")] if young else [])


def test_an_unknown_age_counts_as_the_config_says(judge: Judge) -> None:
    assert judge("age", [{}], gate="age = { least = 18 }") == [(1, "suppressed", "the age is not known")]
    assert judge("age", [{}], gate='age = { least = 18, unknown = "allow" }') == []
    assert judge("age", [{}]) == []


def test_two_messages_keep_their_distance(judge: Judge) -> None:
    sent = [
        {"recipient": 1, "state": "sent", "when": "2026-11-20T08:00:01"},
        {"recipient": 2, "state": "sent", "when": "2026-11-20T08:00:00"},
        {"recipient": 3, "state": "failed", "when": "2026-11-20T11:00"},
        {"recipient": 4, "state": "sent", "when": "2026-11-20T11:00", "purpose": "service"},
    ]
    found = judge("limits", [{}, {}, {}, {}], gate='caps = []\ndistance = "4h"', sent=sent)
    assert found == [(1, "held", "less than 4h after another message")]


def test_of_several_at_once_the_first_goes(judge: Judge) -> None:
    touches = [
        {"recipient": 7},
        {"recipient": 7, "priority": 1},
        {"recipient": 7, "purpose": "service"},
        {"recipient": 8},
    ]
    assert [number for number, *_ in judge("limits", touches, gate='caps = []\ndistance = "1h"')] == [1]
    assert judge("limits", touches, gate='caps = []\ndistance = "0s"') == []


def test_the_brake_holds_a_run_that_sends_far_more_than_any_day_lately(judge: Judge) -> None:
    sent = [{"recipient": 50 + one, "state": "sent", "when": "2026-11-10T12:00"} for one in range(2)]
    touches = [{"recipient": one} for one in range(1, 8)]
    gate = "brake = { times = 3, least = 1 }"
    words = "the brake: 7 touches today, of 6 that pass without a person"
    assert judge("brake", touches, gate=gate, sent=sent) == [(one, "held", words) for one in range(1, 8)]
    assert judge("brake", touches[:6], gate=gate, sent=sent) == []
    # What went out earlier today counts, what went out more than 28 days ago does not.
    today = [*sent, {"recipient": 60, "state": "sent", "when": "2026-11-20T08:00"}]
    assert len(judge("brake", touches[:6], gate=gate, sent=today)) == 6
    old = [{**row, "when": "2026-10-20T12:00"} for row in sent]
    assert len(judge("brake", touches[:2], gate=gate, sent=old)) == 2
    assert judge("brake", touches, gate="brake = { least = 7 }", sent=sent) == []


def test_a_person_releases_the_brake_for_the_day(judge: Judge) -> None:
    touches = [{"recipient": one} for one in range(1, 5)]
    order = {"target": "brake", "action": "release", "actor": "Li"}
    gate = "brake = { times = 1, least = 1 }"
    assert judge("brake", touches, gate=gate, controls=[{**order, "time": "2026-11-20T09:00"}]) == []
    assert len(judge("brake", touches, gate=gate, controls=[{**order, "time": "2026-11-19T09:00"}])) == 4
