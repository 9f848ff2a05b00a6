"""What components and the core hand one another beside frames: limits, rewards, terms, content, messages, marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

import narwhals as nw
from attrs import Attribute, field, frozen
from attrs.validators import ge

from siyu.config.expressions import Condition
from siyu.config.units import Money

if TYPE_CHECKING:
    from siyu.view import View

__all__ = [
    "Budget",
    "ChannelCode",
    "Coding",
    "ContentItem",
    "Early",
    "Frame",
    "HandingOver",
    "Handover",
    "Limit",
    "Marking",
    "Message",
    "Period",
    "Receipt",
    "Reward",
    "Term",
    "doc",
]

Frame: TypeAlias = "nw.LazyFrame[Any]"
Period: TypeAlias = Literal["day", "week", "month", "quarter", "year", "total"]


def doc(text: str, *, unit: str = "", example: object = None) -> dict[str, object]:
    """Return attrs metadata that documents an attribute: what it is, its unit, a valid example."""
    return {"doc": text, "unit": unit, "example": example}


def _positive(_: object, __: Attribute[int | Money], value: int | Money) -> None:
    if (value.minor if isinstance(value, Money) else value) <= 0:
        raise ValueError(f"expected an amount above 0, not {value}")


@frozen(kw_only=True)
class Limit:
    """How often one member may get something."""

    times: int = field(validator=ge(1), metadata=doc("how many times", example=10))
    per: Period = field(default="total", metadata=doc("the span that is counted, in the brand's zone", example="month"))


@frozen(kw_only=True)
class Budget:
    """How much may be given to all members together."""

    amount: int | Money = field(
        validator=_positive,
        metadata=doc("how much, in the incentive's own unit: a number of points or pieces, or money", example="500.00"),
    )
    per: Period = field(default="total", metadata=doc("the span that is counted, in the brand's zone", example="month"))

    @property
    def units(self) -> int:
        """How much, as the ledger counts it: money in minor units."""
        return self.amount.minor if isinstance(self.amount, Money) else self.amount


@frozen
class Reward:
    """What is given, and by which incentive's ledger: ``gives = { points = 200 }``.

    Attributes:
        incentive: The name of the incentive whose ledger gets the line.
        amount: How much of it, in that incentive's unit.
        item: Which of its items, as in ``gives = { coupon = "new-10" }``; empty where it has none.
    """

    incentive: str
    amount: int = 1
    item: str = ""


@frozen(kw_only=True)
class Early:
    """A head start for some, out of a stock of its own.

    Attributes:
        to: Who has it.
        by: How many seconds before the others.
        stock: How many units are kept for it.
    """

    to: Condition
    by: int
    stock: int


@frozen(kw_only=True)
class Term:
    """What may be claimed of one item, and what bounds it.

    Attributes:
        item: The item's name, that a claim gives in ``ref``.
        amount: What a claim of quantity 1 is granted, in the incentive's unit.
        stock: How many units there are for everybody; None for any number.
        each: How many units one member may have; None for any number.
        unpaid: After how many seconds a unit that was not paid falls back; None where a grant is final.
        early: A head start, where there is one.
    """

    item: str
    amount: int = 1
    stock: int | None = None
    each: int | None = None
    unpaid: int | None = None
    early: Early | None = None


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
    """One message, as a channel sends it; ``touch`` is a permanent id."""

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
        state: ``sent``, ``handed``, ``delivered``, ``failed`` or ``unknown``.
        reason: Why, where it is not plain.
        provider_id: The provider's own id of the message.
    """

    touch: int
    state: str
    reason: str = ""
    provider_id: str = ""
