"""Reminders to those who were handed something to send: how many there were is in the log, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.config.units import DAY
from siyu.delivery.cancelling import waiting
from siyu.delivery.failing import attributed
from siyu.errors import PluginError
from siyu.frames import total

if TYPE_CHECKING:
    from siyu.config.limits import Reminders
    from siyu.delivery.register import Register
    from siyu.kinds import Channel

__all__ = ["REMINDER", "reminded"]

REMINDER = "whoever has to send it was reminded"
"""The reason of the receipt that a reminder leaves, with one of the touches of its ``provider_id``."""


def reminded(register: Register, channel: Channel) -> list[PluginError]:
    """Have a channel remind those who were handed something a while ago; each reminder is committed before it is sent.

    So one is not sent twice wherever the program ends, and counts also where it did not arrive.

    Returns:
        The failure of the channel, if there is one.
    """
    reminders = channel.reminders
    if reminders is None:
        return []
    register.work.view = register.view_at(register.clock.now())
    due = _due(register, channel, reminders)
    if not due:
        return []
    register.note([(touch, "handed", REMINDER, task) for task, touch in due])
    try:
        with attributed(register.work, channel):
            channel.remind([task for task, _ in due])
    except PluginError as failure:
        return [failure]
    return []


def _due(register: Register, channel: Channel, reminders: Reminders) -> list[tuple[str, int]]:
    """Return the ids of the provider under which something waits for a reminder, each with one of its touches."""
    work, now = register.work, register.clock.now()
    named = work.view.receipts.filter(nw.col("state") == "handed", nw.col("provider_id").fill_null("") != "")
    still = waiting(register, channel).select(touch=nw.col("id"))
    tasks = named.join(still, on="touch", how="semi").group_by("provider_id").agg(first=nw.col("touch").min())
    lately = (nw.col("reason") == REMINDER) & (nw.col("time") > now - DAY)
    counted = named.group_by("provider_id").agg(
        last=nw.col("time").max(), lately=total(nw.when(lately).then(1).otherwise(0))
    )
    found = tasks.join(counted, on="provider_id").filter(
        nw.col("last") <= now - reminders.after.seconds, nw.col("lately") < reminders.times
    )
    return sorted(work.session.engine.rows(found.select("provider_id", "first")))
