"""What the tests of incentives share: a brand in UTC, made of a few events, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import narwhals as nw
import pytest

from siyu.kinds import Incentive
from siyu.testing.views import view

DAY = 86_400
# 2026-12-01 in UTC, the first day of every incentive here.
START = 1_796_083_200
BRAND = """
[brand]
name = "tea"
currency = "CNY"
zone = "UTC"
"""

Row: TypeAlias = "dict[str, Any]"
Settle: TypeAlias = "Callable[..., list[tuple[Any, ...]]]"


@pytest.fixture(params=["duckdb", "polars"])
def settle(request: pytest.FixtureRequest) -> Settle:
    """Return what settles an incentive over events, and returns the named columns of its lines, in order.

    ``at`` is when, in days since the first day; ``known`` are members from before it; ``same`` are pairs of ids of
    one person.
    """

    def lines(  # noqa: PLR0913 - each by its name, most of them seldom
        incentive: Incentive,
        events: Sequence[Row],
        columns: Sequence[str],
        *,
        at: float = 100,
        known: Sequence[int] = (),
        same: Sequence[tuple[int, int]] = (),
        grants: Sequence[Mapping[str, Any]] = (),
        brand: str = BRAND,
        **more: Sequence[Mapping[str, Any]],
    ) -> list[tuple[Any, ...]]:
        before = [
            {"id": 900 + number, "type": "viewed", "member": member, "at": -9} for number, member in enumerate(known)
        ]
        links = [{"a": a, "b": b, "evidence": "test", "time": START, "undone": False} for a, b in same]
        tables = {"events": [_event(row) for row in (*before, *events)], "links": links, "grants": grants, **more}
        seen = view(brand, tables, START + round(at * DAY), engine=request.param)
        frame = incentive.settle(seen)
        assert frame is not None
        return sorted(seen._engine.rows(frame.select(*columns)), key=repr)

    return lines


@pytest.fixture(scope="session")
def ids() -> dict[str, int]:
    """Return the member ids of some outside ids, as every view makes them."""
    names = ["anna", "ben", "cleo", "dora"]
    empty = view(BRAND, {}, START, engine="polars")
    asked = empty.table({"text": [f"wecom:{name}" for name in names]}, {"text": nw.String()})
    found = empty.identified(asked, "text", "member").select("member")
    return dict(zip(names, (member for (member,) in empty._engine.rows(found)), strict=True))


def _event(row: Row) -> Row:
    """Fill in what every event has; ``at`` is in days since the first day."""
    second = START + round(row["at"] * DAY)
    named = {"entry": "wecom", "source": "test", "source_id": str(row["id"]), "second": second, "day": second // DAY}
    return named | {column: value for column, value in row.items() if column != "at"}
