"""A provider with an API of its own, described by a config: address, headers, body, signature, and what it answers."""

from __future__ import annotations

import json
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlencode, urlsplit

from attrs import Attribute, field, frozen

from siyu.config.units import Secret
from siyu.kinds import Receipt, doc
from siyu_plugins._http import Client, joined
from siyu_plugins._platform import Platform, PlatformError
from siyu_plugins._wecom import web_address
from siyu_plugins.channels._answers import Answers
from siyu_plugins.channels._filling import check_template, check_templates, filled, nested
from siyu_plugins.channels._sending import Calling
from siyu_plugins.channels._signing import Signing

if TYPE_CHECKING:
    from siyu.kinds import Message

__all__ = ["Api"]

_FORMS = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


def _check_url(channel: object, attribute: Attribute[str], value: str) -> None:
    web_address(channel, attribute, value)
    check_template(channel, attribute, urlsplit(value).path)


@frozen(kw_only=True)
class Api(Calling):
    """A channel that calls an API described by its config, once for each message."""

    url: str = field(
        validator=_check_url,
        metadata=doc("the address that is called; a template", example="https://api.example.com/messages"),
    )
    method: Literal["POST", "PUT"] = field(default="POST", metadata=doc("how it is called"))
    fields: dict[str, str] = field(
        validator=check_templates,
        metadata=doc(
            "the body: a template for each field; a dot in a key stands for an object within",
            example={"to": "{address}", "content.text": "{text}"},
        ),
    )
    form: Literal["json", "form"] = field(default="json", metadata=doc("how the body is written"))
    headers: dict[str, str] = field(
        factory=dict, validator=check_templates, metadata=doc("further headers; templates", example={"x-app": "siyu"})
    )
    secrets: dict[str, Secret] = field(
        factory=dict,
        metadata=doc("headers that hold a secret", example={"authorization": {"env": "CRM_AUTHORIZATION"}}),
    )
    signature: Signing | None = field(default=None, metadata=doc("how it is signed; not at all by default"))
    key: str = field(
        default="",
        metadata=doc(
            "the header that takes the message's permanent key, of a provider that takes the same key only once; a "
            "message in doubt is then sent again",
            example="idempotency-key",
        ),
    )
    answers: Answers = field(factory=Answers, metadata=doc("what its answers mean"))
    timeout: int = field(default=30, metadata=doc("how long it is waited for an answer", unit="seconds"))

    @timeout.validator
    def _check_timeout(self, _: Attribute[int], value: int) -> None:
        if value < 1:
            raise ValueError(f"expected a wait of 1 second or more, not {value}")

    @property
    def _platform(self) -> Platform:
        """Return what is called; it has no token of its own."""
        return Platform(name=self.name, base=self.url, ask=lambda: ("", {}), timeout=self.timeout)

    def client(self) -> AbstractAsyncContextManager[Client]:
        """Return the client that all messages are posted by."""
        return joined(self._platform)

    async def posted(self, client: Client, message: Message) -> Receipt:
        """Send one message."""
        body, repeats = self._body(message), bool(self.key)
        try:
            reply = await client.exchange(self.method, self._address(message), body, self._headers(message, body))
        except PlatformError as error:
            error.fate = "later" if error.fate == "unknown" and repeats else error.fate
            raise
        return Receipt(message.touch, "sent", provider_id=self.answers.judged(self.name, reply, repeats=repeats))

    def _address(self, message: Message) -> str:
        return filled(self.url, message, lambda word: quote(word, safe=""))

    def _body(self, message: Message) -> bytes:
        if self.form == "form":
            return urlencode({name: filled(template, message) for name, template in self.fields.items()}).encode()
        return json.dumps(nested(self.fields, message), ensure_ascii=False).encode()

    def _headers(self, message: Message, body: bytes) -> dict[str, str]:
        folder: Path = self.folder
        return {
            "content-type": _FORMS[self.form],
            **{name: _one_line(filled(template, message)) for name, template in self.headers.items()},
            **{name: secret.reveal(folder) for name, secret in self.secrets.items()},
            **({self.key: message.key} if self.key else {}),
            **(self.signature.headers(body, folder) if self.signature else {}),
        }


def _one_line(text: str) -> str:
    """Return a header's value: words of a message must not begin another header."""
    return quote(text, safe=" !#$&'()*+,/:;=?@[]~%")
