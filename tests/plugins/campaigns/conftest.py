"""What the tests of campaigns share: a brand in a zone that changes its clocks, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import narwhals as nw
import pytest

from siyu.bits import Bits, packed
from siyu.kinds import Frame
from siyu.tables import STATE
from siyu.testing.views import view
from siyu.view import View

# The clocks of Berlin go back on 2026-10-25, and forward on 2027-03-28.
ZONE = "Europe/Berlin"
BRAND = f"""
[brand]
name = "tea"
currency = "EUR"
zone = "{ZONE}"
"""

Seen: TypeAlias = "Callable[..., View]"


def second(text: str) -> int:
    """Return the second of a moment in Berlin, or in UTC where the text ends with Z."""
    found = datetime.fromisoformat(text)
    return int((found if found.tzinfo else found.replace(tzinfo=ZoneInfo(ZONE))).astimezone(UTC).timestamp())


def event(member: int, kind: str, at: str | int, **more: str) -> dict[str, Any]:
    """Return an event's row."""
    return {"member": member, "type": kind, "second": at if isinstance(at, int) else second(at), **more}


@pytest.fixture(name="at", scope="session")
def at_() -> Callable[[str], int]:
    """Return what gives the second of a moment in Berlin, or in UTC where the text ends with Z."""
    return second


@pytest.fixture(scope="session")
def happened() -> Callable[..., dict[str, Any]]:
    """Return what makes an event's row of a member, a type and a moment."""
    return event


@pytest.fixture(params=["duckdb", "polars"])
def seen(request: pytest.FixtureRequest) -> Seen:
    """Return what makes a view at a moment, with the members, features and segments that are given."""

    def made(
        now: str | int,
        events: Sequence[Mapping[str, Any]] = (),
        *,
        members: Sequence[int] = (),
        steps: Sequence[Mapping[str, Any]] = (),
        features: Mapping[int, Mapping[str, int | None]] | None = None,
        segments: Mapping[str, Sequence[int]] | None = None,
    ) -> View:
        tables = {"events": events, "steps": steps}
        found = view(BRAND, tables, now if isinstance(now, int) else second(now), engine=request.param)
        known = members or sorted({row["member"] for row in events})
        rows = [{"member": member, **(features or {}).get(member, {})} for member in known]
        found = found.having(bits={"segments": _segments(found, known, segments or {})})
        vars(found)["members"] = _members(found, rows)
        return found

    return made


def _members(seen: View, rows: Sequence[Mapping[str, Any]]) -> Frame:
    """Return the members as rows say, in place of what the events would make of them; features are whole numbers."""
    schema = {**dict.fromkeys((column for row in rows for column in row), nw.Int64()), **STATE["members"].columns}
    return seen.table({column: [row.get(column) for row in rows] for column in schema}, schema)


def _segments(seen: View, known: Sequence[int], segments: Mapping[str, Sequence[int]]) -> Bits:
    """Return segments of the members that are given."""
    flags = {name: [member in inside for member in known] for name, inside in segments.items()}
    schema = {"member": nw.Int64(), **dict.fromkeys(flags, nw.Boolean())}
    frame = packed(seen.table({"member": known, **flags}, schema), "segment", list(flags))
    return Bits(frame, {"segment": dict.fromkeys(flags, 0)})
