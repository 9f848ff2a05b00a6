from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pytest
from attrs import Attribute, field, frozen, validators
from tests.core.config.conftest import BRAND

from siyu.config.expressions import Condition
from siyu.config.files import Source
from siyu.config.programme import load
from siyu.config.registered import Registered
from siyu.config.structure import structure
from siyu.config.units import Clock, ClockRange, Duration, Money, Secret, Share
from siyu.errors import ConfigError, PluginError, Problem
from siyu.kinds import Reward


@frozen(kw_only=True)
class Part:
    id: str
    times: int = field(default=1, validator=validators.ge(1))


@frozen(kw_only=True)
class Other:
    ratio: float


@frozen(kw_only=True)
class Whole:
    name: str = "given"
    text: str = ""
    count: int = 0
    rate: float = 0.0
    on: bool = False
    from_: date | None = None
    span: Duration | None = None
    price: Money | None = None
    at: Clock | None = None
    hours: ClockRange | None = None
    share: Share | None = None
    key: Secret | None = None
    to: Condition | None = None
    gives: tuple[Reward, ...] = ()
    give: Reward | None = None
    part: Part | None = None
    parts: tuple[Part, ...] = ()
    by_name: dict[str, Part] = field(factory=dict)
    colour: Literal["red", "green"] = "red"
    word: str | int = ""
    window: Literal["lifetime"] | Duration = "lifetime"
    names: str | tuple[str, ...] = ()
    either: Part | Other | None = None
    path: Path = Path()
    listed: list[int] = field(factory=list)


Value: TypeAlias = Any
Write: TypeAlias = Callable[..., Path]


def structured(table: object, cls: Value = Whole, **given: Value) -> tuple[Any, list[Problem]]:
    problems: list[Problem] = []
    source = Source(Path())
    made = structure(cls, table, path=("a", "b"), source=source, problems=problems, owner="plug", **given)
    return made, problems


@pytest.mark.parametrize(
    ("table", "value"),
    [
        ({"text": "x"}, "x"),
        ({"count": -3}, -3),
        ({"rate": 3}, 3.0),
        ({"rate": 0.5}, 0.5),
        ({"on": True}, True),
        ({"from": date(2026, 1, 2)}, date(2026, 1, 2)),
        ({"from": "2026-01-02"}, date(2026, 1, 2)),
        ({"span": "2h"}, Duration(7_200)),
        ({"price": "5.00"}, Money(500)),
        ({"at": "10:00"}, Clock(36_000)),
        ({"hours": "10:00-11:00"}, ClockRange(36_000, 39_600)),
        ({"share": "10%"}, Share(1_000)),
        ({"key": {"env": "A"}}, Secret(env="A")),
        ({"to": "a > 1"}, Condition.parse("a > 1")),
        ({"gives": {"points": 200, "coupon": "new"}}, (Reward("coupon", item="new"), Reward("points", 200))),
        ({"give": {"points": 200}}, Reward("points", 200)),
        ({"part": {"id": "x"}}, Part(id="x")),
        ({"parts": [{"id": "x"}, {"id": "y", "times": 2}]}, (Part(id="x"), Part(id="y", times=2))),
        ({"by_name": {"n": {"id": "x"}}}, {"n": Part(id="x")}),
        ({"colour": "green"}, "green"),
        ({"word": 3}, 3),
        ({"word": "3"}, "3"),
        ({"window": "lifetime"}, "lifetime"),
        ({"window": "2d"}, Duration(172_800)),
        ({"names": "x"}, "x"),
        ({"names": ["x", "y"]}, ("x", "y")),
        ({"either": {"ratio": 1}}, Other(ratio=1.0)),
        ({"path": "x/y.csv"}, Path("x/y.csv")),
        ({"listed": [1, 2]}, [1, 2]),
    ],
)
def test_what_each_type_takes(table: dict[str, Any], value: object) -> None:
    made, problems = structured(table)
    assert not problems
    (key,) = table
    found = getattr(made, "from_" if key == "from" else key)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("table", "path", "message"),
    [
        ({"text": 3}, "text", "expected text, not the number 3"),
        ({"count": True}, "count", "expected a whole number, not true"),
        ({"count": 1.0}, "count", "expected a whole number, not the number 1.0"),
        ({"count": "1"}, "count", "expected a whole number, not '1'"),
        ({"count": 2**63}, "count", "expected a whole number of 64 bits"),
        ({"rate": True}, "rate", "expected a number, not true"),
        ({"rate": float("nan")}, "rate", "expected a finite number"),
        ({"on": "false"}, "on", "expected true or false, not 'false'"),
        ({"on": 1}, "on", "expected true or false, not the number 1"),
        ({"from": datetime(2026, 1, 2)}, "from", "expected a day, as in 2026-11-11"),  # noqa: DTZ001 - as TOML has it
        ({"from": "2026-02-30"}, "from", "expected a day that exists"),
        ({"from": "20260102"}, "from", "expected a day, as in 2026-11-11, not '20260102'"),
        ({"span": 3}, "span", "expected a duration as text"),
        ({"price": 5.0}, "price", "expected money as text"),
        ({"share": 0.1}, "share", "expected a share as text"),
        ({"key": "s3cret"}, "key", "expected where the secret is kept"),
        ({"to": "a >"}, "to", "not a condition"),
        ({"gives": {"points": 0}}, "gives.points", "expected how much, from 1 up, or an item's name"),
        ({"gives": {"points": True}}, "gives.points", "expected how much"),
        ({"gives": "points"}, "gives", "expected rewards, as in"),
        ({"give": {"a": 1, "b": 1}}, "give", "expected one reward"),
        ({"part": 3}, "part", "expected a table, not the number 3"),
        ({"part": {}}, "part", "the key 'id' is missing"),
        ({"parts": {"id": "x"}}, "parts", "expected an array"),
        ({"parts": [{"id": "x"}, {"id": 3}]}, "parts.1.id", "expected text"),
        ({"by_name": {"n": {"id": "x", "times": 0}}}, "by_name.n.times", "'times' must be >= 1: 0"),
        ({"colour": "gren"}, "colour", "expected red or green, not 'gren'"),
        ({"word": True}, "word", "expected text or a whole number, not true"),
        ({"window": "2x"}, "window", "expected lifetime or a duration, as in '90d', not '2x'"),
        ({"names": ["x", 3]}, "names.1", "expected text, not the number 3"),
        ({"names": 3}, "names", "expected text or an array"),
        ({"either": {"ratoi": 1}}, "either.ratoi", "unknown key 'ratoi'"),
        ({"path": ""}, "path", "expected a path as text"),
        ({"textt": "x"}, "textt", "unknown key 'textt'"),
        ({"name": "x"}, "name", "unknown key 'name'"),
        ({"from_": date(2026, 1, 2)}, "from_", "unknown key 'from_'"),
    ],
)
def test_what_each_type_refuses(table: dict[str, Any], path: str, message: str) -> None:
    made, problems = structured(table, name="given")
    assert made is None
    assert ".".join(problems[0].path) == f"a.b.{path}"
    assert problems[0].message.startswith(message)
    assert problems[0].owner == "plug"


