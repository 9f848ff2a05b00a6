from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

import pytest
from tests.core.delivery.conftest import NOON, Shop, sent

from siyu.delivery.looking import Look
from siyu.kinds import Message, Receipt
from siyu.moments import moment

NAMES = [f"m{number:02}" for number in range(30)]


@pytest.fixture
def looks(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Queue a message for each member, in batches of one; return how many touches each look was taken of."""
    monkeypatch.setattr("siyu.kinds.Channel.batch", 1)
    found: list[int] = []
    look_at = Look._look_at

    def counted(look: Look, touches: Sequence[int]) -> None:
        found.append(len(touches))
        look_at(look, touches)

    monkeypatch.setattr(Look, "_look_at", counted)
    shop.join(*NAMES)
    shop.brand.run(now=NOON, send=False)
    return found


def test_batches_that_follow_fast_are_looked_at_together(shop: Shop, looks: list[int]) -> None:
    shop.brand.deliver(now=NOON)
    assert looks == [30]
    assert sorted(name for (name,) in shop.names(*NAMES)) == NAMES
    assert {tuple(state for state, _ in shop.states(name)) for name in NAMES} == {("queued", "sending", "sent")}


def test_a_look_is_over_when_somebody_else_writes(shop: Shop, looks: list[int]) -> None:
    def withdrawing(messages: Sequence[Message]) -> Iterable[Receipt]:
        if len(shop.got) == len(NAMES) - 3:
            waiting = set(NAMES) - {name for (name,) in shop.names(*NAMES)}
            shop.withdraw(max(waiting), "2026-11-20T11:59+08:00")
        return sent(messages)

    shop.send = withdrawing
    shop.brand.deliver(now=NOON)
    assert looks == [30, 3]
    assert len(shop.got) == len(NAMES) - 1
    suppressed = [name for name in NAMES if shop.states(name)[-1] == ("suppressed", "consent was withdrawn")]
    assert len(suppressed) == 1


def test_the_next_look_goes_as_far_as_the_last_one_was_of_use(shop: Shop, looks: list[int]) -> None:
    def disturbing(messages: Sequence[Message]) -> Iterable[Receipt]:
        if len(shop.got) == 2:
            shop.join("zoe")
        return sent(messages)

    shop.send = disturbing
    shop.brand.deliver(now=NOON)
    assert looks == [30, 4, 24]
    assert sorted(name for (name,) in shop.names(*NAMES)) == NAMES


def test_a_look_is_over_soon(shop: Shop, looks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    begun, asked = moment(NOON, "Asia/Shanghai"), count()
    monkeypatch.setattr("siyu.delivery.clock.Clock.now", lambda _clock: begun + next(asked) // 8)
    shop.brand.deliver(now=NOON)
    assert sum(looks) > len(NAMES) + 4
    assert {shop.states(name)[-1][0] for name in NAMES} == {"sent"}


def test_what_is_tried_again_is_looked_at_again(shop: Shop, looks: list[int]) -> None:
    def refusing(messages: Sequence[Message]) -> Iterable[Receipt]:
        if len(shop.got) == 2:
            return [Receipt(one.touch, "failed", "busy", again="later", wait=0) for one in messages]
        return sent(messages)

    shop.send = refusing
    shop.brand.deliver(now=NOON)
    assert looks == [30, 1]
    assert [message.touch for message in shop.got[2]] == [message.touch for message in shop.got[1]]
    assert {shop.states(name)[-1][0] for name in NAMES} == {"sent"}
