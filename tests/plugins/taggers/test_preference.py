from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pytest

from siyu.config.units import DAY, ClockRange, Duration, Money, Share
from siyu.testing.views import view
from siyu_plugins.taggers._decay import weights
from siyu_plugins.taggers.preference import Preference, siyu_register_taggers

Rows: TypeAlias = "list[dict[str, Any]]"
Tell: TypeAlias = "Callable[..., list[tuple[Any, ...]]]"

NOW = "2026-10-28T12:00"
BRAND = """
[brand]
name = "tea"
zone = "Asia/Shanghai"
member_zone = "Europe/London"
[content.matrix]
use = "library"
[content.matrix.items]
brew = { kind = "educate", text = "…" }
hills = { kind = "emotion", text = "…" }
sale = { kind = "promo", text = "…" }
"""


@pytest.fixture(params=["duckdb", "polars"])
def tell(request: pytest.FixtureRequest) -> Tell:
    """Return what runs a tagger over rows of tables at noon of 28 October 2026 in Shanghai, and returns its rows."""

    def rows(tagger: Preference, events: Rows, *columns: str, **tables: Rows) -> list[tuple[Any, ...]]:
        seen = view(BRAND, {"events": events, **tables}, NOW, request.param)
        return sorted(seen.rows(tagger.tags(seen).select(*(columns or ("member", "value", "evidence")))))

    return rows


def taste(*of: Any, **more: Any) -> Preference:  # noqa: ANN401 - whatever the class takes
    """Return a tagger whose weights halve every ten days, and that takes whatever is most."""
    given = {"half_life": Duration(10 * DAY), "least": 1, "share": Share(0), **more}
    return Preference(name="taste", of=of, **given)


