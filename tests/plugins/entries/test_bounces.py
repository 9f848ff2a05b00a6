"""Reports on mail: as servers and providers write them, alone and through a brand that goes by them."""

from __future__ import annotations

import logging
import mailbox as boxes
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest
from tests.brands import folder, happened, opened, rows
from tests.mailbox import Mailbox, mailbox

from siyu.errors import UserError
from siyu_plugins.entries._reports import Report, reports
from siyu_plugins.entries.bounces import Bounces, _mails

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.brand import Brand

DSN = """\
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: news@tea.example
Date: {date}
Message-ID: <{name}@mx.example>
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Tue, 10 Nov 2026 02:30:00 +0000

Final-Recipient: rfc822; someone@example.com
Original-Recipient: rfc822;someone@example.com
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; 550 5.1.1 <someone@example.com>: Recipient
    address rejected: User unknown

--b1
Content-Type: {form}

{original}
--b1--
"""
ARF = """\
From: <abuse@provider.example>
To: news@tea.example
Date: Tue, 10 Nov 2026 11:30:00 +0800
Message-ID: <{name}@provider.example>
Subject: FW: tea
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b2"

--b2
Content-Type: text/plain; charset="US-ASCII"

This is an email abuse report.

--b2
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1

--b2
Content-Type: message/rfc822
Content-Disposition: inline

{original}
--b2--
"""
MAIL = "From: news@tea.example\nTo: x@example.com\nMessage-ID: <4711@tea.example>\nSubject: tea\n\nwords\n"
DATE = "Tue, 10 Nov 2026 11:00:00 +0800"
SECOND = 1_794_279_600


def dsn(original: str = MAIL, form: str = "message/rfc822", **more: str) -> bytes:
    told = {"date": DATE, "name": "r1", "action": "failed", "status": "5.1.1", **more}
    return DSN.format(original=original, form=form, **told).encode()


def arf(original: str = MAIL, kind: str = "abuse", name: str = "c1") -> bytes:
    return ARF.format(original=original, kind=kind, name=name).encode()


@pytest.mark.parametrize("form", ["message/rfc822", "text/rfc822-headers"])
def test_what_did_not_arrive(form: str) -> None:
    (found,) = reports(dsn(form=form))
    assert (found.what, found.touch, found.second, found.status) == ("failed", 4711, SECOND, "5.1.1")
    assert reports(dsn(form=form)).__next__().id == found.id
    (late,) = reports(dsn(form=form, action="delayed", status="4.4.1 (timed out)", name="r2"))
    assert (late.what, late.status, late.id == found.id) == ("delayed", "4.4.1", False)
    assert list(reports(dsn(form=form, action="relayed", status="2.0.0"))) == []


def test_whom_it_annoyed() -> None:
    (found,) = reports(arf())
    assert (found.what, found.kind, found.touch) == ("annoyed", "abuse", 4711)
    assert list(reports(arf(kind="not-spam"))) == []
    assert [one.kind for one in reports(arf(kind="opt-out"))] == ["opt-out"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff",
        MAIL.encode(),
        b"Message-ID: <\xff\xfe[\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n\xff=",
        b"Content-Type: multipart/report; boundary=x\n\n--x\n",
        dsn(action=""),
    ],
)
def test_other_mail_is_no_report(content: bytes) -> None:
    assert list(reports(content)) == []


def test_a_report_that_lacks_something_is_still_one() -> None:
    (found,) = reports(dsn(original="Subject: tea\n", date="yesterday", status="unknown"))
    assert found == Report(found.id, "failed", 0, None)


