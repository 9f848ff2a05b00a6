"""A message that is an opt-out word is a withdrawal, from the next decision on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.brands import HEAD, folder, happened, opened, rows

from siyu.brand import Brand

NOW = "2026-11-20T12:00"
AT = "2026-11-10T08:00:00"
SECOND = 1794297600
CHANNELS = '[consent]\nchannels = { sms-replies = "box" }\n'
TRIP = """
[campaign.trip]
use = "journey"
from = 2026-11-01
start = { event = "joined" }
via = "box"
steps = [{ id = "hello", say = "hi", latest = "10d" }, { id = "later", say = "hi", after = "5d" }]
"""


def wrote(text: str, name: str = "1", kind: str = "messaged", at: str = AT, **more: object) -> dict[str, Any]:
    return happened("ann", kind, at, name, props=json.dumps({"text": text}), **more)


def consents(brand: Brand) -> list[tuple[Any, ...]]:
    return rows(brand, "consents", "channel", "purpose", "state", "time", "source", "proof", "basis")


@pytest.mark.parametrize("kind", ["messaged", "replied"])
def test_the_channel_is_that_of_the_entry_else_all(tmp_path: Path, kind: str) -> None:
    with opened(folder(tmp_path, HEAD + CHANNELS)) as brand:
        done = brand.ingest([wrote("TD", "1", kind, entry="sms-replies", source="gateway"), wrote("T", "2", kind)])
        assert done.counts["consents"] == 2
        assert consents(brand) == [
            ("box", "marketing", "withdrawn", SECOND, "gateway", "1", "opt-out word"),
            ("*", "marketing", "withdrawn", SECOND, "api", "2", "opt-out word"),
        ]
        assert rows(brand, "events", "props") == [(None,), (None,)]


def test_other_events_and_other_words_are_none(tmp_path: Path) -> None:
    with opened(folder(tmp_path, HEAD)) as brand:
        brand.ingest([wrote("TD", "1", "viewed")])
        brand.ingest([wrote("TD?? no", "2"), happened("ann", "messaged", AT, "3", subject="TD")])
        assert consents(brand) == []
    with opened(folder(tmp_path, HEAD + "[consent]\nwords = []\n")) as brand:
        brand.ingest([wrote("TD")])
        assert consents(brand) == []


def test_a_declared_text_is_kept_and_read(tmp_path: Path) -> None:
    toml = '[field.text]\npurpose = "answer"\nevents = ["messaged"]\n'
    with opened(folder(tmp_path, HEAD + toml)) as brand:
        brand.ingest([wrote("TD")])
        assert rows(brand, "events", "props") == [('{"text": "TD"}',)]
        assert len(consents(brand)) == 1


def test_a_message_that_comes_again_withdraws_once(tmp_path: Path) -> None:
    with opened(folder(tmp_path, HEAD)) as brand:
        for batch in ([wrote("TD"), wrote("TD")], [wrote("TD")]):
            brand.ingest(batch)
        assert len(consents(brand)) == 1


def test_an_opt_out_counts_also_where_its_message_is_refused(tmp_path: Path) -> None:
    with opened(folder(tmp_path, HEAD)) as brand:
        done = brand.ingest([wrote("hello"), wrote("TD", at="2026-11-11T08:00:00")])
        assert (done.counts["events"], done.counts["rejects"]) == (1, 1)
        assert [row[3] for row in consents(brand)] == [SECOND + 86400]


def test_the_gate_holds_from_the_next_tick_on(tmp_path: Path) -> None:
    with opened(folder(tmp_path, HEAD + TRIP)) as brand:
        joined = [happened(who, "joined", AT, who) for who in ("ann", "bob")]
        brand.ingest([*joined, wrote("TD", at="2026-11-10T08:00:30")], now="2026-11-10T08:01Z")
        brand.tick(now="2026-11-10T08:01Z", send=False)
        states = dict(zip(*zip(*rows(brand, "touches", "id", "recipient"), strict=True), strict=True))
        told = {states[touch]: state for touch, state in rows(brand, "receipts", "touch", "state")}
        assert told == {brand.number("wecom:ann"): "suppressed", brand.number("wecom:bob"): "queued"}
