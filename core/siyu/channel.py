"""What a channel is: how a touch is delivered, and what comes back."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from attrs import field, frozen

from siyu.bounded import Bounded
from siyu.config.rates import Rate
from siyu.values import Mark, Message, Receipt, doc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractAsyncContextManager

    from siyu.config.limits import Reminders

__all__ = ["Audience", "Channel"]

Audience: TypeAlias = Literal["member", "group", "public"]
"""Whom a channel speaks to: each member alone, or a group or the public, who get one message together."""


@frozen(kw_only=True)
class Channel(Bounded):
    """How a touch is delivered, and what comes back.

    It sends batches by ``send``, or, where its provider takes one message a call, each by ``post``: then the core has
    many of them under way at once.

    Attributes:
        audience: Whom it speaks to.
        address: The kind of outside id that it sends to, as ``phone``: such are kept, encrypted. Empty for none.
        code: The field of the props of what ``opens`` it that holds a code to answer by, as ``welcome_code``: a message
            has the newest one, and goes out only while that opening lasts. Empty for none.
        alike: Whether a message has the same words for all who get it, so that none of one member can be in them.
        by_staff: Whether staff send by it, each to their own contacts. A touch that names nobody is sent by whoever has
            the member as a contact, and by ``stand_in`` where nobody has.
        batch: How many messages are sent between two looks at consents and orders to stop, or posted at most: fewer are
            where they would take more than a few seconds.
        concurrent: How many messages are posted at once at most.
        polled: Whether ``look_up`` also tells what became of messages that were ``handed``.
    """

    kind: ClassVar[str] = "channel"
    audience: ClassVar[Audience] = "member"
    address: ClassVar[str] = ""
    code: ClassVar[str] = ""
    alike: ClassVar[bool] = False
    by_staff: ClassVar[bool] = False
    batch: ClassVar[int] = 2000
    concurrent: ClassVar[int] = 64
    polled: ClassVar[bool] = False

    environment: str = field(
        default="production",
        metadata=doc("the environment that its account belongs to; no other one sends by it", example="staging"),
    )
    rate: Rate | None = field(
        default=None, metadata=doc("how many messages it sends in any such span at most", example="20/min")
    )
    in_doubt: Literal["leave", "resend"] = field(
        default="leave",
        metadata=doc(
            "what is done of itself about a service message of which nobody knows whether it arrived; "
            "one of marketing is always left"
        ),
    )

    @property
    def posts(self) -> bool:
        """Whether it sends each message by ``post``."""
        return type(self).post is not Channel.post

    @property
    def cancels(self) -> bool:
        """Whether it can take back what was ``handed``."""
        return type(self).cancel is not Channel.cancel

    @property
    def shows_marks(self) -> bool:
        """Whether it can change the tags that members have there."""
        return type(self).show_marks is not Channel.show_marks

    @property
    def reminders(self) -> Reminders | None:
        """When whoever still has to send what was ``handed`` is reminded; None for never."""
        return None

    @property
    def stand_in(self) -> str:
        """Who sends where a member is nobody's contact; empty for nobody."""
        return ""

    def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        """Send a batch; return what the provider said of each message.

        Raises:
            UserError: It cannot send, and a person has to mend it, as where a secret is not there: what has no receipt
                by then was surely not sent, and stays queued. After anything else it counts as ``unknown``.
        """
        raise NotImplementedError

    def client(self) -> AbstractAsyncContextManager[Any]:
        """Return what ``post`` speaks with, open for one delivery: a session of aiohttp, say.

        It is asked for on the event loop on which ``post`` runs.
        """
        return nullcontext()

    async def post(self, client: Any, message: Message) -> Receipt:  # noqa: ANN401 - whatever ``client`` opens
        """Send one message by what ``client`` opened; return what the provider said of it.

        Where nobody knows whether the provider took it, as after a time-out, the state is ``unknown``; what is raised
        counts as that. It is ``failed`` only where it surely was not taken: such a one may be tried again, see
        ``Receipt.again``.
        """
        raise NotImplementedError

    def look_up(self, messages: Sequence[Message]) -> Iterable[Receipt]:  # noqa: ARG002 - a base knows nothing
        """Return what became of messages that are ``unknown``, by ``key`` or ``provider_id``, as far as it is known.

        ``failed`` with ``again`` says that the provider surely never took it, so that it may be sent once more.
        """
        return ()

    def cancel(self, messages: Sequence[Message]) -> Iterable[Receipt]:  # noqa: ARG002 - a base takes nothing back
        """Take back messages that were ``handed``, and that nobody is to send any more.

        It is asked for what a person stopped, and for what nobody sent in time. What was taken back is ``cancelled``,
        what went out before is ``sent`` or whatever became of it; what has no receipt is asked for again.
        """
        return ()

    def remind(self, provider_ids: Sequence[str]) -> None:
        """Remind whoever still has to send what was ``handed`` under these ids; that it is done is in the log before.

        It is asked only where there are ``reminders``.
        """
        raise NotImplementedError

    def show_marks(self, changes: Sequence[Mark]) -> Iterable[Mark]:
        """Change tags of the channel's own; return each change, with the reason where it could not be made.

        To make a change again does no harm. What is not returned is asked for again the next time.

        Raises:
            UserError: No further change can be made just now.
        """
        raise NotImplementedError
