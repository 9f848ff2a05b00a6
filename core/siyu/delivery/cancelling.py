"""What people were handed to send, and are not to send any more: it is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.delivery.doubts import messages_of
from siyu.delivery.failing import attributed
from siyu.errors import PluginError
from siyu.gate import Desk
from siyu.gate.stopped import stopped
from siyu.moments import DISTANT

if TYPE_CHECKING:
    from siyu.delivery.register import Register
    from siyu.delivery.render import Renderer
    from siyu.kinds import Channel, Frame

__all__ = ["taken_back", "waiting"]

_ENDS = {"cancelled", "sent", "delivered", "failed"}


def taken_back(register: Register, channel: Channel, renderer: Renderer) -> list[PluginError]:
    """Have a channel take back what is ``handed`` by it and stopped by now, or over; commit what it says.

    Returns:
        The failure of the channel, if there is one; the next delivery asks again.
    """
    if not channel.cancels:
        return []
    work = register.work
    work.view = register.view_at(register.clock.now())
    handed = work.keep(_handed(register, channel))
    stays = waiting(register, channel).select("id")
    messages = messages_of(register, channel, renderer, handed.join(stays, on="id", how="anti"))
    failures: list[PluginError] = []
    if messages:
        try:
            with attributed(work, channel):
                answers = [receipt for receipt in channel.cancel(messages) if receipt.state in _ENDS]
        except PluginError as failure:
            answers, failures = [], [failure]
        register.note([(one.touch, one.state, one.reason, one.provider_id or None) for one in answers])
    return failures


def waiting(register: Register, channel: Channel) -> Frame:
    """Return the touches that are ``handed`` by a channel, and may still be sent."""
    work = register.work
    handed = work.keep(_handed(register, channel).filter(nw.col("until").fill_null(DISTANT) > register.clock.now()))
    held = stopped(Desk(work.view, work.programme, work.registry), handed)
    return handed if held is None else work.keep(handed.join(held, on="id", how="anti"))


def _handed(register: Register, channel: Channel) -> Frame:
    return register.work.view.touches.filter(nw.col("channel") == channel.name, nw.col("state") == "handed")
