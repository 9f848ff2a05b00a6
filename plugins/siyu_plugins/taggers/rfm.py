"""Tags by recency, frequency and money: each member against all the others."""

from __future__ import annotations

from functools import reduce
from math import prod
from operator import and_
from typing import TYPE_CHECKING, ClassVar, Literal

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu.config.units import DAY, Duration
from siyu.hooks import hookimpl
from siyu.kinds import Frame, Tagger, doc
from siyu_plugins.taggers._checks import whole_days
from siyu_plugins.taggers._scores import scored
from siyu_plugins.taggers._spend import spending

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu.view import View

__all__ = ["CELLS", "OTHERS", "Cell", "Rfm", "siyu_register_taggers"]

OTHERS = "others"
"""The tag of scored members that no cell takes."""

_BINS = 5
_EDGES = 2
_COLUMNS = {"r": "last", "f": "orders", "m": "money"}


def _span(_instance: object, attribute: Attribute[tuple[int, ...] | None], value: tuple[int, ...] | None) -> None:
    if value is not None and not (len(value) == _EDGES and 1 <= value[0] <= value[1]):
        message = f"expected the least and the greatest score of {attribute.name}, as in [4, 5], not {list(value)}"
        raise ValueError(message)


@frozen(kw_only=True)
class Cell:
    """A part of the cube of scores; a score that is left out may be any."""

    r: tuple[int, ...] | None = field(
        default=None, validator=_span, metadata=doc("least and greatest score of recency", example=[4, 5])
    )
    f: tuple[int, ...] | None = field(
        default=None, validator=_span, metadata=doc("least and greatest score of frequency", example=[4, 5])
    )
    m: tuple[int, ...] | None = field(
        default=None, validator=_span, metadata=doc("least and greatest score of money", example=[4, 5])
    )

    @property
    def spans(self) -> Mapping[str, tuple[int, ...]]:
        """The scores that are bounded: the least and the greatest, by column."""
        return {name: span for name, span in (("r", self.r), ("f", self.f), ("m", self.m)) if span}

    def size(self, bins: int) -> int:
        """Return how many combinations of scores are in it."""
        unbounded = len(_COLUMNS) - len(self.spans)
        return prod([*(greatest - least + 1 for least, greatest in self.spans.values()), *[bins] * unbounded])

    def holds(self) -> nw.Expr:
        """Return whether a member is in the cell, over the columns r, f and m."""
        inside = (nw.col(name).is_between(least, greatest) for name, (least, greatest) in self.spans.items())
        return reduce(and_, inside, nw.lit(True))


CELLS: dict[str, Cell] = {
    "champions": Cell(r=(4, 5), f=(4, 5), m=(4, 5)),
    "loyal": Cell(r=(3, 5), f=(4, 5)),
    "big-spenders": Cell(r=(3, 5), f=(1, 3), m=(4, 5)),
    "new": Cell(r=(4, 5), f=(1, 1), m=(1, 3)),
    "promising": Cell(r=(4, 5), f=(2, 3), m=(1, 3)),
    "needs-attention": Cell(r=(3, 3), f=(1, 3), m=(1, 3)),
    "cannot-lose": Cell(r=(1, 2), f=(4, 5), m=(4, 5)),
    "at-risk": Cell(r=(1, 2), f=(3, 5)),
    "hibernating": Cell(r=(2, 2), f=(1, 2)),
    "lost": Cell(r=(1, 1), f=(1, 2)),
}
"""The cells for scores of 1 to 5; together they take every member who is scored."""


