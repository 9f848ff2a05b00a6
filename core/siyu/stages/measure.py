"""Measures: what metrics say now; a number that did not change is not written again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like, latest
from siyu.kinds import Metric
from siyu.tables import TABLES

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["measure"]

_KEY = ["metric", "period", "slice", "key"]


def measure(work: Work) -> None:
    """Ask every metric and take the segments' sizes; keep what differs from the newest numbers in the log."""
    found = [work.results["sizes"]] if "sizes" in work.results else []
    for metric in work.components(Metric):
        with work.attributed(metric):
            frame = metric.measure(work.view)
            named = frame.with_columns(metric=nw.lit(metric.name), day=nw.lit(work.view.today, nw.Int32))
            found.append(work.keep(_filled(cast_like(named, TABLES["measures"].columns))))
    if found:
        work.count("measures", work.stage("measures", _news(work, nw.concat(found))))


def _filled(numbers: Frame) -> Frame:
    return numbers.with_columns(nw.col("period", "slice", "key").fill_null(""))


def _news(work: Work, numbers: Frame) -> Frame:
    newest = latest(work.view.measures, _KEY, ["seq"]).select(*_KEY, _value=nw.col("value"), _n=nw.col("n"))
    both = numbers.join(newest, on=_KEY, how="left")
    same = (nw.col("value") == nw.col("_value")) & (nw.col("n") == nw.col("_n"))
    return both.filter(~same.fill_null(value=False)).sort(*_KEY)
