"""What is known of members: how it is folded from events, and what of it holds at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like, distinct, latest
from siyu.tables import STATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from narwhals.dtypes import DType

    from siyu.config.programme import Programme
    from siyu.engine import Engine
    from siyu.kinds import Frame
    from siyu.tables import Schema

__all__ = ["READ", "attributes", "current", "folded", "lapsed"]

_DECLARED = ("zone", "region", "language", "birth_year")
_TYPES = {"text": nw.String(), "integer": nw.Int64(), "flag": nw.Boolean()}
_FACT: Schema = {
    "member": nw.Int64(),
    "second": nw.Int64(),
    "day": nw.Int32(),
    **dict.fromkeys(("type", "entry", "place"), nw.String()),
}
READ = (*_FACT, "id", "props")
"""The columns of events that members are told by."""

# More seconds than any moment lies before 1970, so that no moment is negative.
_SHIFT = 2**36
# When a member was first seen and where they were last: what is needed to go on from a state.
_SEEN: Schema = {
    "first:second": nw.Int64(),
    "first:day": nw.Int32(),
    "joined:day": nw.Int32(),
    "place:second": nw.Int64(),
}


def attributes(programme: Programme) -> dict[str, DType]:
    """Return what members may declare, with its type."""
    own = {name: STATE["members"].columns[name] for name in _DECLARED}
    return own | {name: _TYPES[attribute.type] for name, attribute in programme.attributes.items()}


def folded(engine: Engine, events: Frame, declared: Mapping[str, DType], before: Frame | None) -> Frame:
    """Return what events say of their members: the columns of ``members``, and those that are needed to go on.

    Args:
        engine: Reads what is declared.
        events: Events with resolved members, of which the columns of ``READ`` are looked at.
        declared: What members may declare, with its type.
        before: What was known of these members before the events; None where nothing was.
    """
    facts = events.select(*_FACT)
    profiles = events.filter(nw.col("type") == "profiled")
    known = _seen(engine, facts if before is None else nw.concat([facts, *_facts(before)]))
    moments = {f"{column}:{part}": nw.Int64() for column in declared for part in ("second", "id")}
    # To find that there are none takes a look at all events.
    if declared and engine.some(profiles.select("member")):
        for column, dtype in declared.items():
            known = known.join(_latest(engine, profiles, before, column, dtype), on="member", how="left")
    elif declared and before is not None:
        # Nothing new was declared.
        known = known.join(before.select("member", *declared, *moments), on="member", how="left")
    return cast_like(known, {**STATE["members"].columns, **declared, **_SEEN, **moments})


def _latest(engine: Engine, profiles: Frame, before: Frame | None, column: str, dtype: DType) -> Frame:
    """Return the newest declaration of an attribute: member, the column, and its second and event."""
    told = ["member", "second", "id", column]
    read = engine.fields(profiles, "props", {column: dtype}).select(*told)
    if before is not None:
        older = {part: nw.col(f"{column}:{part}") for part in ("second", "id")}
        read = nw.concat([read, before.select("member", column, **older).select(*told)])
    found = latest(read.filter(~nw.col(column).is_null()), ["member"], ["second", "id"])
    return found.rename({"second": f"{column}:second", "id": f"{column}:id"})


def _facts(before: Frame) -> list[Frame]:
    """Return what was known as facts: the first moment and its entry, the first joining, the last place."""
    first = {"second": nw.col("first:second"), "day": nw.col("first:day")}
    return [
        cast_like(before.select("member", "entry", **first), _FACT),
        cast_like(before.select("member", type=nw.lit("joined"), day=nw.col("joined:day")), _FACT),
        cast_like(before.select("member", "place", second=nw.col("place:second")), _FACT),
    ]


def _seen(engine: Engine, facts: Frame) -> Frame:
    """Return when members were first seen and joined, by which entry, and at which place they were last.

    Of several entries at the first second, and of several places at the last one, the first by name is taken. One
    pass tells all of it: a moment and the rank of a name among all names are one number.
    """
    found = {column: engine.rows(distinct(facts, column)) for column in ("entry", "place")}
    named = {column: sorted(name for (name,) in rows if name is not None) for column, rows in found.items()}
    entries, places = (_ranked(engine, column, names) for column, names in named.items())
    size = max(1, *map(len, named.values()))
    ranked = facts.join(entries, on="entry", how="left").join(places, on="place", how="left")
    moment = (nw.col("second") + _SHIFT) * size
    seen = ranked.group_by("member").agg(
        (moment + nw.col("rank:entry")).min().alias("__first"),
        (moment + (size - 1) - nw.col("rank:place")).max().alias("__last"),
        nw.col("day").min().alias("first:day"),
        nw.when(nw.col("type") == "joined").then(nw.col("day")).otherwise(None).min().alias("joined:day"),
    )
    told = seen.with_columns(
        (nw.col("__first") // size - _SHIFT).alias("first:second"),
        (nw.col("__last") // size - _SHIFT).alias("place:second"),
        (nw.col("__first") % size).alias("rank:entry"),
        ((size - 1) - nw.col("__last") % size).alias("rank:place"),
        nw.coalesce("joined:day", "first:day").alias("joined"),
    )
    return told.join(entries, on="rank:entry", how="left").join(places, on="rank:place", how="left")


def _ranked(engine: Engine, name: str, names: Sequence[str]) -> Frame:
    """Return names in their order with their ranks from 0: the column, and ``rank:`` with its name."""
    columns = {name: names, f"rank:{name}": range(len(names))}
    return engine.frame(columns, {name: nw.String(), f"rank:{name}": nw.Int64()})


def current(members: Frame, programme: Programme, now: int) -> Frame:
    """Return the columns of ``members`` and the declared attributes, as they hold at a moment.

    A value that is older than it may be kept is none; what the brand states of members of whom nothing is known
    fills the rest.
    """
    present = set(members.collect_schema().names())
    columns = [name for name in (*STATE["members"].columns, *programme.attributes) if name in present]
    return members.select(*(_held(name, programme, now, present).alias(name) for name in columns))


def _held(name: str, programme: Programme, now: int, present: set[str]) -> nw.Expr:
    attribute = programme.attributes.get(name)
    column = nw.col(name)
    if attribute is not None and attribute.keep is not None and f"{name}:second" in present:
        column = nw.when(nw.col(f"{name}:second") > now - attribute.keep.seconds).then(column).otherwise(None)
    stated = {"region": programme.brand.region, "language": programme.brand.language}.get(name)
    return column.fill_null(stated) if stated else column


def lapsed(read: Frame, names: Iterable[str], programme: Programme, now: int) -> Frame:
    """Take from events, given with their ``second``, the values of declared fields that are older than they may be."""
    bounds = {name: programme.fields[name].keep for name in names if name in programme.fields}
    known = {name: keep.seconds for name, keep in bounds.items() if keep is not None}
    if not known or "second" not in read.collect_schema().names():
        return read
    fresh = {name: nw.col("second") > now - seconds for name, seconds in known.items()}
    return read.with_columns(
        nw.when(held).then(nw.col(name)).otherwise(None).alias(name) for name, held in fresh.items()
    )
