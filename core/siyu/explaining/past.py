"""What was known of one member when a touch was decided: the stages of a pass, over the log as it was then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from siyu.frames import cast_like, latest
from siyu.stages.feature import feature
from siyu.stages.identify import identify
from siyu.tables import STATE, TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.kinds import Frame
    from siyu.runs import Run
    from siyu.view import View
    from siyu.work import Work

__all__ = ["known_then", "seen"]

_LOGS = ("steps", "consents", "exposures", "grants", "tag_changes")
_TAG = tuple(STATE["tags"].columns)


def seen(run: Run) -> nw.Expr:
    """Return which rows of a log a pass saw: those up to its watermark, and its own."""
    return (nw.col("seq") <= run.watermark) | (nw.col("run") == run.id)


def known_then(work: Work, ids: Sequence[int], run: Run) -> View:
    """Return what was known of a member at the moment of a pass, computed anew from the log by the pass's own stages.

    Who is one person is as today; fields that are kept no longer are not known any more. Tags are those that the log
    of changes says, as what other members did then may have had a say in them.

    Args:
        work: A pass at the moment of that one, which writes nothing.
        ids: All ids of the member.
        run: The pass that decided.
    """
    today = work.view
    some = work.keep(today.table({"member": ids}, {"member": nw.Int64()}))
    stored = work.session.table("events").join(some, on="member", how="semi").filter(seen(run))
    events = latest(stored, ["id"], ["seq"]).select(*TABLES["events"].schema)
    work.scope = some
    work.view = today.having(events=work.keep(events))
    identify(work)
    feature(work)
    logs = {name: today.raw[name].filter(seen(run)) for name in _LOGS}
    tables = {**work.view.raw, **logs, "tags": _tags(today, some, run)}
    return work.view.on(work.session.engine, tables, bits={})


def _tags(today: View, some: Frame, run: Run) -> Frame:
    """Return the tags that a member had: those of today, with the changes since taken back."""
    mine = today.resolve(some).unique()
    held = today.rows(today.tags.join(mine, on="member", how="semi").select(*_TAG))
    found = {row[1:3]: dict(zip(_TAG, row, strict=True)) for row in held}
    changes = today.resolve(today.raw["tag_changes"]).join(mine, on="member", how="semi")
    columns = ["seq", "member", "tagger", "tag", "value", "time", "change", "reason"]
    rows = [dict(zip(columns, row, strict=True)) for row in today.rows(changes.filter(~seen(run)).select(*columns))]
    before = today.rows(changes.filter(seen(run)).select(*columns))
    known = {row[2:4]: dict(zip(columns, row, strict=True)) for row in sorted(before)}
    # Of what changed since, the first change says what it was before.
    for row in sorted(rows, key=lambda one: -int(one["seq"])):
        key = row["tagger"], row["tag"]
        found.pop(key, None)
        if row["change"] != "gained":
            found[key] = _held(row, known.get(key))
    told = [{**one, "since": one["since"] or run.now} for one in found.values() if (one["since"] or 0) <= run.now]
    schema = STATE["tags"].columns
    return cast_like(today.table({name: [one[name] for one in told] for name in schema}, schema), schema)


def _held(row: dict[str, Any], gained: dict[str, Any] | None) -> dict[str, Any]:
    """Return a tag that was lost, or got another value, since; ``gained`` is what the log said of it before."""
    last = gained or {}
    tag = {name: row.get(name) for name in _TAG}
    value = last.get("value") if gained else None if row["change"] == "changed" else row["value"]
    return tag | {"value": value, "evidence": last.get("reason"), "since": last.get("time")}
