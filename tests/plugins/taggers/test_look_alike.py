from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any, TypeAlias, get_args

import narwhals as nw
import pytest
from tests.audiences import FEATURES, audience

from siyu.config.expressions import Condition
from siyu.config.units import Share
from siyu.testing.views import EngineName, view
from siyu.view import View
from siyu_plugins._contrast.comparison import Contrast
from siyu_plugins.taggers.look_alike import LookAlike, siyu_register_taggers

Row: TypeAlias = "dict[str, Any]"
Tag: TypeAlias = "tuple[int, str, str | None, float, str]"

ENGINES: tuple[EngineName, ...] = get_args(EngineName)
BRAND = FEATURES + "[tagger.t]\nuse = 'rules'\nwhen.vip = 'spend > \"500.00\"'\nwhen.active = 'views > 3'\n"
COLUMNS = ("member", "tag", "value", "score", "evidence")


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> EngineName:
    return request.param  # type: ignore[no-any-return]


def look_alike(**keys: Any) -> LookAlike:  # noqa: ANN401 - keys of a config, of any type
    given: Row = {name: Condition.parse(keys[name]) for name in ("like", "among") if name in keys}
    shares = {name: Share.parse(text) for name, text in keys.items() if isinstance(text, str) and text.endswith("%")}
    return LookAlike(**{"name": "like-vip", "like": Condition.parse("tag('vip')"), **keys, **given, **shares})


def tagged(tagger: LookAlike, seen: View) -> list[Tag]:
    return sorted(seen.rows(tagger.tags(seen).select(*COLUMNS)))


def drivers(contrast: Contrast) -> list[str]:
    return [driver.trait.condition for driver in contrast.drivers]


# Twenty members: 1 to 8 are the group. All of them and two others are keen; all of them and six others live in the
# north; whoever views a page has nothing to do with it.
VIP = range(1, 9)
TWENTY: list[Row] = [
    {
        "member": member,
        "keen": member in VIP or member in (9, 10),
        "region": "north" if member in VIP or member in (10, 11, 12, 13, 14, 15) else "south",
        "views": member % 2,
    }
    for member in range(1, 21)
]
KEYS: dict[str, Any] = {
    "features": ("keen", "region", "views"),
    "correction": "benjamini-hochberg",
    "false_discovery": "20%",
    "least_support": 1,
}
# Of the group 8 of 8, of the others 2 and 6 of 12; with one member more who has it, and one who has not.
KEEN = round(log((9 / 10) / (3 / 14)) * 1_000_000)
NORTH = round(log((9 / 10) / (7 / 14)) * 1_000_000)


def twenty(engine: EngineName) -> View:
    return audience(BRAND, TWENTY, engine, tags={"vip": list(VIP)})


def test_registered_under_its_name() -> None:
    assert siyu_register_taggers() == {"look-alike": LookAlike}
    assert LookAlike.scope == "population"
    assert look_alike().gives == ("like-vip",)


def test_drivers_by_hand(engine: EngineName) -> None:
    contrast = look_alike(**KEYS).contrast(twenty(engine))
    assert (contrast.group, contrast.others, contrast.circular) == (8, 12, [])
    keen, north = contrast.drivers
    assert (keen.trait.condition, keen.weight) == ("keen", KEEN)
    assert (north.trait.condition, north.weight) == ("region == 'north'", NORTH)
    # 10 have it of whom 8 are the group: C(10, 8) of C(20, 8) ways to draw it. Twice that, for the other tail.
    assert keen.p == pytest.approx(2 * 45 / 125_970)
    assert north.p == pytest.approx(2 * 3_003 / 125_970)
    # Five traits are tested: keen, two regions, two halves of the views. The south's p-value is the north's.
    assert keen.q == pytest.approx(keen.p * 5)
    assert north.q == pytest.approx(north.p * 5 / 3)
    assert keen.counts.lift == pytest.approx(2)
    assert north.counts.lift == pytest.approx(8 / 8 * 20 / 14)


def test_who_is_most_alike_is_tagged(engine: EngineName) -> None:
    both = KEEN + NORTH
    every = [
        (9, "like-vip", None, KEEN / both, "keen"),
        (10, "like-vip", None, 1.0, "keen; region == 'north'"),
        *((member, "like-vip", None, NORTH / both, "region == 'north'") for member in range(11, 16)),
    ]
    seen = twenty(engine)
    assert tagged(look_alike(**KEYS, reach="100%"), seen) == every
    # Of the 12 others a quarter are 3; those of equal scores follow each other by id.
    assert tagged(look_alike(**KEYS, reach="25%"), seen) == every[:3]
    assert tagged(look_alike(**KEYS, reach="24.9%"), seen) == every[:2]
    # Less than one member is nobody.
    assert tagged(look_alike(**KEYS, reach="5%"), seen) == []


