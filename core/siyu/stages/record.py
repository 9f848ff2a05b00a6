"""The one commit of a pass: all new rows of the logs, and the state that was folded anew."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like
from siyu.stages.novelty import OVERTAKEN, overtaken
from siyu.tables import TABLES

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.stores.session import Writer
    from siyu.work import Work

__all__ = ["record"]

_STAGED = (
    "events",
    "items",
    "identities",
    "consents",
    "links",
    "costs",
    "prices",
    "rejects",
    "exposures",
    "tag_changes",
    "measures",
    "cursors",
)
_STATE = ("canon", "members", "features", "tags")


def record(work: Work, writer: Writer) -> None:
    """Append what the pass brought and decided; the row of ``runs`` comes last."""
    for table in _STAGED:
        for rows in work.staged.get(table, ()):
            writer.append(table, _still_new(work, table, rows))
    _decisions(work, writer)
    for table in _STATE:
        if table in work.state:
            writer.replace(table, work.state[table])
    _config(work, writer)
    writer.append("runs", _run(work))


def _still_new(work: Work, table: str, rows: Frame) -> Frame:
    """Drop what another pass committed since this one read the log, and refuse what contradicts it."""
    if table not in OVERTAKEN or work.session.store.last == work.run.watermark:
        return rows
    found = overtaken(work, table, rows)
    new = work.keep(found.rows.sort("seq"))
    if table in work.counts:
        work.counts[table] -= work.size(rows) - work.size(new)
    if found.conflicts is not None and work.size(found.conflicts.head(1)):
        work.count("rejects", work.stage("rejects", found.conflicts))
    return new


def _decisions(work: Work, writer: Writer) -> None:
    if "steps" in work.results:
        decided = work.results["steps"].with_columns(member=nw.col("recipient"), decided=nw.lit(work.run.now))
        steps = decided.filter(nw.col("recipient_kind") == "member").sort("campaign", "member", "step", "occurrence")
        writer.append("steps", cast_like(steps, TABLES["steps"].columns))
    for table in ("touches", "receipts", "grants"):
        if table in work.results:
            ordered = work.results[table].sort("id") if table == "touches" else work.results[table]
            writer.append(table, _uncontested(work, table, ordered))


def _uncontested(work: Work, table: str, rows: Frame) -> Frame:
    """Drop what a run committed while a plan, which takes no lock, came to the same."""
    if work.run.kind != "plan" or table == "receipts":
        return rows
    return rows.join(work.session.table(table).select("id"), on="id", how="anti")


def _config(work: Work, writer: Writer) -> None:
    programme = work.programme
    known = work.session.table("configs").filter(nw.col("hash") == programme.hash)
    if work.size(known.head(1)):
        return
    versions = json.dumps(work.registry.versions(), sort_keys=True)
    values = {"hash": programme.hash, "canonical": programme.canonical, "plugins": versions}
    writer.append("configs", work.row("configs", values))


def _run(work: Work) -> Frame:
    run = work.run
    values = {
        "id": run.id,
        "kind": run.kind,
        "now": run.now,
        "config": run.config,
        "watermark": run.watermark,
        "actor": run.actor,
        "state": "done",
        "counts": json.dumps(work.counts, sort_keys=True),
        "seconds": work.elapsed(),
    }
    return work.row("runs", values)
