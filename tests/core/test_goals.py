"""How far goals are, and for how long declared attributes are used."""

from __future__ import annotations

from typing import Any

import pytest

from siyu.config.programme import Programme
from siyu.errors import ConfigError
from siyu.goals import PROGRESS, progress
from siyu.testing.views import EngineName, programme_of, work

NOW = "2026-11-20T12:00"
BRAND = """
[brand]
name = "Tea"
[metric.again]
use = "repurchase"
[goal.loyal]
metric = "again"
key = "share"
"""
ENGINES: tuple[EngineName, ...] = ("duckdb", "polars")


def measured(value: float, period: str = "lifetime", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - columns
    return {"metric": "again", "period": period, "slice": "", "key": "share", "value": value, "n": 9, **more}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("goal", "value", "state"),
    [
        ("target = 0.3", 0.3, "reached"),
        ("target = 0.3", 0.29, "open"),
        ("target = 0.3\nby = 2026-11-20", 0.29, "open"),
        ("target = 0.3\nby = 2026-11-19", 0.29, "missed"),
        ("target = 0.3\nby = 2026-11-19", 0.31, "reached"),
        ('target = 0.3\nbetter = "less"', 0.31, "open"),
        ('target = 0.3\nbetter = "less"', 0.3, "reached"),
        ('target = 0.3\nperiod = "2026-10"', 0.9, "not measured"),
        ('target = 0.3\nslice = "wecom"', 0.9, "not measured"),
    ],
)
def test_the_newest_number_decides(goal: str, value: float, state: str, engine: EngineName) -> None:
    made = work(BRAND + goal, {"measures": [measured(0.5), measured(value)]}, NOW, engine)
    (row,) = progress(made.view, made.programme.goals)
    assert dict(zip(PROGRESS, row, strict=True))["state"] == state


@pytest.mark.parametrize("engine", ENGINES)
def test_of_several_periods_the_newest_counts(engine: EngineName) -> None:
    rows = [measured(0.1, "2026-11"), measured(0.9, "2026-10"), measured(0.9, "2027-01", key="other")]
    made = work(BRAND + "target = 0.3", {"measures": rows}, NOW, engine)
    assert progress(made.view, made.programme.goals) == [
        ("loyal", "again share", "2026-11", 0.1, "at least 0.3", None, 1, "open")
    ]


def test_a_goal_of_a_metric_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="no metric 'agian'") as raised:
        programme_of('[metric.again]\nuse = "repurchase"\n[goal.x]\nmetric = "agian"\nkey = "share"\ntarget = 1')
    assert raised.value.problems[0].hint == "did you mean 'again'?"


def kept(programme: Programme) -> int | None:
    keep = programme.attributes["taste"].keep
    return keep.days if keep else None


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("at", "taste"), [("2026-10-21T12:00:01", "puer"), ("2026-10-21T12:00", None)])
def test_a_value_is_used_for_as_long_as_it_is_kept(at: str, taste: str | None, engine: EngineName) -> None:
    brand = '[brand]\nname = "Tea"\n[attribute]\ntaste = { type = "text", purpose = "match", keep = "30d" }\n'
    event = {"member": 1, "type": "profiled", "entry": "list", "at": at, "props": '{"taste": "puer"}'}
    made = work(brand, {"events": [event]}, NOW, engine)
    assert kept(made.programme) == 30
    assert made.view.rows(made.view.members.select("taste")) == [(taste,)]
