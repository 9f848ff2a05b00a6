"""The suppression list, exports, and who looked at whom."""

from __future__ import annotations

import json

import attrs
import pytest
from tests.brands import rows
from tests.core.rights.conftest import PHONE, Shop, fact

from siyu.errors import UserError

DAY = "2026-11-10T09:00"
AT = "2026-11-10T20:00"


def test_who_is_on_the_list_is_never_touched_known_or_not_nor_whoever_they_are_joined_with(shop: Shop) -> None:
    with shop.open() as brand:
        assert brand.suppress([PHONE, "wecom:unknown"], by="wu", reason="complaint", now=DAY) == 2
        assert brand.suppress(["phone:138 0013 8000"], by="wu", reason="again", now=DAY) == 0
        brand.ingest([fact(who, "joined", DAY, who) for who in (PHONE, "wecom:tom", "wecom:ann", "wecom:unknown")])
        addresses = [{"identity": who, "kind": "phone", "value": "13900139000"} for who in ("wecom:tom", "wecom:ann")]
        brand.ingest(addresses, table="addresses")
        brand.link("wecom:tom", PHONE, evidence="till")
        brand.run(now=AT)
        assert [one.recipient for one in shop.got] == [brand.number("wecom:ann")]
        assert "13800138000" not in repr(rows(brand, "suppressions"))
        with pytest.raises(UserError):
            brand.suppress(["wecom:a", "nobody"], by="wu", reason="x")
        with pytest.raises(UserError, match="say who"):
            brand.suppress(["wecom:a"], by="wu", reason=" ")


def test_a_list_between_the_run_and_its_delivery_lets_nothing_out(shop: Shop) -> None:
    with shop.open() as brand:
        brand.ingest([fact(PHONE, "joined", DAY, "j"), fact("wecom:ann", "joined", DAY, "a")])
        brand.run(now=AT, send=False)
        brand.suppress([PHONE], by="wu", reason="complaint", now=AT)
        withdrawn = {"identity": "wecom:ann", "state": "withdrawn", "time": "2026-11-10T11:59:59"}
        brand.ingest([withdrawn], table="consents", now=AT)
        brand.deliver(now=AT)
        assert shop.got == []


def test_an_older_key_still_finds_who_is_on_the_list(shop: Shop) -> None:
    with shop.open() as brand:
        brand.suppress([PHONE], by="wu", reason="complaint", now=DAY)
    key = shop.path / ".siyu" / "key"
    key.rename(key.with_name("old"))
    key.write_text("f" * 64, encoding="ascii")
    toml = shop.path / "brand.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(text.replace('name = "Tiny"', 'name = "Tiny"\nolder_keys = [{ file = ".siyu/old" }]'), "utf-8")
    with shop.open() as brand:
        brand.ingest([fact(PHONE, "joined", DAY, "j")])
        brand.run(now=AT)
        assert shop.got == []


def test_an_export_has_every_table_and_opens_addresses(shop: Shop) -> None:
    with shop.open() as brand:
        brand.ingest(
            [fact(PHONE, "ordered", DAY, "o", amount=500, props='{"size": 3}'), fact("wecom:b", "viewed", DAY, "v")]
        )
        brand.link(PHONE, "wecom:tom", evidence="till", now=DAY)
        brand.run(now=AT)
        found = json.loads(
            json.dumps(attrs.asdict(brand.export("wecom:tom", by="wu", reason="R-1", now=AT)), default=str)
        )
        tables = found["tables"]
        assert {row["value"] for row in tables["addresses"]["rows"]} == {"+8613800138000"}
        assert [row["amount"] for row in tables["events"]["rows"]] == [500]
        assert [row["amount"] for row in tables["grants"]["rows"]] == [5]
        assert {row["state"] for row in tables["receipts"]["rows"]} >= {"sent"}
        assert len(tables["links"]["rows"]) == 1
        assert found["purposes"]["note"] == {"purpose": "to answer", "sensitivity": "personal", "kept": "5d"}
        assert brand.number("wecom:b") not in {row["member"] for row in tables["events"]["rows"]}
        assert set(found["without"]).isdisjoint(tables)
        with pytest.raises(UserError, match="nothing is known"):
            brand.export("wecom:zoe")


def test_who_looked_at_whom_is_kept(shop: Shop) -> None:
    with shop.open() as brand:
        brand.ingest([fact(PHONE, "ordered", DAY, "o", amount=500)])
        brand.explain(PHONE, by="li", now=AT)
        brand.explain(PHONE, now=AT)
        brand.ledger(PHONE, by="li", now=AT)
        brand.ledger("points", now=DAY)
        brand.export(PHONE, by="wu", reason="R-1", now=AT)
        done = brand.forget(PHONE, by="wu", reason="R-2", now=AT)
        seen = rows(brand, "accesses", "member", "what", "actor", "reason")
        assert [what for _, what, *_ in seen] == ["explain", "explain", "ledger", "export", "forget"]
        assert {member for member, *_ in seen} == {done.pseudonym}
        assert [actor for _, _, actor, _ in seen][::2] == ["li", "li", "wu"]
        assert seen[1][2]
        assert [reason for *_, reason in seen][3:] == ["R-1", "R-2"]