@frozen(kw_only=True)
class Rfm(Tagger):
    """Scores members by when they last ordered, how often and for how much, and tags each with one cell.

    Only members with an order in the window are scored, each on three scales from 1 to ``bins``, where more is
    better: the day of the last order, the number of orders, and what they were worth, less what was refunded in the
    window. The tag is the narrowest cell that the scores are in, the one of the fewest combinations of scores, and of
    equally narrow ones the first by name; ``others`` where there is none. Its value is the scores (``r5f4m5``), its
    score their mean, its evidence the numbers behind them: days, orders, and money in minor units.

    By ``rank``, a score holds an equal number of members. By ``value``, the scores are parted at linear quantiles of
    the values: a member's score is 1 and one more for each cut that the value exceeds.

    ```toml
    [tagger.rfm]
    use = "rfm"
    window = "365d"
    cells = { vip = { r = [4, 5], m = [5, 5] }, sleepy = { r = [1, 2] } }
    ```
    """

    scope: ClassVar[Literal["member", "population"]] = "population"

    window: Duration = field(
        default=Duration(365 * DAY),
        validator=whole_days,
        metadata=doc("the days up to the run's that count, that day included", unit="days"),
    )
    event: str = field(default="ordered", metadata={**doc("the event that is an order"), "refers": "event"})
    refunds: bool = field(default=True, metadata=doc("whether refunds in the window lessen the money"))
    bins: int = field(default=_BINS, metadata=doc("how many scores there are", example=5))
    by: Literal["rank", "value"] = field(
        default="rank",
        metadata=doc("scores of equally many members (rank), or between quantiles of the values (value)"),
    )
    ties: Literal["member", "same"] = field(
        default="member",
        metadata=doc("by rank: members of equal values follow each other by id (member), or all share the least rank"),
    )
    cells: dict[str, Cell] = field(
        factory=lambda: dict(CELLS),
        metadata=doc("the tags, each with the scores that give it; the narrowest that fits is taken"),
    )

    @bins.validator
    def _several(self, _attribute: Attribute[int], value: int) -> None:
        if value < _EDGES:
            message = f"expected at least 2 scores, as in bins = 5, not {value}"
            raise ValueError(message)

    @cells.validator
    def _within_bins(self, _attribute: Attribute[dict[str, Cell]], value: dict[str, Cell]) -> None:
        if not value:
            message = "expected at least one cell, as in vip = { r = [4, 5] }"
            raise ValueError(message)
        if value == CELLS and self.bins != _BINS:
            message = f"the default cells are for 5 scores: with bins = {self.bins}, give cells of your own"
            raise ValueError(message)
        for name, cell in value.items():
            for score, (_, greatest) in cell.spans.items():
                if greatest > self.bins:
                    message = f"{name}.{score} goes up to {greatest}, but the greatest score is {self.bins}"
                    raise ValueError(message)

    @property
    def gives(self) -> Sequence[str]:
        """The names of the cells, and ``others``."""
        return tuple(dict.fromkeys((*self.cells, OTHERS)))

    def facts(self) -> Mapping[str, object]:
        """State which cells hold the upper scores of money only."""
        upper = (self.bins + 1) / 2
        return {"valuable_tags": tuple(name for name, cell in self.cells.items() if cell.m and cell.m[0] > upper)}

    def tags(self, view: View) -> Frame:
        """Return one row for each member with an order in the window: member, tag, value, score, evidence."""
        spent = spending(view, self.event, self.window, refunds=self.refunds).filter(nw.col("orders") > 0)
        frame = view.keep(spent.select("member", *_COLUMNS.values()))
        for score, column in _COLUMNS.items():
            frame = scored(frame, column, score, bins=self.bins, by=self.by, ties=self.ties)
        return frame.select("member", self._cell().alias("tag"), _value(), _mean(), _evidence(view.today))

    def _cell(self) -> nw.Expr:
        narrowest = sorted(self.cells, key=lambda name: (self.cells[name].size(self.bins), name))
        expression: nw.Expr = nw.lit(OTHERS)
        for name in reversed(narrowest):
            expression = nw.when(self.cells[name].holds()).then(nw.lit(name)).otherwise(expression)
        return expression


def _value() -> nw.Expr:
    parts = [part for name in _COLUMNS for part in (nw.lit(name), nw.col(name).cast(nw.String))]
    return nw.concat_str(*parts).alias("value")


def _mean() -> nw.Expr:
    sums = (nw.col("r") + nw.col("f") + nw.col("m")).cast(nw.Float64)
    # Polars multiplies by the reciprocal of a plain number, which differs in the last digit; by a column it divides.
    parts = (nw.col("r") * 0 + len(_COLUMNS)).cast(nw.Float64)
    return (sums / parts).alias("score")


def _evidence(today: int) -> nw.Expr:
    numbers = [(nw.lit(today) - nw.col("last")), nw.col("orders"), nw.col("money")]
    days, orders, money = (number.cast(nw.Int64).cast(nw.String) for number in numbers)
    return nw.concat_str(nw.lit("recency "), days, nw.lit(" d, "), orders, nw.lit(" orders, "), money).alias("evidence")


@hookimpl
def siyu_register_taggers() -> Mapping[str, type[Tagger]]:
    """Bring ``rfm``."""
    return {"rfm": Rfm}
