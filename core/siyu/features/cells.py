"""The columns that a feature is kept in: each can be brought up to date by the rows that came and those that left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
from attrs import evolve, frozen

from siyu.config._walk import parts
from siyu.config.expressions import Condition
from siyu.config.features import EVENT_COLUMNS, Feature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.config.programme import Programme
    from siyu.kinds import Frame

__all__ = ["Cell", "State", "cells", "counted", "declared", "event_types", "marked", "state_columns", "state_of"]

State = Literal["sum", "extreme", "pairs", "rescan"]
"""How a feature is brought up to date: by adding and subtracting (``sum``); by comparing, and by looking again at the
members whose least or greatest value left (``extreme``); by how often each value came (``pairs``); by looking again
at all members of whom something came or left (``rescan``)."""


@frozen
class Cell:
    """One column of the state of a feature.

    Attributes:
        name: The column: the feature's own name where it is its value, else ``NAME:part``.
        feature: Which events count.
        column: What is taken of an event; empty to count them.
        pick: How what is taken comes together.
        days: The length of the window; None for a lifetime.
        known: Whether only events count that have a value in the feature's column.
    """

    name: str
    feature: Feature
    column: str = ""
    pick: Literal["sum", "min", "max"] = "sum"
    days: int | None = None
    known: bool = False

    @property
    def value(self) -> nw.Expr:
        """What an event that counts adds; null where it adds nothing."""
        if not self.column:
            one = nw.lit(1, nw.Int64)
            return nw.when(~nw.col(self.feature.column).is_null()).then(one) if self.known else one
        return nw.col(self.column).cast(nw.Int64)


def state_of(feature: Feature) -> State:
    """Return how a feature is brought up to date."""
    if feature.aggregate in {"distinct", "top"}:
        return "pairs" if feature.days is None else "rescan"
    return "extreme" if feature.aggregate in {"min", "max", "first", "last", "days_since"} else "sum"


def cells(name: str, feature: Feature) -> tuple[Cell, ...]:
    """Return the columns that a feature is kept in; none for one that counts values, which is its own column."""
    plain = Cell(name, feature, feature.column, days=feature.days)
    return tuple(evolve(plain, **given) for given in _parts(name, feature))


def _parts(name: str, feature: Feature) -> list[dict[str, Any]]:
    """Return in what a feature's cells differ from the plain one."""
    match feature.aggregate:
        case "distinct" | "top":
            found: list[dict[str, Any]] = []
        case "mean":
            found = [{"name": f"{name}:sum"}, {"name": f"{name}:n", "column": "", "known": True}]
        case "min" | "max" as pick:
            found = [{"pick": pick}]
        case "first":
            found = [{"column": "day", "pick": "min"}]
        case "last" | "days_since":
            # The last day of a lifetime is in the window or not, so no window has to be looked at again.
            found = [{"name": f"{name}:day", "column": "day", "pick": "max", "days": None}]
        case "share":
            whole = Feature(count=feature.event, window=feature.window)
            found = [{"name": f"{name}:part"}, {"name": f"{name}:whole", "feature": whole}]
        case "rate":
            divisor = evolve(feature, rate=None, of=None, count=feature.of)
            found = [{"name": f"{name}:part"}, {"name": f"{name}:whole", "feature": divisor}]
        case "trend":
            later = (feature.days or 0) // 2
            found = [{"name": f"{name}:later", "days": later}, {"name": f"{name}:whole"}]
        case _:
            found = [{}]
    return found


def state_columns(name: str, feature: Feature) -> tuple[str, ...]:
    """Return the names of all columns of a feature's state."""
    return tuple(cell.name for cell in cells(name, feature)) or (name,)


def declared(programme: Programme) -> dict[str, Feature]:
    """Return the brand's features, and as ``last:TYPE`` the last days that its conditions ask for."""
    return dict(programme.features) | {f"last:{event}": Feature(last=event) for event in _asked_events(programme)}


def _asked_events(programme: Programme) -> list[str]:
    """Return the event types of which some condition asks whether, or when, they happened last."""
    components = [one for kind in programme.components.values() for one in kind]
    found = [part for one in (*components, *programme.segments.values()) for _, part in parts(one)]
    needs = {need for part in found if isinstance(part, Condition) for need in part.needs}
    return sorted({need.partition(":")[2] for need in needs if need.startswith(("did:", "last:"))})


def event_types(features: Mapping[str, Feature]) -> list[str]:
    """Return the types of the events that features look at."""
    return sorted({one for feature in features.values() for one in (feature.event, feature.of) if one is not None})


def counted(feature: Feature) -> nw.Expr:
    """Return the condition under which an event counts, its window aside, over what ``marked`` adds."""
    found = nw.col(f"is:{feature.event}")
    for column in ("entry", "subject", "place"):
        wanted = getattr(feature, column)
        if wanted is not None:
            found &= (nw.col(column) == wanted).fill_null(value=False)
    return found if feature.where is None else found & feature.where.compile(0, EVENT_COLUMNS)


def marked(events: Frame, features: Mapping[str, Feature], *more: str) -> Frame:
    """Keep the events of the types that features look at: what these read, ``is:TYPE`` for each type, and ``more``.

    So a type is compared once, and not once for each feature of it.
    """
    types = event_types(features)
    flags = {f"is:{one}": nw.col("type") == one for one in types}
    read = {column for feature in features.values() for column in _read(feature)}
    return events.filter(nw.col("type").is_in(types)).select("member", "day", *sorted(read - {"day"}), *more, **flags)


def _read(feature: Feature) -> set[str]:
    """Return the columns of events that tell whether one counts in a feature, and what it adds."""
    asked = {column for column in ("entry", "subject", "place") if getattr(feature, column) is not None}
    where = feature.where.names if feature.where is not None else frozenset[str]()
    return ({feature.column, *asked} | where) & EVENT_COLUMNS.keys()
