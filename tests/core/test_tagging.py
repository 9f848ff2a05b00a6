"""Tags by hand, and the marks of a channel, through a brand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import narwhals as nw
import pytest
from attrs import frozen
from tests.brands import contents, folder, gapless, happened, opened, rows

from siyu import Brand
from siyu.errors import PluginError, UserError
from siyu.hooks import hookimpl
from siyu.kinds import Frame, Tagger
from siyu.view import View

BRAND = """
[brand]
name = "Tea"
zone = "Asia/Shanghai"
[gate]
consent = "unless-withdrawn"
quiet = "23:00-01:00"
[tagger.staff]
use = "manual"
tags = ["host", { tag = "call-back", meaning = "asked to be called", keep = "30d" }]
[tagger.buyers]
use = "rules"
when.buyer = "did('ordered')"
[tagger.box]
use = "channel-tags"
channel = "box"
out = { host = "T1", buyer = "T2" }
[content.words]
use = "library"
items.hi = { kind = "emotion", text = "Hi!" }
[campaign.hosts]
use = "broadcast"
from = 2026-11-01
on = 2026-11-12
at = "10:00"
say = "hi"
via = "box"
to = "tag('host')"
[channel.box]
use = "outbox"
path = "out"
"""
NOW = "2026-11-12T11:00"
EVENTS = [
    happened("ann", "joined", "2026-11-01T02:00", "j1"),
    happened("bob", "joined", "2026-11-02T02:00", "j2"),
    happened("bob", "ordered", "2026-11-03T02:00", "o1", amount=100),
]
TAGS = ("member", "tag", "value", "evidence", "expires")


@pytest.fixture
def brand(tmp_path: Path) -> Iterator[Brand]:
    with opened(folder(tmp_path, BRAND)) as found:
        found.ingest(EVENTS, entry="shop", now="2026-11-10")
        yield found
        gapless(found)


def second(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def test_a_tag_by_hand_is_an_event_that_the_next_run_goes_by(brand: Brand) -> None:
    ann = brand.number("wecom:ann")
    # The first look of a tagger is no news of anybody.
    brand.run(now="2026-11-10T12:00", send=False)
    done = brand.tag("wecom:ann", "host", by="lin", value="3", note="带朋友来", now="2026-11-11T10:00")
    assert done.counts["events"] == 1
    at = second("2026-11-11T10:00+08:00")
    assert rows(brand, "events", "member", "type", "second", "day", "entry", "staff", "subject", "ref", "props")[
        -1
    ] == (
        *(ann, "tagged", at, 20768, "by-hand", "lin", "host", None),
        '{"note": "带朋友来", "value": "3"}',
    )
    assert rows(brand, "tags") == []
    brand.run(now=NOW, send=False)
    assert (ann, "host", "3", "by lin, 2026-11-11: 带朋友来", None) in rows(brand, "tags", *TAGS)
    assert rows(brand, "members", "member", "entry", "joined")[0][1] == "shop"
    brand.untag("wecom:ann", "host", by="wu", now="2026-11-12T12:00")
    brand.run(now="2026-11-12T12:01", send=False)
    assert [row for row in rows(brand, "tags", *TAGS) if row[0] == ann] == []
    assert rows(brand, "tag_changes", "tag", "change", "value", "reason") == [
        ("host", "gained", "3", "by lin, 2026-11-11: 带朋友来"),
        ("host", "lost", "3", "it is no longer given"),
    ]


def test_a_tick_goes_by_it(brand: Brand) -> None:
    assert brand.run(now=NOW, send=False).counts["touches"] == 0
    brand.tag("wecom:ann", "host", by="lin", now="2026-11-12T11:01")
    assert brand.tick(now="2026-11-12T11:02", send=False).counts["touches"] == 1
    assert rows(brand, "touches", "recipient", "campaign") == [(brand.number("wecom:ann"), "hosts")]


def test_what_is_said_again_at_the_same_moment_is_said_once(brand: Brand) -> None:
    number = brand.number("wecom:ann")
    said: dict[str, Any] = {"by": "lin", "value": "3", "until": "2026-12-31", "note": "x", "now": NOW}
    brand.tag("wecom:ann", "host", **said)
    before = contents(brand, without=["runs"])
    for member in ("wecom:ann", number, str(number)):
        assert brand.tag(member, "host", **said).counts["events"] == 0
    assert contents(brand, without=["runs"]) == before
    for other in ({"by": "wu"}, {"value": "4"}, {"until": None}, {"note": ""}, {"now": "2026-11-12T11:00:01"}):
        assert brand.tag("wecom:ann", "host", **said | other).counts["events"] == 1
    assert brand.untag("wecom:ann", "host", by="lin", note="x", now=NOW).counts["events"] == 1
    assert brand.untag("wecom:ann", "host", by="lin", note="x", now=NOW).counts["events"] == 0


def test_threads_that_say_the_same_say_it_once(brand: Brand) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: brand.tag("wecom:ann", "host", by="lin", now=NOW), range(16)))
    assert len([kind for (kind,) in rows(brand, "events", "type") if kind == "tagged"]) == 1


@pytest.mark.parametrize(
    ("until", "end"),
    [
        ("2026-12-31", "2027-01-01T00:00+08:00"),
        ("2026-12-31T18:00", "2026-12-31T18:00+08:00"),
        ("2026-12-31T18:00Z", "2026-12-31T18:00+00:00"),
        ("2026-11-12", "2026-11-13T00:00+08:00"),
        (1_800_000_000, datetime.fromtimestamp(1_800_000_000, UTC).isoformat()),
    ],
)
def test_until_is_the_last_day_or_the_moment_when_it_ends(brand: Brand, until: str | int, end: str) -> None:
    brand.tag("wecom:ann", "host", by="lin", until=until, now=NOW)
    brand.run(now=NOW, send=False)
    assert [row[-1] for row in rows(brand, "tags", *TAGS) if row[1] == "host"] == [second(end)]


def test_a_tag_has_the_keep_of_its_list_where_nothing_else_is_said(brand: Brand) -> None:
    brand.tag("wecom:ann", "call-back", by="lin", now=NOW)
    brand.run(now=NOW, send=False)
    ends = [row[-1] for row in rows(brand, "tags", *TAGS) if row[1] == "call-back"]
    assert ends == [second("2026-12-12T11:00+08:00")]


def test_a_tag_that_is_over_is_lost_and_says_so(brand: Brand) -> None:
    brand.run(now="2026-11-10T12:00", send=False)
    brand.tag("wecom:ann", "host", by="lin", until="2026-11-12", now="2026-11-11T10:00")
    for now, held in (("2026-11-12T23:59:59", True), ("2026-11-13T00:00", False)):
        brand.run(now=now, send=False)
        assert bool(rows(brand, "tags")) == held
    assert rows(brand, "tag_changes", "change", "reason")[-1] == ("lost", "it expired")


def test_ids_that_are_one_person_have_one_tag(brand: Brand) -> None:
    brand.link("wecom:ann", "phone:+4915100000001", evidence="signed in with both", now="2026-11-11")
    brand.tag("phone:+4915100000001", "host", by="lin", now="2026-11-11T10:00")
    brand.run(now=NOW, send=False)
    canon = min(brand.number("wecom:ann"), brand.number("phone:+4915100000001"))
    assert [row[:2] for row in rows(brand, "tags", *TAGS) if row[1] == "host"] == [(canon, "host")]
    brand.untag("wecom:ann", "host", by="lin", now="2026-11-12T11:01")
    brand.run(now="2026-11-12T11:02", send=False)
    assert [row for row in rows(brand, "tags", *TAGS) if row[1] == "host"] == []
    # The outside id is not kept: the log names people by their number.
    assert "15100000001" not in str(rows(brand, "events"))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"tag": "hots"}, "no tagger lets people give 'hots'; did you mean 'host'?"),
        ({"tag": "buyer"}, r"'buyer'; there are call-back \(asked to be called\), host"),
        ({"by": " "}, "say who says it: 'host' needs the name of a person"),
        ({"member": "wecom:nobody"}, "no member wecom:nobody is known by then"),
        ({"member": 7}, "no member 7 is known by then"),
        ({"member": "ann"}, "'ann' is no member"),
        ({"now": "2026-11-01T09:59"}, "no member wecom:ann is known by then"),
        ({"until": "2026-11-11"}, "'2026-11-11' is over: a tag ends after the moment when it is given"),
        ({"until": 5}, "'5' is over"),
        ({"until": "soon"}, "'soon' is not a moment"),
    ],
)
def test_what_cannot_be_said_is_refused_and_leaves_nothing(brand: Brand, said: dict[str, Any], words: str) -> None:
    before = contents(brand)
    given: dict[str, Any] = {"member": "wecom:ann", "tag": "host", "by": "lin", "now": NOW} | said
    with pytest.raises(UserError, match=words):
        brand.tag(**given)
    if "until" not in said:
        with pytest.raises(UserError, match=words):
            brand.untag(**given)
    assert contents(brand) == before


def test_without_a_tagger_for_it_nothing_can_be_given(tmp_path: Path) -> None:
    plain = BRAND.replace('use = "manual"', 'use = "survey"').replace("tags = [", "# [")
    plain = plain.replace("[tagger.buyers]", '[tagger.staff.questions]\nq = { as = "host" }\n[tagger.buyers]')
    with (
        opened(folder(tmp_path, plain)) as brand,
        pytest.raises(UserError, match="or any tag; a tagger 'manual' lists"),
    ):
        brand.tag("wecom:ann", "host", by="lin", now=NOW)


def test_explain_shows_who_gave_a_tag_since_when_and_until_when(brand: Brand) -> None:
    brand.tag("wecom:ann", "host", by="lin", until="2026-12-31", now="2026-11-11T10:00")
    brand.run(now=NOW, send=False)
    sections = {section.stage: section for section in brand.explain("wecom:ann", now=NOW).sections}
    tags = [dict(zip(sections["tags"].columns, row, strict=True)) for row in sections["tags"].rows]
    assert tags == [
        {
            "tag": "host",
            "value": None,
            "score": None,
            "evidence": "by lin, 2026-11-11",
            "since": second("2026-11-12T11:00+08:00"),
            "expires": second("2027-01-01T00:00+08:00"),
        }
    ]
    event = dict(zip(sections["events"].columns, sections["events"].rows[0], strict=True))
    assert (event["type"], event["staff"], event["subject"]) == ("tagged", "lin", "host")


def marked(brand: Brand, now: str = NOW) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = brand.marks("box", now=now).to_native().fetchall()
    return found


def test_marks_are_the_difference_until_they_are_reported_back(brand: Brand) -> None:
    ann, bob = (brand.number(f"wecom:{name}") for name in ("ann", "bob"))
    brand.ingest([happened("ann", "marked", "2026-11-02T03:00", "m0", subject="T2", ref="box")])
    assert marked(brand) == [(ann, "T2", "remove")]
    for name in ("ann", "bob"):
        brand.tag(f"wecom:{name}", "host", by="lin", until="2026-11-20", now="2026-11-11T10:00")
    brand.run(now=NOW, send=False)
    asked = marked(brand)
    assert asked == sorted([(ann, "T1", "add"), (ann, "T2", "remove"), (bob, "T1", "add"), (bob, "T2", "add")])
    assert brand.marks("box", now=NOW).collect().rows() == asked
    names = {ann: "ann", bob: "bob"}
    kinds = {"add": "marked", "remove": "unmarked"}
    done = [
        happened(names[member], kinds[change], "2026-11-12T03:30", f"m{number}", subject=mark, ref="box")
        for number, (member, mark, change) in enumerate(asked, 1)
    ]
    brand.ingest(done[:2], now="2026-11-12T11:30")
    assert marked(brand, "2026-11-12T11:31") == asked[2:]
    brand.ingest(done, now="2026-11-12T11:32")
    assert marked(brand, "2026-11-12T11:33") == []
    # What the last run gave is over by then, though no run saw it end.
    assert marked(brand, "2026-11-21T00:00") == sorted([(ann, "T1", "remove"), (bob, "T1", "remove")])


def test_a_channel_that_no_tagger_marks(brand: Brand) -> None:
    with pytest.raises(
        UserError, match=r"no tagger says which of its own tags 'bxo' should show; did you mean 'box'\?"
    ):
        brand.marks("bxo")
    with pytest.raises(UserError, match="a tagger 'channel-tags' with 'out' does"):
        brand.marks("wecom")


def test_a_channel_that_two_taggers_mark(tmp_path: Path) -> None:
    second_one = '[tagger.again]\nuse = "channel-tags"\nchannel = "box"\nout = { host = "T9" }\n'
    with opened(folder(tmp_path, BRAND + second_one)) as brand, pytest.raises(UserError) as caught:
        brand.marks("box")
    assert str(caught.value).startswith("[tagger.again] and [tagger.box] both say which tags 'box' should show")


@frozen(kw_only=True)
class Failing(Tagger):
    """Fails where it should compare."""

    @property
    def marked_channel(self) -> str:
        return "other"

    def tags(self, view: View) -> Frame:
        return view.members.select("member", tag=nw.lit(self.name)).head(0)

    def marks(self, view: View) -> Frame:
        return view.members.select("nothing")


def test_a_tagger_that_fails_is_named(tmp_path: Path) -> None:
    @hookimpl
    def siyu_register_taggers() -> Mapping[str, type[Tagger]]:
        return {"failing": Failing}

    plugins = {"mine": SimpleNamespace(siyu_register_taggers=siyu_register_taggers)}
    toml = f'{BRAND}\n[tagger.bad]\nuse = "failing"\n'
    with opened(folder(tmp_path, toml), plugins=plugins) as brand:
        with pytest.raises(PluginError, match=r"tagger\.bad failed"):
            brand.marks("other")
        assert brand._reading == []
