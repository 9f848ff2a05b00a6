"""E-mail by SMTP, encrypted on the way, signed by the sender's domain, and refused by one click."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterable, Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.config.units import Secret
from siyu.kinds import Channel, Receipt, doc
from siyu_plugins.channels._mail import Dkim, Unsubscribe, written
from siyu_plugins.channels._sending import MARKETING, states
from siyu_plugins.channels._smtp import Refused, connected, transmitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.kinds import Message

__all__ = ["Email", "siyu_register_channels"]


@frozen(kw_only=True)
class Email(Channel):
    """Sends mail by an SMTP server; signatures (``dkim``) need ``siyu[email]``.

    A mail has the words as plain text and as HTML, and in its header how to refuse more by one click of the mail
    program (RFC 8058): by the member's own page where ``[brand] url`` says where that is, or by an address of your own,
    ``unsubscribe.url``; a marketing one with neither is not sent. What the server refuses for good is final,
    what it refuses for now is tried again; where the line breaks after the words went out, nobody knows.

    ```toml
    [channel.mail]
    use = "email"
    host = "smtp.example.com"
    sender = "Tea Shop <news@tea.example.com>"
    user = "siyu"
    password = { env = "SMTP_PASSWORD" }
    postal_address = "Tea Shop, 1 Tea Road, Hangzhou"
    unsubscribe = { words = "No more of these" }
    dkim = { domain = "tea.example.com", selector = "siyu", key = { file = ".siyu/dkim.pem" } }
    ```
    """

    address: ClassVar[str] = "email"
    # One after another over one line: a larger batch would keep other channels waiting for too long.
    batch: ClassVar[int] = 100

    host: str = field(metadata=doc("the SMTP server", example="smtp.example.com"))
    port: int = field(default=0, metadata=doc("its port; 587, or 465 for tls = 'wrapped'", example=587))
    tls: Literal["starttls", "wrapped", "none"] = field(
        default="starttls",
        metadata=doc("how the line is encrypted: after the greeting, from its begin, or, on this machine only, not"),
    )
    authority: str = field(
        default="", metadata=doc("a file of certificates to trust besides the system's, relative to the brand's folder")
    )
    user: str = field(default="", metadata=doc("who logs in; nobody by default"))
    password: Secret | None = field(default=None, metadata=doc("where the password is kept"))
    sender: str = field(metadata=doc("whom it comes from", example="Tea Shop <news@tea.example.com>"))
    postal_address: str = field(
        default="", metadata=doc("the sender's postal address, which stands below the words of each mail")
    )
    unsubscribe: Unsubscribe = field(factory=Unsubscribe, metadata=doc("where a reader refuses more"))
    dkim: Dkim | None = field(default=None, metadata=doc("the signature of the sender's domain"))
    timeout: int = field(default=30, metadata=doc("how long it is waited for an answer", unit="seconds"))
    data_region: str = field(default="", metadata=doc("the country where the server's provider keeps mail"))
    transfer_basis: str = field(default="", metadata=doc("why data may go there, and where the proof is kept"))
    folder: Path = field(metadata={**doc("the brand's folder"), "given": True})
    brand_url: str = field(default="", metadata={**doc("where members' own pages are"), "given": True})

    @tls.validator
    def _check_tls(self, _: Attribute[str], value: str) -> None:
        if value == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError(f"expected tls = 'starttls' or 'wrapped', since {self.host} is another machine")

    @password.validator
    def _check_password(self, _: Attribute[Secret | None], value: Secret | None) -> None:
        if bool(self.user) != (value is not None):
            raise ValueError("expected both 'user' and 'password', or none of them")

    @sender.validator
    def _check_sender(self, _: Attribute[str], value: str) -> None:
        if "@" not in parseaddr(value)[1]:
            raise ValueError(f"expected a mail address, as in 'Tea Shop <news@tea.example.com>', not '{value}'")

    def facts(self) -> Mapping[str, object]:
        """State that it sends mail, from where, and how more is refused."""
        one_click = self.unsubscribe.url or self.brand_url
        facts = states("mail", self.data_region, self.transfer_basis)
        return {**facts, "one_click": one_click, "postal_address": self.postal_address}

    def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
        """Send messages over one connection, which is made anew where it breaks."""
        server: smtplib.SMTP | None = None
        try:
            for position, message in enumerate(messages):
                try:
                    content = self._content(message)
                    server = server or self._connected()
                    transmitted(server, parseaddr(self.sender)[1], message.address, content)
                    yield Receipt(message.touch, "sent", provider_id=message.key)
                except Refused as refused:
                    yield refused.receipt(message)
                    if refused.again == "broken":
                        yield from (refused.receipt(one) for one in messages[position + 1 :])
                        return
                    server = None if refused.gone else server
        finally:
            if server is not None:
                server.close()

    def _connected(self) -> smtplib.SMTP:
        port = self.port or (465 if self.tls == "wrapped" else 587)
        password = self.password.reveal(self.folder) if self.password else ""
        context = ssl.create_default_context(cafile=str(self.folder / self.authority) if self.authority else None)
        return connected((self.host, port), self.tls, context, (self.user, password), self.timeout)

    def _content(self, message: Message) -> bytes:
        link = self.unsubscribe.link(message, self.folder)
        if message.purpose == MARKETING and not link:
            raise Refused("a marketing mail needs [brand] url or 'unsubscribe.url', where its reader refuses more")
        name, address = parseaddr(message.address)
        if name or "@" not in address or address != message.address:
            raise Refused("the member has no mail address")
        content = written(message, parseaddr(self.sender), self.postal_address, link, self.unsubscribe.words)
        return self.dkim.signed(content, self.folder) if self.dkim else content


@hookimpl
def siyu_register_channels() -> Mapping[str, type[Channel]]:
    """Bring ``email``."""
    return {"email": Email}
