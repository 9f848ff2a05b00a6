from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

import pytest

from siyu.config.expressions import Condition
from siyu.config.units import Clock, Duration
from siyu.view import View
from siyu_plugins.campaigns._route import Goal, Start, Step
from siyu_plugins.campaigns.journey import Journey, siyu_register_campaigns

HOUR = 3_600
DAY = 86_400
FROM = date(2026, 12, 1)
JOINED = Start(event="joined")

At: TypeAlias = "Callable[[str], int]"
Seen: TypeAlias = "Callable[..., View]"
Happened: TypeAlias = "Callable[..., dict[str, Any]]"


def step(name: str, **more: str) -> Step:
    parsers: dict[str, Callable[[str], Any]] = {
        "after": Duration.parse,
        "latest": Duration.parse,
        "at": Clock.parse,
        "when": Condition.parse,
    }
    values: dict[str, Any] = {key: parsers.get(key, str)(text) for key, text in more.items()}
    return Step(id=name, say=name, **values)


def journey(*steps: Step, **more: Any) -> Journey:  # noqa: ANN401 - any attribute
    return Journey(**{"name": "welcome", "from_": FROM, "via": "wecom", "start": JOINED, "steps": steps, **more})


def decided(campaign: Journey, view: View, *columns: str) -> list[tuple[Any, ...]]:
    return sorted(view._engine.rows(campaign.propose(view).select(*columns)), key=repr)


def run(
    campaign: Journey,
    seen: Seen,
    moments: Sequence[str | int],
    events: Sequence[Mapping[str, Any]],
    **more: Any,  # noqa: ANN401 - what a view takes
) -> list[tuple[Any, ...]]:
    """Run at each moment on what was decided before; return all decisions: member, step, branch, nominal."""
    steps: list[dict[str, Any]] = list(more.pop("steps", ()))
    done = len(steps)
    names = ("recipient", "occurrence", "step", "branch", "nominal", "version")
    for moment in moments:
        view = seen(moment, events, steps=steps, **more)
        for row in decided(campaign, view, *names):
            values = dict(zip(names, row, strict=True))
            steps.append({"campaign": campaign.name, "member": values.pop("recipient"), "decided": view.now, **values})
    return [(row["member"], row["step"], row["branch"], row["nominal"]) for row in steps[done:]]


def test_registered_under_its_name() -> None:
    assert siyu_register_campaigns() == {"journey": Journey}
    assert Journey.scope == "member"


def test_a_step_goes_out_at_its_moment(seen: Seen, happened: Happened, at: At) -> None:
    campaign = journey(step("hello", latest="20s", offer="new-10"), step("guide", after="1d", via="sms"))
    events = [happened(1, "joined", "2026-12-05T12:00")]
    start = at("2026-12-05T12:00")
    columns = ("recipient", "step", "occurrence", "slot", "channel", "offer", "due", "until", "branch", "nominal")
    hello = (1, "hello", str(start), "hello", "wecom", "new-10", start, start + 20, "send", start)
    assert decided(campaign, seen(start, events), *columns) == [hello]
    guide = (1, "guide", str(start), "guide", "sms", None, start + DAY, start + 4 * DAY, "send", start + DAY)
    assert decided(campaign, seen(start + DAY, events), *columns)[0] == guide


def test_each_step_is_decided_once(seen: Seen, happened: Happened, at: At) -> None:
    campaign = journey(step("hello"), step("guide", after="1d"), step("offer", after="2d"))
    events = [happened(1, "joined", "2026-12-05T12:00"), happened(2, "joined", "2026-12-06T12:00")]
    moments = ["2026-12-05T12:00", "2026-12-05T12:00", "2026-12-06T13:00", "2026-12-08T12:00", "2026-12-30T12:00"]
    one, two = at("2026-12-05T12:00"), at("2026-12-06T12:00")
    assert run(campaign, seen, moments, events) == [
        (1, "hello", "send", one),
        (1, "guide", "send", one + DAY),
        (2, "hello", "send", two),
        (1, "offer", "send", one + 3 * DAY),
        (2, "guide", "send", two + DAY),
        (2, "offer", "late", two + 3 * DAY),
    ]


