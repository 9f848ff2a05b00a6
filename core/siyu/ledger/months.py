"""Months as they are closed: which is next, and what may be closed by a moment."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.errors import UserError
from siyu.moments import midnight, written

if TYPE_CHECKING:
    from siyu.view import View

__all__ = ["Closed", "Month", "closable", "closed"]


@frozen(order=True)
class Month:
    """A month of the calendar.

    Attributes:
        year: Its year.
        number: Its number in the year, from 1.
    """

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read a month as ``2026-11``.

        Raises:
            UserError: It is none.
        """
        try:
            first = date.fromisoformat(f"{text}-01")
        except ValueError:
            raise UserError(f"'{text}' is no month; write it as in 2026-11") from None
        return cls(first.year, first.month)

    @property
    def next(self) -> Month:
        """The month after it."""
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    def begin(self, zone: str) -> int:
        """Return its first second in a zone."""
        return midnight(zone, date(self.year, self.number, 1))

    def __str__(self) -> str:
        """The written form."""
        return f"{self.year:04}-{self.number:02}"


@frozen
class Closed:
    """A month that is closed: what its statement rests on.

    Attributes:
        month: The month.
        until: The first second after it.
        watermark: The last ``seq`` that was in the store.
    """

    month: Month
    until: int
    watermark: int


def closed(view: View) -> list[Closed]:
    """Return the closed months, in their order."""
    rows = view.rows(view.raw["closings"].select("month", "until", "watermark").unique())
    return sorted((Closed(Month.parse(text), until, watermark) for text, until, watermark in rows), key=_month)


def _month(one: Closed) -> Month:
    return one.month


def closable(view: View, month: Month, before: Closed | None, zone: str) -> int:
    """Return the first second after a month that may be closed now.

    Args:
        view: The view at the moment of closing.
        month: The month.
        before: The month that was closed last.
        zone: The brand's zone.

    Raises:
        UserError: It is not its turn, it is not over, or no run has looked at all of it.
    """
    if before is not None and month != before.month.next:
        turn = "was never closed, and later ones are" if month < before.month else f"comes after {before.month.next}"
        raise UserError(f"months are closed in order: {month} {turn}; the next one to close is {before.month.next}")
    until = month.next.begin(zone)
    if view.now < until:
        raise UserError(f"{month} is not over: it can be closed from {written(until, zone)} on")
    runs = view.raw["runs"].filter(nw.col("kind") == "run", nw.col("now") >= until)
    if not view.rows(runs.select("id").head(1)):
        raise UserError(f"no run has looked at all of {month} yet: do a run first, so that what it earned is in it")
    return until
