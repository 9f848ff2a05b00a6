"""WeCom's mass messages to customers (客户群发): a staff member confirms, and each of their contacts gets the words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from attrs import evolve, field, frozen

from siyu import hookimpl
from siyu.kinds import Channel, Mark, Receipt, Reminders, doc
from siyu_plugins._wecom import App
from siyu_plugins.channels._marking import marked
from siyu_plugins.channels._mass import Mass
from siyu_plugins.channels._sending import local, states
from siyu_plugins.channels._tasks import tasks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.kinds import Message

__all__ = ["WecomCustomer", "siyu_register_channels"]


@frozen(kw_only=True)
class WecomCustomer(Channel):
    """Hands mass messages to the staff whose contacts the members are; needs ``siyu[http]``.

    Messages of one campaign, sender, content and words are one task for up to 10,000 members, so a task has the same
    words for all: what differs from member to member has to stand in items of its own, and ``siyu check`` refuses words
    with a place for a name. Whoever took the member as a contact last confirms a task in WeCom; until then a message is
    ``handed``, uses its places under all caps, and what became of it is asked for. A quota of ``each = "sender"``
    bounds what a staff member is asked to send; what is more waits. What is stopped, or over before anybody confirmed
    it, is taken back. Addresses are ``wecom:wm…``.

    ```toml
    [channel.customers]
    use = "wecom-customer"
    corp = "ww1234567890abcdef"
    app = { secret = { env = "WECOM_SECRET" } }
    quotas = [{ times = 200, per = "day", each = "sender" }]
    reminding = { after = "4h", times = 2 }
    ```
    """

    address: ClassVar[str] = "wecom"
    batch: ClassVar[int] = 10_000
    alike: ClassVar[bool] = True
    by_staff: ClassVar[bool] = True
    polled: ClassVar[bool] = True
    most: ClassVar[int] = 10_000

    corp: str = field(metadata=doc("the corp's id", example="ww1234567890abcdef"))
    app: App = field(metadata=doc("the app that is called; it needs the right to mass messages (客户联系)"))
    staff: str = field(
        default="",
        metadata=doc("who sends where a member is nobody's contact; they are not sent to by default", example="ann"),
    )
    reminding: Reminders | None = field(
        default=None,
        metadata=doc("when staff are reminded of what they did not confirm; never by default", example={"after": "4h"}),
    )
    folder: Path = field(metadata={**doc("the brand's folder"), "given": True})

    def facts(self) -> Mapping[str, object]:
        """State that it sends to customers, and that Tencent keeps what it is sent in China."""
        return states("chat", "CN")

    @property
    def stand_in(self) -> str:
        """Who sends to those who are nobody's contacts."""
        return self.staff

    def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        """Make a task of all messages that are the same; those without a sender or an address are ``failed``."""
        able = []
        for message in map(self._sent_by, messages):
            if message.sender and self._address(message):
                able.append(message)
            else:
                lacks = f"id of {self.corp}" if message.sender else "staff member who could send it"
                yield Receipt(message.touch, "failed", f"the member has no {lacks}")
        if able:
            yield from self._mass.made(tasks(able, self._address, self.most))

    def look_up(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        """Ask what became of tasks: sent, or refused; of what nobody confirmed yet, nothing."""
        return self._mass.became([self._sent_by(message) for message in messages], self._address)

    @property
    def reminders(self) -> Reminders | None:
        """When staff are reminded."""
        return self.reminding

    def cancel(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        """Take back the tasks that nobody confirmed yet."""
        return self._mass.withdrawn([self._sent_by(message) for message in messages], self._address)

    def remind(self, provider_ids: Sequence[str]) -> None:
        """Remind the staff of tasks, which WeCom lets one do three times in 24 hours."""
        self._mass.remind(provider_ids)

    def show_marks(self, changes: Sequence[Mark]) -> Iterable[Mark]:
        """Change the tags that each of a member's staff has on them; who is nobody's contact has none."""
        return marked(self.corp, self.app, self.folder, changes)

    @property
    def _mass(self) -> Mass:
        return Mass(self.corp, self.app, self.folder, "single")

    def _sent_by(self, message: Message) -> Message:
        return message if message.sender or not self.staff else evolve(message, sender=self.staff)

    def _address(self, message: Message) -> str:
        return local(message.address, self.corp)


@hookimpl
def siyu_register_channels() -> Mapping[str, type[Channel]]:
    """Bring ``wecom-customer``."""
    return {"wecom-customer": WecomCustomer}
