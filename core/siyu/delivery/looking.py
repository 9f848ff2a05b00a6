"""One more look at touches just before they are sent: what the newest log says against each."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

import narwhals as nw
from attrs import define, field

from siyu.delivery.codes import coded
from siyu.frames import cast_like
from siyu.gate import PERSONAL, Desk
from siyu.gate.asking import by_each
from siyu.senders import moved
from siyu.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from siyu.delivery.register import Register
    from siyu.kinds import Channel, Frame

__all__ = ["Look", "Row", "Stop"]

Row: TypeAlias = dict[str, Any]
Stop: TypeAlias = tuple[int, str, str, "str | None"]
"""What a touch is stopped by: touch, state, reason, the gate's rule."""

_STOP = ["id", "state", "reason", "rule"]
# A look takes about as long for many touches as for few, so those that follow in a fast channel are looked at as well:
# at most so many, for at most so many seconds, and only while nobody else writes a line to the log.
_MOST = 32_000
_SECONDS = 2
# So many times as many are looked at the next time where all were of use, and so many times as were of use where others
# were not.
_GROWTH, _ROOM = 16, 2


@define
class Look:
    """What was seen of a channel's touches that have their turn now, and perhaps of those that follow.

    Attributes:
        register: The store's side.
        channel: The channel.
    """

    register: Register
    channel: Channel
    _found: dict[int, Row | Stop | None] = field(factory=dict)
    _reach: int = _MOST
    _looked: int = 0
    _since: tuple[int, int] = (0, 0)

    def take(self, touches: Sequence[int], following: Iterable[int]) -> list[Row | Stop | None]:
        """Return for each touch its row if it may go, or what stops it; None if others gave it another state.

        Args:
            touches: The touches.
            following: Those that are likely to be next.
        """
        if self._looked and not self._fresh:
            self._reach = _ROOM * (self._looked - len(self._found))
            self._found, self._looked = {}, 0
        new = [touch for touch in touches if touch not in self._found]
        if new:
            wanted = self._reach * _GROWTH if self._looked else self._reach
            self._reach = min(_MOST, max(len(new), wanted))
            more = islice(following, 0 if self._slow else self._reach - len(new))
            self._look_at([*new, *(touch for touch in more if touch not in self._found)])
        return [self._found.pop(touch) for touch in touches]

    @property
    def _slow(self) -> bool:
        """Whether a look would be over before the next touches have their turn."""
        return self.channel.rate is not None or bool(self.channel.code)

    @property
    def _fresh(self) -> bool:
        second, others = self._since
        return self.register.clock.now() < second + _SECONDS and others == self.register.others()

    def _look_at(self, touches: Sequence[int]) -> None:
        if not self._found:
            self._since, self._looked = (self.register.clock.now(), self.register.others()), 0
        self.register.renew()
        rows, stops = self._judged(self._still(touches))
        self._looked += len(touches)
        self._found |= dict.fromkeys(touches)
        self._found |= {row["id"]: row for row in rows}
        self._found |= {stop[0]: stop for stop in stops}

    def _judged(self, batch: Frame) -> tuple[list[Row], list[Stop]]:
        """Return the rows of those that may go, and what stops the others."""
        work = self.register.work
        parts = self._stopped(batch)
        going = work.keep(batch.join(nw.concat(parts), on="id", how="anti")) if parts else batch
        if work.some(going.filter(~nw.col("sender").is_null())):
            going = work.keep(moved(work.view, going))
        rows, lost = self.register.addressed(self.channel, self.register.rows(going))
        rows, mute = coded(work.view, self.channel, rows)
        stops = [row for part in parts for row in work.session.engine.rows(part.select(*_STOP))]
        return rows, [*stops, *lost, *mute]

    def _still(self, touches: Sequence[int]) -> Frame:
        """Return touches (their columns) but for those that others gave another state since the queue was read."""
        register = self.register
        view = register.work.view
        asked = view.table({"id": list(touches)}, {"id": nw.Int64()})
        found = view.raw["touches"].join(asked, on="id", how="semi")
        found = found.join(register.changed().select(id=nw.col("touch")), on="id", how="anti")
        return register.work.keep(cast_like(view.resolve(found, "recipient"), TABLES["touches"].columns))

    def _stopped(self, batch: Frame) -> list[Frame]:
        """Ask the rules that concern a person; return their verdicts in parts."""
        work, among = self.register.work, batch.select(member=nw.col("recipient"))
        return by_each(Desk(work.view, work.programme, work.registry, among), PERSONAL, batch)[1]
