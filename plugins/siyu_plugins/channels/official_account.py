"""Official accounts (公众号): template messages, and messages of customer service."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.config.units import Duration
from siyu.kinds import Channel, Opening, Receipt, doc
from siyu_plugins._http import Client, joined
from siyu_plugins._wechat import Account, wechat
from siyu_plugins.channels._filling import check_template, check_templates, filled
from siyu_plugins.channels._sending import MARKETING, Calling, local, states

if TYPE_CHECKING:
    from siyu.kinds import Message

__all__ = ["OfficialAccount", "siyu_register_channels"]

# Source: developers.weixin.qq.com/doc/offiaccount/Message_Management (template and customer-service messages)
_LARGEST = 2048
_DAYS, _MINUTE = Duration.parse("48h"), Duration.parse("1m")
_WINDOWS = (
    Opening(event="messaged", within=_DAYS, times=5),
    Opening(event="paid", within=_DAYS),
    *(Opening(event=event, within=_MINUTE, times=3) for event in ("clicked", "scanned", "followed")),
)


@frozen(kw_only=True)
class OfficialAccount(Calling):
    """Writes to those who follow an official account; needs ``siyu[http]``.

    With ``template``, a template message whose ``fields`` are filled from the message: WeChat forbids marketing in
    those, so a marketing message is not sent. Without, a message of customer service, which WeChat takes only in a
    window that the member opened: 5 in the 48 hours after they wrote, 3 in the minute after a menu click, a scan or a
    follow, any number in the 48 hours after they paid. Until then a touch waits; tell by ``opens`` which entry is the
    account's, where events of these types come in by others too: what WeChat refuses is final.

    Addresses are openids of this account: ``openid:wx…/o…``.

    ```toml
    [channel.account]
    use = "official-account"
    account = { appid = "wx0123456789abcdef", secret = { env = "WECHAT_SECRET" } }
    template = "ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY"
    fields = { thing1 = "{title}", thing2 = "{text}" }
    ```
    """

    address: ClassVar[str] = "openid"

    account: Account = field(metadata=doc("the account, and its secret"))
    template: str = field(
        default="",
        metadata=doc("the template's id; a message of customer service by default", example="ngqIpbwh8bUfcSsECmogfXc"),
    )
    fields: dict[str, str] = field(
        factory=dict,
        validator=check_templates,
        metadata=doc("what stands in the template's fields", example={"thing1": "{title}"}),
    )
    link: str = field(
        default="",
        validator=check_template,
        metadata=doc("where a template message leads to; a template", example="https://example.com/t/{content}"),
    )

    opens: tuple[Opening, ...] = field(
        metadata=doc(
            "what opens it to a member for a while; the windows of customer service where there is no template",
            example=[{"event": "messaged", "entry": "account", "within": "48h", "times": 5}],
        )
    )

    @opens.default
    def _windows(self) -> tuple[Opening, ...]:
        return () if self.template else _WINDOWS

    @fields.validator
    def _check_fields(self, _: Attribute[Any], value: Mapping[str, str]) -> None:
        if bool(value) != bool(self.template):
            raise ValueError("expected both 'template' and 'fields', what stands in its fields; or none of them")

    def facts(self) -> Mapping[str, object]:
        """State what it sends, and that Tencent keeps it in China."""
        return states("template" if self.template else "chat", "CN")

    def client(self) -> AbstractAsyncContextManager[Client]:
        """Return the client that all messages are posted by."""
        return joined(wechat(self.account, self.folder))

    async def posted(self, client: Client, message: Message) -> Receipt:
        """Send one message."""
        openid = local(message.address, self.account.appid)
        if not openid:
            return Receipt(message.touch, "failed", f"the member has no openid of {self.account.appid}")
        return await (self._by_template if self.template else self._by_service)(client, message, openid)

    async def _by_template(self, client: Client, message: Message, openid: str) -> Receipt:
        if message.purpose == MARKETING:
            return Receipt(message.touch, "failed", "WeChat forbids marketing in template messages")
        data = {name: {"value": filled(template, message)} for name, template in self.fields.items()}
        body = {"touser": openid, "template_id": self.template, "data": data, "client_msg_id": message.key}
        answer = await client.tell("message/template/send", {**body, **self._leading(message)})
        return Receipt(message.touch, "sent", provider_id=str(answer.get("msgid", "")))

    def _leading(self, message: Message) -> dict[str, str]:
        return {"url": filled(self.link, message)} if self.link else {}

    async def _by_service(self, client: Client, message: Message, openid: str) -> Receipt:
        words = "\n".join(part for part in (message.title, message.text) if part)
        size = len(words.encode())
        if size > _LARGEST:
            return Receipt(message.touch, "failed", f"its {size} bytes are more than the {_LARGEST} that WeChat takes")
        await client.tell("message/custom/send", {"touser": openid, "msgtype": "text", "text": {"content": words}})
        return Receipt(message.touch, "sent")


@hookimpl
def siyu_register_channels() -> Mapping[str, type[Channel]]:
    """Bring ``official-account``."""
    return {"official-account": OfficialAccount}
