"""What WeCom says of contacts: who added whom, and who is no contact any more.

Source: developer.work.weixin.qq.com/document/path/96361 (the same as 92130 for a corp's own apps)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu_plugins._tencent.facts import event, moment, name_of
from siyu_plugins._tencent.refusal import Refusal

if TYPE_CHECKING:
    from siyu_plugins._tencent.facts import Fact
    from siyu_plugins._tencent.xml import Xml

__all__ = ["HALF", "WELCOME", "contact"]

WELCOME = 20
"""For how many seconds a welcome code can be used. Source: developer.work.weixin.qq.com/document/path/92599"""

HALF = "-half"
"""What the ``source_id`` of a contact ends in that the staff member has not confirmed yet."""

_TRANSFER = "DELETE_BY_TRANSFER"


def contact(message: Xml) -> list[Fact]:
    """Return what ``change_external_contact`` says.

    ``edit_external_contact`` says only that something was edited, so nothing comes of it; the same goes for changes
    that are not known here.

    Raises:
        Refusal: It does not say who is meant.
    """
    change = message["ChangeType"]
    if change in ("add_external_contact", "add_half_external_contact"):
        return [_followed(message, half=change == "add_half_external_contact")]
    if change == "del_external_contact":
        return [_fact(message, "unfollowed", subject="transfer" if message["Source"] == _TRANSFER else "staff")]
    if change == "del_follow_user":
        return [_fact(message, "unfollowed", subject="member")]
    if change == "transfer_fail":
        return [_fact(message, "handover_refused", props={"reason": message["FailReason"]})]
    return []


def _followed(message: Xml, *, half: bool) -> Fact:
    code, until = message["WelcomeCode"], moment(message) + WELCOME
    props = {"welcome_code": code, "welcome_until": until} if code else {}
    return _fact(message, "followed", HALF if half else "", subject=message["State"], props=props)


def _fact(message: Xml, kind: str, end: str = "", **more: object) -> Fact:
    person, staff = message["ExternalUserID"], message["UserID"]
    if not (person and staff):
        raise Refusal(400, "the message lacks ExternalUserID or UserID")
    name = name_of(message, staff, person) + end
    return event(f"wecom:{person}", kind, name, moment(message), staff=staff, **more)
