"""Tests of what a campaign says: sent for real, to testers alone, and written nowhere as a touch."""

from __future__ import annotations

import secrets
import time
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import evolve, frozen

from siyu.config._walk import sayings
from siyu.delivery.posting import Poster
from siyu.kinds import Content, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from siyu.delivery.pace import Pace
    from siyu.kinds import Campaign, Channel, Frame, Message
    from siyu.view import View
    from siyu.work import Work

__all__ = ["ACCESS", "MARK", "Saying", "Trial", "choices", "marked", "noted", "said", "sent", "tests", "waited"]

MARK = "[TEST] "
"""What stands before the words of a test."""

ACCESS = "send-test"
"""What ``accesses`` have of a test: a row for each message, as they count towards the rate of its channel."""

_BITS = 62


@frozen
class Saying:
    """What a campaign says at one place of its config.

    Attributes:
        step: The step's id.
        slot: The item or slot.
        channel: The channel's name.
        offer: What is offered with it, or empty.
    """

    step: str
    slot: str
    channel: str
    offer: str


@frozen(kw_only=True)
class Trial:
    """One test, and what came of it.

    Attributes:
        key: What the provider knows it by: another one for each test.
        step: The step whose words it has.
        content: The item of content.
        channel: The channel.
        title: The title that was sent.
        text: The words that were sent.
        state: What the channel said: ``sent``, ``handed``, ``failed`` and so on.
        reason: Why, where it is not plain.
        provider_id: The provider's own id of it.
    """

    key: str
    step: str
    content: str
    channel: str
    title: str
    text: str
    state: str
    reason: str
    provider_id: str


def said(campaign: Campaign) -> list[Saying]:
    """Return all that a campaign says, with the channel that stands beside it, or else of the whole campaign."""
    found = []
    for part, channel in sayings({campaign.name: campaign}):
        place: Any = campaign
        for key in part.path[2:-1]:
            place = place[key] if isinstance(key, int) else getattr(place, key)
        found.append(Saying(getattr(place, "id", "send"), part.name, channel, getattr(place, "offer", "") or ""))
    return found


def choices(view: View, campaign: str, saying: Saying, member: int, contents: Sequence[Content]) -> list[str]:
    """Return the items of content that could be said to a member, the best one first."""
    columns = {
        "proposal": nw.Int64(),
        "recipient": nw.Int64(),
        **dict.fromkeys(("recipient_kind", "campaign", "step", "slot"), nw.String()),
    }
    row = (1, member, "member", campaign, saying.step, saying.slot)
    asked = view.table({name: [value] for name, value in zip(columns, row, strict=True)}, columns)
    rows = [one for source in contents for one in view.rows(source.match(view, asked).select("content", "score"))]
    return [name for name, _ in sorted(rows, key=lambda row: (-row[1], row[0]))]


def marked(message: Message) -> Message:
    """Return a message as a test: with a key of its own, and a mark before its words."""
    title = MARK + message.title if message.title else ""
    text = message.text if title else MARK + message.text
    return evolve(message, touch=secrets.randbits(_BITS), title=title, text=text)


def noted(campaign: str, channel: str) -> str:
    """Return the reason that a test has in ``accesses``."""
    return f"campaign {campaign} by {channel}"


def tests(view: View, channel: str, since: int) -> Frame:
    """Return when tests went out by a channel after a moment: time."""
    own = nw.col("reason").str.ends_with(f" by {channel}")
    rows = view.raw["accesses"].filter(nw.col("what") == ACCESS, nw.col("time") > since, own)
    return rows.select("time")


def waited(channel: Channel, pace: Pace, number: int, tell: Callable[[str], None]) -> None:
    """Wait until a channel has room for more of so many messages; tell it."""
    wait = pace.wait()
    if wait > 0:
        tell(f"channel {channel.name} sends {channel.rate}; {number} more go from {wait:.0f} s on")
        time.sleep(wait)


def sent(work: Work, channel: Channel, messages: Sequence[Message]) -> Iterator[Trial]:
    """Send messages by a channel as a delivery does, and return what it said of each."""
    with work.attributed(channel):
        if channel.posts:
            with Poster(channel, lambda: False, lambda _row: False, itemgetter("message")) as poster:
                found, raised = poster.post([{"id": one.touch, "message": one} for one in messages])
            if raised and not found:
                raise raised[0]
            answers = found.receipts()
        else:
            answers = {one.touch: one for one in channel.send(messages)}
    for message in messages:
        answer = answers.get(message.touch) or Receipt(message.touch, "unknown", "the channel gave no receipt")
        yield _trial(channel, message, answer)


def _trial(channel: Channel, message: Message, answer: Receipt) -> Trial:
    return Trial(
        key=message.key,
        step=message.step,
        content=message.content,
        channel=channel.name,
        title=message.title,
        text=message.text,
        state=answer.state,
        reason=answer.reason,
        provider_id=answer.provider_id,
    )
