"""How much staff are asked to send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Judge = Callable[..., list[tuple[Any, ...]]]

CAP = 'distance = "0s"\ncaps = [{ times = 2, per = "day", each = "sender" }]'
WORDS = "cap of 2 a day by each sender"


def test_each_sender_has_a_load_of_their_own(judge: Judge) -> None:
    touches = [
        {"sender": "ann"},
        {"sender": "ann", "priority": 5},
        {"sender": "ann"},
        {"sender": "bob"},
        {"sender": "ann", "purpose": "service"},
        {},
    ]
    assert judge("load", touches, gate=CAP) == [(3, "held", WORDS)]
    assert judge("limits", touches, gate=CAP) == []
    assert judge("load", touches, gate='caps = [{ times = 1, per = "day" }]') == []


def test_what_waits_for_a_sender_uses_a_place_and_what_went_yesterday_does_not(judge: Judge) -> None:
    sent = [
        {"sender": "ann", "recipient": 50, "state": "handed", "when": "2026-11-17T12:00"},
        {"sender": "bob", "recipient": 51, "state": "sent", "when": "2026-11-19T12:00"},
        {"sender": "bob", "recipient": 52, "state": "sent", "when": "2026-11-20T08:00"},
        {"sender": "cyd", "recipient": 53, "state": "failed", "when": "2026-11-20T08:00"},
        {"sender": "cyd", "recipient": 54, "state": "cancelled", "when": "2026-11-20T08:00"},
    ]
    touches = [{"sender": name} for name in ("ann", "ann", "bob", "bob", "cyd", "cyd")]
    assert judge("load", touches, gate=CAP, sent=sent) == [(2, "held", WORDS), (4, "held", WORDS)]


def test_two_limits_are_asked_one_after_the_other(judge: Judge) -> None:
    caps = CAP[:-1] + ', { times = 1, within = "48h", each = "sender", channel = "sms" }]'
    touches = [{"sender": "ann", "channel": "sms"}, {"sender": "ann", "channel": "sms"}, {"sender": "ann"}]
    found = judge("load", touches, gate=caps)
    assert [(number, words) for number, _, words in found] == [
        (2, "cap of 1 within 2d by each sender by sms"),
        (3, WORDS),
    ]