def test_history_starts_nothing(seen: Seen, happened: Happened, at: At) -> None:
    events = [happened(1, "joined", "2026-11-30T23:59:59"), happened(2, "joined", "2026-12-01T00:00")]
    assert run(journey(step("hello")), seen, ["2026-12-01T00:00"], events) == [(2, "hello", "send", at("2026-12-01"))]


def test_only_the_start_that_is_asked_for_counts(seen: Seen, happened: Happened) -> None:
    noon = "2026-12-05T12:00"
    events = [
        happened(1, "joined", noon, entry="wecom", subject="card"),
        happened(2, "joined", noon, entry="shop", subject="card"),
        happened(3, "joined", noon, entry="wecom", subject="poster"),
        happened(4, "viewed", noon, entry="wecom", subject="card"),
        happened(5, "joined", noon),
    ]
    start = Start(event="joined", entry="wecom", subject="card")
    assert [row[0] for row in run(journey(step("hello"), start=start), seen, [noon], events)] == [1]


def test_a_member_starts_once_even_if_the_event_comes_twice(seen: Seen, happened: Happened, at: At) -> None:
    noon = "2026-12-05T12:00"
    events = [happened(1, "joined", noon), happened(1, "joined", noon), happened(1, "joined", "2026-12-20T12:00")]
    found = run(journey(step("hello")), seen, [noon, "2026-12-21T12:00"], events)
    assert found == [(1, "hello", "send", at(noon))]


def test_a_member_can_start_again_after_a_while(seen: Seen, happened: Happened, at: At) -> None:
    campaign = journey(step("hello", latest="30d"), again=Duration(10 * DAY))
    days = ["2026-12-01", "2026-12-08", "2026-12-11", "2026-12-20", "2026-12-21"]
    events = [happened(1, "joined", day) for day in days]
    expected = [(1, "hello", "send", at(day)) for day in ("2026-12-01", "2026-12-11", "2026-12-21")]
    assert sorted(run(campaign, seen, ["2026-12-25"], events)) == expected
    assert run(campaign, seen, ["2026-12-05", "2026-12-11", "2026-12-20", "2026-12-22"], events) == expected


def test_a_start_that_comes_in_late_does_not_start_a_second_journey(seen: Seen, happened: Happened, at: At) -> None:
    campaign = journey(step("hello"), step("guide", after="1d"))
    late = happened(1, "joined", "2026-12-04T12:00")
    known = happened(1, "joined", "2026-12-05T12:00")
    version = decided(campaign, seen("2026-12-05T13:00", [known]), "version")[0][0]
    start = at("2026-12-05T12:00")
    hello = {"step": "hello", "branch": "send", "nominal": start, "occurrence": str(start), "member": 1}
    steps = [{"campaign": "welcome", "version": version, **hello}]
    found = run(campaign, seen, ["2026-12-06T12:00"], [known, late], steps=steps)
    assert found == [(1, "guide", "send", start + DAY)]


def test_of_two_journeys_that_were_joined_the_first_goes_on(seen: Seen, happened: Happened, at: At) -> None:
    campaign = journey(step("hello"), step("guide", after="3d"))
    events = [happened(1, "joined", "2026-12-04T12:00"), happened(1, "joined", "2026-12-05T12:00")]
    version = decided(campaign, seen("2026-12-05T13:00", events), "version")[0][0]
    steps = [
        {"campaign": "welcome", "version": version, "member": 1, "step": "hello", "occurrence": str(at(start))}
        for start in ("2026-12-04T12:00", "2026-12-05T12:00")
    ]
    found = run(campaign, seen, ["2026-12-07T12:00", "2026-12-08T12:00"], events, steps=steps)
    assert found == [(1, "guide", "send", at("2026-12-07T12:00"))]


