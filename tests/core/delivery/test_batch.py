from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import pytest
from attrs import evolve, frozen

from siyu.delivery.batch import Batch
from siyu.kinds import Channel, Message, Receipt

MESSAGE = Message(
    touch=0,
    recipient=1,
    recipient_kind="member",
    sender="",
    address="",
    campaign="c",
    step="s",
    content="hello",
    title="",
    text="Hello",
    offer="",
    purpose="service",
)


@frozen(kw_only=True)
class Stuck(Channel):
    """Never answers the second message."""

    async def post(self, _client: Any, message: Message) -> Receipt:  # noqa: ANN401 - as declared
        await asyncio.sleep(60 if message.touch == 1 else 0)
        return Receipt(message.touch, "sent")


def batch() -> Batch:
    def message(row: dict[str, Any]) -> Message:
        return evolve(MESSAGE, touch=row["id"])

    todo = deque({"id": touch} for touch in range(3))
    return Batch(Stuck(name="stuck"), None, lambda: False, lambda _: False, message, todo)


def test_what_is_not_answered_is_left_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siyu.delivery.batch.PATIENCE", 0.02)
    monkeypatch.setattr("siyu.delivery.batch._TICK", 0.01)
    made = batch()
    asyncio.run(made.post())
    found = made.answers.receipts()
    assert {touch: receipt.state for touch, receipt in found.items()} == {0: "sent", 1: "unknown", 2: "sent"}
    assert found[1].reason == "TimeoutError: there was no answer in 0.02 seconds"
    assert [type(error) for error in made.raised] == [TimeoutError]


def test_who_else_interrupts_is_obeyed() -> None:
    made = batch()

    async def interrupted() -> None:
        async with asyncio.timeout(0.05):
            await made.post()

    with pytest.raises(TimeoutError):
        asyncio.run(interrupted())
    assert {touch: receipt.state for touch, receipt in made.answers.receipts().items()} == {0: "sent", 2: "sent"}
