from __future__ import annotations

import hmac
import logging
from email import message_from_bytes, policy
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.mailbox import mailbox, trusted
from tests.sending import closed_port, message

from siyu.config.units import Secret
from siyu.kinds import Message, Receipt
from siyu_plugins.channels._mail import Dkim, Unsubscribe
from siyu_plugins.channels.email import Email

PASSWORD = "s3cr3t"  # noqa: S105 - what no receipt may show
REFUSE = Unsubscribe(url="https://tea.example/u?t={key}&p={signature}", secret=Secret(file="unsubscribe"), words="退订")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "unsubscribe").write_text("u", encoding="utf-8")
    (tmp_path / "password").write_text(PASSWORD, encoding="utf-8")
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    return tmp_path


def channel(folder: Path, port: int, **more: Any) -> Email:  # noqa: ANN401 - what a config may say
    told = {
        "host": "127.0.0.1",
        "tls": "none",
        "sender": "茶社 <news@tea.example>",
        "unsubscribe": REFUSE,
        "timeout": 3,
        **more,
    }
    return Email(name="mail", folder=folder, port=port, **told)


def to(touch: int, **more: Any) -> Message:  # noqa: ANN401 - what a message has
    return message(touch, address=f"m{touch}@example.com", **more)


def read(content: bytes) -> EmailMessage:
    found = message_from_bytes(content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_a_mail_says_it_twice_and_how_to_refuse(folder: Path) -> None:
    with mailbox() as box:
        said = to(7, text="<b>1</b> & https://tea.example/a?b=1&c=2\n二")
        receipts = list(channel(folder, box.port, postal_address="茶路 1 号").send([said]))
    assert receipts == [Receipt(7, "sent", provider_id="7")]
    ((recipient, content),) = box.mails
    mail = read(content)
    assert recipient == mail["To"] == "m7@example.com"
    assert (mail["From"], mail["Subject"], mail["Message-ID"]) == (
        "茶社 <news@tea.example>",
        "第一杯",
        "<7@tea.example>",
    )
    proof = hmac.digest(b"u", b"7", sha256).hex()
    link = f"https://tea.example/u?t=7&p={proof}"
    assert mail["List-Unsubscribe"] == f"<{link}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, html = (part.get_content() for part in mail.iter_parts())
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "<b>1</b> & https://tea.example/a?b=1&c=2\r\n二" in plain
    assert "茶路 1 号" in plain
    assert f"退订: {link}" in plain
    assert '&lt;b&gt;1&lt;/b&gt; &amp; <a href="https://tea.example/a?b=1&amp;c=2">' in html
    assert f'<a href="{link.replace("&", "&amp;")}">退订</a>' in html
    assert "茶路 1 号" in html


def test_words_cannot_bring_a_header(folder: Path) -> None:
    with mailbox() as box:
        evil = message(1, address="m1@example.com", title="a\r\nBcc: b@example.com")
        bad = message(2, address="m2@example.com\r\nBcc: b@example.com")
        found = list(channel(folder, box.port).send([evil, bad, message(3, address="")]))
    assert [one.state for one in found] == ["sent", "failed", "failed"]
    assert read(box.mails[0][1])["Bcc"] is None
    assert read(box.mails[0][1])["Subject"] == "a Bcc: b@example.com"


def test_the_domain_signs_also_what_refuses(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "dkim.pem").write_bytes(private)
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    signs = Dkim(domain="tea.example", selector="s1", key=Secret(file="dkim.pem"))
    with mailbox() as box:
        list(channel(folder, box.port, dkim=signs).send([to(1)]))
    content = box.mails[0][1]

    def record(name: bytes, **_: object) -> bytes:
        from base64 import b64encode

        assert name == b"s1._domainkey.tea.example."
        return b"v=DKIM1; k=rsa; p=" + b64encode(public)

    assert dkim.verify(content, dnsfunc=record)
    covered = read(content)["DKIM-Signature"].replace(" ", "").lower()
    assert "list-unsubscribe:" in covered
    assert "list-unsubscribe-post" in covered
    assert not dkim.verify(content.replace(b"One-Click", b"Two-Click"), dnsfunc=record)


def test_the_line_is_encrypted_before_the_login(folder: Path) -> None:
    login = {"user": "siyu", "password": Secret(file="password"), "tls": "starttls", "authority": "authority.pem"}
    with mailbox(trusted(folder), login=("siyu", PASSWORD)) as box:
        (sent,) = channel(folder, box.port, **login).send([to(1)])
        (folder / "password").write_text("wr0ng", encoding="utf-8")
        refused = list(channel(folder, box.port, timeout=1, **login).send([to(3), to(4)]))
    assert sent == Receipt(1, "sent", provider_id="1")
    assert [(one.state, one.again) for one in refused] == [("failed", "broken")] * 2
    assert "wr0ng" not in repr(refused)
    assert len(box.mails) == 1


@pytest.mark.parametrize("tls", ["starttls", "wrapped"])
def test_a_server_that_nobody_vouches_for_gets_no_mail(folder: Path, tls: str) -> None:
    with mailbox(trusted(folder), wrapped=tls == "wrapped") as box:
        stranger = list(channel(folder, box.port, tls=tls, timeout=1).send([to(1)]))
        (sent,) = channel(folder, box.port, tls=tls, authority="authority.pem").send([to(2)])
    assert [(one.state, one.again) for one in stranger] == [("failed", "broken")]
    assert sent.state == "sent"
    assert [recipient for recipient, _ in box.mails] == ["m2@example.com"]


def test_what_the_server_refuses_and_what_goes_on(folder: Path) -> None:
    with mailbox() as box:
        box.refusing = {
            "m1@example.com": "550 no such user",
            "m2@example.com": "451 greylisted",
            "m3@example.com": "452 too many",
        }
        box.after = {"m4@example.com": "554 looks like spam", "m5@example.com": "drop"}
        found = list(channel(folder, box.port).send([to(touch) for touch in range(1, 7)]))
    assert [(one.state, one.again) for one in found] == [
        ("failed", None),
        ("failed", "later"),
        ("failed", "limited"),
        ("failed", None),
        ("unknown", None),
        ("sent", None),
    ]
    assert found[0].reason == "the server refused the recipient: 550 no such user"
    assert [recipient for recipient, _ in box.mails] == ["m5@example.com", "m6@example.com"]
    assert box.connections == 2


def test_where_nobody_listens_nothing_was_sent(folder: Path) -> None:
    found = list(channel(folder, closed_port()).send([to(1), to(2)]))
    assert [(one.state, one.again) for one in found] == [("failed", "broken")] * 2


def test_marketing_needs_a_way_to_refuse(folder: Path) -> None:
    with mailbox() as box:
        bare = channel(folder, box.port, unsubscribe=Unsubscribe())
        page = "https://tea.example/~/abc?channel=mail"
        found = list(bare.send([to(1), to(2, purpose="service"), to(3, unsubscribe=page)]))
    assert [one.state for one in found] == ["failed", "sent", "sent"]
    first, second = (read(content) for _, content in box.mails)
    assert first["List-Unsubscribe"] is None
    assert second["List-Unsubscribe"] == f"<{page}>"
    assert f"Unsubscribe: {page}" in second.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_config_is_looked_at(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"since smtp\.example is another machine"):
        channel(folder, 25, host="smtp.example")
    with pytest.raises(ValueError, match="expected both 'user' and 'password'"):
        channel(folder, 25, user="siyu")
    with pytest.raises(ValueError, match="expected a mail address"):
        channel(folder, 25, sender="Tea Shop")
    with pytest.raises(ValueError, match="expected an address with https"):
        Unsubscribe(url="http://localhost/u?t={key}&p={signature}", secret=Secret(file="u"))
    with pytest.raises(ValueError, match=r"expected \{key\} and \{signature\}"):
        Unsubscribe(url="https://tea.example/u", secret=Secret(file="u"))
    with pytest.raises(ValueError, match="expected both 'url' and 'secret'"):
        Unsubscribe(url="https://tea.example/u?t={key}&p={signature}")


def test_facts_for_rule_packs(folder: Path) -> None:
    facts = channel(folder, 25, postal_address="1 Tea Road", data_region="US").facts()
    assert facts == {
        "message": "mail",
        "data_region": "US",
        "one_click": "https://tea.example/u?t={key}&p={signature}",
        "postal_address": "1 Tea Road",
    }
