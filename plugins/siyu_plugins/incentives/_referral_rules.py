"""What a referral asks of a friend, how it finds the inviter, whom it gives what, and what it looks into before."""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import Attribute as Key
from attrs import field, frozen
from attrs.validators import ge

from siyu.config.units import DAY, Duration, Money
from siyu.kinds import Reward, doc

__all__ = ["Attribution", "Burst", "Counts", "Gives", "Guard", "Suspicion"]

Suspicion: TypeAlias = Literal["self", "family", "burst"]


def _not_shared(_: object, __: Key[str], value: str) -> None:
    if value == "shared":
        message = "expected what the friend does, such as 'paid': nothing is given for a share"
        raise ValueError(message)


@frozen(kw_only=True)
class Counts:
    """What a friend must do for the invitation to count: join, buy or stay."""

    event: str = field(
        default="paid",
        validator=_not_shared,
        metadata={**doc("what the friend must do; never 'shared'", example="paid"), "refers": "event"},
    )
    at_least: Money | None = field(default=None, metadata=doc("the least amount of that event", example="50.00"))
    after: Duration = field(
        default=Duration(0), metadata=doc("how long after joining it counts at the earliest", example="7d")
    )
    within: Duration = field(
        default=Duration(30 * DAY), metadata=doc("how long after joining it still counts", example="30d")
    )
    settle: Duration = field(
        default=Duration(7 * DAY), metadata=doc("how long to wait for a refund before rewarding", example="7d")
    )
    stays: Duration = field(
        default=Duration(0),
        metadata=doc("how long the friend must stay after it, without an event 'left' or 'unfollowed'", example="30d"),
    )

    @within.validator
    def _check_within(self, _: Key[Duration], value: Duration) -> None:
        if value.seconds < self.after.seconds:
            raise ValueError(f"expected '{self.after}' or more, since nothing counts before, not '{value}'")

    @property
    def waits(self) -> int:
        """How many seconds after the event the pair is decided."""
        return max(self.settle.seconds, self.stays.seconds)


@frozen(kw_only=True)
class Attribution:
    """Which of several invitations brought a friend: ``{ within = "14d", touch = "first" }``."""

    within: Duration = field(
        default=Duration(30 * DAY), metadata=doc("how long before joining an invitation still counts", example="14d")
    )
    touch: Literal["first", "last"] = field(
        default="last", metadata=doc("whether the first or the last invitation in that time counts", example="first")
    )


@frozen(kw_only=True)
class Gives:
    """Who gets what: ``{ inviter = { points = 200 }, friend = { points = 50 } }``."""

    inviter: tuple[Reward, ...] = field(default=(), metadata=doc("what the inviter gets", example={"points": 200}))
    friend: tuple[Reward, ...] = field(default=(), metadata=doc("what the friend gets", example={"points": 50}))
    above: tuple[Reward, ...] = field(
        default=(),
        metadata=doc("what the one gets who brought the inviter; it needs a 'basis' beside it", example={"points": 20}),
    )


@frozen(kw_only=True)
class Burst:
    """How many friends of one inviter may come in a span: ``{ friends = 10, within = "1h" }``."""

    friends: int = field(validator=ge(1), metadata=doc("how many friends are no cause for suspicion", example=10))
    within: Duration = field(metadata=doc("the span in which more are", example="1h"))

    @within.validator
    def _check_within(self, _: Key[Duration], value: Duration) -> None:
        if not value.seconds:
            message = "expected a span above 0, as in '1h'"
            raise ValueError(message)


@frozen(kw_only=True)
class Guard:
    """What makes a pair suspicious, and whether a person looks at it or it is refused.

    ``self``: friend and inviter have a value of ``same`` in common, or an id that too many share. ``family``: more
    friends than ``family`` have one in common, whoever invited them. ``burst``: too many friends of the inviter
    joined in a span. All is judged by what was known when the pair counts.
    """

    same: tuple[str, ...] = field(
        default=(),
        metadata=doc(
            "declared fields of events that tell who stands behind a member: a device, a payer, the hash of an "
            "address; texts",
            example=["device", "payer", "address"],
        ),
    )
    family: int = field(
        default=3, validator=ge(1), metadata=doc("how many friends may have one of these in common", example=3)
    )
    bursts: tuple[Burst, ...] = field(
        default=(Burst(friends=10, within=Duration(3600)),),
        metadata=doc("how many friends of one inviter may join in a span; each of several spans is looked at"),
    )
    review: tuple[Suspicion, ...] = field(
        default=("family", "burst"),
        metadata=doc("the suspicions that wait for a person, see `siyu referrals`; others refuse", example=["burst"]),
    )
