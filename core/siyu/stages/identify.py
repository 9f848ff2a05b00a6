"""Members: ids joined into components, and what is known of each member, folded from the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.components import canon
from siyu.frames import cast_like, latest
from siyu.tables import STATE

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["identify"]

_DECLARED = ("zone", "region", "language", "birth_year")
_TYPES = {"text": nw.String(), "integer": nw.Int64(), "flag": nw.Boolean()}


def identify(work: Work) -> None:
    """Fold links into ``canon`` and events into ``members``."""
    if work.size(work.view.raw["links"].head(1)):
        components = canon(work.session.engine, work.view.raw["links"])
        # A tick computes beside those who join and part members, so its view of them may be old when it is recorded.
        if not work.ticking:
            work.state["canon"] = components
        work.view = work.view.resolved(components)
    members = work.keep(_members(work, work.view.events))
    if not work.ticking:
        work.state["members"] = members
    work.count("members", members)
    work.view = work.view.having(members=members)


def _members(work: Work, events: Frame) -> Frame:
    begin = events.group_by("member").agg(
        second=nw.col("second").min(),
        first=nw.col("day").min(),
        joined=nw.when(nw.col("type") == "joined").then(nw.col("day")).otherwise(None).min(),
    )
    entries = events.select("member", "second", "entry").join(begin, on=["member", "second"], how="semi")
    doors = entries.group_by("member").agg(nw.col("entry").min())
    known = begin.select("member", joined=nw.coalesce("joined", "first")).join(doors, on="member", how="left")
    known = known.join(_places(events), on="member", how="left")
    for column, dtype in _attributes(work).items():
        known = known.join(_declared(work, events, column, dtype), on="member", how="left")
    schema = {**STATE["members"].columns, **_attributes(work)}
    return _completed(work, cast_like(known, schema))


def _places(events: Frame) -> Frame:
    """Return the place that a member was last at; of two at the same second the first by name."""
    placed = events.filter(~nw.col("place").is_null())
    last = placed.group_by("member").agg(nw.col("second").max())
    there = placed.select("member", "second", "place").join(last, on=["member", "second"], how="semi")
    return there.group_by("member").agg(nw.col("place").min())


def _attributes(work: Work) -> dict[str, nw.dtypes.DType]:
    own = {name: STATE["members"].columns[name] for name in _DECLARED}
    return own | {name: _TYPES[attribute.type] for name, attribute in work.programme.attributes.items()}


def _declared(work: Work, events: Frame, column: str, dtype: nw.dtypes.DType) -> Frame:
    """Return the last value that was declared of an attribute, unless it is older than it may be kept."""
    profiles = events.filter(nw.col("type") == "profiled")
    attribute = work.programme.attributes.get(column)
    if attribute is not None and attribute.keep is not None:
        profiles = profiles.filter(nw.col("second") > work.run.now - attribute.keep.seconds)
    read = work.session.engine.fields(profiles, "props", {column: dtype}).filter(~nw.col(column).is_null())
    return latest(read.select("member", "second", "id", column), ["member"], ["second", "id"]).select("member", column)


def _completed(work: Work, members: Frame) -> Frame:
    """Fill what the brand states for members of whom nothing is known."""
    brand = work.programme.brand
    stated = {"region": brand.region, "language": brand.language}
    return members.with_columns(nw.col(name).fill_null(value) for name, value in stated.items() if value)
