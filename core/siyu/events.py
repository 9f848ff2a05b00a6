"""The registry of event types: plain names, and what subject, ref and amount mean for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen

__all__ = ["EVENT_TYPES", "EventType"]


@frozen
class EventType:
    """One type of event.

    Attributes:
        meaning: The fact, in one sentence.
        subject: What ``subject`` holds; empty where it is not used.
        ref: What ``ref`` holds: the thing that ties this event to another; empty where it is not used.
        amount: What ``amount`` holds, in minor units of the brand's currency unless stated; empty where unused.
        money: Whether ``amount`` is money; otherwise it is a plain number.
        claim: Whether the event asks for something limited, and so gets an answer.
        of: Whom or what the event is of: a member; or a group, a staff member or a code, which are no members.
        props: The fields that its ``props`` keep without being declared by a config, and what each is needed for.
    """

    meaning: str
    subject: str = ""
    ref: str = ""
    amount: str = ""
    claim: bool = False
    money: bool = True
    of: Literal["member", "group", "staff", "code"] = "member"
    props: Mapping[str, str] = field(factory=dict)


_T = EventType

_GROUP = {"name": "shows the group", "owner": "whose group it is", "place": "where it belongs"}
_CODE = {"link": "people scan it", "whose": "the staff whom it leads to"}
_REFUSED = {"reason": "why the platform refused"}
_CLAIM = {"to": "units are moved to this member", "code": "the claim is granted by it"}
_FORM = {"form": "text, image or the like"}
_NOTE = {"note": "what was known is shown with the tag"}
_HAND = {"value": "the tag's value", "expires": "when the tag ends", **_NOTE}
_BALANCE = {
    "proof": "a balance without one is refused",
    "author": "who vouches for it",
    "available": "the first day, or the moment, from which it can be used",
    "expires": "the last day, or the moment until which it can be used",
}
_BOUNCE = {"kind": "after a hard one the address is left alone", "status": "why it did not arrive"}
_REPORT = {"kind": "what the report is for"}
_WELCOME = {"welcome_code": "the platform takes the welcome by it", "welcome_until": "until when it takes one"}

EVENT_TYPES: dict[str, EventType] = {
    "profiled": _T("what a member declared, or a source knows, of their attributes, in props"),
    "joined": _T("a person became a member at an entry", subject="channel code", ref="inviter's identity"),
    "left": _T("a member left the entry or the programme", subject="reason"),
    "followed": _T(
        "a member added a staff member as a contact, or follows an account",
        subject="channel code, scene",
        props=_WELCOME,
    ),
    "unfollowed": _T("a contact or a following ended", subject="who ended it: member, staff, transfer or unknown"),
    "transferred": _T("a member was handed from one staff member to another", subject="former staff"),
    "handover_asked": _T(
        "it was asked to hand a member to another staff member", subject="former staff", props=_REFUSED
    ),
    "handover_refused": _T("a member was not handed over", subject="former staff", props=_REFUSED),
    "scanned": _T("a member scanned a code of an account that they follow", subject="scene of the code"),
    "group_joined": _T("a member came into a group", subject="group id", props={"scene": "how they came"}),
    "group_left": _T("a member went out of a group", subject="group id", ref="who ended it"),
    "group_changed": _T(
        "a group changed: its name, owner, place", "what changed", ref="group id", of="group", props=_GROUP
    ),
    "code_made": _T(
        "a channel code was made or changed", "the code", ref="the platform's id of it", of="code", props=_CODE
    ),
    "viewed": _T("a member saw a page, product or post", subject="what was seen"),
    "clicked": _T("a member followed a link or used a menu", subject="link or menu key", ref="touch"),
    "ordered": _T("an order was placed", subject="main category", ref="order id", amount="net value"),
    "paid": _T("an order was paid", subject="payment method", ref="order id", amount="paid value"),
    "received": _T("an order reached the member", ref="order id"),
    "refunded": _T("an order was refunded, wholly or in part", subject="reason", ref="order id", amount="refund"),
    "messaged": _T(
        "a member wrote to the brand or in a group", subject="topic", ref="group or service account", props=_FORM
    ),
    "responded": _T("staff answered a member, after quantity seconds", subject="topic", ref="service account"),
    "session_changed": _T(
        "a talk with customer service changed", subject="taken, passed, ended or resumed", ref="service account"
    ),
    "staff_measured": _T(
        "a platform measured a staff member's day, in quantity", "what was measured", ref="its own name", of="staff"
    ),
    "replied": _T("a member answered a touch", subject="topic", ref="touch"),
    "complained": _T("a member complained, which opens a ticket", subject="topic", ref="ticket id"),
    "ticket_opened": _T("a ticket of after-sales was opened", subject="topic", ref="ticket id"),
    "ticket_closed": _T("a ticket was closed, however it was opened", subject="outcome", ref="ticket id"),
    "rated": _T(
        "a member gave a rating",
        subject="csat (1 to 5), nps (0 to 10), or what was rated",
        ref="order or ticket id",
        amount="score",
        money=False,
    ),
    "shared": _T("a member shared a content or a page", subject="what was shared"),
    "targeted": _T("a member was on the target list of a campaign outside siyu", subject="campaign"),
    "redeemed": _T("a coupon or a benefit was used", subject="campaign", ref="coupon code", amount="discount"),
    "claimed": _T("a member asks for something limited", subject="incentive", ref="item", claim=True, props=_CLAIM),
    "opened": _T(
        "a balance came over from an earlier system: quantity units, or an amount of money",
        subject="incentive",
        ref="item",
        amount="the balance, where the ledger counts money",
        props=_BALANCE,
    ),
    "corrected": _T(
        "a person corrected a ledger by quantity units, more or less",
        subject="incentive",
        props={"why": "the ledger says why it was corrected"},
    ),
    "voted": _T("a member voted", subject="choice", ref="vote"),
    "answered": _T(
        "a member answered a question of a survey",
        subject="question",
        ref="survey",
        props={"answer": "tags are given by it"},
    ),
    "tagged": _T("a person gave a member a tag", subject="tag", props=_HAND),
    "untagged": _T("a person took a tag from a member", subject="tag", props=_NOTE),
    "marked": _T("a member got a tag of a channel's own", subject="the channel's id of the tag", ref="channel"),
    "unmarked": _T("a member lost a tag of a channel's own", subject="the channel's id of the tag", ref="channel"),
    "moved": _T("a member moved from one stage to another", subject="the new stage", ref="the former stage"),
    "live_entered": _T("a member came into a live room", subject="live room"),
    "live_left": _T("a member left a live room; quantity: the seconds that they stayed", subject="live room"),
    "commented": _T("a member wrote a comment in public", subject="live room or post"),
    "checked_in": _T("a member checked in", subject="place, challenge or group"),
    "delivered": _T("a touch reached the member", subject="channel", ref="touch"),
    "read": _T("a member opened a touch", subject="channel", ref="touch"),
    "allowed": _T("a member agreed to get one more message", subject="template", ref="channel"),
    "bounced": _T("a touch did not arrive, for good or for now", subject="channel", ref="touch", props=_BOUNCE),
    "reported": _T("a member reported a touch as unwanted", subject="channel", ref="touch", props=_REPORT),
    "unsubscribed": _T("a member refused further messages", subject="channel"),
}
