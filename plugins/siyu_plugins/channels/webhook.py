"""Webhooks: any HTTP API, by templates of what it is sent."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from siyu import hookimpl
from siyu.kinds import Channel, doc
from siyu_plugins.channels._api import Api
from siyu_plugins.channels._sending import states

__all__ = ["Webhook", "siyu_register_channels"]


@frozen(kw_only=True)
class Webhook(Api):
    """Calls an HTTP API once for each message; needs ``siyu[http]``.

    A template has places such as ``{text}``: address, campaign, content, key, offer, purpose, recipient, sender, step,
    text and title. ``key`` is permanent: the same for a message that is sent again.

    A refusal is final, but for codes of ``answers`` and the statuses 429 (called too often), 503 (later), 401 and 403
    (nothing gets through). After any other status from 500 on, and where no answer comes, nobody knows whether it was
    taken: such a message is not sent again, unless the provider takes the same ``key`` only once.

    ```toml
    [channel.crm]
    use = "webhook"
    to = "phone"
    url = "https://crm.example.com/messages"
    fields = { "to" = "{address}", "content.title" = "{title}", "content.text" = "{text}" }
    signature = { secret = { env = "CRM_SECRET" } }
    key = "idempotency-key"
    answers = { code = "code", accepted = ["0"], limited = ["429"], id = "data.id" }
    ```
    """

    to: str = field(
        default="", metadata=doc("the kind of outside id that it sends to; none by default", example="phone")
    )
    message: str = field(default="", metadata=doc("what it sends, for rule packs: chat, mail, sms …", example="chat"))
    data_region: str = field(
        default="", metadata=doc("the country where the provider keeps what it is sent, for rule packs", example="CN")
    )
    transfer_basis: str = field(
        default="", metadata=doc("why data may go there, and where the proof is kept, for rule packs")
    )

    @property
    def address(self) -> str:  # type: ignore[override]  # each config has another, and nobody sets it later
        """The kind of outside id that it sends to."""
        return self.to

    def facts(self) -> Mapping[str, object]:
        """State what it sends, and where its provider is."""
        return states(self.message, self.data_region, self.transfer_basis)


@hookimpl
def siyu_register_channels() -> Mapping[str, type[Channel]]:
    """Bring ``webhook``."""
    return {"webhook": Webhook}
