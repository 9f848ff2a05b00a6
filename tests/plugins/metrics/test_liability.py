from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from siyu.testing.views import EngineName, work
from siyu_plugins.metrics.liability import Liability

BRAND = """
[brand]
name = "tea"
zone = "Asia/Shanghai"
[incentive.points]
use = "points"
from = 2026-01-01
earn = [{ event = "ordered", points = 1 }]
worth = { units = 100, amount = "1.00" }
"""

Row = dict[str, Any]


def second(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def line(kind: str, amount: int, when: str, lot: str, member: int = 1, ends: str | None = None) -> Row:
    known = {"incentive": "points", "member": member, "item": "ordered", "lot": lot, "kind": kind, "amount": amount}
    return {**known, "time": second(when), "expires": None if ends is None else second(ends)}


@pytest.fixture(params=["polars", "duckdb"])
def measured(request: pytest.FixtureRequest) -> Callable[..., dict[tuple[str, str], tuple[float, int]]]:
    def numbers(lines: list[Row], now: str) -> dict[tuple[str, str], tuple[float, int]]:
        engine: EngineName = request.param
        grants = [{**row, "id": number} for number, row in enumerate(lines)]
        joined = {"type": "joined", "member": 1, "at": "2026-01-05"}
        view = work(BRAND, {"events": [joined], "grants": grants}, now, engine).view
        rows = view.rows(Liability(name="owed", of="points").measure(view))
        found = {(period, key): (value, n) for period, _, key, value, n in rows}
        assert len(found) == len(rows)
        return found

    return numbers


def test_each_month_says_what_is_owed_what_moved_and_what_expires(
    measured: Callable[..., dict[tuple[str, str], tuple[float, int]]],
) -> None:
    lines = [
        # In Shanghai it is February already.
        line("earned", 100, "2026-01-31T17:00", "a", ends="2026-03-15"),
        line("redeemed", -30, "2026-02-10", "a"),
        line("reversed", -20, "2026-02-11", "a"),
        line("earned", 50, "2026-03-01", "b", member=2),
        line("expired", -50, "2026-03-15", "a"),
    ]
    found = measured(lines, "2026-04-02")
    assert found["2026-02", "outstanding"] == (50.0, 1)
    assert found["2026-03", "outstanding"] == (50.0, 2)
    assert found["2026-04", "outstanding"] == (50.0, 2)
    assert found["2026-04", "worth"][0] == 50.0
    assert found["2026-02", "earned"] == (100.0, 1)
    assert found["2026-02", "redeemed"] == (30.0, 1)
    assert found["2026-02", "reversed"] == (20.0, 1)
    assert found["2026-03", "expired"] == (50.0, 1)
    # Of the lot that ended 80 were to be had, and 50 expired.
    assert found["2026-03", "breakage"] == (50 / 80, 1)
    assert found["2026-03", "expected"][0] == 50 * 50 / 80
    assert found["2026-04", "expected_worth"][0] == pytest.approx(31.25)
    assert ("2026-02", "breakage") not in found
    assert {period for period, _ in found} == {"2026-02", "2026-03", "2026-04"}


def test_an_empty_ledger_has_no_numbers(measured: Callable[..., dict[tuple[str, str], tuple[float, int]]]) -> None:
    assert measured([], "2026-04-02") == {}
