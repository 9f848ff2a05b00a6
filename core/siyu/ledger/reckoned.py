"""Closed months, reckoned again: each row adds up, opens with what was closed before, and says what the lines do."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import total
from siyu.ledger.closing import MOVEMENTS
from siyu.ledger.months import closed

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.ledger.findings import Findings
    from siyu.ledger.months import Closed
    from siyu.work import Work

__all__ = ["reckoned"]

_COLUMNS = tuple(dict.fromkeys(MOVEMENTS.values()))
_KEY = ["place", "incentive"]


def reckoned(work: Work, found: Findings) -> None:
    """Look whether closed months add up, follow one another, and agree with the lines."""
    months = closed(work.view)
    found.checked["closed months"] = len(months)
    stored = work.view.raw["closings"]
    movements = nw.sum_horizontal("opening", *_COLUMNS, "moved")
    _tell(work, found, "it does not add up", stored.select("month", *_KEY, "closing", due=movements))
    for one in months:
        rows = stored.filter(nw.col("month") == str(one.month))
        _tell(work, found, "the lines say otherwise", _by_lines(work, rows, one))
    for before, after in pairwise(months):
        pairs = _following(stored, before, after)
        _tell(work, found, "it does not open with what was closed before", pairs)


def _by_lines(work: Work, rows: Frame, month: Closed) -> Frame:
    """Return what a month closed with, all places together, and the sum of the lines that it took in."""
    lines = work.view.raw["grants"].filter(nw.col("time") < month.until, nw.col("seq") <= month.watermark)
    nothing, place = nw.lit(0, nw.Int64), nw.lit("")
    sums = [
        rows.select("incentive", closing="closing", due=nothing),
        lines.select("incentive", closing=nothing, due="amount"),
    ]
    both = nw.concat(sums).group_by("incentive").agg(closing=total("closing"), due=total("due"))
    return both.select("incentive", "closing", "due", month=nw.lit(str(month.month)), place=place)


def _following(stored: Frame, before: Closed, after: Closed) -> Frame:
    nothing = nw.lit(0, nw.Int64)
    first = stored.filter(nw.col("month") == str(before.month)).select(*_KEY, closing=nothing, due="closing")
    second = stored.filter(nw.col("month") == str(after.month)).select(*_KEY, closing="opening", due=nothing)
    both = nw.concat([first, second]).group_by(*_KEY).agg(closing=total("closing"), due=total("due"))
    return both.select(*_KEY, "closing", "due", month=nw.lit(str(after.month)))


def _tell(work: Work, found: Findings, words: str, rows: Frame) -> None:
    differing = rows.filter(nw.col("closing") != nw.col("due")).sort("month", "incentive", "place")
    what = nw.concat_str(nw.col("month"), nw.lit(" at '"), nw.col("place"), nw.lit("'"))
    nobody = nw.lit(None).cast(nw.Int64).alias("member")
    told = differing.select("incentive", nobody, what.alias("what"), "closing", "due")
    found.add("closings", words, work.session.engine.rows(told))
