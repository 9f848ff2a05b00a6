"""Outbox: writes messages to files, for another program to send."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import Attribute, asdict, field, frozen

from siyu import hookimpl
from siyu.kinds import Channel, Receipt, doc
from siyu_plugins.channels._files import put

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from siyu.kinds import Message

__all__ = ["Outbox"]


@frozen(kw_only=True)
class Outbox(Channel):
    """Writes each batch of messages to a JSON Lines file of its own.

    A line has what a message has: touch, recipient, recipient_kind, sender, address, campaign, step, content,
    title, text, offer, purpose, unsubscribe (the address of the recipient's own page). Ids are text, since many
    readers of JSON round numbers of that size. A file appears whole or not at all, and its name follows from the
    touches in it, so that a batch that is sent again replaces its file.
    """

    environment: str = field(default="", metadata=doc("it reaches nobody, so every environment may use it"))
    path: str = field(
        default="outbox", metadata=doc("the folder of the files, relative to the brand's", example="outbox")
    )
    folder: Path = field(metadata={**doc("the brand's folder"), "given": True})

    @path.validator
    def _check_path(self, _: Attribute[str], value: str) -> None:
        if not value.strip():
            message = "expected a folder for the files, as in 'outbox'"
            raise ValueError(message)

    def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        """Write the messages to one file; each is ``sent``, or ``failed`` where it could not be written."""
        if not messages:
            return ()
        target = self.folder / self.path / _name(messages)
        try:
            put(target, "".join(_line(message) for message in messages))
        except OSError as error:
            reason = f"cannot write {target}: {error.strerror}"
            return [Receipt(message.touch, "failed", reason) for message in messages]
        return [Receipt(message.touch, "sent", provider_id=target.name) for message in messages]


# What only channels need that answer by a code, or look up what they sent.
_LEFT = {"begun", "code", "provider_id"}


def _name(messages: Sequence[Message]) -> str:
    touches = ",".join(str(touch) for touch in sorted(message.touch for message in messages))
    return f"{sha256(touches.encode()).hexdigest()[:32]}.jsonl"


def _line(message: Message) -> str:
    told = {name: value for name, value in asdict(message).items() if name not in _LEFT}
    row = {**told, "touch": message.key, "recipient": str(message.recipient)}
    return json.dumps(row, ensure_ascii=False) + "\n"


@hookimpl
def siyu_register_channels() -> Mapping[str, type[Channel]]:
    """Bring ``outbox``."""
    return {"outbox": Outbox}
