"""Whoever is forgotten is in no table and in no byte of the store, and stays untouched when a file brings them back."""

from __future__ import annotations

import pytest
from tests.brands import rows
from tests.core.rights.conftest import PHONE, Shop, fact

from siyu.errors import UserError
from siyu.tables import LOGS, TABLES

DAY = "2026-11-10T09:00"
FACTS = [
    fact(PHONE, "joined", DAY, "j", ref="wecom:inviter"),
    fact(PHONE, "ordered", DAY, "o-13800138000", amount=5000, ref="O1", props='{"note": "to 13800138000", "size": 3}'),
    fact(PHONE, "profiled", DAY, "p", props='{"tea": "13800138000-oolong"}'),
    fact(PHONE, "viewed", DAY, "v", subject="tea"),
    fact("wecom:friend", "joined", DAY, "f", ref=PHONE),
    fact("wecom:friend", "ordered", DAY, "o2", amount=700, ref="O2"),
]
CONSENT = {"identity": PHONE, "state": "granted", "time": DAY, "proof": "call from 13800138000"}
BAD = [fact(PHONE, "nonsense", DAY, "n"), fact("phone:138 0013 8000x", "viewed", DAY, "n2")]


def filled(shop: Shop) -> tuple[int, int]:
    with shop.open() as brand:
        brand.ingest([*FACTS, *BAD])
        brand.ingest([CONSENT], table="consents")
        brand.link(PHONE, "wecom:lin", evidence="till of 13800138000")
        brand.run(now="2026-11-10T20:00")
        assert [one.recipient for one in shop.got] == sorted({one.recipient for one in shop.got})
        return brand.number(PHONE), brand.number("wecom:lin")


def test_no_row_and_no_byte_is_left_and_ledgers_add_up(shop: Shop) -> None:
    ids = filled(shop)
    assert b"13800138000" in shop.bytes()
    with shop.open() as brand:
        before = sum(amount for (amount,) in rows(brand, "grants", "amount"))
        done = brand.forget(PHONE, by="wu", reason="R-7", now="2026-11-11T10:00")
        assert done.rewritten
        assert b"13800138000" not in shop.bytes()
        for table in set(TABLES) - {"suppressions", "identities"}:
            held = repr(rows(brand, table))
            assert not any(str(number) in held for number in ids), table
        lines = rows(brand, "grants", "member", "amount")
        assert sum(amount for _, amount in lines) == before
        assert (done.pseudonym, 50) in lines
        kept = rows(brand, "events", "member", "type", "ref", "amount", "props", "source_id")
        assert [row for row in kept if row[0] == done.pseudonym] == [
            (done.pseudonym, "ordered", "O1", 5000, None, None)
        ]
        assert [row[2] for row in kept if row[1] == "joined"] == ["erased"]
        assert rows(brand, "rejects") == [] or "0013" not in repr(rows(brand, "rejects"))
    assert b"13800138000" not in shop.bytes()


def test_a_run_after_it_gives_nothing_twice_and_state_is_built_anew(shop: Shop) -> None:
    filled(shop)
    with shop.open() as brand:
        brand.forget(PHONE, by="wu", now="2026-11-11T10:00")
        before = rows(brand, "grants", "id")
        brand.run(now="2026-11-11T20:00")
        assert rows(brand, "grants", "id") == before
        assert not brand.audit(now="2026-11-11T21:00").findings
        people = {member for (member,) in rows(brand, "members", "member")}
        assert brand.number(PHONE) not in people
        assert brand.number("wecom:friend") in people


def test_a_file_that_comes_again_stays_out_and_who_comes_back_is_not_touched(shop: Shop) -> None:
    filled(shop)
    with shop.open() as brand:
        brand.forget("wecom:lin", by="wu", now="2026-11-11T10:00")
        shop.got.clear()
        done = brand.ingest([*FACTS[:4], BAD[0]], now="2026-11-11T12:00")
        assert (done.counts["events"], done.counts["rejects"], done.counts["erased"]) == (0, 0, 5)
        brand.ingest([CONSENT], table="consents", now="2026-11-11T12:00")
        brand.ingest([{"identity": "wecom:lin", "kind": "phone", "value": "13800138000"}], table="addresses")
        assert rows(brand, "consents") == rows(brand, "addresses") == []
        brand.run(now="2026-11-11T20:00")
        later = [fact(PHONE, "ordered", "2026-11-12T09:00", "later", amount=100)]
        assert brand.ingest(later, now="2026-11-12T10:00").counts["events"] == 1
        brand.run(now="2026-11-12T20:00")
        assert brand.number(PHONE) not in {one.recipient for one in shop.got}
        reasons = {(state, reason) for state, reason in rows(brand, "receipts", "state", "reason") if reason}
        assert ("suppressed", "on the suppression list") in reasons
        brand.suppress([PHONE], by="wu", reason="came back and asked", lift=True, now="2026-11-13T08:00")
        brand.run(now="2026-11-13T20:00")
        assert brand.number(PHONE) in {one.recipient for one in shop.got}


def test_an_id_inside_of_a_longer_one_is_somebody_elses(shop: Shop) -> None:
    refs = ["wecom:lin", "wecom:linda", "as wecom:lin, and wecom:lin", "xwecom:lin"]
    with shop.open() as brand:
        brand.ingest([fact("wecom:lin", "joined", DAY, "l")])
        brand.ingest([fact("wecom:b", "viewed", DAY, f"v{place}", ref=ref) for place, ref in enumerate(refs)])
        brand.forget("wecom:lin", by="wu", now="2026-11-11T10:00")
        found = [ref for (ref,) in rows(brand, "events", "ref")]
        assert found == ["erased", "wecom:linda", "as erased, and erased", "xwecom:lin"]


def test_what_waits_is_taken_back(shop: Shop) -> None:
    with shop.open() as brand:
        brand.ingest(FACTS)
        brand.ingest([{"identity": "wecom:friend", "kind": "phone", "value": "13900139000"}], table="addresses")
        brand.run(now="2026-11-10T20:00", send=False)
        brand.forget(PHONE, by="wu", now="2026-11-10T20:30")
        brand.deliver(now="2026-11-10T20:40")
        assert [one.recipient for one in shop.got] == [brand.number("wecom:friend")]


def test_a_file_that_is_in_use_is_written_anew_when_it_is_opened_next(shop: Shop) -> None:
    with shop.open() as brand:
        brand.ingest(FACTS[:2])
        assert brand.table("events") is not None
        assert not brand.forget(PHONE, by="wu", now="2026-11-11T10:00").rewritten
    with shop.open() as brand:
        assert b"13800138000" not in shop.bytes()
        assert len(rows(brand, "suppressions")) == 2


def test_who_is_unknown_or_nobody_says_it(shop: Shop) -> None:
    with shop.open() as brand:
        with pytest.raises(UserError, match="nothing is known of phone:"):
            brand.forget(PHONE, by="wu")
        with pytest.raises(UserError, match="say who"):
            brand.forget(PHONE, by=" ")
        assert not any(rows(brand, name) for name in LOGS)
