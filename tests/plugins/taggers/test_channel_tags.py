from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import pytest

from siyu.errors import ConfigError
from siyu.tables import STATE
from siyu.testing.views import programme_of, view
from siyu.view import View
from siyu_plugins.taggers.channel_tags import ChannelTags, siyu_register_taggers

Give: TypeAlias = "Callable[..., list[tuple[Any, ...]]]"
Differ: TypeAlias = "Callable[..., list[tuple[Any, ...]]]"
ROW = ("member", "tag", "evidence")
NOW = 1_728_043_200
WECOM = ChannelTags(name="wecom", channel="wecom", in_={"whole": "e1", "old": "e1", "far": "e2"}, out={"vip": "e7"})
CONFIG = """
[channel.wecom]
use = "console"
[tagger.value]
use = "rules"
when.vip = "did('ordered')"
[tagger.wecom]
use = "channel-tags"
channel = "wecom"
"""


def marked(member: int, ago: int, mark: str, kind: str = "marked", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    return {"member": member, "type": kind, "ago": ago, "subject": mark, "ref": "wecom", **more}


def had(member: int, tag: str, expires: int | None = None) -> dict[str, Any]:
    return {"member": member, "tagger": "value", "tag": tag, "expires": expires}


@pytest.fixture(params=["duckdb", "polars"])
def differ(request: pytest.FixtureRequest) -> Differ:
    """Return what asks a tagger for its marks, of tags and events; ``ago`` is in seconds."""

    def rows(
        tagger: ChannelTags,
        tags: Sequence[Mapping[str, Any]] = (),
        events: Sequence[Mapping[str, Any]] = (),
        links: Sequence[Mapping[str, Any]] = (),
    ) -> list[tuple[Any, ...]]:
        happened = [{**event, "second": NOW - event["ago"]} for event in events]
        known = [{name: value for name, value in event.items() if name != "ago"} for event in happened]
        seen: View = view("", {"events": known, "links": links}, NOW, engine=request.param)
        columns = STATE["tags"].columns
        seen = seen.having(tags=seen.table({name: [tag.get(name) for tag in tags] for name in columns}, columns))
        return sorted(seen.rows(tagger.marks(seen).select("member", "mark", "change")))

    return rows


def test_registered_under_its_name() -> None:
    assert siyu_register_taggers() == {"channel-tags": ChannelTags}
    assert ChannelTags.scope == "member"
    assert (WECOM.gives, WECOM.marked_channel) == (("whole", "old", "far"), "wecom")
    assert ChannelTags(name="in", channel="wecom", in_={"a": "e1"}).marked_channel == ""


def test_what_is_marked_in_the_channel_is_a_tag(give: Give) -> None:
    events = [
        marked(1, 2, "e1", staff="lin"),
        marked(1, 3, "e2"),
        marked(2, 2, "e2", staff=""),
        marked(3, 2, "e2", ref="other"),
        marked(4, 2, "e7"),
        marked(5, -1, "e2"),
        marked(6, 2, "e1") | {"member": None},
    ]
    assert give(WECOM, events, columns=ROW) == [
        (1, "far", "marked in wecom, 2024-10-01"),
        (1, "old", "marked in wecom by lin, 2024-10-02"),
        (1, "whole", "marked in wecom by lin, 2024-10-02"),
        (2, "far", "marked in wecom, 2024-10-02"),
    ]


def test_the_newest_mark_counts_and_of_one_second_the_greater_id(give: Give) -> None:
    events = [
        marked(1, 3, "e2"),
        marked(1, 2, "e2", "unmarked"),
        marked(2, 2, "e2", id=11),
        marked(2, 2, "e2", "unmarked", id=10),
        marked(3, 2, "e2", "unmarked", id=11),
        marked(3, 2, "e2", id=10),
        marked(4, 2, "e2"),
        marked(4, 1, "e2", "unmarked", ref="other"),
    ]
    for order in (events, events[::-1]):
        assert [member for member, *_ in give(WECOM, order, columns=ROW)] == [2, 4]


def test_the_difference_is_what_members_have_less_what_the_channel_has(differ: Differ) -> None:
    events = [marked(2, 9, "e7"), marked(3, 9, "e7"), marked(4, 9, "e7"), marked(4, 5, "e7", "unmarked")]
    assert differ(WECOM, [had(1, "vip"), had(2, "vip"), had(4, "vip"), had(5, "other")], events) == [
        (1, "e7", "add"),
        (3, "e7", "remove"),
        (4, "e7", "add"),
    ]


def test_it_is_empty_when_the_channel_reported_it_back(differ: Differ) -> None:
    tags, events = [had(1, "vip"), had(2, "vip")], [marked(3, 9, "e7")]
    reported = [
        marked(member, 1, mark, "marked" if change == "add" else "unmarked")
        for member, mark, change in differ(WECOM, tags, events)
    ]
    assert len(reported) == 3
    assert differ(WECOM, tags, [*reported, *events]) == []


def test_marks_of_others_and_tags_that_ended_are_nothing_to_it(differ: Differ) -> None:
    events = [marked(1, 9, "e1"), marked(2, 9, "e8"), marked(3, 9, "e7", ref="other"), marked(4, 9, "e7")]
    tags = [had(4, "vip", NOW), had(5, "vip", NOW + 1), had(6, "whole")]
    assert differ(WECOM, tags, events) == [(4, "e7", "remove"), (5, "e7", "add")]


def test_two_tags_may_be_shown_by_one_mark(differ: Differ) -> None:
    both = ChannelTags(name="wecom", channel="wecom", out={"vip": "e7", "host": "e7"})
    tags = [had(1, "vip"), had(1, "host"), had(2, "host"), {**had(2, "host"), "tagger": "other"}]
    assert differ(both, tags) == [(1, "e7", "add"), (2, "e7", "add")]
    assert differ(both, tags[1:2], [marked(1, 9, "e7")]) == []


def test_ids_that_were_joined_since_the_last_run_are_one_member(differ: Differ) -> None:
    link = {"a": 1, "b": 2, "evidence": "phone", "time": 1, "undone": False}
    assert differ(WECOM, [had(2, "vip")], [marked(1, 9, "e7")], [link]) == []


def test_one_way_alone(give: Give, differ: Differ) -> None:
    only_in, only_out = (ChannelTags(name="w", channel="wecom", **{way: {"vip": "e7"}}) for way in ("in_", "out"))
    assert give(only_out, [marked(1, 2, "e7")], columns=ROW) == []
    assert [row[1] for row in give(only_in, [marked(1, 2, "e7")], columns=ROW)] == ["vip"]
    assert differ(only_out) == []


@pytest.mark.parametrize(
    ("ways", "words"),
    [
        ({}, "expected tags that come in or go out"),
        ({"in_": {"a": "e1"}, "out": {"b": "e1"}}, "the channel's 'e1' is in both 'in' and 'out'"),
        ({"in_": {"a": "e1"}, "out": {"a": "e2"}}, "the tag 'a' is in both 'in' and 'out'"),
        ({"in_": {"a": ""}}, "expected the channel's id of the tag 'a'"),
        ({"out": {"a": ""}}, "expected the channel's id of the tag 'a'"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(ways: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ChannelTags(name="wecom", channel="wecom", **ways)


def test_a_config_of_both_ways_is_sound() -> None:
    programme, _ = programme_of(f'{CONFIG}\nin = {{ whole = "e1" }}\nout = {{ vip = "e7" }}')
    assert programme.component("tagger", "wecom") == ChannelTags(
        name="wecom", channel="wecom", in_={"whole": "e1"}, out={"vip": "e7"}
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ('out = { vpi = "e7" }', r"tagger\.wecom\.out\.vpi.*no tag 'vpi'[\s\S]*\^\^\^\n    did you mean 'vip'\?"),
        ('in = { whole = "e1" }\nout = { vip = "e1" }', r"tagger\.wecom\.out.*is in both 'in' and 'out'"),
        ("in = {}", r"tagger\.wecom .*expected tags that come in or go out"),
    ],
)
def test_mistakes_are_found_at_their_place(given: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        programme_of(f"{CONFIG}\n{given}")


def test_the_channel_must_be_there() -> None:
    with pytest.raises(ConfigError, match=r"no channel 'wecm'[\s\S]*did you mean 'wecom'\?"):
        programme_of(CONFIG.replace('channel = "wecom"', 'channel = "wecm"\nin = { a = "e1" }'))