def test_all_problems_are_found_at_once() -> None:
    table = {"text": 3, "countt": 1, "parts": [{"times": "x"}, {"id": 1}], "on": 0}
    _, problems = structured(table)
    paths = {".".join(problem.path[2:]) for problem in problems}
    assert paths == {"text", "countt", "parts.0", "parts.0.times", "parts.1.id", "on"}


def test_one_close_match_is_hinted() -> None:
    assert structured({"countt": 1})[1][0].hint == "did you mean 'count'?"
    assert structured({"colour": "gren"})[1][0].hint == "did you mean 'green'?"
    assert structured({"part": {"id": "x", "zzz": 1}})[1][0].hint == "known are: id, times"


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    source = Source(tmp_path, texts={"f": '[a.b]\nkey = "s3cret"\n'}, files={("a", "b", "key"): "f"})
    problems: list[Problem] = []
    structure(Whole, {"key": "s3cret"}, path=("a", "b"), source=source, problems=problems)
    assert problems[0].line == 2
    assert "s3cret" not in str(problems[0])


@frozen(kw_only=True)
class Checked:
    low: int = field(validator=validators.ge(1))
    high: int = field()

    @high.validator
    def _check(self, _: Attribute[int], value: int) -> None:
        if value < self.low:
            message = f"high is under {self.low}"
            raise ValueError(message)

    def __attrs_post_init__(self) -> None:
        if self.high == 13:
            message = "no thirteen"
            raise ValueError(message)


def test_validators_keep_their_words_and_are_all_asked() -> None:
    _, problems = structured({"low": 0, "high": -1}, Checked)
    assert [(problem.path[-1], problem.message) for problem in problems] == [
        ("low", "'low' must be >= 1: 0"),
        ("high", "high is under 0"),
    ]
    _, problems = structured({"low": 1, "high": 13}, Checked)
    assert [(problem.path, problem.message) for problem in problems] == [(("a", "b"), "no thirteen")]


@frozen
class Odd:
    value: complex


@frozen
class Unresolved:
    value: Nowhere  # type: ignore[name-defined]  # noqa: F821 - on purpose


@pytest.mark.parametrize("cls", [Odd, Unresolved])
def test_a_class_that_no_config_can_fill_is_its_plugins_error(cls: type) -> None:
    with pytest.raises(PluginError, match=r"plugin 'plug': .* cannot be made of"):
        structured({"value": "x"}, cls)


def test_a_dict_comes_sorted() -> None:
    made, _ = structured({"by_name": {"b": {"id": "1"}, "a": {"id": "2"}}})
    assert list(made.by_name) == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "[channel.c]\nuse = 'http'\ntoken = 's3cret'\n",
        "[channel.c]\nuse = 'http'\ntokn = 's3cret'\n",
        "[channel.c]\nuse = 'http'\ntoken.value = 's3cret'\n",
        "[channel.c]\nuse = 'http'\ntoken = { env = 'A', value = 's3cret' }\n",
        "[channel]\nc = { use = 'http', tok = 3, token = 's3cret' }\n",
        "[channel.c]\nuse = 'http'\ntoken = 's3cret'\ntoken = 's3cret'\n",
        "[channel.c]\nuse = 'http'\ntoken = 's3cret\n",
        "[channel.c]\nuse = 'http'\ntoken = s3cret\n",
        "[brand]\nkey = 's3cret'\n",
    ],
)
def test_a_secret_that_stands_in_the_config_is_not_shown(brand: Write, registry: Registered, text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(brand(text, head="" if "[brand]" in text else BRAND, b=BRAND if "[brand]" in text else ""), registry)
    assert all(problem.source for problem in raised.value.problems)
    assert "s3cret" not in str(raised.value)
    assert "s3cret" not in repr(raised.value.problems)