def test_statuses_are_looked_at(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lasting failures"):
        Bounces(name="b", path=tmp_path, hard=("4.2.2",))


TOML = """
[brand]
name = "Tiny"
zone = "Asia/Shanghai"
[gate]
consent = "unless-withdrawn"
distance = "0s"
quiet = "03:00-03:01"
caps = []
[content.words]
use = "library"
[content.words.items.hi]
kind = "emotion"
text = "春茶到了"
[campaign.tea]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
every = "day"
say = "hi"
via = "mail"
[channel.mail]
use = "email"
host = "127.0.0.1"
tls = "none"
port = {port}
sender = "Tea <news@tea.example>"
unsubscribe = {{ url = "https://tea.example/u?t={{key}}&p={{signature}}", secret = {{ file = "secret" }} }}
[entry.bounces]
use = "bounces"
path = "reports"
"""


def reached(box: Mailbox) -> set[str]:
    """Return who got mail since it was asked last."""
    found = {recipient for recipient, _ in box.mails}
    box.mails.clear()
    return found


def test_a_brand_goes_by_what_is_reported(tmp_path: Path) -> None:
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    (tmp_path / "secret").write_text("s3cr3t", encoding="ascii")
    with mailbox() as box, opened(folder(tmp_path, TOML.format(port=box.port))) as brand:
        names = ("gone", "full", "cross", "fine")
        people = [
            {**happened(name, "joined", "2026-11-02T08:00:00Z", name), "identity": f"email:{name}@example.com"}
            for name in names
        ]
        brand.ingest(people, now="2026-11-03")
        with pytest.raises(UserError, match=r"there is no mailbox .*reports"):
            brand.run(now="2026-11-10T10:30")
        inbox = boxes.Maildir(tmp_path / "reports")
        brand.run(now="2026-11-10T10:30")
        sent = {recipient.partition("@")[0]: content.decode() for recipient, content in box.mails}
        assert reached(box) == {f"{name}@example.com" for name in names}

        headers = sent["gone"].partition("\r\n\r\n")[0].replace("\r\n", "\n") + "\n"
        inbox.add(dsn(headers, "text/rfc822-headers"))
        inbox.add(dsn(sent["full"].replace("\r\n", "\n"), status="5.2.2", name="r2"))
        inbox.add(arf(sent["cross"].replace("\r\n", "\n")))
        inbox.add(dsn(name="r3"))
        inbox.add(MAIL.encode())
        brand.run(now="2026-11-11T10:30")
        assert reached(box) == {"full@example.com", "fine@example.com"}
        assert became(brand, "gone") == (
            "suppressed",
            "no address of the kind 'email' is left: the last message to it bounced for good",
        )
        assert became(brand, "cross") == ("suppressed", "consent was withdrawn")
        told = rows(brand, "events", "type", "subject", "props")
        assert sorted(told)[:2] == [
            ("bounced", "mail", '{"kind": "hard", "status": "5.1.1"}'),
            ("bounced", "mail", '{"kind": "soft", "status": "5.2.2"}'),
        ]
        assert ("reported", "mail", '{"kind": "abuse"}') in told
        assert ("unsubscribed", "mail", None) in told
        ((reason,),) = rows(brand, "rejects", "reason")
        assert reason == "the report is on no mail that was sent: touch 4711"

        # What was read before is no news, however the files were moved; what is handed in later is used.
        for path in (tmp_path / "reports" / "new").iterdir():
            path.rename(tmp_path / "reports" / "cur" / f"{path.name}:2,S")
        address = {"identity": "email:gone@example.com", "kind": "email", "value": "back@example.com"}
        brand.ingest([address], table="addresses", now="2026-11-11T12:00")
        before = len(rows(brand, "events", "id"))
        brand.run(now="2026-11-12T10:30")
        assert reached(box) == {"full@example.com", "fine@example.com", "back@example.com"}
        assert len(rows(brand, "events", "id")) == before


def became(brand: Brand, name: str) -> tuple[str, str]:
    """Return what became of a member's newest touch."""
    who = brand.number(f"email:{name}@example.com")
    *_, last = [touch for touch, recipient in rows(brand, "touches", "id", "recipient") if recipient == who]
    return [(state, why) for touch, state, why in rows(brand, "receipts", "touch", "state", "reason") if touch == last][
        -1
    ]


def test_a_mailbox_of_one_file_and_a_folder_of_mails(tmp_path: Path) -> None:
    box = boxes.mbox(tmp_path / "box")
    for content in (dsn(), arf(), MAIL.encode()):
        box.add(content)
    box.close()
    assert [one.what for _, content in _mails(tmp_path / "box", 0) for one in reports(content)] == ["failed", "annoyed"]
    assert list(_mails(tmp_path / "box", 2**40)) == []
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "a.eml").write_bytes(dsn())
    (plain / ".hidden").write_bytes(arf())
    assert [content for _, content in _mails(plain, 0)] == [dsn()]
    assert message_from_bytes(dsn(), policy=policy.default).get_content_type() == "multipart/report"
