"""Days as people name them: weekdays, and festivals whose date differs from year to year."""

from __future__ import annotations

import re
from datetime import date
from typing import Self

from attrs import frozen

from siyu.config._words import closest, shown

__all__ = ["FESTIVALS", "Festival", "Weekdays"]

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?")

# Days of the lunar calendar as days of ours, as the State Council and the Hong Kong Observatory publish them.
_LUNAR = {
    "spring-festival": (
        "2024-02-10",
        "2025-01-29",
        "2026-02-17",
        "2027-02-06",
        "2028-01-26",
        "2029-02-13",
        "2030-02-03",
    ),
    "lantern": ("2024-02-24", "2025-02-12", "2026-03-03", "2027-02-20", "2028-02-09", "2029-02-27", "2030-02-17"),
    "dragon-boat": ("2024-06-10", "2025-05-31", "2026-06-19", "2027-06-09", "2028-05-28", "2029-06-16", "2030-06-05"),
    "qixi": ("2024-08-10", "2025-08-29", "2026-08-19", "2027-08-08", "2028-08-26", "2029-08-16", "2030-08-05"),
    "mid-autumn": ("2024-09-17", "2025-10-06", "2026-09-25", "2027-09-15", "2028-10-03", "2029-09-22", "2030-09-12"),
    "double-ninth": ("2024-10-11", "2025-10-29", "2026-10-18", "2027-10-08", "2028-10-26", "2029-10-16", "2030-10-05"),
}
_FIXED = {
    "new-year": (1, 1),
    "valentine": (2, 14),
    "women": (3, 8),
    "labour": (5, 1),
    "618": (6, 18),
    "teachers": (9, 10),
    "national": (10, 1),
    "double-11": (11, 11),
    "double-12": (12, 12),
    "christmas": (12, 25),
}

FESTIVALS = (*_LUNAR, *_FIXED)
"""The festivals that a config may name."""


@frozen
class Weekdays:
    """Days of the week, as in ``"mon-fri"`` or ``"sat,sun"``.

    Attributes:
        numbers: The days, 1 for Monday to 7 for Sunday.
    """

    numbers: frozenset[int]

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read days and spans of days, parted by commas; a span may run over the end of the week.

        Raises:
            ValueError: The text names no weekdays.
        """
        parts = text.replace(" ", "").lower().split(",") if isinstance(text, str) and text else []
        numbers = [number for part in parts for number in _span(part, text)]
        if not numbers:
            raise ValueError(f"expected weekdays as text, as in 'mon-fri' or 'sat,sun', not {shown(text)}")
        return cls(frozenset(numbers))

    def __str__(self) -> str:
        """The written form, day by day."""
        return ",".join(_WEEKDAYS[number - 1] for number in sorted(self.numbers))


def _span(part: str, text: object) -> list[int]:
    match = _SPAN.fullmatch(part)
    ends = [end for end in match.groups() if end] if match else []
    if not ends or not set(ends) <= set(_WEEKDAYS):
        raise ValueError(f"expected weekdays as text, as in 'mon-fri' or 'sat,sun', not {shown(text)}")
    first, last = _WEEKDAYS.index(ends[0]), _WEEKDAYS.index(ends[-1])
    return [(first + ahead) % 7 + 1 for ahead in range((last - first) % 7 + 1)]


@frozen
class Festival:
    """A festival by its name, as in ``"mid-autumn"``.

    Attributes:
        name: One of ``FESTIVALS``.
    """

    name: str

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read a festival's name.

        Raises:
            ValueError: There is no such festival.
        """
        if not isinstance(text, str) or text not in FESTIVALS:
            hint = closest(text, FESTIVALS) if isinstance(text, str) else ""
            words = f"expected a festival, as in 'mid-autumn', not {shown(text)}"
            raise ValueError(f"{words}; {hint or 'there are ' + ', '.join(FESTIVALS)}")
        return cls(text)

    def between(self, first: date, last: date) -> list[date]:
        """Return its days from ``first`` to ``last``.

        Raises:
            ValueError: It follows the lunar calendar, and its days of those years are not known yet.
        """
        if self.name in _FIXED:
            month, day = _FIXED[self.name]
            days = [date(year, month, day) for year in range(first.year, last.year + 1)]
        else:
            days = [date.fromisoformat(text) for text in _LUNAR[self.name]]
            if last.year > days[-1].year or first.year < days[0].year:
                known = f"{days[0].year} to {days[-1].year}"
                raise ValueError(f"the days of {self.name} are known for {known}; give the day itself")
        return [day for day in days if first <= day <= last]

    def __str__(self) -> str:
        """The name."""
        return self.name
