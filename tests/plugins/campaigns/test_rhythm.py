"""What a journey decides does not depend on how often siyu runs, and which starts count is what a reader would say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any, TypeAlias

import narwhals as nw
import pytest

from siyu.config.expressions import Condition
from siyu.config.units import Clock, Duration
from siyu.view import View
from siyu_plugins.campaigns._clocks import local_day, next_clock
from siyu_plugins.campaigns._route import Goal, Start, Step
from siyu_plugins.campaigns._starts import accepted
from siyu_plugins.campaigns.journey import Journey

HOUR = 3_600
DAY = 86_400
BEGIN = 1_796_083_200
SPAN = 30 * DAY
DECISION = ("recipient", "occurrence", "step", "branch", "nominal", "version")
LATEST = Duration(1_000 * DAY)

Seen: TypeAlias = "Callable[..., View]"
Happened: TypeAlias = "Callable[..., dict[str, Any]]"


def step(name: str, after: int, when: str = "", clock: str = "") -> Step:
    condition, at = Condition.parse(when) if when else None, Clock.parse(clock) if clock else None
    return Step(id=name, say=name, after=Duration(after), latest=LATEST, when=condition, at=at)


def journey(again: int) -> Journey:
    return Journey(
        name="welcome",
        from_=date(2026, 12, 1),
        via="wecom",
        start=Start(event="joined"),
        goal=Goal(event="paid", within=Duration(6 * DAY)),
        again=Duration(again) if again else None,
        steps=(
            step("hello", 0),
            step("guide", DAY, "did('viewed')", "10:00"),
            step("tip", 6 * HOUR, "never('ordered') and days_since('viewed') < 3"),
            step("offer", 2 * DAY, "days_since('ordered') >= 5", "02:30"),
        ),
    )


def decisions(campaign: Journey, seen: Seen, moments: list[int], events: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """Return all decisions of runs at the moments, and see that none comes twice."""
    steps: list[dict[str, Any]] = []
    for moment in moments:
        view = seen(moment, [row for row in events if row["second"] <= moment], steps=steps)
        for row in view._engine.rows(campaign.propose(view).select(*DECISION)):
            values = dict(zip(DECISION, row, strict=True))
            steps.append({"campaign": "welcome", "member": values.pop("recipient"), "decided": moment, **values})
    found = [tuple(row[name] for name in ("member", "occurrence", "step", "branch", "nominal")) for row in steps]
    assert len(found) == len({(member, occurrence, name) for member, occurrence, name, *_ in found})
    return set(found)


@pytest.mark.parametrize(("seed", "again"), [(1, 0), (2, 4 * DAY), (3, 9 * DAY)])
def test_decisions_do_not_depend_on_the_rhythm_of_runs(seen: Seen, happened: Happened, seed: int, again: int) -> None:
    random = Random(seed)
    kinds = ["joined", "viewed", "ordered", "paid"]
    events = [
        happened(member, random.choice(kinds), BEGIN - 5 * DAY + random.randrange(SPAN))
        for member in range(1, 31)
        for _ in range(random.randrange(1, 12))
    ]
    last = BEGIN + SPAN
    often = sorted({*(BEGIN + random.randrange(SPAN) for _ in range(5)), last})
    once = decisions(journey(again), seen, [last], events)
    assert len({branch for _, _, _, branch, _ in once}) == 3
    assert decisions(journey(again), seen, often, events) == once


@pytest.mark.parametrize("seed", range(3))
def test_starts_count_as_a_reader_would_count_them(seen: Seen, seed: int) -> None:
    random = Random(seed)
    gap = random.choice([1, 7, 40])
    recorded = {(member, 10 + random.randrange(90) * 10) for member in range(0, 40, 3) for _ in range(2)}
    fresh = {(member, random.randrange(1000)) for member in range(40) for _ in range(random.randrange(60))}
    view = seen(BEGIN)
    frames = [
        view.table(
            {"member": [member for member, _ in rows], "start": [start for _, start in rows]},
            {"member": nw.Int64(), "start": nw.Int64()},
        )
        for rows in (recorded, fresh)
    ]
    found = view._engine.rows(accepted(view, *frames, gap=gap, span=1000).select("member", "start"))
    assert sorted(found) == sorted(counted(recorded, fresh, gap))


def counted(recorded: set[tuple[int, int]], fresh: set[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    """Count starts one by one."""
    apart = {
        (member, start)
        for member, start in fresh
        if not any(other == member and abs(start - known) < gap for other, known in recorded)
    }
    found: list[tuple[int, int]] = []
    for member, start in sorted(recorded | apart):
        if not found or found[-1][0] != member or start - found[-1][1] >= gap:
            found.append((member, start))
    return found


@pytest.mark.parametrize("clock", [0, 9_000, 36_000, 86_399])
def test_clocks_are_read_as_on_the_wall(seen: Seen, happened: Happened, at: Callable[[str], int], clock: int) -> None:
    # The days around both changes of clocks, each quarter of an hour.
    days = [at("2026-10-23T22:00Z"), at("2027-03-26T23:00Z")]
    moments = [start + quarter * 900 + extra for start in days for quarter in range(4 * 96) for extra in (-1, 0)]
    view = seen("2027-04-02T12:00", [happened(1, "joined", days[0])])
    rows = view.calendar.filter(nw.col("day") > 0).select("day", "midnight", "change", "shift").sort("day")
    calendar = view._engine.rows(rows)
    rings = [(day, ring(midnight, change, shift, clock)) for day, midnight, change, shift in calendar]
    frame = view.table({"at": moments}, {"at": nw.Int64()})
    frame = next_clock(frame, view.calendar, at="at", clock=clock, days=1, name="ring")
    frame = local_day(frame, view.calendar, at="at", name="day")
    later = dict(zip([moment for _, moment in rings], [moment for _, moment in rings[1:]], strict=False))
    expected = [
        (
            moment,
            later[min(each for _, each in rings if each >= moment)],
            max(day for day, midnight, _, _ in calendar if midnight <= moment),
        )
        for moment in moments
    ]
    assert sorted(view._engine.rows(frame.select("at", "ring", "day"))) == sorted(expected)


def ring(midnight: int, change: int | None, shift: int | None, clock: int) -> int:
    """Return when the clocks show a time of day; one that is skipped as long after, of two the first."""
    plain = midnight + clock
    if change is None or shift is None or plain < change:
        return plain
    return plain - shift if plain - shift >= change else plain
