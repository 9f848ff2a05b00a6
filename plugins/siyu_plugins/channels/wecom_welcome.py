"""WeCom's welcome (欢迎语): the one message that goes out by itself when somebody adds a staff member as a contact."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, ClassVar

from attrs import evolve, field, frozen

from siyu import hookimpl
from siyu.config.units import Duration
from siyu.kinds import Channel, Opening, Receipt, doc
from siyu_plugins._http import Client, joined
from siyu_plugins._tencent.contacts import WELCOME
from siyu_plugins._wecom import App, platform_of
from siyu_plugins.channels._sending import Calling, states
from siyu_plugins.channels._tasks import words_of

if TYPE_CHECKING:
    from siyu.kinds import Message

__all__ = ["WecomWelcome", "siyu_register_channels"]

# Source: developer.work.weixin.qq.com/document/path/92137 (the words), 92599 (20 s, once; the codes)
_LARGEST = 4000
_TAKEN, _OTHERS = 41051, 41096
_HINTS = {
    _TAKEN: "they chat already, or another app has welcomed them: the code is of no more use",
    _OTHERS: "another app is welcoming them just now",
}
# So long a call may take at most, so that what is tried again has a chance.
_TIMEOUT = 5.0


@frozen(kw_only=True)
class WecomWelcome(Calling):
    """Answers a new contact within the 20 seconds that WeCom gives for it; needs ``siyu[http]``.

    The callback of a new contact brings a code, which the entry ``wecom`` keeps; it takes one message, in the staff
    member's name and without anybody's doing. So the channel is open for 20 seconds from the moment of that event, and
    for one touch; what is later is not sent. There is no code where WeCom's console has a welcome of its own. Let the
    web application tick (``siyu.asgi.application(brand, ticks=True)``): then a welcome goes out right after the
    callback. Words are of 4,000 bytes at most.

    ```toml
    [channel.hello]
    use = "wecom-welcome"
    corp = "ww1234567890abcdef"
    app = { secret = { env = "WECOM_SECRET" } }
    ```
    """

    code: ClassVar[str] = "welcome_code"

    corp: str = field(metadata=doc("the corp's id", example="ww1234567890abcdef"))
    app: App = field(metadata=doc("the app that is called, which must be one that gets the callbacks"))
    opens: tuple[Opening, ...] = field(
        default=(Opening(event="followed", within=Duration.parse(f"{WELCOME}s"), times=1),),
        metadata=doc(
            "what opens it to a member for a while", example=[{"event": "followed", "within": "20s", "times": 1}]
        ),
    )

    def facts(self) -> Mapping[str, object]:
        """State that it sends to customers, and that Tencent keeps what it is sent in China."""
        return states("chat", "CN")

    def client(self) -> AbstractAsyncContextManager[Client]:
        """Return the client that all messages are posted by."""
        platform = platform_of(self.corp, self.app, self.folder)
        hints, busy = {**platform.hints, **_HINTS}, platform.busy | {_OTHERS}
        return joined(evolve(platform, hints=hints, busy=busy, timeout=_TIMEOUT))

    async def posted(self, client: Client, message: Message) -> Receipt:
        """Send one message by its code."""
        words = words_of(message)
        size = len(words.encode())
        if size > _LARGEST:
            return Receipt(message.touch, "failed", f"its {size} bytes are more than the {_LARGEST} that WeCom takes")
        body = {"welcome_code": message.code, "text": {"content": words}}
        await client.tell("externalcontact/send_welcome_msg", body)
        return Receipt(message.touch, "sent")


@hookimpl
def siyu_register_channels() -> Mapping[str, type[Channel]]:
    """Bring ``wecom-welcome``."""
    return {"wecom-welcome": WecomWelcome}
