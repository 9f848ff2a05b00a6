from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Judge = Callable[..., list[tuple[Any, ...]]]

DAILY = 'caps = [{ times = 1, per = "day" }]'
TWICE = 'caps = [{ times = 2, per = "day" }]'


@pytest.fixture
def judged(judge: Judge) -> Judge:
    """Return what asks the limits about touches, where none has to keep a distance."""
    return lambda touches, *, gate, **more: judge("limits", touches, gate=f'distance = "0s"\n{gate}', **more)


def held(*numbers: int, cap: str) -> list[tuple[int, str, str]]:
    return [(number, "held", f"cap of {cap}") for number in numbers]


def to(member: int, **more: object) -> dict[str, Any]:
    return {"recipient": member, **more}


def before(member: int, when: str, state: str = "sent", **more: object) -> dict[str, Any]:
    return {"recipient": member, "when": when, "state": state, **more}


def reasons(verdicts: list[tuple[Any, ...]]) -> dict[int, str]:
    return {number: reason for number, _, reason in verdicts}


def test_priority_then_due_then_id_decide(judged: Judge, at: Callable[[str], int]) -> None:
    early, late = at("2026-11-20T09:00"), at("2026-11-20T10:00")
    touches = [
        to(1, priority=0),
        to(1, priority=5),
        to(1, priority=3),
        to(2, due=late),
        to(2, due=early),
        to(2, due=late),
        to(3),
        to(3),
        to(3),
    ]
    found = judged(touches, gate=TWICE)
    assert sorted(reasons(found)) == [1, 6, 9]
    assert {state for _, state, _ in found} == {"held"}


@pytest.mark.parametrize(
    ("per", "last", "first"),
    [
        # 2026-11-20 is a Friday; the brand's days, weeks and months begin at midnight in Shanghai.
        ("day", "2026-11-19T23:59:59", "2026-11-20T00:00:00"),
        ("week", "2026-11-15T23:59:59", "2026-11-16T00:00:00"),
        ("month", "2026-10-31T23:59:59", "2026-11-01T00:00:00"),
    ],
)
def test_a_span_begins_at_the_brands_midnight(judged: Judge, per: str, last: str, first: str) -> None:
    gate = f'caps = [{{ times = 1, per = "{per}" }}]'
    found = judged([to(1), to(2)], gate=gate, sent=[before(1, last), before(2, first)])
    assert list(reasons(found)) == [2]


def test_what_may_have_gone_out_uses_a_cap_and_nothing_else(judged: Judge) -> None:
    using = ["queued", "sending", "handed", "sent", "delivered", "unknown"]
    free = ["failed", "cancelled", "withdrawn", "suppressed", "held", "expired"]
    states = [*using, *free]
    sent = [before(number, "2026-11-20T08:00", state) for number, state in enumerate(states, 1)]
    found = judged([{}] * len(states), gate=DAILY, sent=sent)
    assert [states[number - 1] for number in reasons(found)] == using


def test_several_caps_hold_at_once(judged: Judge) -> None:
    gate = 'caps = [{ times = 1, per = "day" }, { times = 3, per = "week" }]'
    week = [before(1, f"2026-11-{day}T10:00") for day in (17, 18, 19)] + [
        before(2, f"2026-11-{day}T10:00") for day in (17, 18)
    ]
    found = judged([to(1), to(2), to(2)], gate=gate, sent=week)
    assert sorted(reasons(found)) == [1, 3]
    assert len(set(reasons(found).values())) == 2


def test_a_touch_that_one_cap_stops_leaves_the_others_room(judged: Judge) -> None:
    gate = 'caps = [{ times = 1, per = "day", channel = "sms" }, { times = 2, per = "day" }]'
    touches = [to(1, channel="sms", priority=9), to(1, channel="sms", priority=8), to(1), to(1)]
    assert sorted(reasons(judged(touches, gate=gate))) == [2, 4]


def test_a_cap_counts_only_its_channel_and_purpose(judged: Judge) -> None:
    gate = 'caps = [{ times = 1, per = "day", channel = "sms" }]'
    touches = [to(1, channel="sms"), to(1), to(1, channel="sms", purpose="service"), to(2, channel="sms")]
    sent = [before(1, "2026-11-20T08:00"), before(1, "2026-11-20T08:00", channel="sms", purpose="service")]
    assert judged(touches, gate=gate, sent=sent) == []
    sent.append(before(1, "2026-11-20T08:00", channel="sms"))
    assert list(reasons(judged(touches, gate=gate, sent=sent))) == [1]


def test_no_caps_hold_nothing(judged: Judge) -> None:
    assert judged([to(1)] * 9, gate="caps = []") == []


def test_more_was_sent_than_a_cap_allows_now(judged: Judge) -> None:
    sent = [before(1, "2026-11-20T08:00")] * 3
    assert list(reasons(judged([to(1), to(2)], gate=TWICE, sent=sent))) == [1]


def test_what_reached_any_id_of_a_person_counts(judged: Judge) -> None:
    links = [{"a": 1, "b": 20, "evidence": "phone", "time": "2026-11-02", "undone": False}]
    sent = [before(20, "2026-11-20T08:00")]
    assert list(reasons(judged([to(1), to(2)], gate=DAILY, sent=sent, links=links))) == [1]
