"""The one commit of a pass: all new rows of the logs, and the state that was folded anew."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import narwhals as nw

from siyu.frames import cast_like
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
    """Drop what another pass committed since this one read the log."""
    if work.session.store.last == work.run.watermark:
        return rows
    stored = work.session.table(table)
    if table in ("events", "costs"):
        return rows.join(stored.select("id"), on="id", how="anti").sort("seq")
    if table == "items":
        return rows.join(stored.select("event").unique(), on="event", how="anti").sort("seq")
    if table == "identities":
        return rows.join(stored.select("kind", "value"), on=["kind", "value"], how="anti").sort("seq")
    return rows


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
    engine, programme = work.session.engine, work.programme
    known = work.session.table("configs").filter(nw.col("hash") == programme.hash)
    if work.size(known.head(1)):
        return
    versions = json.dumps(work.registry.versions(), sort_keys=True)
    row = {"hash": [programme.hash], "canonical": [programme.canonical], "plugins": [versions]}
    writer.append("configs", engine.frame(row, TABLES["configs"].columns))


def _run(work: Work) -> Frame:
    run = work.run
    row: dict[str, list[Any]] = {
        "id": [run.id],
        "kind": [run.kind],
        "now": [run.now],
        "config": [run.config],
        "watermark": [run.watermark],
        "actor": [run.actor],
        "state": ["done"],
        "counts": [json.dumps(work.counts, sort_keys=True)],
        "seconds": [work.elapsed()],
    }
    return work.session.engine.frame(row, TABLES["runs"].columns)
