"""Mail: how a message is written, with the headers that let its reader refuse more by one click, and signed."""

from __future__ import annotations

import hmac
import html
import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, formatdate
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from attrs import Attribute, field, frozen

from siyu.config.units import Secret
from siyu.errors import UserError
from siyu.kinds import doc
from siyu_plugins._wecom import web_address

if TYPE_CHECKING:
    from siyu.kinds import Message

__all__ = ["Dkim", "Unsubscribe", "written"]

_LINK = re.compile(r"https://[^\s<>\"]+")
_COVERED = (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type")
_REFUSING = (b"list-unsubscribe", b"list-unsubscribe-post")


@frozen(kw_only=True)
class Unsubscribe:
    """Where a reader refuses more: RFC 8058 by one click of the mail program, and a link in the words."""

    url: str = field(
        default="",
        metadata=doc(
            "an address of your own that takes a refusal by POST, in place of the member's page; {key} is the "
            "message's, {signature} shows that siyu made it",
            example="https://tea.example.com/unsubscribe?touch={key}&proof={signature}",
        ),
    )
    secret: Secret | None = field(
        default=None, metadata=doc("what {signature} is made with", example={"env": "UNSUBSCRIBE_SECRET"})
    )
    words: str = field(default="Unsubscribe", metadata=doc("what stands before the link", example="退订"))

    @url.validator
    def _check_url(self, attribute: Attribute[str], value: str) -> None:
        if not value:
            return
        web_address(self, attribute, value.partition("?")[0])
        if not value.startswith("https://"):
            raise ValueError(f"expected an address with https, as RFC 8058 asks for, not '{value}'")
        if "{key}" not in value or "{signature}" not in value:
            raise ValueError("expected {key} and {signature} in the address, so that it shows who refuses")

    @secret.validator
    def _check_secret(self, _: Attribute[Secret | None], value: Secret | None) -> None:
        if bool(self.url) != (value is not None):
            raise ValueError("expected both 'url' and 'secret', or none of them")

    def link(self, message: Message, folder: Path) -> str:
        """Return the address for one message: the member's own page, or one with the HMAC-SHA256 of its key in hex."""
        if self.secret is None:
            return message.unsubscribe
        made = hmac.digest(self.secret.reveal(folder).encode(), message.key.encode(), sha256).hex()
        return self.url.replace("{key}", quote(message.key, safe="")).replace("{signature}", made)


@frozen(kw_only=True)
class Dkim:
    """The signature of the sender's domain (RFC 6376); needs ``siyu[email]``."""

    domain: str = field(metadata=doc("the domain", example="tea.example.com"))
    selector: str = field(metadata=doc("which of the domain's keys it is", example="siyu"))
    key: Secret = field(metadata=doc("where the private key is kept, as PEM", example={"file": ".siyu/dkim.pem"}))

    def signed(self, content: bytes, folder: Path) -> bytes:
        """Return a mail with its signature before it, which covers the headers that refuse, too.

        Raises:
            UserError: dkimpy is not installed, or the key is none.
        """
        try:
            import dkim
        except ImportError as error:
            raise UserError("to sign mail, install what does: pip install 'siyu[email]'") from error
        key = self.key.reveal(folder).encode()
        there = content.partition(b"\r\n\r\n")[0].lower()
        covered = [name for name in (*_COVERED, *_REFUSING) if b"\r\n" + name + b":" in b"\r\n" + there]
        try:
            made = dkim.sign(content, self.selector.encode(), self.domain.encode(), key, include_headers=covered)
        except dkim.DKIMException as error:
            raise UserError(f"cannot sign mail with the key {self.key}: {error}") from None
        return bytes(made) + content


def written(message: Message, sender: tuple[str, str], footer: str, link: str, words: str) -> bytes:
    """Return a message as a mail: plain text, and the same as HTML.

    Args:
        message: The message.
        sender: The name and the address that it comes from.
        footer: What stands below the words.
        link: Where more is refused; empty for nowhere.
        words: What stands before the link.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = formataddr(sender)
    mail["To"] = message.address
    mail["Subject"] = " ".join((message.title or message.text).split())[:200]
    mail["Date"] = formatdate(usegmt=True)  # portable: when a mail was written is no decision
    # The same for a mail that is sent again, so that what received both can tell.
    mail["Message-ID"] = f"<{message.key}@{sender[1].rpartition('@')[2]}>"
    if link:
        mail["List-Unsubscribe"] = f"<{link}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    refusal = f"{words}: {link}" if link else ""
    plain = "\n\n".join(part for part in (message.text, footer, refusal) if part)
    mail.set_content(plain)
    mail.add_alternative(_html(message, footer, link, words), subtype="html")
    return mail.as_bytes()


def _html(message: Message, footer: str, link: str, words: str) -> str:
    title = f"<h1>{html.escape(message.title)}</h1>" if message.title else ""
    below = f"<p><small>{_marked(footer)}</small></p>" if footer else ""
    refusal = f'<p><small><a href="{html.escape(link)}">{html.escape(words)}</a></small></p>' if link else ""
    return f"<!doctype html><html><body>{title}<p>{_marked(message.text)}</p>{below}{refusal}</body></html>"


def _marked(text: str) -> str:
    """Return text as HTML: nothing in it is markup, lines stay lines, and addresses can be followed."""
    parts, end = [], 0
    for found in _LINK.finditer(text):
        target = html.escape(found[0])
        parts += [html.escape(text[end : found.start()]), f'<a href="{target}">{target}</a>']
        end = found.end()
    return "".join([*parts, html.escape(text[end:])]).replace("\n", "<br>\n")
