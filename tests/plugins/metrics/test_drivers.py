from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, get_args

import pytest
from tests.audiences import FEATURES, audience
from tests.brands import HEAD, folder, happened, opened, rows

from siyu.config.expressions import Condition
from siyu.config.units import Share
from siyu.tables import TABLES
from siyu.testing.views import EngineName
from siyu.view import View
from siyu_plugins.metrics.drivers import Drivers, siyu_register_metrics
from siyu_plugins.taggers.look_alike import LookAlike

Row: TypeAlias = "dict[str, Any]"
Numbers: TypeAlias = "dict[tuple[str, str], tuple[float, int]]"

ENGINES: tuple[EngineName, ...] = get_args(EngineName)
BRAND = FEATURES + "[tagger.t]\nuse = 'rules'\nwhen.vip = 'spend > \"500.00\"'\nwhen.active = 'views > 3'\n"
KEYS: Row = {
    "like": Condition.parse("tag('vip')"),
    "features": ("views", "keen", "spend"),
    "tags_": ("active",),
    "correction": "benjamini-hochberg",
    "least_support": 1,
}
VIP = range(1, 9)
# Of twenty members the first eight are the group: they view more, are keen and active, and so is another one.
TWENTY: list[Row] = [
    {"member": member, "views": 9 if member <= 9 else member % 4, "keen": member <= 9} for member in range(1, 21)
]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> EngineName:
    return request.param  # type: ignore[no-any-return]


def seen_by(engine: EngineName) -> View:
    return audience(BRAND, TWENTY, engine, tags={"vip": list(VIP), "active": [*VIP, 9]})


def measured(metric: Drivers, seen: View) -> Numbers:
    found = seen.rows(metric.measure(seen).select("period", "slice", "key", "value", "n"))
    assert {period for period, *_ in found} <= {""}
    return {(slice_, key): (value, n) for _, slice_, key, value, n in found}


def test_registered_under_its_name() -> None:
    assert siyu_register_metrics() == {"drivers": Drivers}


def test_the_numbers_of_each_driver(engine: EngineName) -> None:
    found = measured(Drivers(name="d", **KEYS), seen_by(engine))
    tag = {key: number for (slice_, key), number in found.items() if slice_ == "tag('active')"}
    # Of the group all 8, of the others 1 of 12: C(9, 8) of the C(20, 8) ways, twice; and log((9/10) / (2/14)).
    assert tag == {
        "support": (9.0, 9),
        "inside": (1.0, 8),
        "outside": (pytest.approx(1 / 12), 12),
        "lift": (pytest.approx(20 / 9), 9),
        "p": (pytest.approx(2 * 9 / 125_970), 20),
        "q": (pytest.approx(tag["q"][0]), 20),
        "weight": (1.84055, 9),
    }
    # The views are cut at 1, 3 and 9: the greatest values are more than a quarter. Five traits are tested.
    assert tag["q"][0] == pytest.approx(2 * 9 / 125_970 * 5 / 3)
    assert found["views 3/4", "above"] == (3.0, 9)
    assert ("views 3/4", "up_to") not in found
    assert {slice_ for slice_, _ in found} == {"tag('active')", "keen", "views 3/4", "spend"}
    assert found["spend", "circular"] == (1.0, 20)


def test_it_finds_what_the_tagger_finds(engine: EngineName) -> None:
    seen = seen_by(engine)
    tagger = LookAlike(name="t", **KEYS, reach=Share(10_000))
    drivers = {(one.trait.name, one.weight / 1e6) for one in tagger.contrast(seen).drivers}
    found = measured(Drivers(name="d", **KEYS), seen)
    assert {(slice_, value) for (slice_, key), (value, _) in found.items() if key == "weight"} == drivers
    assert seen.rows(tagger.tags(seen).select("member", "evidence")) == [(9, "keen; tag('active'); views > 3")]


def test_where_there_is_nothing_nothing_is_measured(engine: EngineName) -> None:
    metric = Drivers(name="d", **{**KEYS, "features": ("views", "keen")})
    assert measured(metric, audience(BRAND, TWENTY, engine)) == {}
    assert measured(metric, audience(BRAND, [], engine)) == {}


def test_what_is_no_driver_any_more_weighs_nothing(engine: EngineName) -> None:
    before = [
        ("d", "tag('active')", "weight", 1.5, 1),
        ("d", "region == 'CN'", "weight", 0.5, 2),
        ("d", "region == 'CN'", "lift", 3.0, 3),
        ("d", "taste == 'green'", "weight", 0.5, 4),
        ("d", "taste == 'green'", "weight", 0.0, 5),
        ("d", "orders", "circular", 1.0, 6),
        ("other", "keen", "weight", 0.7, 7),
    ]
    columns = ("metric", "slice", "key", "value", "seq")
    schema = TABLES["measures"].schema
    held = {name: [dict(zip(columns, row, strict=True)).get(name) for row in before] for name in schema}
    seen = seen_by(engine)
    vars(seen)["measures"] = seen.table(held, schema)
    found = measured(Drivers(name="d", **KEYS), seen)
    ended = {place: number for place, number in found.items() if number[1] == 0}
    assert ended == {("region == 'CN'", "weight"): (0.0, 0), ("orders", "circular"): (0.0, 0)}
    assert found["tag('active')", "weight"][0] > 1


TOML = (
    HEAD
    + """
[feature]
orders = { count = "ordered" }
views = { count = "viewed" }
[segment]
vip = "orders >= 2"
[metric.why]
use = "drivers"
like = "segment('vip')"
features = ["views", "orders"]
"""
)


def lives(viewing: range) -> list[Mapping[str, Any]]:
    """Return what forty people do: the first fifteen order twice; those of the range look around."""
    found: list[Mapping[str, Any]] = []
    for number in range(40):
        kinds = [*["ordered"] * (2 if number < 15 else 1), *["viewed"] * (3 if number in viewing else 1)]
        found += [
            happened(f"m{number}", kind, f"2026-11-01T1{at}:00:00Z", f"{number}-{at}") for at, kind in enumerate(kinds)
        ]
    return found


def test_it_is_kept_by_a_run_and_a_driver_that_ends_is_said_once(tmp_path: Any) -> None:  # noqa: ANN401 - a path
    columns = ("day", "slice", "key", "value")
    with opened(folder(tmp_path, TOML)) as brand:
        brand.ingest(lives(range(15)))
        brand.run(now="2026-11-02T12:00:00Z")
        weights = [row for row in rows(brand, "measures", *columns) if row[2] in ("weight", "circular")]
        assert [row[1:3] for row in weights] == [("orders", "circular"), ("views 3/4", "weight")]
        # The others look around too, and nothing sets the group apart.
        more = [
            happened(f"m{number}", "viewed", f"2026-11-02T1{at}:00:00Z", f"later-{number}-{at}")
            for number in range(15, 40)
            for at in (3, 4)
        ]
        brand.ingest(more)
        for day in (3, 4):
            brand.run(now=f"2026-11-0{day}T12:00:00Z")
        after = [row for row in rows(brand, "measures", *columns) if row[2] in ("weight", "circular")]
        assert [row[1:] for row in after[2:]] == [("views 3/4", "weight", 0.0)]
