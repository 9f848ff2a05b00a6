"""What the tests of metrics share: a brand in UTC, made of a few events, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest

from siyu.kinds import Metric
from siyu.testing.views import view

DAY = 86_400
BRAND = """
[brand]
name = "tea"
currency = "CNY"
zone = "UTC"
"""

Row: TypeAlias = "Mapping[str, Any]"
Measure: TypeAlias = "Callable[..., list[tuple[Any, ...]]]"


@pytest.fixture(params=["duckdb", "polars"])
def measure(request: pytest.FixtureRequest) -> Measure:
    """Return what measures a metric over events, and returns its numbers, in order."""

    def numbers(metric: Metric, events: Sequence[Row], *, now: str, **tables: Sequence[Row]) -> list[tuple[Any, ...]]:
        rows = [_event(number, row) for number, row in enumerate(events)]
        seen = view(BRAND, {"events": rows, **tables}, _second(now), engine=request.param)
        frame = metric.measure(seen)
        assert frame.collect_schema().names() == ["period", "slice", "key", "value", "n"]
        found = seen._engine.rows(frame)
        assert {tuple(type(value) for value in row) for row in found} <= {(str, str, str, float, int)}
        return sorted(found)

    return numbers


def _second(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def _event(number: int, row: Row) -> dict[str, Any]:
    """Fill in what every event has; ``at`` is a moment as text."""
    second = _second(row["at"])
    named = {"id": number, "type": "ordered", "source": "test", "second": second, "day": second // DAY}
    return named | {column: value for column, value in row.items() if column != "at"}
