"""What delivery reads from the store and commits to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import define, field

from siyu.addresses import revealed
from siyu.bounces import useless
from siyu.delivery.clock import Clock
from siyu.delivery.codes import coded
from siyu.frames import cast_like, row_number
from siyu.gate import PERSONAL, Desk
from siyu.gate.asking import by_each
from siyu.moments import DISTANT
from siyu.senders import moved
from siyu.tables import TABLES

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from siyu.kinds import Channel, Frame
    from siyu.view import View
    from siyu.work import Work

__all__ = ["Register", "Row", "Verdict"]

Row = dict[str, Any]
Verdict = tuple[int, str, str, str | None]
"""A receipt to write: touch, state, reason, provider_id."""

_NAMES = list(TABLES["touches"].columns)
_VERDICT = ["id", "state", "reason", "rule"]
# So many batches are prepared before what was kept for them is dropped.
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
    _prepared: int = field(default=0)
    _useless: dict[str, dict[int, int]] = field(factory=dict)

    def note(self, verdicts: Sequence[Verdict], rules: Mapping[int, str] | None = None) -> None:
        """Commit receipts; ``rules`` are those of the gate that stopped touches, by touch."""
        if not verdicts:
            return
        touches, states, reasons, ids = (list(column) for column in zip(*verdicts, strict=True))
        columns = {"touch": touches, "state": states, "reason": reasons, "provider_id": ids}
        if rules:
            columns["rule"] = [rules.get(touch) for touch in touches]
        with self.work.session.writing(self.work.run.id) as writer:
            writer.add("receipts", {**columns, "time": [self.clock.now()] * len(touches)})

    def in_state(self, state: str, *, channel: str | None = None) -> list[int]:
        """Return the touches that are in a state, whatever they are otherwise."""
        found = self.work.view.touches.filter(nw.col("state") == state)
        if channel is not None:
            found = found.filter(nw.col("channel") == channel)
        return [touch for (touch,) in self.work.session.engine.rows(found.select("id").sort("id"))]

    def queued(self) -> dict[str, list[int]]:
        """Return what is queued and due, by channel: by priority, then what has the least time left, then its age."""
        self.seen = self.work.session.store.last
        queued = self.work.view.touches.filter(nw.col("state") == "queued", nw.col("due") <= self.clock.now())
        least = nw.col("until").fill_null(DISTANT)
        ranked = row_number(queued.with_columns(_first=-nw.col("priority"), until=least), [], _ORDER)
        found: dict[str, list[int]] = {}
        for channel, touch in self.work.session.engine.rows(ranked.sort("row").select("channel", "id")):
            found.setdefault(channel, []).append(touch)
        return found

    def moved(self) -> bool:
        """Return whether others wrote receipts since the queue was read: it may be another one."""
        log = self.work.session.table("receipts")
        others = log.filter(nw.col("seq") > self.seen, nw.col("run") != self.work.run.id)
        return self.work.some(others)

    def age_of_sends(self, channel: Channel, seconds: int) -> list[int]:
        """Return how many seconds ago each message of the last span went out by a channel."""
        now = self.clock.now()
        log = self.work.view.receipts.filter(nw.col("state") == "sending", nw.col("time") > now - seconds - 1)
        own = self.work.view.raw["touches"].filter(nw.col("channel") == channel.name).select(touch=nw.col("id"))
        times = self.work.session.engine.rows(log.join(own, on="touch", how="semi").select("time"))
        return [max(0, now - time) for (time,) in times]

    def begin(self, channel: Channel, touches: Collection[int]) -> list[Row]:
        """Mark touches as ``sending`` that may still go; return them as rows, with ``address`` and ``code``.

        The rules that concern a person are asked once more, on the newest log; what they stop gets its receipt.
        """
        self._renew()
        with self.touching:
            batch = self._still(touches)
            stopped = self._stopped(batch)
            going = self.work.keep(batch.join(nw.concat(stopped), on="id", how="anti")) if stopped else batch
            if self.work.some(going.filter(~nw.col("sender").is_null())):
                going = self.work.keep(moved(self.work.view, going))
            rows, lost = self._addressed(channel, self.rows(going))
            rows, mute = coded(self.work.view, channel, rows)
            found = [row for part in stopped for row in self.work.session.engine.rows(part.select(*_VERDICT))]
            verdicts, rules = [(*row[:3], None) for row in found], {row[0]: row[3] for row in found}
            self.note([*verdicts, *lost, *mute, *((row["id"], "sending", "", None) for row in rows)], rules)
        order = {touch: place for place, touch in enumerate(touches)}
        return sorted(rows, key=lambda row: order[row["id"]])

    def rows(self, touches: Frame) -> list[Row]:
        """Return touches as rows by column."""
        found = self.work.session.engine.rows(touches.select(*_NAMES))
        return [dict(zip(_NAMES, row, strict=True)) for row in found]

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

    def _addressed(self, channel: Channel, rows: list[Row]) -> tuple[list[Row], list[Verdict]]:
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

    def _renew(self) -> None:
        """Look at the newest log at this moment; what earlier batches kept is dropped at times."""
        self._prepared += 1
        if self._prepared % _KEPT == 0:
            self.work.session.engine.drop()
        if self._prepared % _KEPT == 0 or self.clock.now() != self.work.view.now:
            self.work.view = self.view_at(self.clock.now())

    def _still(self, touches: Collection[int]) -> Frame:
        """Return touches (their columns) but for those that others gave another state since the queue was read."""
        view = self.work.view
        asked = view.table({"id": list(touches)}, {"id": nw.Int64()})
        log = self.work.session.table("receipts")
        others = log.filter(nw.col("seq") > self.seen, nw.col("run") != self.work.run.id).select(id=nw.col("touch"))
        found = view.raw["touches"].join(asked, on="id", how="semi").join(others, on="id", how="anti")
        return self.work.keep(cast_like(view.resolve(found, "recipient"), TABLES["touches"].columns))

    def _stopped(self, batch: Frame) -> list[Frame]:
        """Ask the rules that concern a person; return their verdicts in parts."""
        among = batch.select(member=nw.col("recipient"))
        return by_each(Desk(self.work.view, self.work.programme, self.work.registry, among), PERSONAL, batch)[1]


_ORDER = ["_first", "until", "due", "id"]
