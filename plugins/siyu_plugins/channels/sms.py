"""Text messages to phones, over the HTTP API of whoever sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from attrs import Attribute, evolve, field, frozen

from siyu import hookimpl
from siyu.kinds import Channel, Receipt, doc
from siyu_plugins.channels._api import Api
from siyu_plugins.channels._sending import MARKETING, states

if TYPE_CHECKING:
    from siyu.kinds import Message
    from siyu_plugins._http import Client

__all__ = ["Sms", "siyu_register_channels"]


@frozen(kw_only=True)
class Sms(Api):
    """Sends text messages by a provider's HTTP API; needs ``siyu[http]``.

    What is sent is the ``mark`` that carriers ask for, then the item's words. A marketing message that names none of
    ``opt_out`` is not sent: who gets it must learn how to refuse more. Templates and answers are as for ``webhook``.

    What the provider posts back comes in by entries ``webhook``: answers as ``replied`` with the words in
    ``props.text``, of which those of ``[consent] words`` take the member off the channel that ``[consent.channels]``
    gives the entry, and reports as ``delivered`` and ``bounced`` with the message's ``{key}`` as their ``ref``.

    ```toml
    [channel.sms]
    use = "sms"
    url = "https://sms.example.com/send"
    fields = { "phone" = "{address}", "text" = "{text}" }
    secrets = { authorization = { env = "SMS_AUTHORIZATION" } }
    mark = "【云雾茶社】"
    answers = { code = "code", accepted = ["OK"], limited = ["LIMIT_CONTROL"], broken = ["OUT_OF_BALANCE"] }

    [consent.channels]
    sms-answers = "sms"

    [entry.sms-answers]
    use = "webhook"
    signature = { secrets = [{ env = "SMS_ANSWERS_SECRET" }] }
    type = "replied"
    member = "phone:{phone}"
    id = "{sequence}"
    time = "at"
    props = { text = "content" }
    ```
    """

    address: ClassVar[str] = "phone"

    mark: str = field(default="", metadata=doc("who sends it, before the words", example="【云雾茶社】"))
    opt_out: tuple[str, ...] = field(
        default=("退订", "拒收", "TD", "STOP"),
        metadata=doc("the words that say how to refuse; a marketing message names one of them"),
    )
    most: int = field(
        default=500, metadata=doc("how long it may be, mark included; longer ones are not sent", unit="characters")
    )
    data_region: str = field(default="", metadata=doc("the country where the provider keeps what it is sent"))
    transfer_basis: str = field(default="", metadata=doc("why data may go there, and where the proof is kept"))

    @opt_out.validator
    def _check_opt_out(self, _: Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
        if not value or not all(word.strip() for word in value):
            raise ValueError("expected at least one word that says how to refuse, as in ['退订']")

    @most.validator
    def _check_most(self, _: Attribute[int], value: int) -> None:
        if value < 1:
            raise ValueError(f"expected a length of 1 character or more, not {value}")

    def facts(self) -> Mapping[str, object]:
        """State that it sends text messages, and where its provider is."""
        return states("sms", self.data_region, self.transfer_basis)

    async def posted(self, client: Client, message: Message) -> Receipt:
        """Send one message, unless it is too long or says not how to refuse more."""
        text = self.mark + message.text
        if message.purpose == MARKETING and not any(word.lower() in text.lower() for word in self.opt_out):
            reason = f"a marketing message must say how to refuse: name one of {', '.join(self.opt_out)}"
            return Receipt(message.touch, "failed", reason)
        if len(text) > self.most:
            return Receipt(message.touch, "failed", f"its {len(text)} characters are more than {self.most}")
        return await super().posted(client, evolve(message, text=text))


@hookimpl
def siyu_register_channels() -> Mapping[str, type[Channel]]:
    """Bring ``sms``."""
    return {"sms": Sms}
