"""The rules that look at one touch: its time, its words, its recipient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from siyu.gate import PERSONAL, RULES

Judge = Callable[..., list[tuple[Any, ...]]]
At = Callable[[str], int]


def test_a_touch_expires_at_its_until(judge: Judge, at: At) -> None:
    noon = at("2026-11-20T12:00")
    touches = [{"until": noon - 1}, {"until": noon}, {"until": noon + 1}]
    words = ("expired", "its time is over")
    assert judge("expired", touches) == [(1, *words), (2, *words)]


def test_a_touch_waits_until_it_is_due(judge: Judge, at: At) -> None:
    noon = at("2026-11-20T12:00")
    assert judge("due", [{"due": noon - 1}, {"due": noon}, {"due": noon + 1}]) == [(3, "held", "it is not due yet")]


def test_a_touch_needs_content(judge: Judge) -> None:
    touches = [{"content": None, "slot": "welcome"}, {}, {"content": None, "slot": None}]
    found = judge("content", touches)
    assert found == [(1, "suppressed", "no content fits 'welcome'"), (3, "suppressed", "no content fits ''")]


def test_a_member_must_be_known(judge: Judge) -> None:
    touches = [{}, {"recipient": 77}, {"recipient": 78, "recipient_kind": "group"}]
    found = judge("member", touches, joined={1: "2026-11-01", 77: "2026-11-21"})
    assert found == [(2, "suppressed", "the member is not known")]


def test_rules_that_look_at_one_touch_come_before_those_that_count() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    alone = {"expired", "content", "member", "opt-out", "consent", "stopped", "due", "quiet hours", "plugins"}
    assert max(map(names.index, alone)) < names.index("limits")


def test_delivery_asks_again_what_concerns_a_person() -> None:
    assert {rule.name for rule in PERSONAL} >= {"expired", "opt-out", "consent", "stopped", "quiet hours"}
