from __future__ import annotations

from collections.abc import Callable
from typing import Any

Judge = Callable[..., list[tuple[Any, ...]]]


def listed(member: int, action: str) -> dict[str, Any]:
    return {"member": member, "action": action, "origin": "list", "actor": "wu", "time": "2026-11-19"}


def test_the_last_word_counts_for_any_purpose_and_only_for_members(judge: Judge) -> None:
    touches = [{}, {"purpose": "service"}, {}, {"recipient_kind": "group"}]
    words = [
        *(listed(member, "add") for member in (1, 2, 3, 4)),
        listed(3, "lift"),
    ]
    found = judge("suppressed", touches, suppressions=words)
    assert found == [(1, "suppressed", "on the suppression list"), (2, "suppressed", "on the suppression list")]


def test_nobody_is_barred_by_an_empty_list(judge: Judge) -> None:
    assert judge("suppressed", [{}]) == []
