"""What the tests of taggers share: a brand in UTC on both engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import narwhals as nw
import pytest

from siyu.kinds import Frame, Tagger
from siyu.tables import STATE
from siyu.testing.views import view
from siyu.view import View

DAY = 86_400
# Day 20,000 in UTC is 2024-10-04.
TODAY = 20_000
BRAND = """
[brand]
name = "tea"
currency = "CNY"
zone = "UTC"
"""
COLUMNS = ("member", "tag", "value", "score", "evidence")

Row: TypeAlias = "Mapping[str, Any]"
Give: TypeAlias = "Callable[..., list[tuple[Any, ...]]]"


@pytest.fixture(params=["duckdb", "polars"])
def give(request: pytest.FixtureRequest) -> Give:
    """Return what runs a tagger at noon of ``TODAY`` and returns its rows; ``members`` are given with features."""

    def rows(
        tagger: Tagger,
        events: Sequence[Row] = (),
        *,
        members: Mapping[int, Row] | None = None,
        tags: Sequence[Row] = (),
        columns: Sequence[str] = COLUMNS,
    ) -> list[tuple[Any, ...]]:
        tables = {"events": [_event(row) for row in events]}
        seen = view(BRAND, tables, TODAY * DAY + DAY // 2, engine=request.param)
        known = [{"member": member, **features} for member, features in (members or {}).items()]
        seen = seen.having(tags=_table(seen, "tags", tags))
        vars(seen)["members"] = _table(seen, "members", known, [name for row in known for name in row])
        return sorted(seen.rows(tagger.tags(seen).select(*columns)))

    return rows


def _event(row: Row) -> dict[str, Any]:
    """Fill in what every event has; ``ago`` is in days before ``TODAY``."""
    known = {"second": (TODAY - row["ago"]) * DAY, "type": "ordered"}
    return {**known, **{name: value for name, value in row.items() if name != "ago"}}


def _table(seen: View, name: str, rows: Sequence[Row], features: Sequence[str] = ()) -> Frame:
    """Return a state table of rows, in place of what the events would make of it; features are whole numbers."""
    schema = {**dict.fromkeys(features, nw.Int64()), **STATE[name].columns}
    return seen.table({column: [row.get(column) for row in rows] for column in schema}, schema)
