from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import narwhals as nw
import pytest

from siyu.config.expressions import Condition
from siyu.kinds import ContentItem
from siyu.testing.views import view
from siyu_plugins.contents.library import Item, Library, siyu_register_contents

NOW = 1_796_083_200
BRAND = """
[brand]
name = "tea"
currency = "CNY"
zone = "UTC"
"""
PROPOSALS = {
    "proposal": nw.Int64(),
    "recipient": nw.Int64(),
    "recipient_kind": nw.String(),
    "campaign": nw.String(),
    "step": nw.String(),
    "slot": nw.String(),
}

Row: TypeAlias = "tuple[Any, ...]"
Match: TypeAlias = "Callable[..., list[tuple[Any, ...]]]"


@pytest.fixture(params=["duckdb", "polars"])
def match(request: pytest.FixtureRequest) -> Match:
    """Return what matches (proposal, recipient, recipient_kind, slot) and returns proposal, content, score in order."""

    def rows(
        library: Library,
        proposals: Sequence[Row],
        touches: Sequence[Row] = (),
        regions: Mapping[int, str | None] | None = None,
    ) -> list[Row]:
        tables = {
            "events": [
                {"member": member, "type": "profiled", "second": NOW, "props": json.dumps({"region": region})}
                for member, region in (regions or {}).items()
            ],
            "touches": [
                {"id": number, "recipient": recipient, "recipient_kind": kind, "content": content}
                for number, (recipient, kind, content, _) in enumerate(touches)
            ],
            "receipts": [
                {"touch": number, "state": state, "time": NOW} for number, (*_, state) in enumerate(touches) if state
            ],
        }
        seen = view(BRAND, tables, NOW, engine=request.param)
        full = [(number, recipient, kind, "welcome", "hello", slot) for number, recipient, kind, slot in proposals]
        columns = {name: [row[place] for row in full] for place, name in enumerate(PROPOSALS)}
        frame = library.match(seen, seen.table(columns, PROPOSALS))
        return sorted(seen._engine.rows(frame.select("proposal", "content", "score")))

    return rows


def library(**items: Item) -> Library:
    return Library(name="matrix", items_={name.replace("_", "-"): item for name, item in items.items()})


def item(**more: Any) -> Item:  # noqa: ANN401 - any attribute
    return Item(**{"kind": "educate", "text": "Water of 80 degrees.", **more})


def test_registered_under_its_name() -> None:
    assert siyu_register_contents() == {"library": Library}


def test_slots_are_the_items_and_what_they_fill() -> None:
    found = library(guide=item(slots=("welcome", "tip")), hello=item(slots=("welcome",)))
    assert found.slots == ["guide", "hello", "tip", "welcome"]


def test_items_as_they_are_shown() -> None:
    found = library(guide=item(title="Green tea", link="https://example.com", purpose="service"), card=item()).items()
    text = "Water of 80 degrees.\nhttps://example.com"
    version = "957c6b30d8b4"
    assert found["guide"] == ContentItem("guide", text, "Green tea", "service", version)
    assert found["card"].purpose == "marketing"
    assert found["card"].text == "Water of 80 degrees."


def test_the_version_follows_what_is_sent_and_nothing_else() -> None:
    plain = item(text="早安")
    assert item(text="早安", weight=5, slots=("a",), topic="x", stage=("new",)).version == plain.version
    changed = [
        item(text="晚安"),
        item(text="早安", title="t"),
        item(text="早安", link="l"),
        item(text="早安", form="image"),
    ]
    assert len({one.version for one in [plain, *changed]}) == 5


def test_an_item_that_is_named_is_taken(match: Match) -> None:
    rare = Condition.parse("region == 'north'")
    found = library(guide=item(weight=3, when=rare), other=item(weight=9, slots=("guide", "tip")))
    assert match(found, [(1, 7, "member", "guide"), (2, 7, "member", "tip"), (3, 7, "member", "unknown")]) == [
        (1, "guide", 1003.0),
        (2, "other", 9.0),
    ]


def test_a_slot_takes_the_heaviest_that_holds(match: Match) -> None:
    north = Condition.parse("region == 'north'")
    found = library(north=item(slots=("tip",), when=north, weight=2), all=item(slots=("tip", "tip"), weight=1))
    proposals = [(1, 7, "member", "tip"), (2, 8, "member", "tip"), (3, 7, "group", "tip"), (4, 9, "member", "tip")]
    assert match(found, proposals, regions={7: "north", 8: None}) == [
        (1, "all", 1.0),
        (1, "north", 2.0),
        (2, "all", 1.0),
        (3, "all", 1.0),
        (4, "all", 1.0),
    ]


def test_what_was_sent_least_goes_first_then_the_heaviest(match: Match) -> None:
    found = library(
        heavy=item(slots=("tip",), weight=5), light=item(slots=("tip",)), low=item(slots=("tip",), weight=-4)
    )
    touches = [
        (7, "member", "heavy", "sent"),
        (7, "member", "heavy", "delivered"),
        (7, "member", "light", "handed"),
        (8, "member", "heavy", "queued"),
        (8, "member", "light", "unknown"),
        (8, "member", "low", "failed"),
        (9, "member", "heavy", "suppressed"),
        (9, "member", "light", None),
        (9, "group", "low", "sent"),
    ]
    proposals = [(1, 7, "member", "tip"), (2, 8, "member", "tip"), (3, 9, "member", "tip")]
    assert match(found, proposals, touches) == [
        (1, "heavy", -15.0),
        (1, "light", -10.0),
        (1, "low", -4.0),
        (2, "heavy", -5.0),
        (2, "light", -10.0),
        (2, "low", -4.0),
        (3, "heavy", 5.0),
        (3, "light", 0.0),
        (3, "low", -4.0),
    ]


def test_an_item_that_is_named_goes_out_again(match: Match) -> None:
    assert match(library(card=item()), [(1, 7, "member", "card")], [(7, "member", "card", "sent")]) == [
        (1, "card", 1000.0)
    ]


def test_nothing_is_matched_where_nothing_is_proposed(match: Match) -> None:
    north = Condition.parse("region == 'north'")
    assert match(library(card=item(slots=("tip",), when=north)), []) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"text": ""}, "expected at least one of title, text and link"),
        ({"weight": 1000}, "expected a weight from -999 to 999, not 1000"),
    ],
)
def test_an_item_that_cannot_be_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        item(**wrong)


def test_a_library_without_items_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one item"):
        library()
