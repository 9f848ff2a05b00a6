"""WeCom's group robots (群机器人): what a group of staff gets."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, ClassVar, Literal

from attrs import field, frozen

from siyu import hookimpl
from siyu.config.units import Secret
from siyu.kinds import Audience, Channel, Rate, Receipt, doc
from siyu_plugins._http import Client, joined
from siyu_plugins._platform import Platform
from siyu_plugins._wecom import PATIENCE, web_address
from siyu_plugins.channels._sending import Calling, states

if TYPE_CHECKING:
    from siyu.kinds import Message

__all__ = ["WecomRobot", "siyu_register_channels"]

# The limits are those of developer.work.weixin.qq.com/document/path/91770.
_LARGEST = {"text": 2048, "markdown": 4096}
_BROKEN = frozenset({93000, 93004, 93008})
_HINTS = {93000: "look whether the key is that of a robot that is still in its group"}


@frozen(kw_only=True)
class WecomRobot(Calling):
    """Posts into a group by its robot; needs ``siyu[http]``.

    Everybody in the group reads it, so it suits messages to groups and notes for staff, and none to one member. The
    title is the first line. A robot takes 20 messages a minute; one of more than 2,048 bytes, or 4,096 of markdown, is
    not sent: a letter of Chinese has three.

    ```toml
    [channel.team]
    use = "wecom-robot"
    key = { env = "WECOM_ROBOT_KEY" }
    ```
    """

    audience: ClassVar[Audience] = "group"

    rate: Rate | None = field(
        default=Rate(20, 60), metadata=doc("how many messages it sends in any such span at most", example="20/min")
    )
    key: Secret = field(
        metadata=doc("where the robot's key is kept, from its address", example={"env": "WECOM_ROBOT_KEY"})
    )
    form: Literal["text", "markdown"] = field(default="text", metadata=doc("how the words are shown"))
    base_url: str = field(
        default="https://qyapi.weixin.qq.com/cgi-bin",
        validator=web_address,
        metadata=doc("the address that all paths start from", example="https://qyapi.weixin.qq.com/cgi-bin"),
    )

    def facts(self) -> Mapping[str, object]:
        """State that it sends to groups, and that Tencent keeps what it is sent in China."""
        return states("group", "CN")

    def client(self) -> AbstractAsyncContextManager[Client]:
        """Return the client that all messages are posted by."""
        platform = Platform(
            name="WeCom's robot",
            base=self.base_url,
            ask=lambda: ("", {}),
            busy=frozenset({-1}),
            blocked=frozenset({45009, 45033}),
            broken=_BROKEN,
            hints=_HINTS,
            block=PATIENCE[1],
        )
        return joined(platform)

    async def posted(self, client: Client, message: Message) -> Receipt:
        """Post one message."""
        words = "\n".join(part for part in (message.title, message.text) if part)
        size, largest = len(words.encode()), _LARGEST[self.form]
        if size > largest:
            return Receipt(message.touch, "failed", f"its {size} bytes are more than the {largest} that a robot takes")
        body = {"msgtype": self.form, self.form: {"content": words}}
        await client.tell("webhook/send", body, signed=False, key=self.key.reveal(self.folder))
        return Receipt(message.touch, "sent")


@hookimpl
def siyu_register_channels() -> Mapping[str, type[Channel]]:
    """Bring ``wecom-robot``."""
    return {"wecom-robot": WecomRobot}
