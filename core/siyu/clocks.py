"""What a view shows of local time: the calendar, and the zones of its members."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.calendars import calendar_rows, offsets, real_zones, zone_row
from siyu.tables import CALENDAR, CLOCKS, ZONES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.config.programme import Programme
    from siyu.engine import Engine
    from siyu.kinds import Frame

__all__ = ["ClocksView"]

_DAYS_AHEAD = 400
_DAYS_BEFORE = 31


class ClocksView:
    """What a view shows of local time.

    Attributes:
        now: The moment of the view, in epoch seconds.
        today: The day of ``now`` in the brand's zone, as a day number.
    """

    now: int
    today: int
    _tables: Mapping[str, Frame]
    _programme: Programme
    _engine: Engine

    @cached_property
    def calendar(self) -> Frame:
        """One row a day in the brand's zone, from a month before the first event to a year and a month from now."""
        earliest = self._engine.rows(self._tables["events"].select(nw.col("day").min()))[0][0]
        first = self.today if earliest is None else min(earliest, self.today)
        days = calendar_rows(self._programme.brand.zone, first - _DAYS_BEFORE, self.today + _DAYS_AHEAD)
        return self._engine.frame(days, CALENDAR)

    @cached_property
    def zones(self) -> Frame:
        """One row a zone of the members: zone, offset (seconds), midnight (the second when its today began).

        A zone that a member states and that does not exist has the clocks of the brand's members.
        """
        rows = [(name, *zone_row(zone, self.now)[1:]) for name, zone in self.clocked.items()]
        return self._engine.frame(dict(zip(ZONES, zip(*rows, strict=True), strict=True)), ZONES)

    def clocks(self, since: int) -> Frame:
        """Return how far the clocks of the ``zones`` were from UTC, from a second to ``now``; see ``CLOCKS``."""
        zones = {"": self._programme.brand.member_zone, **self.clocked}
        rows = [(name, *span) for name, zone in zones.items() for span in offsets(zone, since, self.now)]
        return self._engine.frame(dict(zip(CLOCKS, zip(*rows, strict=True), strict=True)), CLOCKS)

    @cached_property
    def clocked(self) -> dict[str, str]:
        """The zones that members state, and that of the brand's members, each with the zone whose clocks it has."""
        found = self._engine.rows(self._tables["members"].select("zone").unique())
        return real_zones([zone for (zone,) in found if zone], self._programme.brand.member_zone)
