"""Whatever is said of consent, in whichever order and parts it comes in, the gate does as a plain model says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, folder, gapless, happened, opened, rounds

from siyu.gate import RULES, Desk
from siyu.moments import moment

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.brand import Brand

NOW = "2026-11-10T12:00:00Z"
MEMBERS = ("ann", "bob", "eve")
# Ann and eve may turn out to be one person.
CHANNELS, PURPOSES = ("box", "sms"), ("marketing", "service")
# Few moments, so that many statements share one; the last is not yet.
TIMES = ("2026-11-01T08:00:00Z", "2026-11-02T08:00:00Z", "2026-11-03T08:00:00Z", "2026-11-10T12:00:01Z")
ENTRIES = {"replies": "sms", "chat": "box"}
TOML = HEAD.replace('"unless-withdrawn"', '"granted"') + (
    '[channel.sms]\nuse = "console"\n[consent]\nchannels = { replies = "sms", chat = "box" }\n'
)
TEXTS = ("TD", "【t】", "退订", "td, please", "yes")

Fact = tuple[str, dict[str, Any]]


@st.composite
def facts(draw: st.DrawFn) -> list[Fact]:
    """Draw statements, messages that are opt-outs or not, refusals of all messages, and perhaps a link."""
    who, when = st.sampled_from(MEMBERS), st.sampled_from(TIMES)
    channel, purpose = st.sampled_from([*CHANNELS, "*", "", None]), st.sampled_from([*PURPOSES, "*", None])
    state = st.sampled_from(["granted", "granted", "withdrawn", "unknown"])
    found: list[Fact] = []
    for number, said in enumerate(draw(st.lists(st.tuples(who, channel, purpose, state, when), max_size=10))):
        names = ("identity", "channel", "purpose", "state", "time")
        row = dict(zip(names, (f"wecom:{said[0]}", *said[1:]), strict=True))
        found.append(("consents", {**row, "proof": f"p{number % 3}"}))
    entry = st.sampled_from([*ENTRIES, "wecom"])
    spoken = st.tuples(who, st.sampled_from(["messaged", "replied"]), when, entry, st.sampled_from(TEXTS))
    for number, (name, kind, at, door, text) in enumerate(draw(st.lists(spoken, max_size=5))):
        props = json.dumps({"text": text})
        found.append(("events", happened(name, kind, at, f"m{number}", entry=door, props=props)))
    for number, (name, at, on) in enumerate(draw(st.lists(st.tuples(who, when, channel), max_size=3))):
        found.append(("events", happened(name, "unsubscribed", at, f"u{number}", subject=on)))
    if draw(st.booleans()):
        link = {"identity": "wecom:ann", "other": "wecom:eve", "evidence": "phone", "time": TIMES[0]}
        found.append(("links", link))
    return found


def statements(known: Sequence[Fact]) -> Iterator[tuple[str, str, str, str, int]]:
    """Yield what was said by now: member, channel, purpose, state, time."""
    joined = any(table == "links" for table, _ in known)
    for table, row in known:
        name = row["identity"].removeprefix("wecom:")
        who, time = "ann" if joined and name == "eve" else name, moment(row["time"], "UTC")
        if time > moment(NOW, "UTC"):
            continue
        if table == "consents":
            yield who, row["channel"] or "*", row["purpose"] or "*", row["state"], time
        elif table == "events" and row["type"] == "unsubscribed":
            yield who, row["subject"] or "*", "*", "unsubscribed", time
        elif table == "events" and json.loads(row["props"])["text"] in TEXTS[:3]:
            yield who, ENTRIES.get(row["entry"], "*"), "marketing", "withdrawn", time


def expected(known: Sequence[Fact]) -> dict[tuple[str, str, str], tuple[bool, bool]]:
    """Return for each member, channel and purpose whether it is refused, and whether a grant is missing."""
    said = list(statements(known))
    newest: dict[tuple[str, str, str], tuple[int, str]] = {}
    for who, channel, purpose, state, time in said:
        if state != "unsubscribed":
            key = (who, channel, purpose)
            newest[key] = max(newest.get(key, (0, "")), (time, state))
    joined = any(table == "links" for table, _ in known)
    found = {}
    for name, channel, purpose in product(MEMBERS, CHANNELS, PURPOSES):
        who = "ann" if joined and name == "eve" else name
        mine = [
            value
            for (one, on, about), value in newest.items()
            if one == who and on in {channel, "*"} and about in {purpose, "*"}
        ]
        granted = max((time for time, state in mine if state == "granted"), default=None)
        out = [
            time for one, on, _, state, time in said if (one, state) == (who, "unsubscribed") and on in {channel, "*"}
        ]
        still = any(granted is None or time >= granted for time in out)
        refused = still or any(state == "withdrawn" for _, state in mine)
        found[name, channel, purpose] = (refused, purpose == "marketing" and granted is None)
    return found


def judged(brand: Brand) -> dict[tuple[str, str, str], tuple[bool, bool]]:
    """Return what the gate says of a touch of each channel and purpose to each member."""
    asked = list(product(MEMBERS, CHANNELS, PURPOSES))
    with brand.store.opened() as session:
        view = brand.view(session, moment(NOW, "UTC"))
        columns: dict[str, list[Any]] = {
            "id": list(range(len(asked))),
            "recipient": [brand.number(f"wecom:{name}") for name, _, _ in asked],
            "channel": [channel for _, channel, _ in asked],
            "purpose": [purpose for _, _, purpose in asked],
            "recipient_kind": ["member"] * len(asked),
        }
        types = {name: nw.Int64() if name in {"id", "recipient"} else nw.String() for name in columns}
        touches = view.resolve(view.table(columns, types), "recipient")
        desk = Desk(view, brand.programme, brand.registry)
        stopped = []
        for name in ("opt-out", "consent"):
            verdicts = next(rule for rule in RULES if rule.name == name).judge(desk, touches)
            stopped.append(set() if verdicts is None else {number for (number,) in view.rows(verdicts.select("id"))})
    return {key: (number in stopped[0], number in stopped[1]) for number, key in enumerate(asked)}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("consents"), TOML)


@given(known=facts(), chance=st.integers(0, 2**32), size=st.integers(1, 6))
@settings(max_examples=rounds(12, 60))
def test_the_gate_does_as_the_model_says(path: Path, known: list[Fact], chance: int, size: int) -> None:
    mixed = list(known)
    Random(chance).shuffle(mixed)
    with opened(path) as brand:
        for start in range(0, len(mixed), size):
            part = mixed[start : start + size]
            for table in ("events", "consents", "links"):
                rows = [row for kind, row in part if kind == table]
                if rows:
                    brand.ingest(rows, table=table, now=NOW)
        again = [row for kind, row in known if kind == "events"]
        if again:
            counts = brand.ingest(again, now=NOW).counts
            assert (counts["events"], counts.get("consents", 0)) == (0, 0)
        assert judged(brand) == expected(known)
        gapless(brand)
