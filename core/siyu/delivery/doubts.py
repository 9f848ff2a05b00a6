"""Touches of which nobody knows whether they arrived: they are looked up, and of themselves not sent again."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.config.units import DAY
from siyu.delivery.failing import attributed
from siyu.delivery.line import retried
from siyu.delivery.pace import TRIES
from siyu.errors import PluginError
from siyu.frames import latest
from siyu.kinds import Channel

if TYPE_CHECKING:
    from siyu.delivery.answers import Verdict
    from siyu.delivery.register import Register
    from siyu.delivery.render import Renderer
    from siyu.kinds import Frame, Message, Receipt

__all__ = ["cut_off", "messages_of", "reconciled"]

_BACK = 7 * DAY
_KNOWN = {"handed", "sent", "delivered", "failed"}


def cut_off(register: Register) -> None:
    """Call ``unknown`` what was ``sending`` when a delivery ended that did not tell how."""
    reason = "the program ended while it was being sent"
    register.note([(touch, "unknown", reason, None) for touch in register.in_state("sending")])


def reconciled(register: Register, channel: Channel, renderer: Renderer) -> list[PluginError]:
    """Ask a channel what became of the touches in doubt of the last week, and commit it.

    What the provider surely never took is queued again; so is, where ``in_doubt`` says so, a service touch that is
    still in doubt, as long as it was not tried too often.

    Returns:
        The failure of the channel, if there is one.
    """
    asks = type(channel).look_up is not Channel.look_up
    if not asks and channel.in_doubt == "leave":
        return []
    doubtful = register.work.keep(_doubtful(register, channel))
    messages = messages_of(register, channel, renderer, doubtful)
    failures: list[PluginError] = []
    answers: dict[int, Receipt] = {}
    for start in range(0, len(messages) if asks else 0, channel.batch):
        part = messages[start : start + channel.batch]
        try:
            with attributed(register.work, channel):
                answers |= {receipt.touch: receipt for receipt in channel.look_up(part)}
        except PluginError as failure:
            failures.append(failure)
            break
    states = dict(register.work.session.engine.rows(doubtful.select("id", "state")))
    verdicts = [_verdict(answers[touch]) for touch in states if touch in answers and _news(answers[touch], states)]
    known = {touch for touch, *_ in verdicts}
    again = _again(register, doubtful) if channel.in_doubt == "resend" else []
    words = "nobody knows whether it arrived; it is sent again, as the channel's in_doubt says"
    register.note([*verdicts, *((touch, "queued", words, None) for touch in again if touch not in known)])
    return failures


def _doubtful(register: Register, channel: Channel) -> Frame:
    states = ["unknown", "handed"] if channel.polled else ["unknown"]
    since = register.clock.now() - _BACK
    found = register.work.view.touches.filter(nw.col("channel") == channel.name, nw.col("state").is_in(states))
    return found.filter(nw.col("changed") > since)


def messages_of(register: Register, channel: Channel, renderer: Renderer, touches: Frame) -> list[Message]:
    """Return touches that were sent, or may have been, as messages, with ``provider_id`` and ``begun``."""
    rows = sorted(register.rows(touches), key=itemgetter("id"))
    if not rows:
        return []
    log = register.work.view.receipts.join(touches.select(touch=nw.col("id")), on="touch", how="semi")
    named = latest(log.filter(~nw.col("provider_id").is_null()), ["touch"], ["seq"])
    ids = dict(register.work.session.engine.rows(named.select("touch", "provider_id")))
    went = log.filter(nw.col("state") == "sending").group_by("touch").agg(nw.col("time").max())
    begun = dict(register.work.session.engine.rows(went.select("touch", "time")))
    known = register.addresses(channel, rows) if channel.address else {}
    for row in rows:
        row |= {"address": known.get(row["recipient"], ""), "provider_id": ids.get(row["id"], "")}
        row["begun"] = begun.get(row["id"], 0)
    return [renderer.message(row) for row in rows]


def _news(receipt: Receipt, states: dict[int, str]) -> bool:
    return receipt.state in _KNOWN and receipt.state != states[receipt.touch]


def _verdict(receipt: Receipt) -> Verdict:
    state = "queued" if retried(receipt) else receipt.state
    return receipt.touch, state, receipt.reason, receipt.provider_id or None


def _again(register: Register, doubtful: Frame) -> list[int]:
    """Return the service touches that are sent once more."""
    log = register.work.view.receipts.filter(nw.col("state") == "sending")
    tries = log.group_by("touch").agg(tries=nw.len()).filter(nw.col("tries") >= TRIES)
    service = doubtful.filter(nw.col("purpose") == "service", nw.col("state") == "unknown")
    few = service.join(tries, left_on="id", right_on="touch", how="anti").select("id").sort("id")
    return [touch for (touch,) in register.work.session.engine.rows(few)]
