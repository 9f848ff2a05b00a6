from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import pytest

from siyu.kinds import Frame
from siyu.testing.views import work
from siyu.work import Work

Made: TypeAlias = "Callable[..., Work]"

BRAND = """
[brand]
name = "Tea"
zone = "Asia/Shanghai"
region = "CN"
[attribute]
taste = { type = "text", purpose = "match content" }
cups = { type = "integer", purpose = "match content" }
[feature]
orders = { count = "ordered" }
[tagger.value]
use = "rules"
[tagger.value.when]
buyer = "orders >= 1"
fan = "orders >= 2"
[tagger.other]
use = "rules"
[tagger.other.when]
quiet = "tag('buyer') and orders == 1"
"""
NOW = "2026-11-20T12:00"


@pytest.fixture(params=["duckdb", "polars"])
def passing(request: pytest.FixtureRequest) -> Made:
    """Return what makes a pass over events, and other tables; events are numbered from 1."""

    def made(events: Sequence[dict[str, Any]], **tables: Sequence[dict[str, Any]]) -> Work:
        return work(BRAND, {"events": events, **tables}, NOW, request.param)

    return made


def event(member: int, at: str, kind: str = "ordered", **more: object) -> dict[str, Any]:
    return {"member": member, "type": kind, "at": at, **more}


def profile(member: int, at: str, **said: object) -> dict[str, Any]:
    return event(member, at, "profiled", props=json.dumps(said))


def rows(made: Work, frame: Frame, *columns: str) -> list[tuple[Any, ...]]:
    return sorted(made.session.engine.rows(frame.select(*columns)), key=repr)


def test_a_member_is_what_the_log_says(passing: Made) -> None:
    made = passing(
        [
            event(1, "2026-11-03T23:59", entry="shop", place="store-1"),
            event(1, "2026-11-05", "joined", entry="wecom"),
            event(1, "2026-11-06", "viewed", entry="live", place="store-2"),
            event(1, "2026-11-07", "viewed", entry="live"),
            event(2, "2026-11-01T00:00", "viewed", entry="shop"),
            event(3, "2026-11-20T12:00:01", "joined", entry="shop"),
        ]
    )
    found = rows(made, made.view.members, "member", "entry", "joined", "place", "region", "orders")
    assert found == [(1, "shop", 20762, "store-2", "CN", 1), (2, "shop", 20758, None, "CN", 0)]


def test_the_last_declaration_of_each_attribute_counts(passing: Made) -> None:
    made = passing(
        [
            profile(1, "2026-11-03", taste="green", cups=2, zone="Europe/Berlin"),
            profile(1, "2026-11-05", taste="black"),
            profile(1, "2026-11-04", taste="white", cups="three", region="DE"),
            profile(2, "2026-11-04", colour="red"),
            event(2, "2026-11-04", "profiled", props="{broken"),
        ]
    )
    found = rows(made, made.view.members, "member", "taste", "cups", "zone", "region")
    assert found == [(1, "black", 2, "Europe/Berlin", "DE"), (2, None, None, None, "CN")]


def test_linked_ids_are_one_member(passing: Made) -> None:
    links = [
        {"a": 3, "b": 2, "evidence": "phone", "time": 1, "undone": False},
        {"a": 4, "b": 3, "evidence": "phone", "time": 1, "undone": False},
        {"a": 5, "b": 6, "evidence": "phone", "time": 1, "undone": False},
        {"a": 6, "b": 5, "evidence": "mistake", "time": 2, "undone": True},
    ]
    events = [event(member, f"2026-11-0{member}") for member in (1, 2, 3, 4, 5, 6)]
    made = passing(events, links=links)
    assert rows(made, made.view.members, "member", "orders") == [(1, 1), (2, 3), (5, 1), (6, 1)]
    assert rows(made, made.view.tags, "member", "tag") == [
        (1, "buyer"), (1, "quiet"), (2, "buyer"), (2, "fan"), (5, "buyer"), (5, "quiet"), (6, "buyer"), (6, "quiet"),
    ]  # fmt: skip


def test_nobody_has_no_tags(passing: Made) -> None:
    made = passing([])
    assert rows(made, made.view.members, "member") == []
    assert rows(made, made.view.tags, "member") == []
