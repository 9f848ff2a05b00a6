"""What channels share that call a provider: what a failed call means for a message, and whose an address is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from siyu.kinds import Channel, Receipt, doc
from siyu_plugins._platform import PlatformError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.kinds import Message

__all__ = ["MARKETING", "Calling", "failed", "local", "states"]

MARKETING = "marketing"


@frozen(kw_only=True)
class Calling(Channel):
    """A channel whose provider is called once for each message."""

    folder: Path = field(metadata={**doc("the brand's folder"), "given": True})

    async def post(self, client: Any, message: Message) -> Receipt:  # noqa: ANN401 - each has its own
        """Send one message; a failed call says by its receipt what may be done."""
        try:
            return await self.posted(client, message)
        except PlatformError as error:
            return failed(message, error)

    async def posted(self, client: Any, message: Message) -> Receipt:  # noqa: ANN401 - each has its own
        """Send one message.

        Raises:
            PlatformError: The provider refuses it, or cannot be reached.
        """
        raise NotImplementedError


def failed(message: Message, error: PlatformError) -> Receipt:
    """Return what a failed call means: final, to be tried again, or unknown."""
    if error.fate == "unknown":
        return Receipt(message.touch, "unknown", str(error))
    if error.fate == "final":
        return Receipt(message.touch, "failed", str(error))
    return Receipt(message.touch, "failed", str(error), again=error.fate, wait=error.wait)


def local(address: str, account: str) -> str:
    """Return the id within an account, of an address that may name it before a slash; empty where it is another's."""
    owner, slash, own = address.rpartition("/")
    return "" if slash and owner != account else own


def states(message: str, region: str, basis: str = "") -> Mapping[str, object]:
    """Return what a channel states of itself for rule packs: see ``siyu.rules.facts``; what is empty is left out."""
    facts = {"message": message, "data_region": region, "transfer_basis": basis}
    return {name: value for name, value in facts.items() if value}
