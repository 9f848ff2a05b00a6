"""From gross amounts to net ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

if TYPE_CHECKING:
    from siyu.config.units import Share

__all__ = ["net"]

_WHOLE = 10_000


def net(column: str, tax: Share) -> nw.Expr:
    """Return the net value of a column of gross minor units (Int64), rounded half away from zero.

    Args:
        column: The column.
        tax: The tax, as a share of the net value: gross is net * (1 + tax).
    """
    gross, divisor = nw.col(column), 2 * (_WHOLE + tax.basis_points)
    half = divisor // 2
    value = (gross.abs() * 2 * _WHOLE + half) // divisor
    return nw.when(gross < 0).then(-value).otherwise(value)
