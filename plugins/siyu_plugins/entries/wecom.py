"""WeCom (企业微信): what it calls back of contacts, groups and messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import field, frozen

from siyu import hookimpl
from siyu.kinds import doc
from siyu_plugins._tencent.accounts import written
from siyu_plugins._tencent.chats import chat
from siyu_plugins._tencent.contacts import contact
from siyu_plugins._tencent.corp import Corp
from siyu_plugins._tencent.facts import external, framed
from siyu_plugins._tencent.news import NEEDED, handed, joining, unconfirmed
from siyu_plugins._tencent.topics import Topic, topical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.kinds import Batch, Entry, Intake
    from siyu_plugins._tencent.facts import Fact
    from siyu_plugins._tencent.xml import Xml

__all__ = ["Wecom", "siyu_register_entries"]


@frozen(kw_only=True)
class Wecom(Corp):
    """Takes the callbacks of a WeCom app: contacts, groups of customers, and messages of outside people.

    Set the address of the entry, the token and the EncodingAESKey in the console of the app, and let it receive the
    changes of outside contacts. A callback is taken only where its signature, its moment and its receiver are right;
    it counts once, however often it is delivered. It needs ``siyu[wecom]``.

    | callback | event |
    |---|---|
    | `add_external_contact` | `followed`, and `joined` where the person is new; `transferred` for a handover |
    | `add_half_external_contact` | `followed`, before the staff member agreed to it |
    | `del_external_contact`, `del_follow_user` | `unfollowed`; the subject is `staff`, `member` or `transfer` |
    | `transfer_fail` | `handover_refused` |
    | `change_external_chat` | `group_joined`, `group_left` (the ref is who ended it), `group_changed` of the group |
    | messages of outside people | `messaged` |

    Other callbacks are taken and leave nothing: `edit_external_contact` does not say what was edited, and
    `change_external_tag` names tags and no members, so both are for the pull. WeCom calls back customers' chats with
    staff only by way of its customer service; an app gets messages of parents (家校沟通) and the like.

    A handover that siyu asked for is known by its `handover_asked`. One that was made in WeCom's own console looks
    like a new contact, and only the former staff member's `unfollowed` says `transfer`: make handovers by siyu, or
    the new contact is welcomed.

    A welcome code and the second until which it can be used are in the props `welcome_code` and `welcome_until`. There
    is none where the console has a welcome of its own.

    ```toml
    [entry.wecom]
    use = "wecom"
    corp = "ww1234567890abcdef"
    tokens = [{ env = "WECOM_TOKEN" }]
    keys = [{ env = "WECOM_KEY" }]
    topics = [{ topic = "after-sales", matches = "退款|坏了" }]
    ```
    """

    joins: bool = field(default=True, metadata=doc("whether a person's first contact is a `joined` event too"))
    topics: tuple[Topic, ...] = field(
        default=(), metadata=doc("the topics of messages; the first that fits becomes the event's subject")
    )

    def taken(self, message: Xml, intake: Intake) -> tuple[Batch, ...]:
        """Return what a message says."""
        event, sender = message["Event"], message["FromUserName"]
        if event == "change_external_contact":
            return self._contacts(contact(message), intake)
        facts = chat(message) if event == "change_external_chat" else []
        if message["MsgType"] != "event" and external(sender):
            return (self.batch(topical(framed(intake, written(message, f"wecom:{sender}")), self.topics)),)
        return (self.batch(framed(intake, facts)),) if facts else ()

    def _contacts(self, facts: list[Fact], intake: Intake) -> tuple[Batch, ...]:
        if not facts:
            return ()
        if facts[0]["type"] == "unfollowed":
            return (self.batch(framed(intake, facts)),)
        known = intake.keep(intake.events_of([fact["identity"] for fact in facts], NEEDED))
        told = intake.keep(unconfirmed(handed(framed(intake, facts), known), known))
        return (self.batch(nw.concat([told, joining(told, known)]) if self.joins else told),)


@hookimpl
def siyu_register_entries() -> Mapping[str, type[Entry]]:
    """Bring ``wecom``."""
    return {"wecom": Wecom}
