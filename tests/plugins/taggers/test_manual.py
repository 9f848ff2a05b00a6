from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from siyu.config.units import DAY, Duration
from siyu_plugins.taggers.manual import Allowed, Manual, siyu_register_taggers

Give: TypeAlias = "Callable[..., list[tuple[Any, ...]]]"
ROW = ("member", "tag", "value", "evidence", "expires")
TODAY = 20_000
MANUAL = Manual(name="staff", tags_=("host", Allowed(tag="call", meaning="asked to be called", keep=Duration(3 * DAY))))


def said(member: int, ago: int, tag: str = "host", kind: str = "tagged", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    props = {name: more.pop(name) for name in ("value", "expires", "note") if name in more}
    row = {"member": member, "type": kind, "ago": ago, "subject": tag, "staff": "ann"}
    return row | {"props": json.dumps(props) if props else None} | more


def test_registered_under_its_name() -> None:
    assert siyu_register_taggers() == {"manual": Manual}
    assert Manual.scope == "member"


def test_gives_what_people_may_give() -> None:
    assert MANUAL.gives == ("host", "call")
    assert MANUAL.by_hand == {"host": "", "call": "asked to be called"}


def test_the_evidence_is_who_when_and_why(give: Give) -> None:
    events = [
        said(1, 2, value="3", note="brings friends"),
        said(2, 3, staff=None),
        said(3, 3, staff="", note="", value=""),
        said(4, 0, value=3, note=["x"]),
    ]
    assert give(MANUAL, events, columns=ROW) == [
        (1, "host", "3", "by ann, 2024-10-02: brings friends", None),
        (2, "host", None, "by hand, 2024-10-01", None),
        (3, "host", "", "by hand, 2024-10-01", None),
        (4, "host", None, "by ann, 2024-10-04", None),
    ]


def test_a_tag_ends_when_its_giver_says_or_after_its_keep(give: Give) -> None:
    events = [
        said(1, 9, "call"),
        said(2, 2, "call"),
        said(3, 2, "call", expires=TODAY * DAY + 5),
        said(4, 2, "call", expires="soon"),
        said(5, 2, expires=1),
    ]
    # The core drops what has expired: it must see it, to know why the tag is lost.
    assert [(member, expires) for member, *_, expires in give(MANUAL, events, columns=ROW)] == [
        (1, (TODAY - 6) * DAY),
        (2, (TODAY + 1) * DAY),
        (3, TODAY * DAY + 5),
        (4, (TODAY + 1) * DAY),
        (5, 1),
    ]


def test_the_newest_word_counts_and_of_one_second_the_greater_id(give: Give) -> None:
    events = [
        said(1, 3),
        said(1, 2, kind="untagged"),
        said(2, 2, kind="untagged", id=20),
        said(2, 2, id=21, note="again"),
        said(3, 2, id=23),
        said(3, 2, kind="untagged", id=24),
        said(4, 2, note="new", expires=5),
        said(4, 3, note="old"),
        said(5, 4, "call"),
        said(5, 1, kind="untagged"),
    ]
    found = [
        (2, "host", "by ann, 2024-10-02: again"),
        (4, "host", "by ann, 2024-10-02: new"),
        (5, "call", "by ann, 2024-09-30"),
    ]
    assert give(MANUAL, events, columns=("member", "tag", "evidence")) == found
    assert give(MANUAL, events[::-1], columns=("member", "tag", "evidence")) == found


def test_other_tags_and_events_to_come_are_nothing_to_it(give: Give) -> None:
    events = [said(1, 1, "vip"), said(2, 1, kind="marked"), said(3, -1), said(4, 1) | {"member": None}]
    assert give(MANUAL, events, columns=ROW) == []
    assert give(MANUAL, columns=ROW) == []


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ((), "expected at least one tag"),
        (("",), "expected at least one tag"),
        (("a", Allowed(tag="a")), "the tag 'a' is listed twice"),
    ],
)
def test_a_list_that_cannot_be_is_refused(tags: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Manual(name="staff", tags_=tags)
    with pytest.raises(ValueError, match="expected how long a tag holds"):
        Allowed(tag="a", keep=Duration(0))
