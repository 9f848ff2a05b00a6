"""The gate does as a plain model says, whoever is asked, wherever they live, and at whichever rhythm runs come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from attrs import define, evolve, field
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.brands import rounds

from siyu.config.limits import Cap
from siyu.config.programme import Programme
from siyu.config.tables import Gate
from siyu.config.units import ClockRange, Duration
from siyu.outcome import Outcome
from siyu.runs import Run
from siyu.stages.gate import gate as judge
from siyu.stages.propose import PROPOSAL
from siyu.tables import TABLES
from siyu.testing.views import MemorySession, engine_of, programme_of
from siyu.view import View
from siyu.waterfall import by_campaign, waterfall
from siyu.work import Work

if TYPE_CHECKING:
    from siyu.registry import Registry

HOUR = 3600
HOME = "Asia/Shanghai"
# In the night to the 1st of November clocks go back in New York, in that to the 29th of March forward in Berlin.
STARTS = (1_793_400_000, 1_774_720_800)
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
THEMES = {"sale": "promo", "story": "educate"}
USING = ("queued", "sent", "unknown")


@cache
def base() -> tuple[Programme, Registry]:
    """Return the brand, whose gate each example draws anew."""
    return programme_of(TOML)


@define
class World:
    """What happened so far: members and where they live, what they said, and all touches with their states."""

    programme: Programme
    zones: dict[int, str | None]
    consents: list[dict[str, Any]]
    touches: dict[int, dict[str, Any]] = field(factory=dict)
    receipts: list[dict[str, Any]] = field(factory=list)

    def said(self, touch: int, state: str, now: int) -> None:
        """Write a receipt."""
        self.touches[touch] |= {"state": state, "moment": now}
        self.receipts.append({"touch": touch, "state": state, "reason": "", "time": now})

    def clocks(self, member: int) -> list[str]:
        """Return the zones by whose clocks a member lives."""
        zone = self.zones[member]
        if zone is None and self.programme.gate.unknown_zone == "strictest":
            return sorted({each for each in self.zones.values() if each} | {HOME})
        return [zone or HOME]

    def allowed(self, touch: dict[str, Any]) -> bool:
        """Whether the member's newest words let a touch through."""
        newest: dict[tuple[str, str], tuple[int, str]] = {}
        for one in self.consents:
            if one["member"] == touch["recipient"] and one["time"] <= touch["now"]:
                key = (one["channel"], one["purpose"])
                newest[key] = max(newest.get(key, (0, "")), (one["time"], one["state"]))
        states = {
            state
            for (channel, purpose), (_, state) in newest.items()
            if channel in {"*", touch["channel"]} and purpose in {"*", touch["purpose"]}
        }
        needed = touch["purpose"] == "marketing" and self.programme.gate.consent == "granted"
        return "withdrawn" not in states and ("granted" in states or not needed)

    def quiet(self, member: int, now: int) -> bool:
        """Whether the clocks show quiet hours where a member lives."""
        hours = self.programme.gate.quiet
        for zone in self.clocks(member):
            local = datetime.fromtimestamp(now, ZoneInfo(zone))
            clock = local.hour * HOUR + local.minute * 60 + local.second
            inside = hours.start <= clock < hours.end
            over = clock >= hours.start or clock < hours.end
            if inside if hours.start < hours.end else over:
                return True
        return False

    def counts(self, cap: Cap, member: int, moment: int, now: int) -> bool:
        """Whether what was sent to a member at a moment is in the span of a cap that ends now."""
        if cap.within is not None:
            return moment > now - cap.within.seconds
        span = cap.per.removeprefix("local ")
        zones = self.clocks(member) if cap.per != span else [HOME]
        return moment >= min(begin(zone, span, now) for zone in zones)

    def full(self, touch: dict[str, Any], now: int) -> bool:
        """Whether some limit has no room for a touch."""
        gate = self.programme.gate
        caps = list(gate.caps)
        if gate.distance.seconds:
            caps.append(Cap(times=1, within=gate.distance))
        for cap in caps:
            if not concerned(cap, touch):
                continue
            states = (*USING, "failed") if cap.failed else USING
            before = [
                one
                for one in self.touches.values()
                if concerned(cap, one) and one["state"] in states and "moment" in one
                if cap.each == "brand" or one["recipient"] == touch["recipient"]
                if one["state"] == "queued" or self.counts(cap, one["recipient"], one["moment"], now)
            ]
            if len(before) >= cap.times:
                return True
        return False


