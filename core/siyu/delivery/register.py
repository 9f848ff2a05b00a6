"""What delivery reads from the store and commits to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import define, field

from siyu.addresses import revealed
from siyu.bounces import useless
from siyu.delivery.clock import Clock
from siyu.delivery.looking import Look, Row
from siyu.delivery.pace import Pace
from siyu.delivery.slips import Slips
from siyu.delivery.trial import tests
from siyu.moments import DISTANT

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Sequence

    from siyu.delivery.answers import Verdict
    from siyu.delivery.looking import Stop
    from siyu.kinds import Channel, Frame
    from siyu.view import View
    from siyu.work import Work

__all__ = ["Register", "Row"]

# What messages are made of: the first ones of each touch; of the others many have the same, which are read once.
_OWN = ["id", "recipient", "until"]
_ALIKE = ["recipient_kind", "sender", "campaign", "step", "content", "offer", "channel", "purpose"]
# So many looks are taken before what was kept for them is dropped.
_KEPT = 16


@define
class Register:
    """The touches of a delivery, as the store has them.

    Attributes:
        work: The pass.
        touching: Held while touches are decided.
        clock: What time it is.
        view_at: Gives a view at a moment.
        seen: The last ``seq`` up to which the receipts of others were looked at.
    """

    work: Work
    touching: threading.Lock
    clock: Clock
    view_at: Callable[[int], View]
    seen: int = 0
    _prepared: int = 0
    _last: int = 0
    _others: int = 0
    _known: int = 0
    _looks: dict[str, Look] = field(factory=dict)
    _useless: dict[str, dict[int, int]] = field(factory=dict)
    _slips: Slips = field(factory=Slips)

    def note(self, verdicts: Sequence[Verdict]) -> None:
        """Commit receipts."""
        self.keep(verdicts)
        self.settle()

    def keep(self, verdicts: Sequence[Verdict]) -> None:
        """Keep receipts for the next commit, which is soon: with the intents of the next batch, say."""
        self._slips.add(verdicts, self.clock.now(), {})

    def settle(self) -> None:
        """Commit the receipts that were kept."""
        columns = self._slips.take()
        if not columns["touch"]:
            return
        with self.work.session.writing(self.work.run.id) as writer:
            alone = writer.last == self._last
            writer.add("receipts", columns)
        if alone:
            self._last = writer.last

    def in_state(self, state: str, *, channel: str | None = None) -> list[int]:
        """Return the touches that are in a state, whatever they are otherwise."""
        found = self.work.view.touches.filter(nw.col("state") == state)
        if channel is not None:
            found = found.filter(nw.col("channel") == channel)
        return [touch for (touch,) in self.work.session.engine.rows(found.select("id").sort("id"))]

    def queued(self) -> dict[str, list[int]]:
        """Return what is queued and due, by channel: by priority, then what has the least time left, then its age."""
        self.settle()
        self.seen, self._known = self.work.session.store.last, self.others()
        queued = self.work.view.touches.filter(nw.col("state") == "queued", nw.col("due") <= self.clock.now())
        least = nw.col("until").fill_null(DISTANT)
        ranked = queued.with_columns(_first=-nw.col("priority"), until=least).sort(_ORDER).select("channel", "id")
        found: dict[str, list[int]] = {}
        for channel, touch in self.work.session.engine.rows(ranked):
            found.setdefault(channel, []).append(touch)
        return found

    def moved(self) -> bool:
        """Return whether others wrote receipts since the queue was read: it may be another one."""
        return self.others() != self._known and self.work.some(self.changed())

    def changed(self) -> Frame:
        """Return the receipts that others wrote since the queue was read."""
        log = self.work.session.table("receipts")
        return log.filter(nw.col("seq") > self.seen, nw.col("run") != self.work.run.id)

    def pace(self, channel: Channel) -> Pace:
        """Return how fast a channel may go: what went by it in the last span counts, tests too."""
        pace = Pace(channel.rate)
        if channel.rate is not None:
            now = self.clock.now()
            since = now - channel.rate.seconds - 1
            log = self.work.view.receipts.filter(nw.col("state") == "sending", nw.col("time") > since)
            own = self.work.view.raw["touches"].filter(nw.col("channel") == channel.name).select(touch=nw.col("id"))
            found = (log.join(own, on="touch", how="semi").select("time"), tests(self.work.view, channel.name, since))
            times = [time for part in found for (time,) in self.work.session.engine.rows(part)]
            pace.seed(max(0, now - time) for time in times)
        return pace

    def begin(self, channel: Channel, touches: Sequence[int], following: Iterable[int] = ()) -> list[Row]:
        """Mark touches as ``sending`` that may still go; return them as rows, with ``address`` and ``code``.

        What was kept before is committed with it.
        The rules that concern a person are asked once more, on the newest log; what they stop gets its receipt.

        Args:
            channel: Whose they are.
            touches: The touches.
            following: Those that are likely to be next; some of them may be looked at together with these.
        """
        with self.touching:
            found = self._look(channel).take(touches, following)
            rows = [row for row in found if isinstance(row, dict)]
            stops = [stop for stop in found if isinstance(stop, tuple)]
            now = self.clock.now()
            self._slips.add([(*stop[:3], None) for stop in stops], now, {stop[0]: stop[3] for stop in stops})
            self._slips.intend([row["id"] for row in rows], now)
            self.settle()
        return rows

    def _look(self, channel: Channel) -> Look:
        return self._looks.setdefault(channel.name, Look(self, channel))

    def others(self) -> int:
        """Return how often it was seen that others wrote to the log since."""
        if self.work.session.store.last != self._last:
            self._others += 1
            self._last = self.work.session.store.last
        return self._others

    def rows(self, touches: Frame) -> list[Row]:
        """Return touches as rows by column, as far as messages are made of them."""
        known = self.work.keep(touches.select(*_OWN, *_ALIKE, _like=nw.col("id").min().over(*_ALIKE)))
        first = known.filter(nw.col("id") == nw.col("_like")).select(*_OWN, *_ALIKE)
        like = {row[0]: dict(zip(_OWN + _ALIKE, row, strict=True)) for row in self.work.session.engine.rows(first)}
        own = self.work.session.engine.rows(known.select(*_OWN, "_like"))
        return [dict(like[least], id=touch, recipient=member, until=until) for touch, member, until, least in own]

    def addresses(self, channel: Channel, rows: Iterable[Row]) -> dict[int, str]:
        """Return where the members among the recipients can be reached by a channel."""
        members = {row["recipient"] for row in rows if row["recipient_kind"] == "member"}
        if not members:
            return {}
        view, kind = self.work.view, channel.address
        if kind not in self._useless:
            # What bounces while a delivery lasts counts for the next one.
            self._useless[kind] = useless(view, self.work.programme, kind)
        return revealed(view, self.work.session.vault, kind, members, self._useless[kind])

    def addressed(self, channel: Channel, rows: list[Row]) -> tuple[list[Row], list[Stop]]:
        """Add addresses where a channel needs them; who has none gets nothing."""
        if not channel.address:
            return rows, []
        known = self.addresses(channel, rows)
        for row in rows:
            row["address"] = known.get(row["recipient"], "")
        lost = [row for row in rows if row["recipient_kind"] == "member" and not row["address"]]
        gone = {row["id"] for row in lost}
        return [row for row in rows if row["id"] not in gone], [
            (row["id"], "suppressed", self._why(channel.address, row["recipient"]), None) for row in lost
        ]

    def _why(self, kind: str, member: int) -> str:
        """Say why a member has no address of a kind."""
        if member in self._useless[kind]:
            return f"no address of the kind '{kind}' is left: the last message to it bounced for good"
        return f"no address is known of the kind '{kind}'"

    def renew(self) -> None:
        """Look at the newest log at this moment; what earlier looks kept is dropped at times."""
        self.settle()
        self._prepared += 1
        if self._prepared % _KEPT == 0:
            self.work.session.engine.drop()
        if self._prepared % _KEPT == 0 or self.clock.now() != self.work.view.now:
            self.work.view = self.view_at(self.clock.now())


_ORDER = ["_first", "until", "due", "id"]
