"""Fields at the door: of an event's ``props`` only what is declared comes in, and what is dropped is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.known import attributes
from siyu.stages.words import heard

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["allowed", "declared", "tell"]

_TOLD = 20
_LONG = 80


def allowed(work: Work) -> dict[str, frozenset[str]]:
    """Return the fields that events may have, by type.

    They are those that the type itself needs, those of ``[field]``, and of ``profiled`` what members may declare.
    """
    fields = work.programme.fields
    found = {}
    for name, registered in work.registry.events.items():
        stated = {key for key, one in fields.items() if not one.events or name in one.events}
        own = attributes(work.programme) if name == "profiled" else ()
        found[name] = frozenset({*registered.props, *stated, *own})
    return found


def declared(work: Work, rows: Frame) -> Frame:
    """Drop from events what nothing declares, after the opt-out words in it were read.

    Returns:
        The rows, with what ``heard`` adds; ``dropped`` and ``dropped_names`` say what of their props was dropped.
    """
    return work.session.engine.picked(heard(work, rows), "props", "type", allowed(work))


def tell(work: Work, rows: Frame) -> None:
    """Count the fields that prepared rows lost, and note what they are called: the most frequent ones of a batch."""
    if "dropped" not in rows.collect_schema():
        return
    lost = rows.filter(nw.col("dropped") > 0)
    named = nw.col("dropped_names").fill_null("(no object)").str.slice(0, _LONG)
    key = ["entry", "type", "fields"]
    kinds = lost.select("entry", nw.col("type").fill_null(""), "dropped", fields=named).group_by(*key)
    counted = work.keep(kinds.agg(n=nw.len(), dropped=nw.col("dropped").sum()))
    total = work.session.engine.rows(counted.select(nw.col("dropped").sum()))[0][0]
    if not total:
        return
    work.counts["fields dropped"] = work.counts.get("fields dropped", 0) + int(total)
    first = counted.select(*key, "n", less=-nw.col("n")).sort("less", *key)
    for entry, kind, fields, number, _ in work.session.engine.rows(first.head(_TOLD)):
        work.dropped[entry, kind, fields] = work.dropped.get((entry, kind, fields), 0) + number