def begin(zone: str, span: str, now: int) -> float:
    """Return when the day, week or month of a moment began in a zone."""
    day = datetime.fromtimestamp(now, ZoneInfo(zone)).date()
    back = {"day": 0, "week": day.weekday(), "month": day.day - 1}[span]
    return datetime.combine(day - timedelta(days=back), datetime.min.time(), ZoneInfo(zone)).timestamp()


def concerned(cap: Cap, touch: dict[str, Any]) -> bool:
    """Whether a cap counts a touch."""
    asked = {"channel": cap.channel, "campaign": cap.campaign}
    themed = not cap.kind or THEMES[touch["content"]] == cap.kind
    return touch["purpose"] == cap.purpose and themed and all(not v or touch[k] == v for k, v in asked.items())


@st.composite
def caps(draw: st.DrawFn) -> Cap:
    """Draw a cap."""
    sliding = draw(st.booleans())
    span: dict[str, Any] = (
        {"within": Duration(draw(st.sampled_from([HOUR, 24 * HOUR, 7 * 24 * HOUR])))}
        if sliding
        else {"per": draw(st.sampled_from(["day", "week", "month", "local day", "local week", "local month"]))}
    )
    return Cap(
        times=draw(st.integers(1, 3)),
        each=draw(st.sampled_from(["member", "member", "brand"])),
        channel=draw(st.sampled_from(["", "", "sms"])),
        campaign=draw(st.sampled_from(["", "", "tea"])),
        kind=draw(st.sampled_from(["", "", "promo"])),
        purpose=draw(st.sampled_from(["marketing", "marketing", "service"])),
        failed=draw(st.booleans()),
        **span,
    )


@st.composite
def gates(draw: st.DrawFn) -> Gate:
    """Draw a gate."""
    return Gate(
        consent=draw(st.sampled_from(["granted", "unless-withdrawn"])),
        quiet=ClockRange.parse(draw(st.sampled_from(["21:00-09:00", "01:30-02:30", "12:00-13:00"]))),
        in_quiet=draw(st.sampled_from(["hold", "skip"])),
        unknown_zone=draw(st.sampled_from(["strictest", "member_zone"])),
        caps=tuple(draw(st.lists(caps(), max_size=3))),
        distance=Duration(draw(st.sampled_from([0, 4 * HOUR]))),
    )


@st.composite
def proposals(draw: st.DrawFn, start: int) -> list[dict[str, Any]]:
    """Draw what campaigns propose in the days from a moment on."""
    number = draw(st.integers(1, 12))
    return [
        {
            "id": one,
            "recipient": draw(st.integers(1, 3)),
            "recipient_kind": "member",
            "campaign": draw(st.sampled_from(["tea", "cake"])),
            "edition": 1,
            "step": "send",
            "occurrence": str(one),
            "content": draw(st.sampled_from(sorted(THEMES))),
            "channel": draw(st.sampled_from(["wecom", "sms"])),
            "purpose": draw(st.sampled_from(["marketing", "marketing", "service"])),
            "priority": draw(st.integers(0, 2)),
            "due": start + draw(st.integers(0, 30)) * HOUR,
            "until": start + draw(st.integers(10, 90)) * HOUR,
        }
        for one in range(1, number + 1)
    ]


