"""What an official account says of those who follow it, and what they write to it.

Source: developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_event_pushes.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu_plugins._tencent.facts import event, moment, name_of
from siyu_plugins._tencent.refusal import Refusal

if TYPE_CHECKING:
    from siyu_plugins._tencent.facts import Fact
    from siyu_plugins._tencent.xml import Xml

__all__ = ["account", "written"]

_SCENE = "qrscene_"
_EVENTS = {
    "subscribe": "followed",
    "unsubscribe": "unfollowed",
    "SCAN": "scanned",
    "CLICK": "clicked",
    "VIEW": "clicked",
    "view_miniprogram": "clicked",
}
_MESSAGES = ("text", "image", "voice", "video", "shortvideo", "location", "link", "file")


def account(message: Xml, app: str) -> list[Fact]:
    """Return what a message of an account says; events that are not known here say nothing.

    Args:
        message: The message.
        app: The account's app id: people have ids of their own at each.

    Raises:
        Refusal: It does not say who is meant.
    """
    identity = f"openid:{app}/{_sender(message)}"
    if message["MsgType"] != "event":
        return written(message, identity)
    kind, key = _EVENTS.get(message["Event"]), message["EventKey"]
    if kind is None:
        return []
    subject = "member" if kind == "unfollowed" else key.removeprefix(_SCENE) if kind == "followed" else key
    return [event(identity, kind, name_of(message, key), moment(message), subject=subject)]


def written(message: Xml, identity: str) -> list[Fact]:
    """Return the event of what somebody wrote: ``messaged``, the form of it in props, and the words."""
    form = message["MsgType"]
    if form not in _MESSAGES:
        return []
    said = message["Content"] or message["Recognition"]
    props = {"form": form, "text": said}
    return [event(identity, "messaged", name_of(message, said), moment(message), text=said, props=props)]


def _sender(message: Xml) -> str:
    if not message["FromUserName"]:
        raise Refusal(400, "the message lacks FromUserName")
    return message["FromUserName"]
