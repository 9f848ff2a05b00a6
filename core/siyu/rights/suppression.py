"""Suppression lists, and what an erasure leaves behind: keyed hashes of outside ids that are never touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import latest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["ERASED", "LISTED", "remembered", "suppress"]

ERASED, LISTED = "erasure", "list"
"""Why an id is on the list: its person was erased, or somebody put it there."""


def suppress(work: Work, members: Iterable[int], *, action: str, origin: str, by: str, reason: str) -> int:
    """Stage that ids are never touched (``add``), or may be again (``lift``); return for how many that is news.

    The list grows only, so that it says who was on it when; of all rows of an id the last one counts.
    """
    view = work.view
    asked = view.table({"member": sorted(set(members))}, {"member": nw.Int64()})
    newest = latest(view.raw["suppressions"], ["member"], ["seq"])
    same = newest.filter(nw.col("action") == action)
    new = asked.join(same, on="member", how="anti")
    if action == "lift":
        new = new.join(newest, on="member", how="semi")
    texts = {"action": action, "origin": origin, "actor": by, "reason": reason}
    said = {name: nw.lit(text) for name, text in texts.items()}
    rows = work.stage("suppressions", new.sort("member").select("member", **said, time=nw.lit(work.run.now)))
    return work.count("suppressions", rows)


def remembered(work: Work, table: str, rows: Frame) -> Frame:
    """Drop from prepared rows what an erasure took out of the log, so that an old file does not bring it back.

    What happened up to the erasure is dropped, the lines that cannot be read included; what happens after it is news
    of somebody who came back, which is kept, and whom the gate lets nobody touch. An address has no moment: it is
    dropped for as long as the id is on the list.
    """
    if not work.holds("suppressions") or ("member" not in rows.collect_schema().names() and table != "links"):
        return rows
    newest = latest(work.view.raw["suppressions"], ["member"], ["seq"])
    gone = newest.filter(nw.col("action") == "add", nw.col("origin") == ERASED)
    if not work.some(gone):
        return rows
    ends = ("a", "b") if table == "links" else ("member",)
    numbers = [rows.select("_row", "second", member=nw.col(end)) for end in ends]
    met = nw.concat(numbers).join(gone.select("member", _until=nw.col("time")), on="member")
    if table != "addresses":
        met = met.filter((nw.col("second") <= nw.col("_until")).fill_null(value=True))
    dropped = work.keep(met.select("_row").unique())
    number = work.size(dropped)
    if not number:
        return rows
    work.counts["erased"] = work.counts.get("erased", 0) + number
    rest = rows.join(dropped, on="_row", how="anti").sort("_row")
    return work.keep(rest.drop("_row"), "_row")