def order(number: int, ago: int = 0, member: int = 1, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    """Return an order of the morning, so many days ago."""
    second = 1_793_160_000 - 3_600 - ago * DAY
    return {"id": number, "member": member, "type": "ordered", "second": second, **more}


def lines(number: int, *categories: str | None) -> Rows:
    return [{"event": number, "sku": "x", "category": category} for category in categories]


def doings(*times: str, **columns: Any) -> Rows:  # noqa: ANN401 - any column
    return [{"member": 1, "type": "viewed", "at": at, **columns} for at in times]


def lives(member: int, zone: str) -> dict[str, Any]:
    return {"member": member, "type": "profiled", "at": "2026-01-01", "props": f'{{"zone": "{zone}"}}'}


def test_registered_under_its_name() -> None:
    assert siyu_register_taggers() == {"preference": Preference}
    assert (Preference.scope, Preference.transitions) == ("member", "")
    assert Preference(name="taste").gives == ("prefers-category", "prefers-time", "prefers-entry", "prefers-content")


def test_weights_halve() -> None:
    assert weights(10, 31)[::10] == [1_000_000, 500_000, 250_000, 125_000]
    assert weights(1, 22) == [round(1_000_000 / 2**age) for age in range(22)]
    # Two to the power of -1/3 and of -2/3.
    assert weights(3, 4) == [1_000_000, 793_701, 629_961, 500_000]
    assert all(abs(weight - 1e6 * 2 ** (-age / 90)) <= 0.501 for age, weight in enumerate(weights(90, 4000)))


# Today green and puer, ten days ago puer, twenty days ago white by the order's own word.
MIXED = [order(1, subject="none of these"), order(2, 10, subject="none either"), order(3, 20, subject="white")]
LINES = [*lines(1, "green", "green", "puer", None), *lines(2, "puer", ""), *lines(3, None)]


def test_the_category_with_the_most_weight(tell: Tell) -> None:
    # puer 1 + 1/2, green 1, white 1/4.
    found = tell(taste("category"), MIXED, "member", "tag", "value", "score", "evidence", items=LINES)
    assert found == [(1, "prefers-category", "puer", 1.5 / 2.75, "1.50 of 2.75 from 3, then green 1.00")]


def test_least_counts_orders_and_not_categories(tell: Tell) -> None:
    assert len(tell(taste("category", least=3), MIXED, items=LINES)) == 1
    assert tell(taste("category", least=4), MIXED, items=LINES) == []


def test_share_is_asked_for_exactly(tell: Tell) -> None:
    # 1.5 of 2.75 is 54.5454… %.
    assert len(tell(taste("category", share=Share(5_454)), MIXED, items=LINES)) == 1
    assert tell(taste("category", share=Share(5_455)), MIXED, items=LINES) == []
    halves = [order(1, subject="puer"), order(2, subject="green")]
    assert tell(taste("category", share=Share(5_000)), halves, "value") == [("green",)]
    assert tell(taste("category", share=Share(10_000)), halves[:1], "value") == [("puer",)]
    assert tell(taste("category", share=Share(5_001)), halves) == []


def test_of_equal_weights_the_first_by_name(tell: Tell) -> None:
    events = [order(1, subject="white"), order(2, subject="oolong"), order(3, 10, subject="black")]
    both = [*events, order(4, 10, subject="black")]
    assert tell(taste("category"), both) == [(1, "black", "1.00 of 3.00 from 4, then oolong 1.00")]
    assert tell(taste("category", share=Share(3_334)), both) == []


def test_another_event_has_its_subject_for_a_category(tell: Tell) -> None:
    events = [*doings("2026-10-28T10:00", subject="puer"), order(7, subject="green"), order(8, subject="")]
    found = tell(taste("category", event="viewed", prefix="looks-at-"), events, "tag", "value")
    assert found == [("looks-at-category", "puer")]


BANDS = {"fine": Money(8_000), "plain": Money(100), "rare": Money(30_000)}


@pytest.mark.parametrize(
    ("amount", "quantity", "band"),
    [
        (8_000, None, "fine"),
        (7_999, 0, "plain"),
        (24_000, 3, "fine"),
        (23_999, 3, "plain"),
        (30_000, 1, "rare"),
        (100, 1, "plain"),
    ],
)
def test_the_band_of_what_a_piece_cost(tell: Tell, amount: int, quantity: int | None, band: str) -> None:
    priced = {"amount": amount, "quantity": quantity}
    assert tell(taste("price", bands=BANDS), [{**order(1), **priced}], "value") == [(band,)]
    dear = order(1, amount=99_999)
    assert tell(taste("price", bands=BANDS), [dear], "value", items=[{"event": 1, **priced}]) == [(band,)]


def test_a_price_below_all_bands_or_unknown_is_in_none(tell: Tell) -> None:
    events = [order(1, amount=99), order(2, amount=None), order(3, amount=-5_000, quantity=1)]
    assert tell(taste("price", bands=BANDS), events) == []


def test_an_order_counts_once_for_each_of_its_bands(tell: Tell) -> None:
    items = [{"event": 1, "amount": amount, "quantity": 1} for amount in (200, 300, 9_000, None)]
    # An order whose lines say no amount has its own.
    events = [order(1, amount=40_000), order(2, 10, amount=200), order(3, 20, amount=200)]
    found = tell(taste("price", bands=BANDS), events, items=[*items, {"event": 2}])
    assert found == [(1, "plain", "1.75 of 2.75 from 3, then fine 1.00")]


HOURS = {"one": "01:00-02:00", "two": "02:00-03:00", "three": "03:00-04:00"}


def clocks(parts: Mapping[str, str]) -> dict[str, ClockRange]:
    return {name: ClockRange.parse(text) for name, text in parts.items()}


@pytest.mark.parametrize(
    ("zone", "at", "hour"),
    [
        # On 25 October at 01:00 UTC the clocks of Berlin went back from 03:00 to 02:00.
        ("Europe/Berlin", "2026-10-25T00:15:00Z", "two"),
        ("Europe/Berlin", "2026-10-25T01:00:00Z", "two"),
        ("Europe/Berlin", "2026-10-25T01:15:00Z", "two"),
        ("Europe/Berlin", "2026-10-25T00:59:59Z", "two"),
        ("Europe/Berlin", "2026-10-25T02:00:00Z", "three"),
        ("Europe/Berlin", "2026-10-24T23:59:59Z", "one"),
        # On 8 March at 07:00 UTC those of New York went on from 02:00 to 03:00.
        ("America/New_York", "2026-03-08T06:59:59Z", "one"),
        ("America/New_York", "2026-03-08T07:00:00Z", "three"),
        # By half an hour, on 4 October (to 02:30) and on 5 April (to 01:30).
        ("Australia/Lord_Howe", "2026-10-03T15:29:59Z", "one"),
        ("Australia/Lord_Howe", "2026-10-03T15:30:00Z", "two"),
        ("Asia/Kathmandu", "2026-10-03T20:15:00Z", "two"),
    ],
)
def test_the_time_of_day_is_that_of_the_members_clocks(tell: Tell, zone: str, at: str, hour: str) -> None:
    tagger = taste("time", times=clocks(HOURS), half_life=Duration(365 * DAY))
    assert tell(tagger, [*doings(at), lives(1, zone)], "value", "score") == [(hour, 1.0)]


def test_who_states_no_zone_or_none_that_exists_has_the_clocks_of_the_brands_members(tell: Tell) -> None:
    # In London it was summer until 25 October, 01:00 UTC.
    events = [
        *doings("2026-10-25T00:30:00Z"),
        *doings("2026-10-25T02:30:00Z", member=2),
        *doings("2026-10-25T01:30:00Z", member=3),
        lives(2, "Mars/Olympus"),
        lives(3, ""),
    ]
    tagger = taste("time", times=clocks(HOURS))
    assert tell(tagger, events, "member", "value") == [(1, "one"), (2, "two"), (3, "one")]


def test_a_day_counts_once_for_each_part_and_a_part_may_go_over_midnight(tell: Tell) -> None:
    day = ["2026-10-28T10:00", "2026-10-28T10:20", "2026-10-28T11:50"]
    before = ["2026-10-18T06:10", "2026-10-18T05:00", "2026-10-18T09:00"]
    parts = clocks({"night": "21:00-06:00", "morning": "06:00-11:00"})
    events = [*doings(*day, *before), lives(1, "Asia/Shanghai")]
    # Today morning; the day ten days ago morning and night.
    found = tell(taste("time", times=parts), events)
    assert found == [(1, "morning", "1.50 of 2.00 from 2, then night 0.50")]
    assert tell(taste("time", times=parts, doings=("ordered",)), events) == []


def test_the_entry_by_which_members_come(tell: Tell) -> None:
    events = [
        *doings("2026-10-28T10:00", "2026-10-28T11:00", entry="shop"),
        *doings("2026-10-27T10:00", "2026-10-26T10:00", entry="mini"),
        *doings("2026-10-25T10:00", entry=""),
        *doings("2026-10-25T10:00", entry=None),
        *doings("2026-10-25T10:00", entry="live", type="joined"),
    ]
    # 2 to the power of -0.1 and of -0.2.
    assert tell(taste("entry"), events) == [(1, "mini", "1.80 of 2.80 from 3, then shop 1.00")]


def answers(kind: str, *refs: object, at: str = "2026-10-28T10:00") -> Rows:
    return [{"member": 1, "type": kind, "at": at, "ref": str(ref)} for ref in refs]


def test_the_kind_of_content_that_is_answered(tell: Tell) -> None:
    said = {1: "brew", 2: "brew", 3: "sale", 4: "gone", 5: "hills"}
    touches = [{"id": touch, "content": content, "recipient": 1} for touch, content in said.items()]
    events = [
        *answers("read", 3),
        *answers("clicked", 3, at="2026-10-08T10:00"),
        *answers("replied", 1, at="2026-10-18T10:00"),
        *answers("read", 1, 2, at="2026-10-08T10:00"),
        *answers("clicked", 4, 99, "no touch", ""),
        *answers("delivered", 5),
    ]
    # Of sale 1, today; of brew 1/2 and 1/4.
    assert tell(taste("content"), events, touches=touches) == [(1, "promo", "1.00 of 1.75 from 3, then educate 0.75")]
    assert tell(taste("content"), events) == []


def test_the_window_ends_with_the_day_of_the_run(tell: Tell) -> None:
    tagger = taste("category", window=Duration(5 * DAY))
    assert tell(tagger, [order(1, 4, subject="green")], "value") == [("green",)]
    assert tell(tagger, [order(1, 5, subject="green"), order(2, -1, subject="puer")]) == []


def test_what_weighs_nothing_any_more_is_no_evidence(tell: Tell) -> None:
    tagger = taste("category", half_life=Duration(DAY))
    # A millionth is left after twenty days, nothing after twenty-one.
    assert tell(tagger, [order(1, 20, subject="green")]) == [(1, "green", "0.00 of 0.00 from 1")]
    assert tell(tagger, [order(1, 21, subject="green")]) == []


def test_each_dimension_and_each_member_is_judged_alone(tell: Tell) -> None:
    events = [
        order(1, subject="green", entry="shop"),
        order(2, 1, member=2, subject="puer"),
        {**order(3), "member": None, "subject": "white"},
    ]
    tagger = taste("category", "entry", "time", times=clocks({"early": "00:00-12:00"}))
    assert tell(tagger, events, "member", "tag", "value") == [
        (1, "prefers-category", "green"),
        (1, "prefers-entry", "shop"),
        (1, "prefers-time", "early"),
        (2, "prefers-category", "puer"),
        (2, "prefers-time", "early"),
    ]


def test_two_ids_of_one_person_have_one_taste(tell: Tell) -> None:
    events = [order(1, 0, 1, subject="green"), order(2, 1, 2, subject="puer"), order(3, 2, 2, subject="puer")]
    links = [{"a": 1, "b": 2, "evidence": "phone", "time": 0, "undone": False}]
    assert tell(taste("category", least=3), events, links=links) == [
        (1, "puer", "1.80 of 2.80 from 3, then green 1.00")
    ]


def test_nobody_prefers_anything_where_nothing_happened(tell: Tell) -> None:
    every = taste("category", "price", "time", "entry", "content", bands=BANDS)
    assert tell(every, []) == []
    assert tell(Preference(name="taste"), [lives(1, "Asia/Shanghai")]) == []


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"a": "06:00-11:00", "b": "10:59-12:00"}, "a and b overlap: 06:00-11:00 and 10:59-12:00"),
        ({"a": "22:00-06:00", "b": "05:00-07:00"}, "a and b overlap"),
        ({"a": "22:00-06:00", "b": "21:00-23:00"}, "b and a overlap"),
        ({"a": "06:00-11:00", "b": "06:00-11:00"}, "a and b overlap"),
    ],
)
def test_parts_of_the_day_do_not_overlap(parts: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Preference(name="taste", times=clocks(parts))


def test_parts_of_the_day_may_touch() -> None:
    Preference(name="taste", times=clocks({"a": "06:00-11:00", "b": "11:00-00:00", "c": "00:00-06:00"}))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"of": ()}, "expected at least one dimension, and each once"),
        ({"of": ("time", "time")}, "expected at least one dimension, and each once"),
        ({"of": ("price",)}, "the dimension 'price' needs bands, as in bands = { everyday"),
        ({"bands": BANDS}, "bands are for the dimension 'price', which is not among those of 'of'"),
        ({"of": ("price",), "bands": {"a": Money(1), "b": Money(1)}}, "a and b both begin at 0.01"),
        ({"times": {}}, "expected at least one part of the day"),
        ({"least": 0}, "expected least of 1 at least, not 0"),
        ({"half_life": Duration(0)}, "expected whole days in half_life"),
        ({"window": Duration(1)}, "expected whole days in window"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Preference(name="taste", **wrong)
