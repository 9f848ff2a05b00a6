"""What the gate judges campaigns and channels by: whom they have to ask, and how much goes out by them."""

from __future__ import annotations

from attrs import field, frozen

from siyu.config.limits import Allowance, Opening, Quota
from siyu.config.units import Money
from siyu.kind import Component
from siyu.values import doc

__all__ = ["Asking", "Bounded"]


@frozen(kw_only=True)
class Asking(Component):
    """Whom a campaign has to ask before it sends anything."""

    personalised: bool = field(
        default=True, metadata=doc("whether it goes by what is known of a member, which members can refuse")
    )
    approval: bool = field(default=False, metadata=doc("whether its touches wait until a person has approved a plan"))


@frozen(kw_only=True)
class Bounded(Component):
    """A channel's bounds, by which the gate judges what would go out by it."""

    region: str = field(
        default="", metadata=doc("where its provider keeps what is sent; where members live by default", example="SG")
    )
    cost: Money | None = field(default=None, metadata=doc("what one message costs", example="0.05"))
    quotas: tuple[Quota, ...] = field(
        default=(), metadata=doc("how many messages its platform lets through", example=[{"times": 4, "per": "month"}])
    )
    opens: tuple[Opening, ...] = field(
        default=(),
        metadata=doc(
            "what opens it to a member for a while; it is always open by default",
            example=[{"event": "messaged", "within": "48h", "times": 5}],
        ),
    )
    spends: Allowance | None = field(
        default=None,
        metadata=doc(
            "what members give one of for each message; it spends nothing by default", example={"event": "allowed"}
        ),
    )
