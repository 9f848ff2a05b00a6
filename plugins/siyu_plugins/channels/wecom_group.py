"""WeCom's mass messages to customer groups (客户群群发): the owner confirms, and the groups get the words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.kinds import Audience, Channel, Receipt, Reminders, doc
from siyu_plugins._wecom import App
from siyu_plugins.channels._mass import Mass
from siyu_plugins.channels._sending import states
from siyu_plugins.channels._tasks import Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.kinds import Message

__all__ = ["WecomGroup", "siyu_register_channels"]

_MOST = 2000


@frozen(kw_only=True)
class WecomGroup(Channel):
    """Hands messages to the owner of customer groups, who confirms them in WeCom; needs ``siyu[http]``.

    Each message goes to all ``chats``, so it takes only messages to a group or the public: what is meant for one
    member is not sent. It is ``handed`` until the owner confirms it, and ``sent`` when it reached one of the groups.
    What is stopped, or over before that, is taken back.

    ```toml
    [channel.tea-circle]
    use = "wecom-group"
    corp = "ww1234567890abcdef"
    app = { secret = { env = "WECOM_SECRET" } }
    owner = "ann"
    chats = ["wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA"]
    ```
    """

    audience: ClassVar[Audience] = "group"
    alike: ClassVar[bool] = True
    polled: ClassVar[bool] = True

    corp: str = field(metadata=doc("the corp's id", example="ww1234567890abcdef"))
    app: App = field(metadata=doc("the app that is called; it needs the right to mass messages (客户联系)"))
    owner: str = field(metadata=doc("who owns the groups and sends", example="ann"))
    chats: tuple[str, ...] = field(metadata=doc("the groups' ids", example=["wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA"]))
    reminding: Reminders | None = field(
        default=None,
        metadata=doc("when the owner is reminded of what is not confirmed; never by default", example={"after": "4h"}),
    )
    folder: Path = field(metadata={**doc("the brand's folder"), "given": True})

    @chats.validator
    def _check_chats(self, _: Attribute[Any], value: tuple[str, ...]) -> None:
        if not 0 < len(set(value)) == len(value) <= _MOST:
            raise ValueError(f"expected 1 to {_MOST} groups, each once")

    def facts(self) -> Mapping[str, object]:
        """State that it sends to groups, and that Tencent keeps what it is sent in China."""
        return states("group", "CN")

    def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        """Make a task of each message to a group."""
        meant = [message for message in messages if message.recipient_kind != "member"]
        private = (message for message in messages if message.recipient_kind == "member")
        yield from (Receipt(one.touch, "failed", "what is meant for one member goes to no group") for one in private)
        if meant:
            yield from self._mass.made([Task.of_groups(self.owner, message, self.chats) for message in meant])

    def look_up(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        """Ask whether messages reached a group."""
        return self._mass.reached(messages)

    @property
    def reminders(self) -> Reminders | None:
        """When the owner is reminded."""
        return self.reminding

    def cancel(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        """Take back what the owner did not confirm yet."""
        return self._mass.reached(messages, withdraw=True)

    def remind(self, provider_ids: Sequence[str]) -> None:
        """Remind the owner, which WeCom lets one do three times in 24 hours."""
        self._mass.remind(provider_ids)

    @property
    def _mass(self) -> Mass:
        return Mass(self.corp, self.app, self.folder, "group")


@hookimpl
def siyu_register_channels() -> Mapping[str, type[Channel]]:
    """Bring ``wecom-group``."""
    return {"wecom-group": WecomGroup}
