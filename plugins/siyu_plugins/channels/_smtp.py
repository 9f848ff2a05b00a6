"""SMTP, step by step: so that it is known whether the words had gone out when something failed."""

from __future__ import annotations

import smtplib
import ssl
from typing import TYPE_CHECKING, Literal

from siyu.kinds import Receipt

if TYPE_CHECKING:
    from siyu.kinds import Message

__all__ = ["Refused", "connected", "transmitted"]

_FINE, _FINAL, _CLOSING, _TOO_MANY = range(200, 300), 500, 421, (450, 452)


class Refused(Exception):  # noqa: N818 - it is what became of a message
    """A message that was not sent, or of which nobody knows.

    Attributes:
        again: Why it may be tried again: see ``Receipt``.
        doubt: Whether nobody knows.
        gone: Whether the connection is of no more use.
    """

    def __init__(
        self,
        reason: str,
        again: Literal["later", "limited", "broken"] | None = None,
        *,
        doubt: bool = False,
        gone: bool = False,
    ) -> None:
        """Keep what is known."""
        super().__init__(reason)
        self.again = again
        self.doubt = doubt
        self.gone = gone

    def receipt(self, message: Message) -> Receipt:
        """Return what it means for a message."""
        return Receipt(message.touch, "unknown" if self.doubt else "failed", str(self), again=self.again)


def connected(
    place: tuple[str, int],
    tls: Literal["starttls", "wrapped", "none"],
    context: ssl.SSLContext,
    login: tuple[str, str],
    timeout: float,
) -> smtplib.SMTP:
    """Return a connection, encrypted before the login.

    Raises:
        Refused: None came about, which is the same for all messages.
    """
    try:
        if tls == "wrapped":
            server: smtplib.SMTP = smtplib.SMTP_SSL(*place, timeout=timeout, context=context)
        else:
            server = smtplib.SMTP(*place, timeout=timeout)
        try:
            if tls == "starttls":
                server.starttls(context=context)
            if login[0]:
                server.login(*login)
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
    except (smtplib.SMTPException, OSError) as error:
        # The words of the error may repeat what was sent to log in.
        code = f" {error.smtp_code}" if isinstance(error, smtplib.SMTPResponseException) else ""
        raise Refused(f"cannot send by {place[0]}: {type(error).__name__}{code}", "broken", gone=True) from None
    return server


def transmitted(server: smtplib.SMTP, sender: str, recipient: str, content: bytes) -> None:
    """Hand one mail over.

    Raises:
        Refused: The server did not take it, or nobody knows.
    """
    handed = False
    try:
        _accepted("the sender", server.mail(sender))
        _accepted("the recipient", server.rcpt(recipient))
        handed = True
        _accepted("the words", server.data(content))
    except smtplib.SMTPDataError as error:
        # DATA itself was refused, so no words went out.
        _accepted("the words", (error.smtp_code, error.smtp_error))
    except Refused as refused:
        if not refused.gone:
            _reset(server)
        raise
    except (smtplib.SMTPException, OSError) as error:
        reason = f"the connection broke off ({type(error).__name__})"
        server.close()
        raise Refused(reason, None if handed else "later", doubt=handed, gone=True) from None


def _accepted(what: str, answer: tuple[int, bytes | str]) -> None:
    code, words = answer
    if code in _FINE:
        return
    said = words.decode(errors="replace") if isinstance(words, bytes) else words
    reason = f"the server refused {what}: {code} {' '.join(said.split())[:200]}"
    if code >= _FINAL:
        raise Refused(reason)
    raise Refused(reason, "limited" if code in _TOO_MANY else "later", gone=code == _CLOSING or code < 0)


def _reset(server: smtplib.SMTP) -> None:
    try:
        server.rset()
    except (smtplib.SMTPException, OSError):
        server.close()