def test_a_new_edition_starts_anew(seen: Seen, happened: Happened, at: At) -> None:
    events = [happened(1, "joined", "2026-12-05T12:00")]
    first = decided(journey(step("hello")), seen("2026-12-05T12:00", events), "version")[0][0]
    start = at("2026-12-05T12:00")
    steps = [{"campaign": "welcome", "version": first, "member": 1, "step": "hello", "occurrence": str(start)}]
    assert run(journey(step("hello")), seen, ["2026-12-06"], events, steps=steps) == []
    again = run(journey(step("hello"), edition=2), seen, ["2026-12-06"], events, steps=steps)
    assert again == [(1, "hello", "send", start)]


def test_steps_are_known_by_their_id(seen: Seen, happened: Happened, at: At) -> None:
    events = [happened(1, "joined", "2026-12-05T12:00")]
    start = at("2026-12-05T12:00")
    version = decided(journey(step("hello")), seen(start, events), "version")[0][0]
    steps = [{"campaign": "welcome", "version": version, "member": 1, "step": "hello", "occurrence": str(start)}]
    changed = journey(step("before"), step("hello"))
    assert run(changed, seen, [start + 1], events, steps=steps) == [(1, "before", "send", start)]
    assert decided(changed, seen(start, events), "version")[0][0] != version


def test_a_step_waits_for_the_clocks(seen: Seen, happened: Happened, at: At) -> None:
    campaign = journey(
        step("guide", at="10:00"), step("tip", after="1d", at="10:00"), step("offer", after="12h", at="09:00")
    )
    events = [happened(1, "joined", "2026-12-05T09:00"), happened(2, "joined", "2026-12-05T10:00:01")]
    found = run(campaign, seen, ["2026-12-06T09:59:59", "2026-12-08T10:00"], events)
    assert found == [
        (1, "guide", "send", at("2026-12-05T10:00")),
        (1, "offer", "send", at("2026-12-07T09:00")),
        (1, "tip", "send", at("2026-12-06T10:00")),
        (2, "guide", "send", at("2026-12-06T10:00")),
        (2, "offer", "send", at("2026-12-08T09:00")),
        (2, "tip", "send", at("2026-12-07T10:00")),
    ]


@pytest.mark.parametrize(
    ("joined", "nominal"),
    [
        # 23 hours lie between 10:00 and 10:00 when the clocks go forward, 25 when they go back.
        ("2027-03-27T10:00", ["2027-03-27T10:00", "2027-03-28T10:00", "2027-03-29T10:00"]),
        ("2026-10-24T09:00", ["2026-10-24T10:00", "2026-10-25T10:00", "2026-10-26T10:00"]),
        ("2026-10-24T23:30", ["2026-10-25T10:00", "2026-10-26T10:00", "2026-10-27T10:00"]),
    ],
)
def test_a_day_of_the_calendar_is_a_day(
    seen: Seen, happened: Happened, at: At, joined: str, nominal: Sequence[str]
) -> None:
    steps = [step(str(place), after="1d" if place else "0s", at="10:00", latest="30d") for place in range(3)]
    campaign = journey(*steps, from_=date(2026, 1, 1))
    found = run(campaign, seen, [at(joined) + 5 * DAY], [happened(1, "joined", joined)])
    assert [row[3] for row in found] == [at(moment) for moment in nominal]


