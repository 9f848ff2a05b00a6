"""What members answer, people say and channels mark: the taggers give what a plain fold gives, in whatever order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import contents, folder, gapless, opened, rounds

from siyu.config.units import DAY, Duration
from siyu.moments import written
from siyu.tables import STATE, TABLES
from siyu.testing.views import EngineName, view
from siyu_plugins.taggers.channel_tags import ChannelTags
from siyu_plugins.taggers.manual import Allowed, Manual
from siyu_plugins.taggers.survey import Question, Survey

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.kinds import Frame
    from siyu.view import View

Row: TypeAlias = "Mapping[str, Any]"
Rows: TypeAlias = "list[tuple[Any, ...]]"

TODAY = 20_000
NOW = TODAY * DAY + DAY // 2
# Few moments, so that many events share one; the last is still to come.
SECONDS = [*(NOW - days * DAY - part for days in (9, 2, 1) for part in (0, 1)), NOW, NOW + 1]
BLANK = " \t\r\n\u3000"

SURVEY = Survey(
    name="tastes",
    survey="welcome",
    questions={
        "one": Question(answers={"a": "likes-a", "b": "likes-b"}, as_="said"),
        "many": Question(answers={"a": "likes-a", "ab": "likes-b", "b": "likes-c"}, separator="、"),
    },
    keep=Duration(3 * DAY),
)
# What a log says of its own making; the state is folded up to another row where it came in otherwise parted.
OWN = ("runs", "identities", "rejects", "folds")
MANUAL = Manual(name="staff", tags_=("host", Allowed(tag="call", keep=Duration(3 * DAY))))
WECOM = ChannelTags(
    name="wecom", channel="wecom", in_={"x": "m1", "y": "m1", "z": "m2"}, out={"p": "m3", "q": "m3", "r": "m4"}
)


@pytest.fixture(scope="module")
def views() -> list[View]:
    return [view('[brand]\nname = "A"\nzone = "UTC"', {}, NOW, engine=name) for name in get_args(EngineName)]


@st.composite
def events(
    draw: st.DrawFn,
    types: Sequence[str],
    subjects: Sequence[str],
    refs: Sequence[str],
    props: st.SearchStrategy[str | None],
) -> list[Row]:
    """Draw events of few members and moments, in any order of their ids."""
    names = {"type": types, "subject": subjects, "ref": refs, "staff": ["ann", "", None]}
    drawn: dict[str, st.SearchStrategy[Any]] = {name: st.sampled_from(values) for name, values in names.items()}
    one = st.fixed_dictionaries(
        {"member": st.integers(1, 3), "second": st.sampled_from(SECONDS), "props": props, **drawn}
    )
    # Mostly many: of few events hardly any two are about the same.
    rows = draw(st.lists(one, min_size=draw(st.sampled_from([0, 15, 20])), max_size=30))
    ids = draw(st.permutations(range(1, len(rows) + 1)))
    return [{**row, "id": number, "day": row["second"] // DAY} for row, number in zip(rows, ids, strict=True)]


def told(found: View, rows: Iterable[Row]) -> View:
    columns = TABLES["events"].schema
    return found.having(events=found.table({name: [row.get(name) for row in rows] for name in columns}, columns))


def same(views: Sequence[View], rows: Sequence[Row], give: Callable[[View], Frame], expected: Rows) -> None:
    for each in views:
        assert sorted(each.rows(give(told(each, rows))), key=repr) == sorted(expected, key=repr)


def newest(rows: Iterable[Row]) -> dict[tuple[int, str], Row]:
    """Fold events up to now: of a member and a subject the one of the greatest second, then id."""
    kept: dict[tuple[int, str], Row] = {}
    for row in sorted(rows, key=lambda row: (row["second"], row["id"])):
        if row["second"] <= NOW:
            kept[row["member"], row["subject"]] = row
    return kept


def date(row: Row) -> str:
    return written(row["second"])[:10]


texts = st.text(st.sampled_from(f"ab、{BLANK}"), max_size=6)
answers = st.one_of(texts, st.sampled_from(["a", "b", "ab、b", 7, None, ["a"]]))
answered = events(
    ["answered"],
    ["one", "many", "other"],
    ["welcome", "summer"],
    answers.map(lambda answer: json.dumps({"answer": answer})),
)


def surveyed(rows: Iterable[Row]) -> Rows:
    """Fold answers the plain way: split each newest text, and let the newer of two questions speak for a tag."""
    real = [
        {**row, "answer": answer.strip(BLANK)}
        for row in rows
        if row["ref"] == "welcome" and isinstance(answer := json.loads(row["props"])["answer"], str)
    ]
    tags: dict[tuple[int, str], tuple[Row, str | None]] = {}
    for (member, name), row in sorted(newest(real).items(), key=lambda one: (one[1]["second"], one[1]["id"])):
        if name in SURVEY.questions:
            question, text = SURVEY.questions[name], row["answer"]
            parts = [part.strip(BLANK) for part in text.split(question.separator)] if question.separator else [text]
            for tag in {question.answers[part] for part in parts if part in question.answers}:
                tags[member, tag] = row, None
            if question.as_ and text:
                tags[member, question.as_] = row, text
    return [
        (member, tag, value, f"{row['subject']}: {row['answer']}, {date(row)}", row["second"] + 3 * DAY)
        for (member, tag), (row, value) in tags.items()
    ]


@given(rows=answered)
def test_surveys_are_a_plain_fold(views: list[View], rows: list[Row]) -> None:
    same(
        views,
        rows,
        lambda seen: SURVEY.tags(seen).select("member", "tag", "value", "evidence", "expires"),
        surveyed(rows),
    )


hand = st.fixed_dictionaries(
    {},
    optional={
        "value": st.sampled_from(["3", "", 4]),
        "note": st.sampled_from(["nice", ""]),
        "expires": st.sampled_from([NOW - 5, NOW, NOW + 5, "soon"]),
    },
)
said = events(
    ["tagged", "tagged", "untagged", "marked"], ["host", "call", "vip"], [""], st.none() | hand.map(json.dumps)
)


def handed(rows: Iterable[Row]) -> Rows:
    found: Rows = []
    for (member, tag), row in newest(row for row in rows if row["type"] in ("tagged", "untagged")).items():
        if row["type"] == "tagged" and tag in ("host", "call"):
            props = json.loads(row["props"] or "{}")
            value = props.get("value") if isinstance(props.get("value"), str) else None
            ends = props.get("expires") if isinstance(props.get("expires"), int) else None
            ends = row["second"] + 3 * DAY if ends is None and tag == "call" else ends
            note = f": {props['note']}" if props.get("note") else ""
            who = f"by {row['staff']}" if row["staff"] else "by hand"
            found.append((member, tag, value, f"{who}, {date(row)}{note}", ends))
    return found


@given(rows=said)
def test_tags_by_hand_are_a_plain_fold(views: list[View], rows: list[Row]) -> None:
    same(
        views,
        rows,
        lambda seen: MANUAL.tags(seen).select("member", "tag", "value", "evidence", "expires"),
        handed(rows),
    )


marked = events(
    ["marked", "marked", "unmarked", "tagged"], ["m1", "m2", "m3", "m4", "m5"], ["wecom", "other"], st.none()
)
tags = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.sampled_from(["one", "two"]),
        st.sampled_from(["p", "q", "r", "x"]),
        st.sampled_from([None, NOW, NOW + 1]),
    ),
    unique_by=lambda row: row[:3],
    max_size=12,
)


def shown(rows: Iterable[Row]) -> dict[tuple[int, str], Row]:
    """Return the marks that members have in the channel, each with the event that says so."""
    here = [row for row in rows if row["ref"] == "wecom" and row["type"] in ("marked", "unmarked")]
    return {key: row for key, row in newest(here).items() if row["type"] == "marked"}


@given(rows=marked)
def test_tags_of_a_channel_are_a_plain_fold(views: list[View], rows: list[Row]) -> None:
    expected: Rows = [
        (member, tag, f"marked in wecom{' by ' + row['staff'] if row['staff'] else ''}, {date(row)}")
        for (member, mark), row in shown(rows).items()
        for tag, wanted in WECOM.in_.items()
        if wanted == mark
    ]
    same(views, rows, lambda seen: WECOM.tags(seen).select("member", "tag", "evidence"), expected)


@given(rows=marked, has=tags)
def test_marks_are_the_difference_of_two_sets_and_empty_once_applied(
    views: list[View], rows: list[Row], has: list[tuple[int, str, str, int | None]]
) -> None:
    wanted = {
        (member, WECOM.out[tag]) for member, _, tag, ends in has if tag in WECOM.out and (ends is None or ends > NOW)
    }
    known = {(member, mark) for member, mark in shown(rows) if mark in WECOM.out.values()}
    columns = STATE["tags"].columns
    listed = [dict(zip(("member", "tagger", "tag", "expires"), row, strict=True)) for row in has]

    def marks(seen: View) -> Frame:
        held = seen.table({name: [row.get(name) for row in listed] for name in columns}, columns)
        return WECOM.marks(seen.having(tags=held)).select("member", "mark", "change")

    added, removed = sorted(wanted - known), sorted(known - wanted)
    same(views, rows, marks, [*((*key, "add") for key in added), *((*key, "remove") for key in removed)])
    reports = [("marked", key) for key in added] + [("unmarked", key) for key in removed]
    done = [
        {
            "member": member,
            "type": kind,
            "second": NOW,
            "day": TODAY,
            "id": 1000 + number,
            "subject": mark,
            "ref": "wecom",
        }
        for number, (kind, (member, mark)) in enumerate(reports)
    ]
    same(views, [*rows, *done], marks, [])


BRAND = """
[brand]
name = "Tiny"
zone = "UTC"
[tagger.tastes]
use = "survey"
questions.one = { answers = { a = "likes-a" }, as = "said" }
[tagger.staff]
use = "manual"
tags = ["host", "call"]
[tagger.wecom]
use = "channel-tags"
channel = "wecom"
in = { x = "m1" }
out = { host = "m3", said = "m4" }
[channel.wecom]
use = "console"
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("hands"), BRAND)


@given(rows=st.tuples(answered, said, marked), chance=st.integers(0, 2**32), halves=st.booleans())
@settings(max_examples=rounds(3, 30))
def test_the_order_in_which_it_comes_in_does_not_matter(
    path: Path, rows: tuple[list[Row], ...], chance: int, *, halves: bool
) -> None:
    facts = [
        {"identity": f"wecom:m{row['member']}", "source_id": f"{part}-{row['id']}", "time": written(row["second"])}
        | {name: row[name] for name in ("type", "subject", "ref", "staff", "props")}
        for part, found in enumerate(rows)
        for row in found
    ]
    mixed = list(facts)
    Random(chance).shuffle(mixed)
    middle = len(mixed) // 2 if halves else 0
    found = []
    for parts in ([facts], [mixed[:middle], mixed[middle:], mixed[:3]]):
        with opened(path) as brand:
            for part in parts:
                brand.ingest(part, now=NOW)
            brand.run(now=NOW)
            gapless(brand)
            marks = brand.marks("wecom", now=NOW).to_native().fetchall()
            found.append((contents(brand, without=OWN), marks))
    assert found[0] == found[1]
