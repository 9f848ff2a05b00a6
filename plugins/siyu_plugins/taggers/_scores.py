"""Scores from 1 upwards: each value against all the others, in whole numbers, so that every engine agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import narwhals as nw

from siyu.frames import row_number

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["scored"]


def scored(
    frame: Frame, column: str, name: str, *, bins: int, by: Literal["rank", "value"], ties: Literal["member", "same"]
) -> Frame:
    """Add the score of a column (Int64), from 1 for the least values to ``bins`` for the greatest.

    Args:
        frame: The rows: ``member``, one row each, and the column (Int64, no nulls).
        column: What is scored.
        name: The new column.
        bins: How many scores there are.
        by: Scores of equally many members (``rank``), or parted at linear quantiles of the values (``value``).
        ties: How ranks of equal values come about: by the id of the ``member``, or the least of them for all
            (``same``). Quantiles know no ties.

    Returns:
        The frame with the new column.
    """
    ranked = _with_size(row_number(frame, [], [column, "member"], "__rank"))
    if by == "value":
        return _by_value(ranked, column, name, bins).drop("__rank", "__size")
    if ties == "same":
        least = ranked.group_by(column).agg(nw.col("__rank").min().alias("__least"))
        ranked = ranked.drop("__rank").join(least, on=column, how="inner").rename({"__least": "__rank"})
    score = (nw.col("__rank") - 1) * bins // nw.col("__size") + 1
    return ranked.with_columns(score.cast(nw.Int64).alias(name)).drop("__rank", "__size")


def _with_size(frame: Frame) -> Frame:
    return _beside(frame, frame.select(__size=nw.len().cast(nw.Int64)))


def _beside(frame: Frame, single: Frame) -> Frame:
    """Add the columns of a frame of one row to every row."""
    one = nw.lit(1, nw.Int64).alias("__one")
    return frame.with_columns(one).join(single.with_columns(one), on="__one", how="inner").drop("__one")


def _by_value(ranked: Frame, column: str, name: str, bins: int) -> Frame:
    """Score by quantiles; a cut is kept times ``bins``, so that it is whole: a float would differ between engines."""
    cuts = {part: f"__cut_{part}" for part in range(1, bins)}
    joined = _beside(ranked, ranked.select(_cut(column, part, bins).alias(cut) for part, cut in cuts.items()))
    exceeded = (nw.when(nw.col(column) * bins > nw.col(cut)).then(1).otherwise(0) for cut in cuts.values())
    return joined.with_columns(sum(exceeded, nw.lit(1)).cast(nw.Int64).alias(name)).drop(*cuts.values())


def _cut(column: str, part: int, bins: int) -> nw.Expr:
    position = (nw.col("__size") - 1) * part
    below, rest = position // bins, position % bins
    at = nw.col("__rank") - 1
    low = nw.when(at == below).then(nw.col(column) * (bins - rest))
    # Where the cut is at a value itself, the next one, which may not exist, adds nothing.
    high = nw.when(at == below + 1).then(nw.col(column) * rest)
    return low.max() + high.max().fill_null(0)
