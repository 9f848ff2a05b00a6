"""The one commit of a pass: all new rows of the logs, and the state that was folded anew."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like
from siyu.revisions import superseded
from siyu.rights.retention import purge
from siyu.stages.novelty import OVERTAKEN, overtaken
from siyu.tables import TABLES
from siyu.work import PROVISIONAL

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.stores.writing import Writer
    from siyu.work import Work

__all__ = ["record", "write_ahead"]

_STAGED = (
    "items",
    "identities",
    "consents",
    "links",
    "addresses",
    "costs",
    "prices",
    "rejects",
    "exposures",
    "tag_changes",
    "measures",
    "cursors",
    "suppressions",
    "accesses",
)
_CONTACTS = ("follows", "groups", "group_members")
_STATE = ("canon", "shared", "members", *_CONTACTS, "features", "pairs", "tags", "flags", "segments")
# What is folded from events: it stays as it was where an event of this pass came into the log by another one.
_EVENTFUL = ("members", *_CONTACTS, "features", "pairs")


def write_ahead(work: Work) -> None:
    """Write the tables of state that are all new before anyone has to wait for it; ``record`` puts them in place."""
    for table in _STATE:
        if table in work.state:
            work.session.write_ahead(table, work.state[table], work.run.id)


def record(work: Work, writer: Writer) -> None:
    """Append what the pass brought and decided; the row of ``runs`` comes last."""
    begin = writer.last + 1
    own = _append(work, writer, "events")
    for table in _STAGED:
        _append(work, writer, table)
    _decisions(work, writer)
    _state(work, writer, own, (begin, writer.last))
    _superseded(work, writer)
    purge(work, writer)
    _config(work, writer)
    writer.add("runs", _run(work))


def _append(work: Work, writer: Writer, table: str) -> tuple[int, int] | None:
    """Append the new rows of a log; return the first and the last ``seq`` of those that came in before ``feature``.

    Returns:
        None where some of these are in the log already, by another pass.
    """
    low, high, whole, before = writer.last + 1, writer.last, True, PROVISIONAL
    for number, rows in enumerate(work.staged.get(table, ())):
        new = _still_new(work, table, rows)
        written = writer.append(table, new, before if new is rows else None)
        before += work.size(rows)
        if number < work.brought:
            high = writer.last
            whole &= written == work.size(rows)
    return (low, high) if whole else None


def _state(work: Work, writer: Writer, own: tuple[int, int] | None, whole: tuple[int, int]) -> None:
    """Write the state; ``own`` are the pass's events that the stages saw, ``whole`` all rows that it brought."""
    kept = () if own else _EVENTFUL
    for table in _STATE:
        if table in work.state and table not in kept:
            writer.replace(table, work.state[table])
        if table in work.merged and table not in kept:
            writer.merge(table, *work.merged[table])
    states = {state: parts for state, parts in work.folded.items() if state not in kept}
    if states:
        writer.merge("folds", *_folds(work, states, {"canon": whole}, own or (1, 0)))


def _superseded(work: Work, writer: Writer) -> None:
    """Write which rows no longer count, now that the rows that revise them have their ``seq``."""
    for log, parts in work.revised.items():
        for part, keys in parts:
            low = None if log == "events" else writer.firsts[log][part]
            gone = work.keep(superseded(work.session.table(log), log, keys, low))
            writer.merge("superseded", work.keep(gone.select("log", "key").unique()), gone)


def _folds(
    work: Work, states: dict[str, dict[str, str]], wholes: dict[str, tuple[int, int]], own: tuple[int, int]
) -> tuple[Frame, Frame]:
    """Return which rows of ``folds`` go and which come."""
    schema, engine = TABLES["folds"].columns, work.session.engine
    gone = engine.frame({"state": list(states)}, {"state": schema["state"]})
    since, until = work.run.watermark, (work.run.now, work.view.today)
    rows = [
        (state, *part, since, *wholes.get(state, own), *until)
        for state, parts in states.items()
        for part in ({"": ""} | parts).items()
    ]
    return gone, engine.frame(dict(zip(schema, zip(*rows, strict=True), strict=True)), schema)


def _still_new(work: Work, table: str, rows: Frame) -> Frame:
    """Drop what another pass committed since this one read the log, and refuse what contradicts it."""
    if table not in OVERTAKEN or work.session.store.last == work.run.watermark:
        return rows
    found = overtaken(work, table, rows)
    new = work.keep(found.rows.sort("seq"))
    if table in work.counts:
        work.counts[table] -= work.size(rows) - work.size(new)
    if found.conflicts is not None and work.some(found.conflicts):
        work.count("rejects", work.stage("rejects", found.conflicts))
    return new


def _decisions(work: Work, writer: Writer) -> None:
    if "steps" in work.results and work.some(work.results["steps"]):
        decided = work.results["steps"].with_columns(member=nw.col("recipient"), decided=nw.lit(work.run.now))
        steps = decided.filter(nw.col("recipient_kind") == "member").sort("campaign", "member", "step", "occurrence")
        writer.append("steps", cast_like(steps, TABLES["steps"].columns))
    for table in ("touches", "receipts", "grants"):
        if table in work.results and work.size(work.results[table]):
            ordered = work.results[table].sort("id") if table == "touches" else work.results[table]
            writer.append(table, _uncontested(work, table, ordered))


def _uncontested(work: Work, table: str, rows: Frame) -> Frame:
    """Drop what a run committed while a plan, which takes no lock, came to the same."""
    if work.run.kind != "plan" or table == "receipts":
        return rows
    return rows.join(work.session.table(table).select("id"), on="id", how="anti")


def _config(work: Work, writer: Writer) -> None:
    programme = work.programme
    if work.session.stored("configs", ("seq",), hash=programme.hash):
        return
    versions = json.dumps(work.registry.versions(), sort_keys=True)
    values = {"hash": programme.hash, "canonical": programme.canonical, "plugins": versions}
    writer.add("configs", {name: [value] for name, value in values.items()})


def _run(work: Work) -> dict[str, list[object]]:
    run = work.run
    return {
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