def expected(world: World, known: Iterable[dict[str, Any]], now: int) -> dict[int, str]:
    """Return what the plain model makes of each touch."""
    states: dict[int, str] = {}
    standing = []
    for touch in known:
        marketing = touch["purpose"] == "marketing"
        if touch["until"] <= now:
            states[touch["id"]] = "expired"
        elif not world.allowed({**touch, "now": now}):
            states[touch["id"]] = "suppressed"
        elif touch["due"] > now:
            states[touch["id"]] = "held"
        elif marketing and world.quiet(touch["recipient"], now):
            states[touch["id"]] = "held" if world.programme.gate.in_quiet == "hold" else "suppressed"
        else:
            standing.append(touch)
    for touch in sorted(standing, key=lambda one: (-one["priority"], one["due"], one["id"])):
        if world.full(touch, now):
            states[touch["id"]] = "held"
        else:
            states[touch["id"]] = "queued"
            world.touches[touch["id"]] = {**touch, "state": "queued", "moment": now}
    return states


def judged(world: World, known: list[dict[str, Any]], now: int) -> dict[int, str]:
    """Return what the gate makes of the new touches, and of those that it holds, in one run."""
    engine = engine_of("polars")
    log = {
        "members": [{"member": one, "joined": 1, "zone": zone} for one, zone in world.zones.items()],
        "consents": world.consents,
        "touches": list(world.touches.values()),
        "receipts": world.receipts,
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
    found = dict(engine.rows(work.results["verdicts"].select("id", "state")))
    adds_up(work, found)
    return found


def adds_up(work: Work, found: dict[int, str]) -> None:
    """Assert that each touch has one verdict, and that all that is proposed is stopped by one rule or sent."""
    gated = Outcome.of(work).gated
    steps = waterfall(gated)
    last, passed = steps.pop()
    assert (last, passed) == ("= to send", list(found.values()).count("queued"))
    assert sum(-number if name.startswith("- ") else number for name, number in steps) == passed
    assert sum(number for name, number in steps if not name.startswith("- ")) == len(found)
    columns, rows = by_campaign(gated)
    each = [sum(int(row[place]) for row in rows) for place in range(1, len(columns))]
    assert each == [number for _, number in [*steps, (last, passed)]]
    assert sum(number for name, number in work.counts.items() if name.startswith("gate: ")) == len(found)


@given(data=st.data(), gate=gates(), start=st.sampled_from(STARTS))
@settings(max_examples=rounds(6, 300), phases=[Phase.generate], deadline=None)
def test_the_gate_does_as_the_model_says(data: st.DataObject, gate: Gate, start: int) -> None:
    programme = evolve(base()[0], gate=gate)
    zones = {member: data.draw(st.sampled_from(ZONES)) for member in (1, 2, 3)}
    said = st.fixed_dictionaries(
        {
            "member": st.integers(1, 3),
            "channel": st.sampled_from(["*", "sms"]),
            "purpose": st.sampled_from(["*", "marketing"]),
            "state": st.sampled_from(["granted", "granted", "withdrawn"]),
            "time": st.sampled_from([start - HOUR, start + 10 * HOUR]),
        }
    )
    granted = [
        {"member": member, "channel": "*", "purpose": "*", "state": "granted", "time": 1} for member in (1, 2, 3)
    ]
    world = World(programme, zones, granted + data.draw(st.lists(said, max_size=3)))
    known = data.draw(proposals(start))
    now = start
    for pause in data.draw(st.lists(st.integers(1, 20), min_size=2, max_size=5)):
        held = [one for one in world.touches.values() if one.get("state") == "held" and one["due"] <= now]
        new = [one for one in known if one["id"] not in world.touches]
        found = judged(world, known, now)
        model = World(programme, zones, world.consents, {key: dict(one) for key, one in world.touches.items()})
        assert found == expected(model, [*held, *new], now)
        for one in new:
            world.touches[one["id"]] = dict(one)
        for touch, state in sorted(found.items()):
            world.said(touch, state, now)
        # Some of what passed goes out at once, some by a later delivery, and some of it fails.
        for one in [one for one in world.touches.values() if one["state"] == "queued"]:
            outcome = data.draw(st.sampled_from(["sent", "sent", "failed", "unknown", "queued"]))
            if outcome != "queued":
                world.said(one["id"], "sending", now)
                world.said(one["id"], outcome, now)
        now += pause * HOUR
