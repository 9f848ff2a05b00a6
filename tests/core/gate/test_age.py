"""The age gate by region; the rest of it is asked in ``test_limits``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Judge = Callable[..., list[tuple[Any, ...]]]

REGIONS = "age = { least = 18, regions = { DE = 16, KR = 19 } }"


def born(member: int, year: int | None, region: str | None) -> dict[str, Any]:
    said = {"birth_year": year, "region": region}
    return {"type": "profiled", "at": "2026-09-01", "member": member, "props": json.dumps(said)}


def test_the_least_age_is_that_of_the_members_region(judge: Judge) -> None:
    events = [
        born(1, 2009, "DE"),
        born(2, 2010, "DE"),
        born(3, 2009, "CN"),
        born(4, 2007, "CN"),
        born(5, 2007, "KR"),
        born(6, None, "DE"),
    ]
    assert judge("age", [{}] * 6, gate=REGIONS, events=events) == [
        (2, "suppressed", "younger than 16"),
        (3, "suppressed", "younger than 18"),
        (5, "suppressed", "younger than 19"),
        (6, "suppressed", "the age is not known"),
    ]


def test_of_an_unknown_region_the_greatest_holds(judge: Judge) -> None:
    events = [born(1, 2007, None), born(2, 2006, None)]
    assert judge("age", [{}, {}], gate=REGIONS, events=events) == [(1, "suppressed", "younger than 19")]


def test_minors_of_any_age_get_no_marketing_and_who_is_grown_up_does(judge: Judge) -> None:
    # Who turns 18 in the course of the year counts as younger until it is over.
    events = [born(member, 2026 - age, "CN") for member, age in enumerate((13, 14, 17, 18, 19), 1)]
    touches: list[dict[str, Any]] = [{}] * 5 + [{"recipient": 1, "purpose": "service"}]
    found = judge("age", touches, gate="age = { least = 18 }", events=events)
    assert found == [(number, "suppressed", "younger than 18") for number in (1, 2, 3, 4)]
