"""Mini programs (小程序): subscribe messages, of which a member takes as many as they agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.kinds import Allowance, Channel, Receipt, doc
from siyu_plugins._http import Client, joined
from siyu_plugins._wechat import Account, wechat
from siyu_plugins.channels._filling import check_template, check_templates, filled
from siyu_plugins.channels._sending import Calling, local, states

if TYPE_CHECKING:
    from siyu.kinds import Message

__all__ = ["MiniProgram", "siyu_register_channels"]


@frozen(kw_only=True)
class MiniProgram(Calling):
    """Sends subscribe messages of a mini program; needs ``siyu[http]``.

    Each consent of a member to the template, an event ``allowed`` with the template as its subject, is good for one
    message; without one a touch waits. WeChat refuses what it has no consent for, which is final.
    Addresses are openids of this mini program: ``openid:wx…/o…``. Source:
    developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html

    ```toml
    [channel.notices]
    use = "mini-program"
    account = { appid = "wx0123456789abcdef", secret = { env = "MINI_PROGRAM_APP_SECRET" } }
    template = "wXQCnV5ZQ2hT3sJ4"
    fields = { thing1 = "{title}", thing4 = "{text}" }
    page = "pages/offers/index?offer={offer}"
    ```
    """

    address: ClassVar[str] = "openid"

    account: Account = field(metadata=doc("the mini program, and its secret"))
    template: str = field(metadata=doc("the template's id", example="wXQCnV5ZQ2hT3sJ4"))
    fields: dict[str, str] = field(
        validator=check_templates,
        metadata=doc("what stands in the template's fields", example={"thing1": "{title}"}),
    )
    page: str = field(
        default="",
        validator=check_template,
        metadata=doc("the page that it leads to; a template", example="pages/index?from={campaign}"),
    )
    program: Literal["formal", "trial", "developer"] = field(
        default="formal", metadata=doc("which version of the mini program it leads to")
    )

    spends: Allowance | None = field(
        metadata=doc(
            "what members give one of for each message; an event 'allowed' of the template by default",
            example={"event": "allowed", "subject": "wXQCnV5ZQ2hT3sJ4"},
        )
    )

    @spends.default
    def _consents(self) -> Allowance:
        return Allowance(event="allowed", subject=self.template)

    @fields.validator
    def _check_fields(self, _: Attribute[Any], value: Mapping[str, str]) -> None:
        if not value:
            raise ValueError("expected what stands in the template's fields, as in { thing1 = '{title}' }")

    def facts(self) -> Mapping[str, object]:
        """State that it sends subscribe messages, and that Tencent keeps them in China."""
        return states("subscribe", "CN")

    def client(self) -> AbstractAsyncContextManager[Client]:
        """Return the client that all messages are posted by."""
        return joined(wechat(self.account, self.folder))

    async def posted(self, client: Client, message: Message) -> Receipt:
        """Send one message."""
        openid = local(message.address, self.account.appid)
        if not openid:
            return Receipt(message.touch, "failed", f"the member has no openid of {self.account.appid}")
        body = {
            "touser": openid,
            "template_id": self.template,
            "miniprogram_state": self.program,
            "data": {name: {"value": filled(template, message)} for name, template in self.fields.items()},
            **({"page": filled(self.page, message)} if self.page else {}),
        }
        await client.tell("message/subscribe/send", body)
        return Receipt(message.touch, "sent")


@hookimpl
def siyu_register_channels() -> Mapping[str, type[Channel]]:
    """Bring ``mini-program``."""
    return {"mini-program": MiniProgram}