def test_a_time_of_day_that_is_skipped_or_comes_twice(seen: Seen, happened: Happened, at: At) -> None:
    campaign = journey(step("night", at="02:30", latest="1d"), from_=date(2026, 1, 1))
    for joined, nominal in [
        ("2027-03-28T00:00", "2027-03-28T01:30:00+00:00"),
        ("2026-10-25T00:00", "2026-10-25T00:30:00+00:00"),
    ]:
        found = run(campaign, seen, [at(joined) + DAY // 2], [happened(1, "joined", joined)])
        assert found == [(1, "night", "send", at(nominal))]


def test_whoever_reached_the_goal_gets_nothing_more(seen: Seen, happened: Happened) -> None:
    goal = Goal(event="ordered", within=Duration(5 * DAY))
    campaign = journey(step("hello"), step("offer", after="2d"), step("last", after="4d"), goal=goal)
    noon = "2026-12-05T12:00"
    events = [
        *(happened(member, "joined", noon) for member in range(1, 6)),
        happened(1, "ordered", "2026-12-07T12:00"),
        happened(2, "ordered", "2026-12-07T12:00:01"),
        happened(3, "ordered", "2026-12-11T11:00"),
        happened(4, "ordered", noon),
        happened(5, "viewed", "2026-12-06T12:00"),
    ]
    found = run(campaign, seen, ["2026-12-05T13:00", "2026-12-08T12:00", "2026-12-12T12:00"], events)
    assert {member: [branch for one, _, branch, _ in found if one == member] for member in range(1, 6)} == {
        1: ["send", "goal", "goal"],
        2: ["send", "send", "goal"],
        3: ["send", "send", "send"],
        4: ["send", "send", "send"],
        5: ["send", "send", "send"],
    }


def test_a_goal_without_a_time_counts_always_and_goes_before_late(seen: Seen, happened: Happened) -> None:
    campaign = journey(step("offer", after="40d", when="never('viewed')"), goal=Goal(event="ordered"))
    events = [happened(member, "joined", "2026-12-05T12:00") for member in (1, 2)]
    events.append(happened(1, "ordered", "2027-01-13T12:00"))
    found = run(campaign, seen, ["2027-02-20T12:00"], events)
    assert [row[:3] for row in found] == [(1, "offer", "goal"), (2, "offer", "late")]


def test_what_a_member_did_is_judged_at_the_steps_moment(seen: Seen, happened: Happened) -> None:
    campaign = journey(
        step("offer", after="2d", when="not did('ordered')"),
        step("new", when="never('viewed')"),
        step("quiet", when="days_since('ordered') >= 4"),
    )
    noon = "2026-12-05T12:00"
    events = [
        *(happened(member, "joined", noon) for member in range(1, 6)),
        happened(1, "ordered", "2026-12-07T12:00"),
        happened(2, "ordered", "2026-12-07T12:00:01"),
        happened(3, "ordered", noon),
        happened(4, "ordered", "2026-12-03T23:30"),
        happened(4, "viewed", "2026-12-06T12:00"),
    ]
    # What features know of the last days is of the run's moment: it must not be looked at.
    features = {member: {"last:ordered": 20_000, "last:viewed": None} for member in range(1, 6)}
    found = run(campaign, seen, ["2026-12-08T12:00"], events, features=features)
    assert {member: [row[1:3] for row in found if row[0] == member] for member in range(1, 6)} == {
        1: [("new", "send"), ("offer", "skip"), ("quiet", "skip")],
        2: [("new", "send"), ("offer", "send"), ("quiet", "skip")],
        3: [("new", "send"), ("offer", "send"), ("quiet", "skip")],
        4: [("new", "skip"), ("offer", "send"), ("quiet", "send")],
        5: [("new", "send"), ("offer", "send"), ("quiet", "skip")],
    }


def test_features_and_segments_are_judged_as_the_run_finds_them(seen: Seen, happened: Happened) -> None:
    campaign = journey(step("big", when="nominal >= 3"), step("vip", when="segment('vip') and not did('ordered')"))
    events = [happened(member, "joined", "2026-12-05T12:00") for member in (1, 2, 3)]
    events.append(happened(3, "ordered", "2026-12-05T11:00"))
    # A feature may have the name of a column that a journey itself uses.
    features = {1: {"nominal": 3, "last:ordered": None}, 2: {"nominal": 2}, 3: {"nominal": None}}
    found = run(campaign, seen, ["2026-12-05T12:00"], events, features=features, segments={"vip": [2, 3]})
    assert [row[:3] for row in found] == [
        (1, "big", "send"),
        (1, "vip", "skip"),
        (2, "big", "skip"),
        (2, "vip", "send"),
        (3, "big", "skip"),
        (3, "vip", "send"),
    ]


def test_a_member_without_a_row_is_skipped_and_no_mistake(seen: Seen, happened: Happened) -> None:
    campaign = journey(step("big", when="orders >= 3"), step("few", when="not tag('vip')"))
    events = [happened(1, "joined", "2026-12-05T12:00")]
    found = run(campaign, seen, ["2026-12-05T12:00"], events, members=[2], features={2: {"orders": 5}})
    assert [row[:3] for row in found] == [(1, "big", "skip"), (1, "few", "send")]


def test_a_segment_starts_whoever_a_run_finds_there(seen: Seen, at: At) -> None:
    campaign = journey(step("miss-you"), step("offer", after="1d"), start=Start(segment="lapsed"))
    now = at("2026-12-05T12:00")
    view = seen(now, members=[1, 2, 3], segments={"lapsed": [1, 2]})
    columns = ("recipient", "step", "occurrence", "slot", "channel", "due", "branch", "nominal")
    assert decided(campaign, view, *columns) == [
        (1, "miss-you", str(now), "miss-you", "wecom", now, "send", now),
        (1, "start", str(now), None, None, now, "start", now),
        (2, "miss-you", str(now), "miss-you", "wecom", now, "send", now),
        (2, "start", str(now), None, None, now, "start", now),
    ]
    more = {"members": [1, 2, 3], "segments": {"lapsed": [1, 2]}}
    found = run(campaign, seen, [now, now, now + HOUR, now + DAY, now + 60 * DAY], [], **more)
    assert [row[:3] for row in found if row[0] == 1] == [
        (1, "miss-you", "send"),
        (1, "start", "start"),
        (1, "offer", "send"),
    ]


def test_a_segment_starts_a_member_again_only_after_a_while(seen: Seen, at: At) -> None:
    campaign = journey(step("miss-you", after="1h"), start=Start(segment="lapsed"), again=Duration(10 * DAY))
    now = at("2026-12-05T12:00")
    moments = [now, now + HOUR, now + 9 * DAY, now + 10 * DAY, now + 10 * DAY + HOUR]
    found = run(campaign, seen, moments, [], members=[1], segments={"lapsed": [1]})
    assert found == [
        (1, "start", "start", now),
        (1, "miss-you", "send", now + HOUR),
        (1, "start", "start", now + 10 * DAY),
        (1, "miss-you", "send", now + 10 * DAY + HOUR),
    ]


def test_nobody_is_no_mistake(seen: Seen) -> None:
    campaign = journey(
        step("hello", at="10:00", when="region == 'north'"), goal=Goal(event="ordered"), again=Duration(DAY)
    )
    assert run(campaign, seen, ["2026-12-05T12:00"], []) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"steps": ()}, "expected at least one step"),
        ({"steps": (step("a"), step("b"), step("a"))}, "two steps have the id 'a': each needs one of its own"),
        ({"steps": (step("a"),), "via": ""}, "step 'a' has no channel: give it one with via, or the whole journey"),
        ({"steps": (step("a"),), "again": Duration(0)}, "expected again to be longer than '0s'"),
    ],
)
def test_a_journey_that_cannot_be_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        journey(**wrong)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "expected one of event and segment"),
        ({"event": "joined", "segment": "lapsed"}, "expected one of event and segment"),
        ({"segment": "lapsed", "entry": "wecom"}, "entry and subject narrow an event"),
    ],
)
def test_a_start_that_cannot_be_is_refused(wrong: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Start(**wrong)


def test_a_step_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="expected an id of at least one letter"):
        step(" ")
    with pytest.raises(ValueError, match="the id 'start' is taken by the record of a start"):
        step("start")
    with pytest.raises(ValueError, match="expected latest to be longer than '0s'"):
        step("hello", latest="0s")
    with pytest.raises(ValueError, match="expected within to be longer than '0s'"):
        Goal(event="ordered", within=Duration(0))
