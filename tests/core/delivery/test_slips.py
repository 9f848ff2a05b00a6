from __future__ import annotations

from siyu.delivery.slips import Slips


def test_receipts_are_taken_by_column_in_their_order_and_once() -> None:
    slips = Slips()
    slips.add([(1, "sent", "", "p1"), (2, "suppressed", "no consent", None)], 10, {2: "consent"})
    slips.add([], 11, {})
    slips.intend([3, 4], 12)
    assert slips.take() == {
        "touch": [1, 2, 3, 4],
        "state": ["sent", "suppressed", "sending", "sending"],
        "reason": ["", "no consent", "", ""],
        "provider_id": ["p1", None, None, None],
        "rule": [None, "consent", None, None],
        "time": [10, 10, 12, 12],
    }
    assert slips.take()["touch"] == []
