"""What the tests of the gate share: one rule, asked about touches that are given by hand, on both engines."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import pytest

from siyu.gate import RULES, Desk
from siyu.moments import moment
from siyu.registry import discover
from siyu.tables import TABLES
from siyu.testing.views import work

ZONE = "Asia/Shanghai"
BRAND = f"""
[brand]
name = "Tea"
zone = "{ZONE}"
[channel.wecom]
use = "console"
[channel.sms]
use = "console"
"""
NOW = "2026-11-20T12:00"
HOUR = 3600
TOUCH = {
    "recipient_kind": "member",
    "campaign": "tea",
    "edition": 1,
    "step": "send",
    "occurrence": "1",
    "slot": "hello",
    "content": "hello",
    "channel": "wecom",
    "purpose": "marketing",
    "priority": 0,
}

Row: TypeAlias = "Mapping[str, Any]"
Judge: TypeAlias = "Callable[..., list[tuple[Any, ...]]]"


def second(at: str | int) -> int:
    """Return the second of a moment in Shanghai."""
    return at if isinstance(at, int) else moment(at, ZONE)


def touched(number: int, now: int, row: Row) -> dict[str, Any]:
    """Fill in a touch: to the member of its own number, due an hour ago and until tomorrow."""
    return {**TOUCH, "id": number, "recipient": number, "due": now - HOUR, "until": now + 24 * HOUR, **row}


@pytest.fixture(scope="session")
def at() -> Callable[[str], int]:
    """Return what gives the second of a moment in Shanghai."""
    return second


@pytest.fixture(params=["duckdb", "polars"])
def judge(request: pytest.FixtureRequest) -> Judge:
    """Return what asks one rule of the gate about touches, and returns its verdicts: id, state, reason.

    ``rule`` is the rule's name; ``touches`` are its questions, numbered from 1; ``sent`` are touches written before,
    numbered from 101, each with its ``state`` and since ``when``; ``zones`` are members and where they live; ``gate``
    is TOML. Every recipient is a member since 2026-11-01, unless ``joined`` says otherwise.
    """

    def verdicts(  # noqa: PLR0913 - each is what some rule looks at
        rule: str,
        touches: Sequence[Row],
        *,
        gate: str = "",
        now: str = NOW,
        sent: Sequence[Row] = (),
        zones: Mapping[int, str] | None = None,
        joined: dict[int, str] | None = None,
        plugins: Mapping[str, object] | None = None,
        **tables: Sequence[Row],
    ) -> list[tuple[Any, ...]]:
        asked = [touched(number, second(now), row) for number, row in enumerate(touches, 1)]
        before = [touched(number, second(now), row) for number, row in enumerate(sent, 101)]
        rows: dict[str, Any] = {name: [_timed(row) for row in given] for name, given in tables.items()}
        rows["touches"] = [{key: row[key] for key in row.keys() - {"state", "when"}} for row in before]
        rows["receipts"] = [receipt for row in before for receipt in _receipts(row)]
        since = {row["recipient"]: "2026-11-01" for row in asked if row["recipient_kind"] == "member"} | (joined or {})
        rows["events"] = [*_known(since, zones or {}), *tables.get("events", ())]
        made = work(f"{BRAND}\n[gate]\n{gate}", rows, second(now), request.param)
        schema = TABLES["touches"].columns
        frame = made.view.table({name: [row.get(name) for row in asked] for name in schema}, schema)
        desk = Desk(made.view, made.programme, discover(extra=plugins).require())
        found = next(one for one in RULES if one.name == rule).judge(desk, frame)
        return [] if found is None else sorted(made.view.rows(found.select("id", "state", "reason")))

    return verdicts


def _receipts(row: Row) -> list[dict[str, Any]]:
    queued = {"touch": row["id"], "state": "queued", "time": second(row["when"])}
    return [queued] if row["state"] == "queued" else [queued, {**queued, "state": row["state"]}]


def _known(since: Mapping[int, str], zones: Mapping[int, str]) -> list[dict[str, Any]]:
    joined = [{"type": "joined", "member": member, "at": day} for member, day in since.items()]
    lives = [
        {"type": "profiled", "member": member, "at": "2026-09-01", "props": json.dumps({"zone": zone})}
        for member, zone in zones.items()
    ]
    return [*joined, *lives]


def _timed(row: Row) -> dict[str, Any]:
    return {name: second(value) if name == "time" else value for name, value in row.items()}
