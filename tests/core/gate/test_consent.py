from __future__ import annotations

from collections.abc import Callable
from typing import Any

Judge = Callable[..., list[tuple[Any, ...]]]

REFUSED = ("suppressed", "consent was withdrawn")
UNKNOWN = ("suppressed", "no consent is known")
MARKETING, SERVICE = {"purpose": "marketing"}, {"purpose": "service"}


def said(member: int, state: str, time: str, channel: str | None = None, purpose: str | None = None) -> dict[str, Any]:
    return {"member": member, "state": state, "time": time, "channel": channel, "purpose": purpose}


def unsubscribed(member: int, at: str, channel: str | None = None) -> dict[str, Any]:
    return {"type": "unsubscribed", "member": member, "at": at, "subject": channel}


def ids(verdicts: list[tuple[Any, ...]]) -> list[int]:
    return [verdict[0] for verdict in verdicts]


def test_a_withdrawal_concerns_its_channel_and_purpose(judge: Judge) -> None:
    touches = [
        {"channel": "wecom"},
        {"channel": "sms"},
        {**SERVICE},
        {"channel": "sms"},
        {**SERVICE},
        {"channel": "sms"},
    ]
    withdrawn = [
        said(1, "withdrawn", "2026-11-02", "wecom", "marketing"),
        said(2, "withdrawn", "2026-11-02", "wecom", "marketing"),
        said(3, "withdrawn", "2026-11-02", "wecom", "marketing"),
        said(4, "withdrawn", "2026-11-02", None, "marketing"),
        said(5, "withdrawn", "2026-11-02", "*", "*"),
    ]
    assert judge("opt-out", touches, consents=withdrawn) == [(1, *REFUSED), (4, *REFUSED), (5, *REFUSED)]


def test_the_newest_statement_of_a_channel_and_purpose_counts(judge: Judge) -> None:
    statements = [
        said(1, "withdrawn", "2026-11-02", "wecom", "marketing"),
        said(1, "granted", "2026-11-03", "wecom", "marketing"),
        said(2, "granted", "2026-11-03", "wecom", "marketing"),
        said(2, "withdrawn", "2026-11-02", "wecom", "marketing"),
        said(3, "granted", "2026-11-02", "wecom", "marketing"),
        said(3, "withdrawn", "2026-11-03", "wecom", "marketing"),
        said(4, "granted", "2026-11-02", "wecom", "marketing"),
        said(4, "withdrawn", "2026-11-20T12:00:01", "wecom", "marketing"),
    ]
    assert ids(judge("opt-out", [{}] * 4, consents=statements)) == [3]
    assert ids(judge("opt-out", [{}] * 4, consents=statements, now="2026-11-20T12:00:01")) == [3, 4]


def test_a_grant_for_less_takes_no_withdrawal_back(judge: Judge) -> None:
    statements = [
        said(1, "withdrawn", "2026-11-02"),
        said(1, "granted", "2026-11-03", "wecom", "marketing"),
        said(2, "withdrawn", "2026-11-02", "wecom", "marketing"),
        said(2, "granted", "2026-11-03"),
    ]
    assert ids(judge("opt-out", [{}, {}], consents=statements)) == [1, 2]


def test_of_one_moment_the_withdrawal_counts_in_whatever_order(judge: Judge) -> None:
    both = [said(1, "granted", "2026-11-02", "wecom"), said(1, "withdrawn", "2026-11-02", "wecom")]
    assert ids(judge("opt-out", [{}], consents=both)) == [1]
    assert ids(judge("opt-out", [{}], consents=both[::-1])) == [1]


def test_who_unsubscribed_gets_nothing_until_a_later_consent(judge: Judge) -> None:
    events = [
        unsubscribed(1, "2026-11-05", "wecom"),
        unsubscribed(2, "2026-11-05", "sms"),
        unsubscribed(3, "2026-11-05"),
        unsubscribed(4, "2026-11-05", "wecom"),
        unsubscribed(5, "2026-11-05", "wecom"),
        unsubscribed(6, "2026-11-05", "wecom"),
        unsubscribed(7, "2026-11-05", "wecom"),
        unsubscribed(7, "2026-11-07", "wecom"),
    ]
    statements = [
        said(4, "granted", "2026-11-06", "wecom", "marketing"),
        said(5, "granted", "2026-11-05", "wecom", "marketing"),
        said(6, "granted", "2026-11-06", "sms", "marketing"),
        said(7, "granted", "2026-11-06", "wecom", "marketing"),
    ]
    touches = [{}, {}, SERVICE, {}, {}, {}, {}]
    assert ids(judge("opt-out", touches, events=events, consents=statements)) == [1, 3, 5, 6, 7]


def test_a_marketing_touch_needs_a_grant(judge: Judge) -> None:
    statements = [
        said(2, "granted", "2026-11-02", "wecom", "marketing"),
        said(3, "granted", "2026-11-02", "sms", "marketing"),
        said(4, "granted", "2026-11-02", "wecom", "service"),
        said(5, "granted", "2026-11-02"),
        said(6, "granted", "2026-11-02", "wecom", "marketing"),
        said(6, "unknown", "2026-11-03", "wecom", "marketing"),
        said(8, "granted", "2026-11-21", "wecom", "marketing"),
    ]
    touches = [{}, {}, {}, {}, {}, {}, SERVICE, {}]
    found = judge("consent", touches, consents=statements)
    assert found == [(number, *UNKNOWN) for number in (1, 3, 4, 6, 8)]


def test_the_config_may_ask_for_no_grant(judge: Judge) -> None:
    assert judge("consent", [{}], gate='consent = "unless-withdrawn"') == []


def test_a_basis_stands_for_a_grant_of_members_from_before(judge: Judge) -> None:
    basis = 'basis = { source = "shop", date = 2026-11-10, proof = "archive" }'
    joined = {1: "2026-11-09T23:59", 2: "2026-11-10T00:00"}
    assert ids(judge("consent", [{}, {}], gate=basis, joined=joined)) == [2]
    withdrawn = [said(1, "withdrawn", "2026-11-02", "wecom", "marketing")]
    assert ids(judge("opt-out", [{}, {}], gate=basis, joined=joined, consents=withdrawn)) == [1]


def test_consents_of_a_person_count_whichever_id_gave_them(judge: Judge) -> None:
    links = [{"a": 1, "b": 20, "evidence": "phone", "time": "2026-11-02", "undone": False}]
    withdrawn = [said(20, "withdrawn", "2026-11-02", "wecom", "marketing")]
    assert ids(judge("opt-out", [{}, {}], consents=withdrawn, links=links)) == [1]
    assert ids(judge("opt-out", [{}, {}], events=[unsubscribed(20, "2026-11-05")], links=links)) == [1]


def test_all_channels_are_all_channels_however_they_are_written(judge: Judge) -> None:
    consents = [
        *(said(member, "withdrawn", "2026-11-02", "*", "*") for member in (1, 2)),
        said(1, "granted", "2026-11-03"),
        said(2, "granted", "2026-11-03", "", ""),
        said(3, "granted", "2026-11-02"),
        said(3, "withdrawn", "2026-11-03", "*"),
    ]
    assert ids(judge("opt-out", [{}, {}, {}], consents=consents)) == [3]
