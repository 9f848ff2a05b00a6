"""Features: numbers per member over windows of events, as the config declares them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.config._walk import parts
from siyu.config.expressions import Condition
from siyu.frames import total

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from siyu.config.features import Feature
    from siyu.config.programme import Programme
    from siyu.kinds import Frame

__all__ = ["asked_events", "compute", "last_days"]


def compute(events: Frame, features: Mapping[str, Feature], today: int) -> Frame:
    """Return one row a member with one column a feature: all plain ones in one pass over the events."""
    plain = {name: feature for name, feature in features.items() if feature.aggregate != "distinct"}
    reduced = [part for name, feature in plain.items() for part in _reduced(name, feature, today)]
    frame = events.group_by("member").agg(*reduced)
    frame = frame.select("member", *(_finished(name, feature) for name, feature in plain.items()))
    for name, feature in features.items():
        if name not in plain:
            frame = frame.join(_distinct(events, name, feature, today), on="member", how="left")
            frame = frame.with_columns(nw.col(name).fill_null(0).cast(nw.Int64))
    return frame


def asked_events(programme: Programme) -> set[str]:
    """Return the event types of which some condition asks whether, or when, they happened last."""
    conditions = [part for kind in programme.components.values() for one in kind for _, part in parts(one)]
    asked = {
        need
        for part in (*conditions, *programme.segments.values())
        if isinstance(part, Condition)
        for need in part.needs
    }
    return {need.partition(":")[2] for need in asked if need.startswith(("did:", "last:"))}


def last_days(events: Frame, types: Collection[str]) -> Frame:
    """Return the day of each member's last event of each type, for ``days_since`` and ``did``: ``last:TYPE``."""
    days = {f"last:{name}": _where(nw.col("type") == name, "day").max() for name in sorted(types)}
    return events.group_by("member").agg(**days)


def _within(feature: Feature, today: int) -> nw.Expr:
    """Return the condition under which an event counts: its type, the window of days up to today, the filters."""
    counted = nw.col("type") == feature.event
    if feature.days is not None:
        counted &= nw.col("day") > today - feature.days
    for column in ("entry", "subject", "place"):
        wanted = getattr(feature, column)
        if wanted:
            counted &= (nw.col(column) == wanted).fill_null(value=False)
    return counted


def _where(counted: nw.Expr, column: str) -> nw.Expr:
    return nw.when(counted).then(nw.col(column)).otherwise(None)


def _reduced(name: str, feature: Feature, today: int) -> list[nw.Expr]:
    """Return what one pass over the events has to add up or pick for a feature."""
    counted = _within(feature, today)
    one = nw.when(counted).then(nw.lit(1, nw.Int64)).otherwise(0)
    if feature.aggregate == "count":
        return [total(one).alias(name)]
    column = _where(counted, feature.column or "day")
    if feature.aggregate in {"sum", "mean"}:
        number = nw.when(counted & ~nw.col(feature.column).is_null()).then(nw.lit(1, nw.Int64)).otherwise(0)
        return [total(column).alias(name), total(number).alias(f"{name}:n")]
    return [(column.min() if feature.aggregate in {"first", "min"} else column.max()).alias(name)]


def _finished(name: str, feature: Feature) -> nw.Expr:
    column, number = nw.col(name), nw.col(f"{name}:n")
    if feature.aggregate == "mean":
        some = nw.when(number > 0).then(number).otherwise(None)
        mean = column.cast(nw.Float64) / some if feature.type == "real" else column // some
        return mean.cast(nw.Float64 if feature.type == "real" else nw.Int64).alias(name)
    return column.cast(nw.Int32 if feature.type == "day" else nw.Int64).alias(name)


def _distinct(events: Frame, name: str, feature: Feature, today: int) -> Frame:
    counted = events.filter(_within(feature, today) & ~nw.col(feature.column).is_null())
    return counted.select("member", feature.column).unique().group_by("member").agg(nw.len().alias(name))