def test_a_score_can_be_asked_for(engine: EngineName) -> None:
    seen = twenty(engine)
    assert [row[0] for row in tagged(look_alike(**KEYS, reach="100%", at_least="70.9%"), seen)] == [9, 10]
    assert pytest.approx(0.7094, abs=0.0001) == KEEN / (KEEN + NORTH)
    assert [row[0] for row in tagged(look_alike(**KEYS, reach="100%", at_least="71%"), seen)] == [10]


def test_the_value_is_the_part_of_the_reach(engine: EngineName) -> None:
    found = tagged(look_alike(**KEYS, reach="100%", bands=3), twenty(engine))
    # Of 12 places each part has 4; seven are taken.
    assert [(member, value) for member, _, value, _, _ in found] == [
        (9, "1"),
        (10, "1"),
        (11, "1"),
        (12, "1"),
        (13, "2"),
        (14, "2"),
        (15, "2"),
    ]


def test_where_nothing_is_significant_nobody_is_tagged(engine: EngineName) -> None:
    seen = twenty(engine)
    for keys in ({"false_discovery": "0.1%"}, {"least_lift": 2.1}, {"least_support": 15}, {"features": ("views",)}):
        tagger = look_alike(**{**KEYS, "reach": "100%", **keys})
        assert tagger.contrast(seen).drivers == []
        assert tagged(tagger, seen) == []


def test_what_limits_drivers(engine: EngineName) -> None:
    seen = twenty(engine)
    assert drivers(look_alike(**{**KEYS, "least_lift": 1.5}).contrast(seen)) == ["keen"]
    assert drivers(look_alike(**{**KEYS, "least_support": 11}).contrast(seen)) == ["region == 'north'"]
    assert drivers(look_alike(**{**KEYS, "false_discovery": "5%"}).contrast(seen)) == ["keen"]
    assert drivers(look_alike(**{**KEYS, "without": ("keen",)}).contrast(seen)) == ["region == 'north'"]
    # Of five tests the other correction multiplies by 1 + 1/2 + 1/3 + 1/4 + 1/5 = 2.283.
    assert drivers(look_alike(**{**KEYS, "correction": "benjamini-yekutieli"}).contrast(seen)) == [
        "keen",
        "region == 'north'",
    ]
    strict = {**KEYS, "correction": "benjamini-yekutieli", "false_discovery": "18%"}
    assert drivers(look_alike(**strict).contrast(seen)) == ["keen"]


def test_the_most_common_texts_alone_are_looked_at(engine: EngineName) -> None:
    seen = twenty(engine)
    assert drivers(look_alike(**{**KEYS, "values": 1}).contrast(seen)) == ["keen", "region == 'north'"]
    # One text and four others make four tests.
    assert look_alike(**{**KEYS, "values": 1}).contrast(seen).drivers[0].q == pytest.approx(4 * 2 * 45 / 125_970)


def test_the_group_is_compared_with_those_among_whom_it_is_asked_for(engine: EngineName) -> None:
    tagger = look_alike(**{**KEYS, "among": "region == 'north'", "reach": "100%"})
    contrast = tagger.contrast(twenty(engine))
    assert (contrast.group, contrast.others) == (8, 6)
    # Nobody lives elsewhere, and of the keen one is no vip.
    assert [row[0] for row in tagged(tagger, twenty(engine))] == [10]


def test_there_may_be_no_group_nobody_else_or_nobody_at_all(engine: EngineName) -> None:
    tagger = look_alike(**KEYS, reach="100%")
    for size in (0, 20):
        assert tagged(tagger, audience(BRAND, TWENTY, engine, tags={"vip": range(1, size + 1)})) == []
    empty = tagger.contrast(audience(BRAND, [], engine))
    assert (empty.group, empty.others, empty.drivers) == (0, 0, [])


def test_tags_are_looked_at_where_they_are_named(engine: EngineName) -> None:
    seen = audience(BRAND, TWENTY, engine, tags={"vip": list(VIP), "active": [*VIP, 20], "rare": [1]})
    keys = {**KEYS, "features": ("region",), "reach": "100%"}
    assert drivers(look_alike(**keys).contrast(seen)) == ["region == 'north'"]
    assert drivers(look_alike(**keys, tags_=("active",)).contrast(seen)) == ["tag('active')", "region == 'north'"]
    assert tagged(look_alike(**keys, tags_=("active",)), seen)[-1][4] == "tag('active')"


