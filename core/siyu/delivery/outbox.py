"""Delivery: queued touches are handed to their channels, with the intent committed before and the answer after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import define

from siyu.delivery.render import Renderer
from siyu.errors import PluginError
from siyu.frames import cast_like, row_number
from siyu.gate import PERSONAL, Desk
from siyu.kinds import Channel, Receipt
from siyu.senders import moved
from siyu.tables import TABLES

if TYPE_CHECKING:
    import threading

    from siyu.kinds import Frame, Message
    from siyu.tables import Schema
    from siyu.work import Work

__all__ = ["deliver"]

BATCH = 1000

_STATES = ["handed", "sent", "delivered", "failed", "unknown"]
_VERDICT: Schema = {"id": nw.Int64(), "state": nw.String(), "reason": nw.String()}


@define
class _Outbox:
    work: Work
    touching: threading.Lock
    failures: list[PluginError]

    def note(self, frame: Frame) -> None:
        """Commit receipts: touch, state, reason, provider_id."""
        timed = frame.with_columns(time=nw.lit(self.work.run.now))
        with self.work.session.writing(self.work.run.id) as writer:
            writer.append("receipts", cast_like(timed, TABLES["receipts"].columns))


def deliver(work: Work, touching: threading.Lock) -> list[PluginError]:
    """Send every queued touch that is due, channel by channel; one delivery at a time.

    A batch is marked ``sending`` and committed before the call, after one more look at the rules that concern a
    person; what is still ``sending`` when a delivery begins was cut off, and becomes ``unknown``: it is not sent again.

    Returns:
        The failures of channels; their touches are ``unknown``.
    """
    outbox = _Outbox(work, touching, [])
    _cut_off(outbox)
    renderer = Renderer(work.programme)
    for channel in work.programme.of(Channel):
        while (batch := _next(outbox, channel.name)) is not None:
            messages = [renderer.message(row) for row in batch]
            if messages:
                _send(outbox, channel, messages)
    return outbox.failures


def _cut_off(outbox: _Outbox) -> None:
    lost = outbox.work.view.touches.filter(nw.col("state") == "sending")
    reason = "the program ended while it was being sent"
    kept = outbox.work.keep(lost.select(touch=nw.col("id"), state=nw.lit("unknown"), reason=nw.lit(reason)))
    if outbox.work.size(kept):
        outbox.note(kept)


def _next(outbox: _Outbox, channel: str) -> list[dict[str, Any]] | None:
    """Mark the next batch of a channel as ``sending`` and return its touches as rows; None when none is left."""
    work = outbox.work
    with outbox.touching:
        queued = work.view.touches.filter(
            nw.col("state") == "queued", nw.col("channel") == channel, nw.col("due") <= work.run.now
        )
        ranked = row_number(queued.with_columns(_first=-nw.col("priority")), [], ["_first", "due", "id"])
        batch = work.keep(ranked.filter(nw.col("row") <= BATCH).sort("row"))
        if not work.size(batch):
            return None
        stopped = _stopped(work, batch)
        going = work.keep(batch.join(stopped, on="id", how="anti").sort("row"))
        marked = going.select("id", state=nw.lit("sending"), reason=nw.lit(""))
        outbox.note(nw.concat([stopped, marked]).rename({"id": "touch"}))
    if work.size(going.filter(~nw.col("sender").is_null()).head(1)):
        going = work.keep(moved(work.view, going).sort("row"))
    names = list(TABLES["touches"].columns)
    rows = work.session.engine.rows(going.select(*names))
    return [dict(zip(names, row, strict=True)) for row in rows]


def _stopped(work: Work, batch: Frame) -> Frame:
    """Ask the rules that concern a person once more, on the newest log."""
    desk, found = Desk(work.view, work.programme, work.registry), []
    standing = batch
    for rule in PERSONAL:
        verdicts = rule.judge(desk, standing)
        if verdicts is not None:
            found.append(work.keep(cast_like(verdicts, _VERDICT)))
            standing = work.keep(standing.join(found[-1], on="id", how="anti"))
    return work.keep(nw.concat(found))


def _send(outbox: _Outbox, channel: Channel, messages: list[Message]) -> None:
    """Send one batch; a message without a receipt is ``unknown``."""
    answers: dict[int, Receipt] = {}
    reason = "the channel gave no receipt"
    try:
        with outbox.work.attributed(channel):
            for receipt in channel.send(messages):
                answers[receipt.touch] = receipt
    except Exception as error:  # noqa: BLE001 - whatever a channel raises, its receipts must be kept
        failure = error if isinstance(error, PluginError) else PluginError(f"channel.{channel.name}: {error}")
        outbox.failures.append(failure)
        reason = str(failure)
    outbox.note(_receipts(outbox.work, messages, answers, reason))


def _receipts(work: Work, messages: list[Message], answers: dict[int, Receipt], reason: str) -> Frame:
    columns: dict[str, list[Any]] = {"touch": [], "state": [], "reason": [], "provider_id": []}
    for message in messages:
        answer = answers.get(message.touch) or Receipt(message.touch, "unknown", reason)
        if answer.state not in _STATES:
            answer = Receipt(message.touch, "unknown", f"the channel gave the state '{answer.state}'")
        state = answer.state
        work.counts[state] = work.counts.get(state, 0) + 1
        columns["touch"].append(message.touch)
        columns["state"].append(state)
        columns["reason"].append(answer.reason)
        columns["provider_id"].append(answer.provider_id or None)
    schema = {name: TABLES["receipts"].columns[name] for name in columns}
    return work.session.engine.frame(columns, schema)
