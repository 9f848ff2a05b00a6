"""Official account (公众号): who follows it, scans its codes, uses its menu and writes to it."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.kinds import Batch, doc
from siyu_plugins._tencent.accounts import account
from siyu_plugins._tencent.door import Door
from siyu_plugins._tencent.envelope import document
from siyu_plugins._tencent.facts import COLUMNS, framed
from siyu_plugins._tencent.news import joining
from siyu_plugins._tencent.refusal import Refusal
from siyu_plugins._tencent.topics import Topic, topical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.kinds import Entry, Frame, Intake, Request
    from siyu_plugins._tencent.envelope import Lock
    from siyu_plugins._tencent.xml import Xml

__all__ = ["OfficialAccount", "siyu_register_entries"]


@frozen(kw_only=True)
class OfficialAccount(Door):
    """Takes the messages and events of an official account.

    | from the platform | event | subject |
    |---|---|---|
    | `subscribe` | `followed`, and `joined` where the person is new | the scene of the code that was scanned |
    | `unsubscribe` | `unfollowed` | `member` |
    | `SCAN` | `scanned` | the scene |
    | `CLICK`, `VIEW`, `view_miniprogram` | `clicked` | the menu's key, link or page |
    | messages | `messaged` | the topic |

    People are known as `openid:APP/OPENID`. The answer is `success`, once the rows are kept: the platform waits for it
    for 5 seconds and tries three times, and each message counts once. Replies by that answer are not made.

    `mode` is that of the console. Mode `plain` signs a moment and not what is said then, so that whoever overhears one
    message can forge others while it is fresh: use `aes`. Mode `compatible` is as safe as
    `aes`; of what comes in both forms only the encrypted one is read.

    When somebody unsubscribes, the platform asks to delete what is known of them.

    ```toml
    [entry.account]
    use = "official-account"
    app = "wx1234567890abcdef"
    tokens = [{ env = "ACCOUNT_TOKEN" }]
    keys = [{ env = "ACCOUNT_KEY" }]
    ```
    """

    thanks: ClassVar[bytes] = b"success"

    app: str = field(metadata=doc("the account's app id", example="wx1234567890abcdef"))
    mode: Literal["aes", "compatible", "plain"] = field(
        default="aes", metadata=doc("how messages come: encrypted, in both forms, or not encrypted")
    )
    account: str = field(
        default="",
        metadata=doc("the account's original id, which messages of mode plain must be for", example="gh_1234567890ab"),
    )
    joins: bool = field(default=True, metadata=doc("whether the first following is a `joined` event too"))
    topics: tuple[Topic, ...] = field(
        default=(), metadata=doc("the topics of messages; the first that fits becomes the event's subject")
    )

    @account.validator
    def _check_account(self, _: Attribute[Any], value: str) -> None:
        if self.mode == "plain" and not value:
            raise ValueError("mode plain needs the account's original id, gh_…, to tell whom a message is for")

    @property
    def receiver(self) -> str:
        """The app's id."""
        return self.app

    def shown(self, request: Request, lock: Lock) -> bytes:
        """Return ``echostr``, which is not encrypted in any mode."""
        lock.signs(request, "signature")
        return request.query.get("echostr", "").encode("utf-8", "surrogatepass")

    def opened(self, request: Request, lock: Lock) -> Xml:
        """Return the message that the body is, or that is encrypted in it."""
        if self.mode == "plain":
            return self._plain(request, lock)
        encrypted = document(request.body)["Encrypt"]
        if not encrypted:
            raise Refusal(400, "the body has no Encrypt")
        return document(lock.opened(request, encrypted))

    def taken(self, message: Xml, intake: Intake) -> tuple[Batch, ...]:
        """Return what a message says."""
        facts = account(message, self.app)
        if not facts:
            return ()
        told = framed(intake, facts)
        if facts[0]["type"] == "messaged":
            return (self._batch(topical(told, self.topics)),)
        if not self.joins or facts[0]["type"] != "followed":
            return (self._batch(told),)
        known = intake.events_of([facts[0]["identity"]], ["joined", "followed"])
        return (self._batch(joining(told, known)),)

    def _plain(self, request: Request, lock: Lock) -> Xml:
        lock.signs(request, "signature")
        message = document(request.body)
        if not hmac.compare_digest(message["ToUserName"].encode(), self.account.encode()):
            raise Refusal(403, "the message is for another receiver")
        return message

    def _batch(self, facts: Frame) -> Batch:
        return Batch(rows=facts.select(*COLUMNS, source=nw.lit(f"official-account/{self.app}")))


@hookimpl
def siyu_register_entries() -> Mapping[str, type[Entry]]:
    """Bring ``official-account``."""
    return {"official-account": OfficialAccount}
