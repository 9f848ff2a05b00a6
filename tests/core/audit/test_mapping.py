from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from tests.core.audit.conftest import BASKETS, CONTACTS, ORDERS

from siyu.audit import Guess, audited, guessed

Write = Callable[..., list[Path]]


def guess(paths: list[Path]) -> Guess:
    return guessed(audited(paths), date(2026, 11, 1), "wecom", lambda path: Path(path).name)


def notes(found: Guess) -> list[tuple[str, str]]:
    return [(note.column, note.why) for note in found.notes]


def test_orders(write: Write) -> None:
    found = guess(write(orders=ORDERS))
    assert found.entries == {
        "orders": {
            "use": "files",
            "files": ["orders.csv"],
            "type": "ordered",
            "id": "订单编号",
            "member": "phone:{手机号}",
            "time": "下单时间",
            "amount": "实付金额",
            "ref": "订单编号",
            "place": "门店名称",
        }
    }
    assert ("", "1 rows are there more than once; look whether they should be") in notes(found)
    assert not any("of its values are no" in why for _, why in notes(found))
    assert any(column == "订单状态" and "已退款" in why for column, why in notes(found))
    assert any(column == "下单时间" and "UTC" in why for column, why in notes(found))


def test_contacts_with_a_second_identity_and_consents(write: Write) -> None:
    found = guess(write(contacts=CONTACTS))
    files = {"use": "files", "files": ["contacts.csv"]}
    assert found.entries == {
        "contacts": {
            **files,
            "type": "joined",
            "id": "{外部联系人ID}",
            "member": "wecom:{外部联系人ID}",
            "time": "添加时间",
            "staff": "添加人",
        },
        "contacts-phone": {
            **files,
            "table": "links",
            "member": "wecom:{外部联系人ID}",
            "time": "添加时间",
            "columns": {"other": "phone:{手机}"},
            "defaults": {"evidence": "one row of contacts.csv"},
        },
        "contacts-consents": {
            **files,
            "table": "consents",
            "member": "wecom:{外部联系人ID}",
            "time": "添加时间",
            "columns": {"state": "同意营销"},
            "defaults": {"channel": "wecom", "purpose": "marketing", "state": "unknown"},
        },
    }
    left = dict(notes(found))
    assert left["手机"] == "it is empty in 1 rows, which contacts-phone sets apart"
    assert left["昵称"].startswith("left out: to keep it, declare it")
    assert left["{备注}"] == "left out: its name has braces; rename it"


def test_lines_of_orders_and_a_consent_in_other_words(write: Write) -> None:
    found = guess(write(baskets=BASKETS))
    table = found.entries["baskets"]
    assert (table["id"], table["member"], table["quantity"]) == ("order_id", "member:{customer_id}", "qty")
    assert table["lines"] == {"sku": "sku", "quantity": "qty", "amount": "amount"}
    assert list(found.entries) == ["baskets"]
    assert any(column == "consent" and "no, yes" in why for column, why in notes(found))


def test_what_is_missing_is_said(write: Write) -> None:
    paths = write(
        nobody="order_id,amount\n1,2.00\n", never="order_id,phone\n1,13800000001\n", bare="phone\n13800000001\n"
    )
    found = guess(paths)
    assert found.entries == {
        "bare": {
            "use": "files",
            "files": ["bare.csv"],
            "type": "joined",
            "id": "{phone}",
            "member": "phone:{phone}",
            "defaults": {"time": "2026-11-01"},
        }
    }
    whys = " ".join(why for _, why in notes(found))
    assert "no column says who it is" in whys
    assert "no column says when it was" in whys
    assert "2026-11-01 stands for it" in whys


def test_identities_that_are_not_written_alike_are_named(write: Write) -> None:
    found = guess(write(orders=ORDERS, contacts=CONTACTS))
    assert any("1 identities are in" in why and "siyu does so when they come in" in why for _, why in notes(found))


def test_two_files_of_one_name(tmp_path: Path) -> None:
    paths = [tmp_path / name / "a b.csv" for name in ("x", "y")]
    for path in paths:
        path.parent.mkdir()
        path.write_text("phone\n13800000001\n", encoding="utf-8")
    assert list(guess(paths).entries) == ["a-b", "a-b-2"]


def test_values_that_an_entry_would_set_apart_are_counted(write: Write) -> None:
    rows = [f"A{number},1380000000{number},2026-10-0{number} 10:00,{number}.00" for number in range(1, 9)]
    text = "\n".join(["订单编号,手机号,下单时间,实付金额", *rows, "A9,13800000009,soon,free", "B1,138,2026-10-09,9.00"])
    audit = audited(write(orders=text + "\n"))
    odd = {each.name: each.odd for each in audit.files[0].columns}
    assert odd == {"订单编号": 0, "手机号": 1, "下单时间": 1, "实付金额": 1}
    told = notes(guessed(audit, date(2026, 11, 1), "wecom"))
    assert ("下单时间", "1 of its values are no moment: their rows are set apart") in told
    assert ("实付金额", "1 of its values are no number: their rows are set apart") in told
    assert not any(column == "手机号" and "are no" in why for column, why in told)
