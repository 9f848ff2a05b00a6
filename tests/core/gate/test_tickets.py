from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

Judge = Callable[..., list[tuple[Any, ...]]]

HELD = [(1, "held", "a ticket is open")]


def told(kind: str, at: str, ref: str | None = "T1", member: int = 1) -> dict[str, Any]:
    return {"type": kind, "at": at, "ref": ref, "member": member}


@pytest.mark.parametrize("opening", ["complained", "ticket_opened"])
def test_marketing_waits_while_a_ticket_is_open(judge: Judge, opening: str) -> None:
    touches = [{}, {"recipient": 1, "purpose": "service"}, {"recipient": 2}]
    assert judge("tickets", touches, events=[told(opening, "2026-11-19")]) == HELD
    assert judge("tickets", touches, events=[told(opening, "2026-11-19")], gate='tickets = "ignore"') == []


def test_a_ticket_is_closed_by_its_own_number(judge: Judge) -> None:
    opened = [told("ticket_opened", "2026-11-18"), told("complained", "2026-11-18T01:00", "T2")]
    assert judge("tickets", [{}], events=[*opened, told("ticket_closed", "2026-11-19")]) == HELD
    closed = [told("ticket_closed", "2026-11-19"), told("ticket_closed", "2026-11-18T01:00", "T2")]
    assert judge("tickets", [{}], events=[*opened, *closed]) == []
    assert judge("tickets", [{}], events=[*opened, told("ticket_closed", "2026-11-19", member=2)]) == HELD


def test_the_order_of_arrival_makes_no_difference(judge: Judge) -> None:
    facts = [told("ticket_opened", "2026-11-17"), told("ticket_closed", "2026-11-18"), told("complained", "2026-11-19")]
    assert [judge("tickets", [{}], events=order) for order in permutations(facts)] == [HELD] * 6
    assert [judge("tickets", [{}], events=order) for order in permutations(facts[:2])] == [[]] * 2


def test_a_ticket_that_nobody_closes_counts_as_closed_at_last(judge: Judge) -> None:
    old = [told("ticket_opened", "2026-11-13T12:00:00")]
    gate = 'ticket_age = "7d"'
    assert judge("tickets", [{}], events=old, gate=gate) == []
    assert judge("tickets", [{}], events=old, gate=gate, now="2026-11-20T11:59:59") == HELD
    assert judge("tickets", [{}], events=old) == HELD


def test_a_complaint_without_a_number_opens_no_ticket(judge: Judge) -> None:
    events = [told("complained", "2026-11-19", None), told("complained", "2026-11-19", "")]
    assert judge("tickets", [{}], events=events) == []


def test_a_ticket_of_any_of_a_persons_ids_counts(judge: Judge) -> None:
    links = [{"a": 1, "b": 20, "evidence": "phone", "time": "2026-11-02", "undone": False}]
    events = [told("complained", "2026-11-19", member=20)]
    assert judge("tickets", [{}], events=events, links=links) == HELD
