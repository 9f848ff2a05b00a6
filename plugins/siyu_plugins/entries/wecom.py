"""WeCom (企业微信): what it calls back of contacts, groups and messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from attrs import evolve, field, frozen

from siyu import hookimpl
from siyu.errors import UserError
from siyu.kinds import doc
from siyu.values import ChannelCode
from siyu_plugins._tencent.accounts import written
from siyu_plugins._tencent.chats import chat
from siyu_plugins._tencent.contacts import contact
from siyu_plugins._tencent.corp import Corp
from siyu_plugins._tencent.facts import external, framed
from siyu_plugins._tencent.news import NEEDED, handed, joining, unconfirmed
from siyu_plugins._tencent.topics import Topic, topical
from siyu_plugins._wecom import calling
from siyu_plugins.entries import _wecom_handover
from siyu_plugins.entries._wecom_codes import Code, made, named, placed
from siyu_plugins.entries._wecom_pull import Pull, pulled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from siyu.kinds import Batch, Entry, Intake
    from siyu.values import Handover
    from siyu_plugins._http import Client
    from siyu_plugins._tencent.facts import Fact
    from siyu_plugins._tencent.xml import Xml

__all__ = ["Wecom", "siyu_register_entries"]

_EXAMPLE = '{ secret = { env = "WECOM_SECRET" } }'


@frozen(kw_only=True)
class Wecom(Corp):
    """Takes the callbacks of a WeCom app: contacts, groups of customers, and messages of outside people.

    Set the address of the entry, the token and the EncodingAESKey in the console of the app, and let it receive the
    changes of outside contacts. A callback is taken only where its signature, its moment and its receiver are right;
    it counts once, however often it is delivered.

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

    A channel code (渠道活码) of `codes` is made by `siyu codes --make`. Who joins by it has its name as the event's
    subject, and its place; costs that name it as `code` are told by the metric `cac` with `by = "code"`.

    A welcome code and the second until which it can be used are in the props `welcome_code` and `welcome_until`. There
    is none where the console has a welcome of its own.

    With `app` it is asked as well: every so often all contacts, their tags and all groups are synchronised, since
    callbacks get lost, and what was there before the first one was never called back. What nobody called back is then
    `followed`, `unfollowed`, `group_joined` and so on; a contact that an administrator assigned is `transferred`; tags
    are `marked` and `unmarked`. An end has the subject `unknown, found by synchronisation`. A member who deleted a
    staff member stays in that one's list, so such an end stands. It needs `siyu[http]`.

    ```toml
    [entry.wecom]
    use = "wecom"
    corp = "ww1234567890abcdef"
    tokens = [{ env = "WECOM_TOKEN" }]
    keys = [{ env = "WECOM_KEY" }]
    topics = [{ topic = "after-sales", matches = "退款|坏了" }]
    app = { secret = { env = "WECOM_SECRET" } }
    codes = { mall-1 = { campaign = "spring", place = "Mall 1", staff = ["ann", "bob"] } }
    ```
    """

    most: ClassVar[int] = _wecom_handover.MOST

    app: Pull | None = field(
        default=None,
        metadata=doc("the app to ask with; nothing is asked by default", example={"secret": {"env": "WECOM_SECRET"}}),
    )
    codes: dict[str, Code] = field(
        factory=dict,
        validator=named,
        metadata=doc(
            "the channel codes, by the name that their joinings have as subject", example={"mall": {"staff": ["ann"]}}
        ),
    )
    joins: bool = field(default=True, metadata=doc("whether a person's first contact is a `joined` event too"))
    topics: tuple[Topic, ...] = field(
        default=(), metadata=doc("the topics of messages; the first that fits becomes the event's subject")
    )

    def read(self, intake: Intake) -> Iterable[Batch]:
        """Read what a synchronisation finds, from where the last run ended; the cursor says how far it has come.

        Raises:
            UserError: The secret is not there, or the platform refuses.
        """
        for batch in pulled(self, intake):
            yield self._placed(intake, batch) if batch.table == "events" else batch

    @property
    def hands_over(self) -> bool:
        """Whether there is an app to ask with."""
        return self.app is not None

    def customers(self, folder: Path, former: str, *, resigned: bool) -> Sequence[str]:
        """Return the outside ids of a staff member's contacts; of one who left, those whom nobody serves yet."""
        with self._called(folder) as client:
            return _wecom_handover.customers(client, former, resigned=resigned)

    def ask(self, folder: Path, pair: tuple[str, str], people: Sequence[str], *, resigned: bool) -> Iterable[Handover]:
        """Ask to hand members over, and return whom WeCom refused."""
        with self._called(folder) as client:
            return list(_wecom_handover.asked(client, pair, people, resigned=resigned))

    def handed(self, folder: Path, pair: tuple[str, str], *, resigned: bool) -> Iterable[Handover]:
        """Return what became of all handovers between two staff members."""
        with self._called(folder) as client:
            return list(_wecom_handover.handed(client, pair, resigned=resigned))

    @property
    def channel_codes(self) -> Sequence[ChannelCode]:
        """The channel codes that there should be."""
        return [ChannelCode(name, one.campaign, one.place, one.staff) for name, one in self.codes.items()]

    def make(self, folder: Path, known: Sequence[ChannelCode], now: int) -> Iterable[ChannelCode]:
        """Make the codes that are not known to be there, and change those whose staff differ."""
        with self._called(folder) as client:
            yield from made(client, self.codes, known, now)

    def _called(self, folder: Path) -> AbstractContextManager[Client]:
        if self.app is None:
            raise UserError(f"[entry.{self.name}] has no 'app' to ask with, as in app = {_EXAMPLE}")
        return calling(self.corp, self.app, folder)

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
        batch = self.batch(joining(told, known) if self.joins else told)
        return (self._placed(intake, batch),)

    def _placed(self, intake: Intake, batch: Batch) -> Batch:
        return evolve(batch, rows=placed(intake, self.codes, batch.rows))


@hookimpl
def siyu_register_entries() -> Mapping[str, type[Entry]]:
    """Bring ``wecom``."""
    return {"wecom": Wecom}
