"""What the gate counts: caps, what a platform allows, what messages may cost, and how tired members are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import field, frozen
from attrs.validators import ge, in_, le

from siyu.config.units import Duration, Money, Share
from siyu.values import doc

if TYPE_CHECKING:
    from attrs import Attribute as Field

__all__ = ["CALENDAR", "Allowance", "Brake", "Cap", "Fatigue", "Opening", "Quota", "Reminders", "Spending"]

CALENDAR = ("day", "week", "month", "local day", "local week", "local month")
"""The spans that begin at a midnight: in the brand's zone, or in the member's."""


_WHOSE = {"member": "", "brand": " by all", "sender": " by each sender"}


def _one_span(quota: Quota, _: Field[Duration | None], value: Duration | None) -> None:
    if (value is None) == (not quota.per):
        raise ValueError("expected either 'per', as in per = 'local day', or 'within', as in within = '24h'")
    if value is not None and not value.seconds:
        raise ValueError("expected a span of a second or more, as in within = '24h'")


@frozen(kw_only=True)
class Quota:
    """How many messages go out in a span."""

    times: int = field(validator=ge(1), metadata=doc("how many messages", example=3))
    per: Literal["day", "week", "month", "local day", "local week", "local month", ""] = field(
        default="",
        metadata=doc(
            "a calendar day, week (from Monday) or month, in the brand's zone; 'local day' and so on in the member's",
            example="local day",
        ),
    )
    within: Duration | None = field(
        default=None,
        validator=_one_span,
        metadata=doc("in place of 'per': the span that ends now, whatever the clocks show", example="24h"),
    )
    each: Literal["member", "brand", "sender"] = field(
        default="member",
        metadata=doc(
            "whose messages are counted together: each member's, all of the brand's, or those that one staff member "
            "sends, where any does"
        ),
    )

    def __str__(self) -> str:
        """Say it in words, as in ``3 a week`` or ``3 within 24h by all``."""
        span = f"a {self.per}" if self.per else f"within {self.within}"
        return f"{self.times} {span}" + _WHOSE[self.each]


@frozen(kw_only=True)
class Cap(Quota):
    """How many touches one recipient, or the brand, may get or send in a span."""

    channel: str = field(
        default="", metadata={**doc("the channel that is counted; all together by default"), "refers": "channel"}
    )
    campaign: str = field(
        default="", metadata={**doc("the campaign that is counted; all together by default"), "refers": "campaign"}
    )
    kind: str = field(
        default="", metadata=doc("the theme of the content that is counted; all by default", example="promo")
    )
    purpose: Literal["marketing", "service"] = field(
        default="marketing", metadata=doc("the purpose of the touches that are counted")
    )
    failed: bool = field(default=False, metadata=doc("whether a touch that failed counts as well"))

    def __str__(self) -> str:
        """Say the cap in words, as in ``3 a week by sms``."""
        said = [("by", self.channel), ("of", self.campaign), ("of kind", self.kind)]
        return super().__str__() + "".join(f" {word} {name}" for word, name in said if name)


@frozen(kw_only=True)
class Opening:
    """What opens a channel to a member for a while, as a message of theirs does."""

    event: str = field(metadata={**doc("the event that opens it", example="messaged"), "refers": "event"})
    entry: str = field(
        default="", metadata={**doc("only events that came in there; anywhere by default"), "refers": "entry"}
    )
    within: Duration = field(metadata=doc("for how long", example="48h"))
    times: int | None = field(default=None, metadata=doc("how many messages it lets through; any number by default"))


@frozen(kw_only=True)
class Allowance:
    """What a member gives one of for each message, as by agreeing to be told once."""

    event: str = field(metadata={**doc("the event that gives one", example="allowed"), "refers": "event"})
    subject: str = field(default="", metadata=doc("only events of this subject, as of a template; of any by default"))


@frozen(kw_only=True)
class Reminders:
    """When staff are reminded who still have to send what they were handed."""

    after: Duration = field(
        metadata=doc("how long after they were handed it, and after each reminder, they are reminded", example="4h")
    )
    times: int = field(default=3, validator=[ge(1), le(3)], metadata=doc("how often in 24 hours at most", example=2))


@frozen(kw_only=True)
class Spending:
    """How much all touches together may cost, by the ``cost`` of their channels."""

    amount: Money = field(metadata=doc("how much", example="5000.00"))
    per: Literal["day", "week", "month", "quarter", "year", "total"] = field(
        default="month", metadata=doc("in which span of the calendar, in the brand's zone", example="month")
    )

    def __str__(self) -> str:
        """Say it in words, as in ``5000.00 a month``."""
        return f"{self.amount} in total" if self.per == "total" else f"{self.amount} a {self.per}"


@frozen(kw_only=True)
class Fatigue:
    """When a member reads less and less, and so is touched more seldom."""

    window: Duration = field(
        default=Duration.parse("30d"),
        metadata=doc("the span whose read rate is compared with that of the span before it", example="30d"),
    )
    least: int = field(
        default=5, validator=ge(1), metadata=doc("of how many touches each of the two rates is, at least", example=5)
    )
    fall: Share = field(
        default=Share.parse("50%"),
        validator=in_([Share(points) for points in range(1, 10_001)]),
        metadata=doc("by what share of the earlier rate it has to fall", example="50%"),
    )
    distance: Duration = field(
        default=Duration.parse("7d"),
        metadata=doc("the least time between two marketing touches to such a member", example="7d"),
    )


@frozen(kw_only=True)
class Brake:
    """When a run is held for a person: it would send far more than any run lately."""

    times: int = field(
        default=3, validator=ge(1), metadata=doc("how many times the most that a day of the last 28 sent", example=3)
    )
    least: int = field(
        default=1000, validator=ge(1), metadata=doc("up to this many touches a day are never held", example=1000)
    )
