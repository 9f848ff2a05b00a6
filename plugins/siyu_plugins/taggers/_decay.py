"""Weights that halve with age, in whole millionths, so that every engine adds up the same."""

from __future__ import annotations

from decimal import Context, Decimal
from itertools import accumulate, repeat
from typing import TYPE_CHECKING

import narwhals as nw

if TYPE_CHECKING:
    from siyu.config.units import Duration
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["ONE", "ages", "weights"]

ONE = 1_000_000
"""The weight of what happened today."""

# Decimals are the same everywhere; powers of floats are the machine's.
_EXACT = Context(prec=30)


def weights(half_life: int, days: int) -> list[int]:
    """Return the weight of each age from 0 to the last of so many days: half of ``ONE`` after ``half_life`` days."""
    daily = _EXACT.power(2, _EXACT.divide(Decimal(-1), Decimal(half_life)))
    exact = accumulate(repeat(daily, days - 1), _EXACT.multiply, initial=Decimal(ONE))
    return [int(weight.to_integral_value()) for weight in exact]


def ages(view: View, half_life: Duration, window: Duration) -> Frame:
    """Return the weight of each day up to today that weighs anything: day (Int32), weight (Int64).

    Args:
        view: The run's view.
        half_life: After how long what happened weighs half.
        window: How many days count, today among them.
    """
    by_age = enumerate(weights(half_life.days, window.days))
    table = {view.today - age: weight for age, weight in by_age if weight}
    return view.table({"day": table, "weight": table.values()}, {"day": nw.Int32(), "weight": nw.Int64()})
