"""The gate does as a plain model says, whoever is asked, wherever they live, and at whichever rhythm runs come."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.brands import rounds
from tests.gates import HOME, THEMES, World, expected

from siyu.config.limits import Allowance, Cap, Fatigue, Opening, Quota, Spending
from siyu.config.programme import Programme
from siyu.config.tables import Gate
from siyu.config.units import ClockRange, Duration, Money, Share
from siyu.kinds import Channel
from siyu.runs import Run
from siyu.stages.gate import gate as judge
from siyu.stages.propose import PROPOSAL
from siyu.tables import TABLES
from siyu.testing.views import MemorySession, engine_of, programme_of
from siyu.view import View
from siyu.work import Work

if TYPE_CHECKING:
    from siyu.registry import Registry
    from siyu.testing.views import EngineName

HOUR = 3600
# In the night to the 1st of November clocks go back in New York, in that to the 29th of March forward in Berlin.
STARTS = (1_793_400_000, 1_774_720_800)
MEMBERS = (1, 2)
FATIGUE = Fatigue(window=Duration(24 * HOUR), least=1, fall=Share(5000), distance=Duration(36 * HOUR))
ZONES = (None, HOME, "Europe/Berlin", "America/New_York", "Pacific/Chatham")
TOML = f"""
[brand]
name = "Tiny"
zone = "{HOME}"
[channel.wecom]
use = "console"
[channel.sms]
use = "console"
[content.words]
use = "library"
items = {{ sale = {{ kind = "promo", text = "Sale" }}, story = {{ kind = "educate", text = "Story" }} }}
"""


@cache
def base() -> tuple[Programme, Registry]:
    """Return the brand, whose gate each example draws anew."""
    return programme_of(TOML)


# Half hours from one run to the next; some are as long as a span that caps count.
PAUSES = st.sampled_from([1, 2, 2, 3, 8, 17, 24, 46, 48])
# Each bound is rare, so that it is not always another one that binds.
RARELY = st.integers(0, 3).map(lambda drawn: not drawn)
SPANS = ["day", "week", "month", "local day", "local week", "local month"]


def spans() -> st.SearchStrategy[dict[str, Any]]:
    """Draw what a quota counts by: a calendar, or a span that ends now."""
    within = st.sampled_from([HOUR, 24 * HOUR, 7 * 24 * HOUR])
    sliding = within.map(lambda seconds: {"within": Duration(seconds)})
    return sliding | st.sampled_from(SPANS).map(lambda span: {"per": span})


@st.composite
def caps(draw: st.DrawFn) -> Cap:
    """Draw a cap."""
    return Cap(
        times=draw(st.integers(1, 3)),
        each=draw(st.sampled_from(["member", "member", "brand"])),
        channel=draw(st.sampled_from(["", "", "sms"])),
        campaign=draw(st.sampled_from(["", "", "tea"])),
        kind=draw(st.sampled_from(["", "", "promo"])),
        purpose=draw(st.sampled_from(["marketing", "marketing", "service"])),
        failed=draw(st.booleans()),
        **draw(spans()),
    )


@st.composite
def channels(draw: st.DrawFn, channel: Channel) -> Channel:
    """Draw what a platform allows, what opens its channel, and what a message costs."""
    quota = st.builds(
        lambda times, each, span: Quota(times=times, each=each, **span),
        st.integers(1, 3),
        st.sampled_from(["member", "brand"]),
        spans(),
    )
    opening = st.builds(
        Opening,
        event=st.just("messaged"),
        within=st.sampled_from([Duration(12 * HOUR), Duration(48 * HOUR)]),
        times=st.sampled_from([None, 1, 2]),
    )
    return evolve(
        channel,
        cost=draw(st.sampled_from([None, Money(5), Money(7)])),
        quotas=(draw(quota),) if draw(RARELY) else (),
        opens=tuple(draw(st.lists(opening, min_size=1, max_size=2))) if draw(RARELY) else (),
        spends=Allowance(event="allowed") if draw(RARELY) else None,
    )


@st.composite
def gates(draw: st.DrawFn) -> Gate:
    """Draw a gate."""
    return Gate(
        consent=draw(st.sampled_from(["granted", "unless-withdrawn"])),
        quiet=ClockRange.parse(draw(st.sampled_from(["21:00-09:00", "01:30-02:30", "01:30-02:30", "12:00-13:00"]))),
        in_quiet=draw(st.sampled_from(["hold", "skip"])),
        unknown_zone=draw(st.sampled_from(["strictest", "member_zone"])),
        caps=tuple(draw(st.lists(caps(), max_size=2))),
        distance=Duration(4 * HOUR if draw(RARELY) else 0),
        budget=Spending(amount=Money(12), per="day") if draw(RARELY) else None,
        fatigue=FATIGUE if draw(RARELY) else None,
        tickets=draw(st.sampled_from(["hold", "ignore"])),
    )


@st.composite
def proposals(draw: st.DrawFn, start: int) -> list[dict[str, Any]]:
    """Draw what campaigns propose in the days from a moment on."""
    number = draw(st.integers(6, 18))
    return [
        {
            "id": one,
            "recipient": draw(st.sampled_from(MEMBERS)),
            "recipient_kind": "member",
            "campaign": draw(st.sampled_from(["tea", "cake"])),
            "edition": 1,
            "step": "send",
            "occurrence": str(one),
            "content": draw(st.sampled_from(sorted(THEMES))),
            "channel": draw(st.sampled_from(["wecom", "sms"])),
            "purpose": draw(st.sampled_from(["marketing", "marketing", "service"])),
            "priority": draw(st.integers(0, 2)),
            "due": start + draw(st.integers(-2, 8)) * HOUR,
            "until": start + draw(st.integers(20, 90)) * HOUR,
        }
        for one in range(1, number + 1)
    ]


@st.composite
def worlds(draw: st.DrawFn, start: int) -> World:
    """Draw a brand, its members, and what these say and do in the days from a moment on."""
    programme, gate = base()[0], draw(gates())
    drawn = tuple(draw(channels(channel)) for channel in programme.of(Channel))
    programme = evolve(programme, gate=gate, components={**programme.components, "channel": drawn})
    who, when = st.sampled_from(MEMBERS), st.integers(-10, 40).map(lambda hours: start + hours * HOUR)
    said = {
        "member": who,
        "channel": st.sampled_from(["*", "sms"]),
        "purpose": st.sampled_from(["*", "marketing"]),
        "state": st.sampled_from(["granted", "granted", "withdrawn", "unknown"]),
        "time": when,
    }
    granted = [
        dict(zip(said, (one, "*", "*", "granted", 1), strict=True)) for one in MEMBERS if draw(st.integers(0, 9))
    ]
    done = {
        "member": who,
        "type": st.sampled_from([*["messaged", "allowed"] * 4, "unsubscribed"]),
        "subject": st.sampled_from(["", "*", "sms"]),
        "second": when,
    }
    asked = {"member": who, "type": st.sampled_from(["complained", "ticket_closed"]), "second": when}
    tickets = draw(st.lists(st.fixed_dictionaries(asked), max_size=2, unique_by=lambda one: one["type"]))
    tickets = tickets if draw(RARELY) else []
    return World(
        programme,
        {member: draw(st.sampled_from(ZONES)) for member in MEMBERS},
        granted + (draw(st.lists(st.fixed_dictionaries(said), max_size=2)) if draw(RARELY) else []),
        draw(st.lists(st.fixed_dictionaries(done), max_size=12)) + [{**one, "ref": "t"} for one in tickets],
        [2] if draw(RARELY) else [],
    )


def judged(world: World, known: list[dict[str, Any]], now: int, on: EngineName) -> dict[int, str]:
    """Return what the gate makes of the new touches, and of those that it holds, in one run."""
    engine = engine_of(on)
    log = {
        "members": [{"member": one, "joined": 1, "zone": zone} for one, zone in world.zones.items()],
        "consents": world.consents,
        "touches": list(world.touches.values()),
        "receipts": world.receipts,
        "events": [{"id": number, "day": 1} | one for number, one in enumerate(world.events, 1)],
        "suppressions": [{"member": one, "action": "add"} for one in world.barred],
    }
    tables = {}
    for name, table in TABLES.items():
        given = [{"seq": number, "run": 1} | row for number, row in enumerate(log.get(name, ()), 1)]
        tables[name] = engine.frame(
            {column: [row.get(column) for row in given] for column in table.schema}, table.schema
        )
    session = MemorySession(engine, tables)
    run = Run(id=1, kind="run", now=now, config=world.programme.hash, watermark=session.last)
    view = View(tables, now=now, programme=world.programme, engine=engine)
    work = Work(session, world.programme, base()[1], run, view)  # type: ignore[arg-type]
    columns = {name: [row.get(name) for row in known] for name in PROPOSAL}
    work.results["proposals"] = engine.frame(columns, PROPOSAL)
    judge(work)
    return dict(engine.rows(work.results["verdicts"].select("id", "state")))


def delivered(data: st.DataObject, world: World, now: int) -> None:
    """Draw what becomes of what is queued: some goes out at once, some by a later delivery, and some of it fails."""
    for one in [one for one in world.touches.values() if one["state"] == "queued"]:
        outcome = data.draw(st.sampled_from(["sent", "sent", "failed", "unknown", "queued"]))
        if outcome != "queued":
            world.said(one["id"], "sending", now)
            world.said(one["id"], outcome, now)
        if outcome == "sent" and data.draw(st.booleans()):
            read = {"member": one["recipient"], "type": "read", "ref": str(one["id"]), "second": now}
            world.events.append(read)


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_the_gate_does_as_the_model_says(engine: EngineName) -> None:
    number = rounds(6, 300) if engine == "polars" else rounds(2, 60)

    @given(data=st.data(), start=st.sampled_from(STARTS))
    @settings(max_examples=number, phases=[Phase.generate], deadline=None)
    def holds(data: st.DataObject, start: int) -> None:
        world, known = data.draw(worlds(start)), data.draw(proposals(start))
        now = start
        for pause in data.draw(st.lists(PAUSES, min_size=3, max_size=6)):
            held = [one for one in world.touches.values() if one.get("state") == "held" and one["due"] <= now]
            new = [one for one in known if one["id"] not in world.touches]
            found = judged(world, known, now, engine)
            model = evolve(world, touches={key: dict(one) for key, one in world.touches.items()})
            assert found == expected(model, [*held, *new], now)
            for one in new:
                world.touches[one["id"]] = dict(one)
            for touch, state in sorted(found.items()):
                world.said(touch, state, now)
            delivered(data, world, now)
            now += pause * HOUR // 2

    holds()
