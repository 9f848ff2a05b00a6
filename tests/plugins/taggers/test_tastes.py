"""The preferences of drawn members are what a plain reading of the rules says, to the last digit."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, TypeAlias, get_args
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import rounds

from siyu.config.units import DAY, ClockRange, Duration, Money, Share
from siyu.testing.views import EngineName, view
from siyu_plugins.taggers._decay import ONE, weights
from siyu_plugins.taggers.preference import Dimension, Preference

Row: TypeAlias = "dict[str, Any]"
Choices: TypeAlias = "dict[tuple[str, int], set[tuple[str, int, int]]]"

ZONE = "Europe/Berlin"
# The clocks of Berlin and London went back on 25 October 2026, at 01:00 UTC; those of Lord Howe changed on 3 October.
NOW = int(datetime(2026, 10, 28, 11, tzinfo=UTC).timestamp())
CHANGES = [
    int(datetime.fromisoformat(text).timestamp())
    for text in ("2026-10-25T01:00Z", "2026-10-03T15:30Z", "2026-10-24T22:00Z", "2026-10-24T23:00Z")
]
THEMES = {"brew": "educate", "hills": "emotion", "sale": "promo"}
BRAND = f"""
[brand]
name = "tea"
zone = "{ZONE}"
member_zone = "Europe/London"
[content.matrix]
use = "library"
[content.matrix.items]
""" + "\n".join(f'{item} = {{ kind = "{theme}", text = "…" }}' for item, theme in THEMES.items())
ZONES = (None, "Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Mars/Olympus")
BANDS = {"rare": Money(300), "plain": Money(10), "fine": Money(80)}
PARTS = ("00:00-01:00", "01:00-02:00", "02:00-03:00", "03:00-09:30", "11:00-12:00", "12:00-13:00", "21:00-00:00")
TIMES = {f"part-{number}": ClockRange.parse(text) for number, text in enumerate(PARTS)}
MEMBERS = (1, 2)

SECONDS = st.one_of(
    st.integers(NOW - 30 * DAY, NOW + DAY),
    st.tuples(st.sampled_from(CHANGES), st.sampled_from([-1, 0, 1]) | st.integers(-7_200, 7_200)).map(sum),
)
EVENTS = st.fixed_dictionaries(
    {
        "member": st.sampled_from(MEMBERS),
        "type": st.sampled_from(["ordered", "ordered", "viewed", "clicked", "read", "read", "joined"]),
        "second": SECONDS,
        "entry": st.sampled_from([None, "", "shop", "mini"]),
        "subject": st.sampled_from([None, "", "green", "puer"]),
        "ref": st.sampled_from([None, "", "1", "1", "2", "3", "4", "nothing"]),
        "amount": st.sampled_from([None, 5, 10, 79, 80, 240, 900]),
        "quantity": st.sampled_from([None, 0, 1, 3]),
    }
)
LINES = st.fixed_dictionaries(
    {
        "event": st.integers(1, 12),
        "category": st.sampled_from([None, "", "green", "white"]),
        "amount": st.sampled_from([None, 9, 239, 240, 300]),
        "quantity": st.sampled_from([None, 1, 3]),
    }
)
TAGGERS = st.builds(
    Preference,
    name=st.just("taste"),
    of=st.just(get_args(Dimension)),
    window=st.sampled_from([5, 28]).map(lambda days: Duration(days * DAY)),
    half_life=st.integers(1, 20).map(lambda days: Duration(days * DAY)),
    least=st.integers(1, 3),
    share=st.sampled_from([0, 4_000, 5_000, 10_000]).map(Share),
    bands=st.just(BANDS),
    times=st.just(TIMES),
)


def day_of(second: int, zone: str = ZONE) -> int:
    return (datetime.fromtimestamp(second, ZoneInfo(zone)).date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days


def band(row: Row) -> str:
    price = row["amount"] // max(row["quantity"] or 1, 1)
    return max((name for name in BANDS if BANDS[name].minor <= price), key=lambda name: BANDS[name].minor, default="")


def part_of(second: int, zone: str | None) -> str:
    real = {None: "Europe/London", "Mars/Olympus": "Europe/London"}.get(zone, zone)
    local = datetime.fromtimestamp(second, ZoneInfo(str(real)))
    clock = local.hour * 3_600 + local.minute * 60 + local.second
    inside = [name for name, part in TIMES.items() if part.start <= clock < (part.end or DAY)]
    return inside[0] if inside else ""


def chosen(events: list[Row], items: list[Row], zones: dict[int, str | None], touches: dict[int, str]) -> Choices:
    """Return choice, unit and day, by dimension and member."""
    found: Choices = defaultdict(set)
    answered: dict[tuple[int, int], int] = {}
    for number, event in enumerate(events, 1):
        member, day = event["member"], day_of(event["second"])
        if event["second"] > NOW:
            continue
        if event["type"] == "ordered":
            lines = [line for line in items if line["event"] == number]
            named = [line["category"] for line in lines if line["category"]] or [event["subject"]]
            found["category", member] |= {(name, number, day) for name in named if name}
            priced = [line for line in lines if line["amount"] is not None] or [event]
            bands = {band(line) for line in priced if line["amount"] is not None}
            found["price", member] |= {(name, number, day) for name in bands if name}
        if event["type"] != "joined":
            part = part_of(event["second"], zones[member])
            found["time", member] |= {(part, day, day)} if part else set()
            found["entry", member] |= {(event["entry"], day, day)} if event["entry"] else set()
        if event["type"] in ("clicked", "read") and event["ref"] in map(str, touches):
            touch = int(event["ref"])
            answered[member, touch] = max(day, answered.get((member, touch), day))
    for (member, touch), day in answered.items():
        found["content", member] |= {(THEMES[touches[touch]], touch, day)} if touches[touch] in THEMES else set()
    return found


def judged(tagger: Preference, choices: Choices) -> list[tuple[Any, ...]]:
    """Return the tags: member, tag, value, score, evidence."""
    ages = weights(tagger.half_life.days, tagger.window.days)
    today, rows = day_of(NOW), []
    for (dimension, member), every in choices.items():
        known = {one for one in every if today - one[2] < len(ages) and ages[today - one[2]]}
        sums: dict[str, int] = defaultdict(int)
        for choice, _, day in known:
            sums[choice] += ages[today - day]
        units, whole = len({unit for _, unit, _ in known}), sum(sums.values())
        best = sorted(sums, key=lambda choice: (-sums[choice], choice))
        if units < tagger.least or sums[best[0]] * 10_000 < whole * tagger.share.basis_points:
            continue
        evidence = f"{written(sums[best[0]])} of {written(whole)} from {units}"
        if best[1:]:
            evidence += f", then {best[1]} {written(sums[best[1]])}"
        rows.append((member, f"prefers-{dimension}", best[0], sums[best[0]] / whole, evidence))
    return sorted(rows)


def written(weight: int) -> str:
    return f"{weight // ONE}.{weight % ONE * 100 // ONE:02}"


@given(
    tagger=TAGGERS,
    events=st.lists(EVENTS, min_size=8, max_size=24),
    items=st.lists(LINES, max_size=12),
    zones=st.fixed_dictionaries(dict.fromkeys(MEMBERS, st.sampled_from(ZONES))),
)
@settings(max_examples=rounds(15, 200))
def test_preferences_are_what_a_plain_reading_gives(
    tagger: Preference, events: list[Row], items: list[Row], zones: dict[int, str | None]
) -> None:
    touches = dict(enumerate([*THEMES, "gone"], 1))
    lives = [
        {"member": member, "type": "profiled", "second": NOW - 60 * DAY, "props": f'{{"zone": "{zone}"}}'}
        for member, zone in zones.items()
        if zone
    ]
    said = [{"id": touch, "content": content} for touch, content in touches.items()]
    expected = judged(tagger, chosen(events, items, zones, touches))
    for engine in get_args(EngineName):
        seen = view(BRAND, {"events": [*events, *lives], "items": items, "touches": said}, NOW, engine)
        found = tagger.tags(seen).select("member", "tag", "value", "score", "evidence")
        assert sorted(seen.rows(found)) == expected
