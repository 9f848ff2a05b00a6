"""Features, tags and segments that are brought forward from run to run are those that are built from all events."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import folder, opened, rounds

from siyu.config.features import Feature

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from siyu.brand import Brand

ZONE = ZoneInfo("Europe/Berlin")
# The clocks go back on 2026-10-25.
START = datetime(2026, 10, 20, tzinfo=ZONE)
MEMBERS = [f"m{number}" for number in range(5)]
PLACES = ["north", "south", "west"]

BRAND = """
[brand]
name = "Tiny"
zone = "Europe/Berlin"
[attribute]
size = { type = "text", purpose = "fit" }
mood = { type = "text", purpose = "tone", keep = "2d" }
[feature]
orders = { count = "ordered" }
orders_2d = { count = "ordered", window = "2d" }
spend = { sum = "ordered.amount" }
spend_3d = { sum = "ordered.amount", window = "3d" }
mean_4d = { mean = "ordered.amount", window = "4d" }
pieces_mean = { mean = "ordered.quantity" }
least_3d = { min = "ordered.amount", window = "3d" }
most_3d = { max = "ordered.amount", window = "3d" }
most = { max = "ordered.amount" }
first_4d = { first = "ordered", window = "4d" }
last_2d = { last = "ordered", window = "2d" }
quiet = { days_since = "ordered" }
quiet_3d = { days_since = "viewed", window = "3d" }
places = { distinct = "ordered.place" }
places_3d = { distinct = "ordered.place", window = "3d" }
home = { top = "ordered.place" }
home_4d = { top = "ordered.place", window = "4d" }
north = { share = "ordered.amount", place = "north", window = "4d" }
reads = { rate = "viewed", of = "ordered", window = "3d" }
rise = { trend = "ordered.amount", window = "4d" }
moves = { trend = "viewed", window = "2d" }
large = { count = "ordered", where = "amount >= '3.00' or place == 'west'", window = "3d" }
[tagger.value]
use = "rules"
[tagger.value.when]
busy = "orders_2d >= 2"
gone = "days_since('ordered') > 2"
northern = "home_4d == 'north' and north >= 0.5"
tall = "size == 'XL' or place == 'south'"
merry = "mood == 'good'"
lapsed = "last_2d < today or today > first_4d + 1"
buyer = "did('ordered') and not did('refunded')"
[tagger.aged]
use = "rules"
[tagger.aged.when]
seen = "orders >= 1 or size == 'S'"
away = "days_since('ordered') > 1 or not did('ordered')"
young = "joined > today - 4 and not (days_since('viewed') == 2)"
[tagger.more]
use = "rules"
when = { known = "tag('tall') or joined < '2026-10-23'" }
[tagger.rfm]
use = "rfm"
window = "3d"
[segment]
busy_ones = "tag('busy') or tag('champions')"
rest = "not segment('busy_ones') and spend > '0'"
few = { when = "segment('rest')", sample = "50%" }
calm = "not segment('busy_ones') and days_since('viewed') > 1"
merry_few = "tag('merry') and not segment('calm') or segment('few')"
tall_ones = "segment('chosen') or tag('known') or size == 'XL'"
chosen = { ids = ["wecom:m0", "wecom:m3", "wecom:m9"], when = "orders >= 1" }
"""


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an event near a midnight or a change of clocks as often as anywhere else."""
    day = draw(st.integers(0, 9))
    hour = draw(st.sampled_from([0, 0, 1, 2, 2, 12, 23, 23]))
    minute, fold = draw(st.sampled_from([0, 30, 59])), draw(st.integers(0, 1))
    local = (START + timedelta(days=day)).replace(hour=hour, minute=minute, fold=fold)
    return {
        "identity": f"wecom:{draw(st.sampled_from(MEMBERS))}",
        "type": draw(st.sampled_from(["ordered", "ordered", "ordered", "viewed", "refunded", "joined", "profiled"])),
        "time": local.astimezone(UTC).isoformat(),
        "amount": draw(st.sampled_from([None, 100, 200, 300, 300, 500])),
        "quantity": draw(st.sampled_from([None, 1, 2, 3])),
        "place": draw(st.sampled_from([None, *PLACES])),
        "props": draw(st.sampled_from([None, '{"size": "XL"}', '{"size": "S", "mood": "good"}', '{"mood": "bad"}'])),
    }


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[list[dict[str, Any]], tuple[str, str, bool] | None, int]]:
    """Draw what comes before each run, late and early events included; who is joined or parted; and its moment.

    Runs are now and then days apart, at the same moment, or before one that was.
    """
    named = [one | {"source_id": f"e{number}"} for number, one in enumerate(draw(st.lists(events(), max_size=40)))]
    found, moment = [], int(START.timestamp()) + 86400 * 3
    for part in range(draw(st.integers(2, 5))):
        cut = len(named) if part == 0 else draw(st.integers(0, len(named)))
        chunk, named = (named[: cut // 2], named[cut // 2 :]) if part == 0 else (named[:cut], named[cut:])
        people = st.tuples(st.sampled_from(MEMBERS), st.sampled_from(MEMBERS), st.booleans())
        joined = draw(st.none() | people.filter(lambda two: two[0] != two[1]))
        moment += draw(st.sampled_from([0, 3600, 86400, 86400, 90000, 3 * 86400, -86400]))
        found.append((chunk, joined, moment))
    return found


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("upkeep"), BRAND)


def come(brand: Brand, chunk: list[dict[str, Any]], joined: tuple[str, str, bool] | None, now: int) -> None:
    if chunk:
        brand.ingest(chunk, now=now)
    if joined is not None:
        one, other, parted = joined
        (brand.unlink if parted else brand.link)(f"wecom:{one}", f"wecom:{other}", evidence="test", now=now)


def seen(brand: Brand, now: int) -> dict[str, list[tuple[Any, ...]]]:
    """Return what the last run left: features, tags and segments."""
    with brand.store.opened() as session:
        view = brand.view(session, now)
        names = ["member", "entry", "joined", "place", "size", "mood", *brand.programme.features]
        found = {
            "members": view.rows(view.members.select(*names)),
            "tags": view.rows(view.tags.select("member", "tagger", "tag", "value", "score")),
            "pairs": view.rows(session.table("pairs").select("feature", "member", "value", "n")),
            "segments": view.rows(session.table("segments")),
            "flags": view.rows(session.table("flags")),
        }
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


@pytest.fixture(scope="module", params=["few moved", "any number moved"])
def _few(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have state brought forward also where it would be cheaper to write it anew."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "any number moved":
            patch.setattr("siyu.work._FEW", 0)
        yield


@pytest.mark.usefixtures("_few")
@given(history=histories())
@settings(max_examples=rounds(4, 100))
def test_brought_forward_is_built(path: Path, history: list[Any]) -> None:
    with opened(path) as brand:
        for number, (chunk, joined, now) in enumerate(history, 1):
            come(brand, chunk, joined, now)
            brand.run(now=now, send=False)
            found = seen(brand, now)
            assert dict(plain(brand, history[:number], now)) == features(brand, found)
    with opened(path) as fresh:
        for chunk, joined, _ in history:
            come(fresh, chunk, joined, now)
        fresh.run(now=now, send=False)
        assert seen(fresh, now) == found


def features(brand: Brand, found: dict[str, list[tuple[Any, ...]]]) -> dict[int, dict[str, Any]]:
    names = list(brand.programme.features)
    return {row[0]: dict(zip(names, row[6:], strict=True)) for row in found["members"]}


def plain(brand: Brand, history: list[Any], now: int) -> dict[int, dict[str, Any]]:
    """Compute all features in plain Python, from every event up to now."""
    people = {name: {name} for name in MEMBERS}
    links: dict[frozenset[str], bool] = {}
    for _, joined, _ in history:
        if joined is not None:
            links[frozenset(joined[:2])] = not joined[2]
    for _ in MEMBERS:
        for pair in (pair for pair, holds in links.items() if holds):
            together = set().union(*(people[name] for name in pair))
            people |= dict.fromkeys(together, together)
    known: dict[int, list[dict[str, Any]]] = {}
    for chunk, _, _ in history:
        for one in chunk:
            moment = datetime.fromisoformat(one["time"])
            if moment.timestamp() <= now:
                group = people[one["identity"].removeprefix("wecom:")]
                number = min(brand.number(f"wecom:{name}") for name in group)
                day = moment.astimezone(ZONE).date().toordinal() - datetime(1970, 1, 1, tzinfo=UTC).toordinal()
                known.setdefault(number, []).append(one | {"day": day})
    today = datetime.fromtimestamp(now, ZONE).date().toordinal() - datetime(1970, 1, 1, tzinfo=UTC).toordinal()
    declared = brand.programme.features
    return {number: {name: value(one, own, today) for name, one in declared.items()} for number, own in known.items()}


def value(  # noqa: C901, PLR0911 - one case for each aggregate reads best
    feature: Feature, own: list[dict[str, Any]], today: int
) -> Any:  # noqa: ANN401 - of the feature's type
    days = feature.days or 10**6
    inside = [one for one in own if one["day"] > today - days]
    of_type = [one for one in inside if one["type"] == feature.event]
    counted = [one for one in of_type if feature.place is None or one["place"] == feature.place]
    if feature.where is not None:
        counted = [one for one in counted if (one["amount"] or 0) >= 300 or one["place"] == "west"]
    taken = [one[feature.column] for one in counted if feature.column and one[feature.column] is not None]
    later = [one for one in counted if one["day"] > today - days // 2]
    last = max((one["day"] for one in counted), default=None)
    match feature.aggregate:
        case "count":
            return len(counted)
        case "sum":
            return sum(taken)
        case "mean":
            whole = feature.column == "amount"
            return None if not taken else sum(taken) // len(taken) if whole else sum(taken) / len(taken)
        case "min" | "max" as pick:
            return (min if pick == "min" else max)(taken, default=None)
        case "first":
            return min((one["day"] for one in counted), default=None)
        case "last":
            return last
        case "days_since":
            return None if last is None else today - last
        case "distinct":
            return len(set(taken))
        case "top":
            numbers = Counter(taken)
            return min(numbers, key=lambda name: (-numbers[name], name), default=None)
        case "share":
            amounts = sum((one["amount"] or 0) for one in of_type)
            return sum(taken) / amounts if amounts else None
        case "rate":
            divisor = [one for one in inside if one["type"] == feature.of]
            return len(counted) / len(divisor) if divisor else None
    added = [[(one["amount"] or 0) if feature.column else 1 for one in part] for part in (later, counted)]
    return 2 * sum(added[0]) - sum(added[1])
