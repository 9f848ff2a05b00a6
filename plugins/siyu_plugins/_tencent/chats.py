"""What WeCom says of groups of customers: who came and went, and what became of the group.

Source: developer.work.weixin.qq.com/document/path/96361. Who came and went is in ``MemChangeList``, which older corps
do not get: then a change says only that there was one, and the pull finds out whose it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu_plugins._tencent.facts import event, external, moment, name_of
from siyu_plugins._tencent.refusal import Refusal

if TYPE_CHECKING:
    from siyu_plugins._tencent.facts import Fact
    from siyu_plugins._tencent.xml import Xml

__all__ = ["chat"]

_CHANGES = {"create": "created", "dismiss": "dismissed"}
_DETAILS = {"change_owner": "owner", "change_name": "name", "change_notice": "notice"}
_MOVES = {"add_member": "group_joined", "del_member": "group_left"}
_ENDED = {"0": "member", "1": "staff"}


def chat(message: Xml) -> list[Fact]:
    """Return what ``change_external_chat`` says: ``group_changed`` of the group, or a move of each outside member.

    Staff in the list are left out: they are no members.

    Raises:
        Refusal: It does not say which group is meant.
    """
    group, detail = message["ChatId"], message["UpdateDetail"]
    if not group:
        raise Refusal(400, "the message lacks ChatId")
    changed = _CHANGES.get(message["ChangeType"]) or _DETAILS.get(detail)
    if changed is not None:
        name = name_of(message, group, detail)
        return [event(f"wecom-group:{group}", "group_changed", name, moment(message), subject=changed, ref=group)]
    if detail not in _MOVES:
        return []
    return [_moved(message, _MOVES[detail], person) for person in _people(message) if external(person)]


def _people(message: Xml) -> list[str]:
    listed = message.all("MemChangeList/Item") or tuple(message["MemChangeList"].split(","))
    return list(dict.fromkeys(person.strip() for person in listed))


def _moved(message: Xml, kind: str, person: str) -> Fact:
    group = message["ChatId"]
    name = name_of(message, group, kind, message["CurMemVer"], person)
    ended = _ENDED.get(message["QuitScene"]) if kind == "group_left" else None
    props = {"scene": message["JoinScene"]} if kind == "group_joined" else {}
    return event(f"wecom:{person}", kind, name, moment(message), subject=group, ref=ended, props=props)
