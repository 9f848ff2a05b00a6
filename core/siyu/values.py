"""What components and the core hand one another beside frames: content, messages, marks, codes, handovers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

import narwhals as nw
from attrs import frozen

if TYPE_CHECKING:
    from siyu.view import View

__all__ = [
    "ChannelCode",
    "Coding",
    "ContentItem",
    "Frame",
    "HandingOver",
    "Handover",
    "Mark",
    "Marking",
    "Message",
    "Receipt",
    "doc",
]

Frame: TypeAlias = "nw.LazyFrame[Any]"


def doc(text: str, *, unit: str = "", example: object = None) -> dict[str, object]:
    """Return attrs metadata that documents an attribute: what it is, its unit, a valid example."""
    return {"doc": text, "unit": unit, "example": example}


@frozen
class ContentItem:
    """One item of the content matrix, as it is shown.

    Attributes:
        name: The name that campaigns say.
        text: What it says.
        title: Its title, where a channel shows one.
        purpose: ``marketing`` or ``service``; a marketing item makes its touch a marketing one.
        version: What tells this text from an earlier one of the same name.
    """

    name: str
    text: str
    title: str = ""
    purpose: str = "marketing"
    version: str = ""


@frozen
class Message:
    """One message, as a channel sends it.

    Attributes:
        touch: The touch's permanent id.
        recipient: Whom it is for, a member's number.
        recipient_kind: ``member``, or what else a channel can reach.
        sender: The staff member who sends it, or empty.
        address: Where the recipient is reached, of the channel's kind of ``address``; empty where it needs none. It
            is decrypted just before the message is sent, and must not be written anywhere.
        campaign: The campaign.
        step: Its step.
        content: The item of content that it says.
        title: The item's title.
        text: The item's words.
        offer: What it offers, or empty.
        purpose: ``marketing`` or ``service``.
        code: The recipient's newest code to answer by, where the channel needs one: see ``Channel.code``.
        provider_id: The provider's own id of it, where it was handed to the provider before.
        begun: When it was sent last, in epoch seconds, where it is looked up; 0 where it is sent.
        unsubscribe: The address of the recipient's own page, which takes a refusal by one click (RFC 8058); empty
            where the config does not say where it is, and for recipients that are no members.
    """

    touch: int
    recipient: int
    recipient_kind: str
    sender: str
    address: str
    campaign: str
    step: str
    content: str
    title: str
    text: str
    offer: str
    purpose: str
    code: str = ""
    provider_id: str = ""
    begun: int = 0
    unsubscribe: str = ""

    @property
    def key(self) -> str:
        """The permanent key of the message, for providers that send what has the same key only once."""
        return str(self.touch)


@runtime_checkable
class Marking(Protocol):
    """What a tagger is besides that says how a channel's own tags differ from what they should be."""

    @property
    def name(self) -> str:
        """The tagger's name."""

    @property
    def marked_channel(self) -> str:
        """The channel, of which no other tagger may say it; empty for none."""

    def marks(self, view: View) -> Frame:
        """Return the difference to what ``view.tags`` asks for: member, mark, change.

        ``mark`` is the channel's id of its tag, ``change`` is ``add`` or ``remove``.
        """


@frozen
class Mark:
    """One change of a channel's own tags.

    Attributes:
        member: The member's number.
        mark: The channel's id of its tag.
        change: Whether to ``add`` or to ``remove`` it.
        address: Where the channel finds the member, of its kind of ``address``.
        staff: Whose contact the member is.
        reason: Why it was not made; empty where it was.
    """

    member: int
    mark: str
    change: Literal["add", "remove"]
    address: str = ""
    staff: tuple[str, ...] = ()
    reason: str = ""


@frozen
class Handover:
    """What became of handing a member from one staff member to another.

    Attributes:
        identity: The member's outside id.
        state: ``asked``, ``waiting``, ``done`` or ``refused``.
        second: When it was done; 0 where it was not.
        reason: Why it was refused.
    """

    identity: str
    state: str
    second: int = 0
    reason: str = ""


@runtime_checkable
class HandingOver(Protocol):
    """What an entry is besides whose platform can hand members from one staff member to another.

    Attributes:
        most: How many members are asked for at once.
    """

    most: ClassVar[int]

    @property
    def name(self) -> str:
        """The entry's name."""

    @property
    def hands_over(self) -> bool:
        """Whether it was told how to ask its platform."""

    def customers(self, folder: Path, former: str, *, resigned: bool) -> Sequence[str]:
        """Return the outside ids of all members whom a staff member has as contacts; resigned ones as well."""

    def ask(self, folder: Path, pair: tuple[str, str], people: Sequence[str], *, resigned: bool) -> Iterable[Handover]:
        """Ask to hand members from the first of two staff members to the second; return whom the platform refused."""

    def handed(self, folder: Path, pair: tuple[str, str], *, resigned: bool) -> Iterable[Handover]:
        """Return what became of all that was asked for two staff members: ``waiting``, ``done`` or ``refused``."""


@frozen
class ChannelCode:
    """A code that people join by, so that each joining is attributed to its door: the ``subject`` of the event.

    Attributes:
        name: Its name, which the platform tells of everyone who joins by it.
        campaign: The campaign that it is of.
        place: The place where it hangs.
        staff: The staff who are added by it.
        ref: The platform's own id of it; empty where it was not made yet.
        link: Where its picture is.
        joined: How many joined by it.
    """

    name: str
    campaign: str = ""
    place: str = ""
    staff: tuple[str, ...] = ()
    ref: str = ""
    link: str = ""
    joined: int = 0


@runtime_checkable
class Coding(Protocol):
    """What an entry is besides that can have its platform make channel codes."""

    @property
    def name(self) -> str:
        """The entry's name."""

    @property
    def channel_codes(self) -> Sequence[ChannelCode]:
        """The codes that the config wants."""

    def make(self, folder: Path, known: Sequence[ChannelCode], now: int) -> Iterable[ChannelCode]:
        """Make what is not known to be there, change what is there otherwise, and return what was made or changed."""


@frozen
class Receipt:
    """What a provider said of one message.

    Attributes:
        touch: The message's touch.
        state: ``sent``, ``handed``, ``delivered``, ``failed`` or ``unknown``; of what was taken back ``cancelled``.
        reason: Why, where it is not plain.
        provider_id: The provider's own id of the message.
        again: None where the answer is final. Else why the message may be tried again: ``later`` (the provider is
            busy), ``limited`` (it takes no more just now), ``broken`` (it is down: the channel is left alone for a
            while). A ``failed`` one is tried again, an ``unknown`` one only as the channel's ``in_doubt`` says.
        wait: For how many seconds to wait before, where the provider said so.
    """

    touch: int
    state: str
    reason: str = ""
    provider_id: str = ""
    again: Literal["later", "limited", "broken"] | None = None
    wait: float | None = None