DEFINED = """
[segment]
best = "tag('vip') and orders > 3"
[tagger.rfm]
use = "rfm"
[tagger.more]
use = "rules"
when.rich = "spend > '900.00'"
when.reading = "views > 9"
[tagger.most]
use = "rules"
when.both = "tag('rich') and region == 'CN'"
"""
TAGS = ("rich", "reading", "both", "champions", "lost")


@pytest.mark.parametrize(
    ("like", "definition", "circular"),
    [
        # What is made of the same events says the same: who spends much orders often.
        ("spend > '500.00'", "events", {"spend", "orders", "rich", "both", "champions", "lost"}),
        ("spend > '500.00'", "columns", {"spend", "rich", "both"}),
        # Through a tag, and a segment.
        ("tag('vip')", "columns", {"spend", "rich", "both"}),
        ("segment('best')", "columns", {"spend", "orders", "rich", "both"}),
        ("segment('best')", "events", {"spend", "orders", "rich", "both", "champions", "lost"}),
        # A tag that comes of no condition goes with its siblings, and the events that its tagger names.
        ("tag('champions')", "columns", {"champions", "lost"}),
        ("tag('champions')", "events", {"champions", "lost", "spend", "orders", "rich", "both"}),
        ("tag('both')", "columns", {"both", "rich", "spend", "region"}),
        ("views > 9", "events", {"views", "last_view", "reading"}),
        ("views > 9", "columns", {"views", "reading"}),
        ("days_since('joined') > 30", "events", {"joined"}),
        ("did('checked_in')", "events", {"cups"}),
        ("did('checked_in')", "columns", set()),
        ("keen and taste == 'green'", "events", {"keen", "taste"}),
    ],
)
def test_what_defines_the_group_is_no_driver(like: str, definition: str, circular: set[str]) -> None:
    members = [row | {"last:joined": 20_000, "last:checked_in": None} for row in TWENTY]
    seen = audience(BRAND + DEFINED, members, "polars")
    contrast = look_alike(like=like, definition=definition, tags_=TAGS).contrast(seen)
    assert {name.removeprefix("tag:") for name in contrast.circular} == circular
    looked_at = {name.removeprefix("tag:") for name in contrast.members.collect_schema().names()[2:]}
    assert looked_at == {*seen.names.columns, *TAGS} - circular


def test_whom_it_is_asked_among_defines_nothing() -> None:
    contrast = look_alike(like="keen", among="spend > '5.00'").contrast(audience(BRAND, TWENTY, "polars"))
    assert contrast.circular == ["keen"]


TOML = """
[brand]
name = "tea"
[feature]
orders = { count = "ordered" }
views = { count = "viewed" }
[segment]
vip = "tag('buyer') and orders >= 2"
[tagger.a-like-vip]
use = "look-alike"
like = "segment('vip')"
tags = ["eager"]
reach = "50%"
[tagger.value]
use = "rules"
when.buyer = "orders >= 1"
when.eager = "views >= 2"
"""


def events() -> list[Mapping[str, Any]]:
    """Return what forty members do: the first fifteen order twice and look around; of the others, two do."""
    rows: list[Mapping[str, Any]] = []
    for member in range(1, 41):
        kinds = ["joined", *["ordered"] * (2 if member <= 15 else 1), *["viewed"] * (3 if member <= 17 else 1)]
        rows += [{"member": member, "type": kind, "at": f"2026-11-0{at + 1}T10:00"} for at, kind in enumerate(kinds)]
    return rows


def test_in_a_run_it_comes_after_the_tags_that_its_group_and_its_segment_read(engine: EngineName) -> None:
    seen = view(TOML, {"events": events()}, "2026-11-10", engine)
    found = seen.tags.filter(nw.col("tagger") == "a-like-vip").select("member", "evidence")
    assert sorted(seen.rows(found)) == [(member, "tag('eager'); views > 1") for member in (16, 17)]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"reach": "0%"}, "expected a share above 0%, as in '5%': nobody could be tagged"),
        ({"false_discovery": "0%"}, "expected a share between 0% and 100%, as in '5%', not '0%'"),
        ({"false_discovery": "100%"}, "not '100%'"),
        ({"parts": 1}, "'parts' must be >= 2: 1"),
        ({"values": 0}, "'values' must be >= 1: 0"),
        ({"bands": 0}, "'bands' must be >= 1: 0"),
        ({"least_support": 0}, "'least_support' must be >= 1: 0"),
        ({"least_lift": 0.9}, "'least_lift' must be >= 1.0: 0.9"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        look_alike(**wrong)
