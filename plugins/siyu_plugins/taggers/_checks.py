"""What taggers ask of the keys of their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.config.units import DAY, Duration

if TYPE_CHECKING:
    from attrs import Attribute

__all__ = ["at_least_one", "whole_days"]


def whole_days(_instance: object, attribute: Attribute[Duration], value: Duration) -> None:
    """Refuse a duration that is not of whole days, from one up.

    Raises:
        ValueError: It is none.
    """
    if not value.seconds or value.seconds % DAY:
        message = f"expected whole days in {attribute.name}, as in '90d', not '{value}'"
        raise ValueError(message)


def at_least_one(_instance: object, attribute: Attribute[int], value: int) -> None:
    """Refuse a number below 1.

    Raises:
        ValueError: It is one.
    """
    if value < 1:
        message = f"expected {attribute.name} of 1 at least, not {value}"
        raise ValueError(message)
