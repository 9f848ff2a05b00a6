"""Drivers: what sets a group of members apart from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu import hookimpl
from siyu.frames import latest
from siyu.kinds import Metric
from siyu_plugins._contrast.comparison import MILLION, Comparison
from siyu_plugins.metrics._numbers import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from siyu import View
    from siyu.kinds import Frame
    from siyu_plugins._contrast.comparison import Contrast, Driver

__all__ = ["Drivers"]

_ROW = {"slice": nw.String(), "key": nw.String(), "value": nw.Float64(), "n": nw.Int64()}
_STANDING = ("circular", "weight")


@frozen(kw_only=True)
class Drivers(Comparison, Metric):
    """Measures which features, attributes and tags set a group of members apart: see the tagger ``look-alike``.

    With the same keys it finds the same drivers as the tagger. A driver's slice is its condition, as
    ``region == 'CN'`` or ``tag('active')``; that of a part of a number's range is the part's place, as
    ``views_30d 4/4`` for the greatest quarter, since the bounds move from day to day. A driver's keys:

    - ``support``: how many members have it;
    - ``inside``, ``outside``: the share of the group and of the others who do; ``n`` is their number;
    - ``lift``: how many times as frequent it is in the group as among all;
    - ``p``, ``q``: the p-value of the test, and the same corrected for all tests; ``n`` is all members;
    - ``weight``: what it adds to a look-alike's score, as a natural logarithm; 0 once it is no driver any more;
    - ``above``, ``up_to``: the bounds of a number's range, money in minor units.

    A column that was left out, since the group is defined by what it is made of, has the key ``circular`` with the
    value 1, and 0 once it is looked at.

    ```toml
    [metric.vip-drivers]
    use = "drivers"
    like = "segment('vip')"
    ```
    """

    def measure(self, view: View) -> Frame:
        """Return the numbers of each driver, and those of the last run that hold no more."""
        rows = list(_rows(self.contrast(view)))
        columns = zip(*rows, strict=True) if rows else ((),) * len(_ROW)
        found = view.table(dict(zip(_ROW, columns, strict=True)), _ROW)
        measured = nw.concat([found, self._ended(view, found)])
        return numbers(measured.with_columns(period=nw.lit("")), nw.col("slice"))

    def _ended(self, view: View, found: Frame) -> Frame:
        own = view.measures.filter(nw.col("metric") == self.name, nw.col("key").is_in(_STANDING))
        standing = latest(own, ["slice", "key"], ["seq"]).filter(nw.col("value") != 0)
        ended = standing.select("slice", "key").join(found, on=["slice", "key"], how="anti")
        return ended.with_columns(value=nw.lit(0.0), n=nw.lit(0, nw.Int64))


def _rows(contrast: Contrast) -> Iterator[tuple[str, str, float, int]]:
    for driver in contrast.drivers:
        for key, (value, n) in _numbers_of(driver).items():
            if value is not None:
                yield driver.trait.name, key, float(value), n
    for column in contrast.circular:
        yield column, "circular", 1.0, contrast.group + contrast.others


def _numbers_of(driver: Driver) -> dict[str, tuple[float | None, int]]:
    """Return the keys of a driver: each number, and what it rests on."""
    counts, trait = driver.counts, driver.trait
    return {
        "support": (counts.support, counts.support),
        "inside": (counts.share_inside, counts.group),
        "outside": (counts.share_outside, counts.others),
        "lift": (counts.lift, counts.support),
        "p": (driver.p, counts.size),
        "q": (driver.q, counts.size),
        "weight": (driver.weight / MILLION, counts.support),
        "above": (trait.above, counts.support),
        "up_to": (trait.up_to, counts.support),
    }


@hookimpl
def siyu_register_metrics() -> Mapping[str, type[Metric]]:
    """Bring ``drivers``."""
    return {"drivers": Drivers}
