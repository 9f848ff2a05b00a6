"""Console: prints messages, to see what a brand would say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.kinds import Channel, Receipt, doc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from siyu.kinds import Message

__all__ = ["Console"]


@frozen(kw_only=True)
class Console(Channel):
    """Prints one line a message: campaign and step, who gets it, what it says."""

    environment: str = field(default="", metadata=doc("it reaches nobody, so every environment may use it"))
    width: int = field(default=100, metadata=doc("how long a line may get", unit="characters", example=100))

    @width.validator
    def _check_width(self, _: Attribute[int], value: int) -> None:
        if value < 1:
            message = f"expected a width of 1 character or more, not {value}"
            raise ValueError(message)

    def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        """Print the messages; each is ``sent``."""
        for message in messages:
            click.echo(self._line(message))
        return [Receipt(message.touch, "sent") for message in messages]

    def _line(self, message: Message) -> str:
        said = f"{message.title}: {message.text}" if message.title else message.text
        line = f"{message.campaign}/{message.step} -> {message.address or message.recipient}: {said}"
        # A text must not move the cursor or recolour the terminal.
        shown = " ".join("".join(letter if letter.isprintable() else " " for letter in line).split())
        return shown if len(shown) <= self.width else f"{shown[: self.width - 1]}…"


@hookimpl
def siyu_register_channels() -> Mapping[str, type[Channel]]:
    """Bring ``console``."""
    return {"console": Console}
