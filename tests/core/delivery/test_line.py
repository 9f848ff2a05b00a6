from __future__ import annotations

from typing import Any

from attrs import frozen

from siyu.delivery.line import Line
from siyu.delivery.pace import Pace
from siyu.kinds import Channel, Message, Receipt


@frozen(kw_only=True)
class Posting(Channel):
    """Posts nothing."""

    async def post(self, _client: Any, message: Message) -> Receipt:  # noqa: ANN401 - as declared
        return Receipt(message.touch, "sent")


def line(channel: Channel) -> Line:
    made = Line(channel, Pace(None))
    made.refill(range(10_000))
    return made


def test_a_batch_that_is_posted_is_as_large_as_takes_a_few_seconds() -> None:
    made = line(Posting(name="post"))
    assert len(made.take()) == 250
    made.took(0.1, 250)
    assert len(made.take()) == Posting.batch
    made.took(20.0, 2000)
    assert len(made.take()) == 400
    made.took(100.0, 400)
    assert len(made.take()) == Posting.concurrent


def test_a_batch_that_was_not_whole_says_nothing_of_how_fast_it_is() -> None:
    made = line(Posting(name="post"))
    made.took(0.1, 3)
    assert len(made.take()) == 250


def test_what_is_sent_at_once_is_not_cut() -> None:
    made = line(Channel(name="send"))
    made.took(60.0, 2000)
    assert len(made.take()) == Channel.batch


def test_what_ended_is_done_and_ends_a_pause_unless_it_is_in_doubt() -> None:
    made = line(Posting(name="post"))
    first, second = made.take()[:2]
    made.answered(Receipt(first, "failed", "busy", again="later"))
    made.pauses.begin("down", 0.0)
    made.ended([(second, "unknown", "no answer", None)])
    assert (made.done, made.pauses.count, made._tries) == (1, 1, {first: 1})
    made.ended([(first, "sent", "", "p1")])
    assert (made.done, made.pauses.count, made._tries) == (2, 0, {})
