"""The newest event about each subject, and the words that taggers base evidence on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.config.units import Duration
from siyu.frames import latest

if TYPE_CHECKING:
    from attrs import Attribute

    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["ORDER", "dated", "lasting", "newest"]

ORDER = ("second", "id")
"""What makes an event newer than another: its second, and of one second the greater id, whichever came in first."""


def newest(events: Frame) -> Frame:
    """Keep of each member's events about a subject the newest.

    Args:
        events: member, subject, second, id and any other columns.
    """
    return latest(events, ["member", "subject"], ORDER)


def dated(view: View, frame: Frame) -> Frame:
    """Add ``date``: the date of the column ``day`` in the brand's zone, as text."""
    return frame.join(view.calendar.select("day", "date"), on="day", how="left")


def lasting(_instance: object, attribute: Attribute[Duration | None], value: Duration | None) -> None:
    """Refuse a span of no length, for a tag would end as soon as it is given.

    Raises:
        ValueError: The span is of no length.
    """
    if value is not None and not value.seconds:
        message = f"expected how long a tag holds, as in {attribute.name} = '365d', not '{value}'"
        raise ValueError(message)
