"""What a plugin is: Entry, Tagger, Content, Campaign, Incentive, Channel, Metric.

A component is one attrs class: its attributes are its TOML, its method is its work, its docstrings are its manual.
Plugins exchange relations, never rows: ``Frame`` is a lazy narwhals frame on whatever engine the run uses.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, ClassVar, Literal

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu.config.expressions import Condition
from siyu.config.units import Share
from siyu.intake import ArrowStream, Batch, Intake, Scan
from siyu.values import (
    Budget,
    ContentItem,
    Early,
    Frame,
    Limit,
    Message,
    Period,
    Receipt,
    Reward,
    Term,
    doc,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from siyu.view import View

__all__ = [
    "KINDS",
    "ArrowStream",
    "Batch",
    "Budget",
    "Campaign",
    "Channel",
    "Component",
    "Content",
    "ContentItem",
    "Early",
    "Entry",
    "Frame",
    "Incentive",
    "Intake",
    "Limit",
    "Message",
    "Metric",
    "Period",
    "Receipt",
    "Reward",
    "Scan",
    "Tagger",
    "Term",
    "doc",
]


@frozen(kw_only=True)
class Component:
    """What all kinds share: the name that the config gave it.

    Attributes:
        kind: The kind's name, as in ``[KIND.NAME]``.
        scope: ``member`` where the work for one member needs no other member, so that a tick can do it;
            ``population`` where it needs everybody.
    """

    kind: ClassVar[str] = ""
    scope: ClassVar[Literal["member", "population"]] = "member"

    name: str = field(metadata=doc("the component's name, from its table's header"))

    def facts(self) -> Mapping[str, object]:
        """Return what it states of itself, for rule packs and advice to judge; ``siyu.rules.facts`` lists the names.

        Facts of an inner table or array of tables stand where its TOML has them, as in
        ``{"depth": 1, "earn": [{"rewarded_events": ("paid",)}]}``, so that a problem points there.
        """
        return {}


@frozen(kw_only=True)
class Entry(Component):
    """Where members and their events come in."""

    kind: ClassVar[str] = "entry"

    def read(self, intake: Intake) -> Iterable[Batch]:
        """Read what is new since ``intake.cursor``, as frames and not row by row."""
        raise NotImplementedError


@frozen(kw_only=True)
class Tagger(Component):
    """What is known of members, as tags.

    Attributes:
        transitions: An event type, where each member has one tag of this tagger at most and a change of it is kept
            as an event of that type: ``subject`` is the new tag, ``ref`` the former one. Empty where it is not.
    """

    kind: ClassVar[str] = "tagger"
    transitions: ClassVar[str] = ""

    @property
    def gives(self) -> Sequence[str]:
        """The names of the tags that it may give, for ``tag('…')`` in conditions."""
        return (self.name,)

    @property
    def by_hand(self) -> Mapping[str, str]:
        """The tags that people may give and take by events ``tagged`` and ``untagged``, each with what it means."""
        return {}

    @property
    def evidence(self) -> Mapping[str, str]:
        """Why a member has a tag of ``flags``, by tag."""
        return {}

    def flags(self, view: View) -> Frame | None:  # noqa: ARG002 - a base has none
        """Return member and a Boolean column ``tag:NAME`` for each of ``gives``, where its tags are plain yes or no.

        The core then keeps them as bits and does not call ``tags``. None where they have values or scores.
        """
        return None

    def tags(self, view: View) -> Frame:
        """Return all tags that members have now: member, tag, value?, score?, evidence?, expires? (Int64 second).

        A row whose ``expires`` has passed is no tag any more: the change log then says that it expired.
        """
        flags = self.flags(view)
        if flags is None:
            raise NotImplementedError
        kept, why = view.keep(flags), {tag: nw.lit(self.evidence.get(tag)) for tag in self.gives}
        having = {tag: kept.filter(nw.col(f"tag:{tag}")) for tag in self.gives}
        return nw.concat([having[tag].select("member", tag=nw.lit(tag), evidence=why[tag]) for tag in self.gives])


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


def _not_before(component: Campaign | Incentive, _: Attribute[date | None], value: date | None) -> None:
    if value is not None and value < component.from_:
        raise ValueError(f"expected a day from {component.from_} on, since it begins then, not {value}")


@frozen(kw_only=True)
class Campaign(Component):
    """Who is to be touched, when, with what, and until when."""

    kind: ClassVar[str] = "campaign"

    from_: date = field(metadata=doc("the first day; events before it start nothing", example=date(2026, 12, 1)))
    until: date | None = field(
        default=None, validator=_not_before, metadata=doc("the last day", example=date(2026, 12, 31))
    )
    to: Condition | None = field(default=None, metadata=doc("who may be touched; all members by default"))
    purpose: Literal["marketing", "service"] = field(
        default="marketing", metadata=doc("what its touches are for; consent is asked for it")
    )
    priority: int = field(default=0, metadata=doc("which touches get scarce places; higher goes first"))
    holdout: Share = field(
        default=Share(0), metadata=doc("share of the members that is never touched, to compare with", example="10%")
    )
    edition: int = field(default=1, metadata=doc("raised by a correction, to send again after a wrong campaign"))

    def propose(self, view: View) -> Frame:
        """Return what should go out by now, and the decisions of a journey that send nothing.

        Called only within the campaign's days; the core drops recipients outside ``to`` and in the holdout.

        A row: recipient, step, occurrence (String), slot, channel, due (Int64 second), until (Int64 second); and
        optionally recipient_kind (``member``), sender, offer, priority, version, branch, nominal (Int64 second).
        A row with ``nominal`` is written to ``steps``; one whose ``branch`` is not null and not ``send`` sends
        nothing. A key that was touched before may be proposed again: the core drops it.
        """
        raise NotImplementedError


@frozen(kw_only=True)
class Incentive(Component):
    """A reward with rules and a ledger."""

    kind: ClassVar[str] = "incentive"

    from_: date = field(metadata=doc("the first day; events before it earn nothing", example=date(2026, 12, 1)))
    until: date | None = field(
        default=None, validator=_not_before, metadata=doc("the last day", example=date(2026, 12, 31))
    )
    to: Condition | None = field(default=None, metadata=doc("who may get it; all members by default"))
    during: str | None = field(
        default=None, metadata={**doc("a campaign whose days bound this incentive's"), "refers": "campaign"}
    )
    limit: Limit | None = field(default=None, metadata=doc("how often one member may get it"))
    budget: Budget | None = field(default=None, metadata=doc("how much all members may get together"))

    @property
    def rewards(self) -> Sequence[Reward]:
        """What it writes into the ledgers of other incentives; they are settled after it."""
        return ()

    def settle(self, view: View) -> Frame | None:  # noqa: ARG002 - a base has nothing to settle
        """Return the lines that facts earn or reverse, None for none; those in the ledger already are dropped.

        A row: member, kind (String), amount, cause_kind, cause (String), time (Int64 second); and optionally
        incentive (this one's name, or one of ``rewards``), item, lot, available, expires, reason. A line is the
        same line where incentive, kind, member, item, lot, cause_kind and cause are the same.
        The core drops rows before ``from``; those of a cause (``cause_kind`` and ``cause``) whose own line is for
        a member outside ``to``; and applies ``limit`` and ``budget`` to the own lines of positive amount, in the
        order of time. All lines of one cause stand or fall together.
        """
        return None

    def terms(self) -> Sequence[Term]:
        """Return what may be claimed, one term an item; none where it takes no claims.

        A claim is an event ``claimed`` whose ``subject`` is the incentive, ``ref`` the item and ``source_id`` the
        client's request id. The core decides each claim once, in the order of ``seq``, by these terms and by the
        incentive's own ``from``, ``until``, ``during``, ``to``, ``limit`` and ``budget``. A grant's kind is
        ``granted`` or ``refused``, or ``reserved`` where the term has ``unpaid``; a reserved one is ``confirmed``
        by an event ``paid`` whose ``ref`` is the request id, else ``released``.
        """
        return ()


@frozen(kw_only=True)
class Channel(Component):
    """How a touch is delivered, and what comes back."""

    kind: ClassVar[str] = "channel"

    environment: str = field(
        default="production",
        metadata=doc("the environment that its account belongs to; no other one sends by it", example="staging"),
    )

    def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        """Send a batch; return what the provider said of each message."""
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
