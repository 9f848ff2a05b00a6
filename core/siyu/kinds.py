"""What a plugin is: Entry, Tagger, Content, Campaign, Incentive, Channel, Metric.

A component is one attrs class: its attributes are its TOML, its method is its work, its docstrings are its manual.
Plugins exchange relations, never rows: ``Frame`` is a lazy narwhals frame on whatever engine the run uses.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from attrs import Attribute, field, frozen

from siyu.bounded import Asking
from siyu.channel import Audience, Channel
from siyu.config.expressions import Condition
from siyu.config.limits import Allowance, Opening, Reminders
from siyu.config.rates import Rate
from siyu.config.units import Money, Share
from siyu.incentive import Incentive
from siyu.intake import ArrowStream, Batch, BatchTable, Intake, Scan
from siyu.kind import Component, not_before
from siyu.offering import Budget, Cost, Early, Limit, Period, Reward, Term, Worth
from siyu.requests import Answer, Request
from siyu.tagger import Tagger
from siyu.values import ContentItem, Frame, Mark, Message, Receipt, doc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from siyu.view import View

__all__ = [
    "KINDS",
    "Allowance",
    "Answer",
    "ArrowStream",
    "Audience",
    "Batch",
    "BatchTable",
    "Budget",
    "Campaign",
    "Channel",
    "Component",
    "Content",
    "ContentItem",
    "Cost",
    "Early",
    "Entry",
    "Frame",
    "Incentive",
    "Intake",
    "Limit",
    "Mark",
    "Message",
    "Metric",
    "Opening",
    "Period",
    "Rate",
    "Receipt",
    "Reminders",
    "Request",
    "Reward",
    "Scan",
    "Tagger",
    "Term",
    "Worth",
    "doc",
]


@frozen(kw_only=True)
class Entry(Component):
    """Where members and their events come in: it reads them, or they are pushed to it, or both.

    Attributes:
        limit: How large the body of a request may be, in bytes; a larger one is refused before anything reads it.
    """

    kind: ClassVar[str] = "entry"
    limit: ClassVar[int] = 1_048_576

    def read(self, intake: Intake) -> Iterable[Batch]:  # noqa: ARG002 - a base has nothing to read
        """Read what is new since ``intake.cursor``, as frames and not row by row; nothing where all is pushed."""
        return ()

    def receive(self, request: Request, intake: Intake) -> Answer:  # noqa: ARG002 - a base takes none
        """Judge a request: refuse it, or hand over the rows that it brings, each with the ``source_id`` of its fact.

        Rows are known by it: the same request, come again, leaves nothing new. What cannot be trusted is refused
        before it is parsed; one bad row of a good request goes to the batch's ``rejects``.
        """
        return Answer(status=404)

    def mapped(self, messages: Sequence[Any], intake: Intake) -> Iterable[Batch]:
        """Return the rows of what ``receive`` took as ``messages``, in the order in which they came.

        They are of one request or of many that came at once: to make a frame costs the same for both.
        """
        raise NotImplementedError


@frozen(kw_only=True)
class Content(Component):
    """A source of content items, and the choice among them."""

    kind: ClassVar[str] = "content"

    @property
    def slots(self) -> Sequence[str]:
        """All names that a campaign's ``say`` may use here: items and the slots that they fill."""
        raise NotImplementedError

    def items(self) -> Mapping[str, ContentItem]:
        """Return the items by name."""
        raise NotImplementedError

    def facts(self) -> Mapping[str, object]:
        """Return the purpose and the words of each item."""
        return {
            "items": {
                name: {"purpose": item.purpose, "text": f"{item.title}\n{item.text}".strip()}
                for name, item in self.items().items()
            }
        }

    def match(self, view: View, proposals: Frame) -> Frame:
        """Return what could be said for each proposal: proposal, content, score; the best score is taken.

        Args:
            view: The run's view.
            proposals: proposal (Int64), recipient, recipient_kind, campaign, step, slot.
        """
        raise NotImplementedError


def _in_money(_: Campaign, __: Attribute[Budget | None], value: Budget | None) -> None:
    if value is not None and not isinstance(value.amount, Money):
        raise ValueError(f"expected a budget in money, as in {{ amount = '50000.00' }}, not {value.amount}")


@frozen(kw_only=True)
class Campaign(Asking):
    """Who is to be touched, when, with what, and until when.

    Attributes:
        public: Whether it can also speak to a group or the public, by a channel whose ``audience`` they are.
    """

    kind: ClassVar[str] = "campaign"
    public: ClassVar[bool] = False

    from_: date = field(metadata=doc("the first day; events before it start nothing", example=date(2026, 12, 1)))
    until: date | None = field(
        default=None, validator=not_before, metadata=doc("the last day", example=date(2026, 12, 31))
    )
    to: Condition | None = field(default=None, metadata=doc("who may be touched; all members by default"))
    purpose: Literal["marketing", "service"] = field(
        default="marketing", metadata=doc("what its touches are for; consent is asked for it")
    )
    priority: int = field(default=0, metadata=doc("which touches get scarce places; higher goes first"))
    holdout: Share = field(
        default=Share(0), metadata=doc("share of the members that is never touched, to compare with", example="10%")
    )
    budget: Budget | None = field(
        default=None,
        validator=_in_money,
        metadata=doc(
            "how much, in money, the incentives that are 'during' it may give together, by their 'worth'",
            example={"amount": "50000.00"},
        ),
    )
    edition: int = field(default=1, metadata=doc("raised by a correction, to send again after a wrong campaign"))

    def propose(self, view: View) -> Frame:
        """Return what should go out by now, and the decisions of a journey that send nothing.

        Called only within the campaign's days; the core drops recipients outside ``to`` and in the holdout.

        A row: recipient, step, occurrence (String), slot, channel, due (Int64 second), until (Int64 second); and
        optionally recipient_kind (``member``), sender, offer, priority, version, branch, nominal (Int64 second).
        A row with ``nominal`` is written to ``steps``; one whose ``branch`` is not null and not ``send`` sends
        nothing. A key that was touched before may be proposed again: the core drops it. A message to a group or the
        public has the recipient 0 and the channel's ``audience`` as its kind.
        """
        raise NotImplementedError


@frozen(kw_only=True)
class Metric(Component):
    """A number that is measured."""

    kind: ClassVar[str] = "metric"
    scope: ClassVar[Literal["member", "population"]] = "population"

    def measure(self, view: View) -> Frame:
        """Return the numbers: period, slice, key (Strings), value (Float64), n (Int64, what it rests on)."""
        raise NotImplementedError


KINDS: dict[str, type[Component]] = {
    kind.kind: kind for kind in (Entry, Tagger, Content, Campaign, Incentive, Channel, Metric)
}
