from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tests.core.audit.conftest import BASKETS, CONTACTS, ORDERS

from siyu.audit import Match, audited
from siyu.audit.report import File
from siyu.errors import UserError

Write = Callable[..., list[Path]]


def one(paths: list[Path]) -> File:
    (file,) = audited(paths).files
    return file


def test_rows_repeats_and_span(write: Write) -> None:
    file = one(write(orders=ORDERS))
    assert (file.rows, file.unread, file.duplicates, file.repeated) == (5, 0, 1, 1)
    assert (file.since, file.until) == ("2026-10-01 10:00:00", "2026-10-28 20:15:00")
    assert file.identities == {"phone": 3}
    assert file.consent is None


def test_what_each_column_holds(write: Write) -> None:
    columns = {each.name: each for each in one(write(orders=ORDERS)).columns}
    roles = {name: each.role for name, each in columns.items()}
    assert roles == {
        "订单编号": "order",
        "手机号": "phone",
        "下单时间": "time",
        "实付金额": "amount",
        "门店名称": "place",
        "订单状态": "state",
    }
    amount, place = columns["实付金额"], columns["门店名称"]
    assert (amount.type, amount.least, amount.most, amount.filled, amount.distinct) == ("number", "7.25", "128.5", 5, 4)
    assert (place.type, place.filled, place.distinct, place.values) == ("text", 4, 2, {})
    assert columns["订单状态"].values == {"已支付": 3, "已退款": 2}


def test_no_value_of_a_person_is_shown(write: Write) -> None:
    found = str(audited(write(orders=ORDERS, contacts=CONTACTS)))
    assert "1380000" not in found
    assert "wm1" not in found
    assert "小一" not in found


def test_identities_match_as_they_are_written_and_as_they_are_meant(write: Write) -> None:
    paths = write(orders=ORDERS, contacts=CONTACTS)
    orders, contacts = map(str, paths)
    found = audited(paths).matches
    assert found == [
        Match(kind="phone", of=orders, among=contacts, identities=3, found=1, alike=2, consented=1),
        Match(kind="phone", of=contacts, among=orders, identities=3, found=1, alike=2, consented=None),
    ]


def test_consent_coverage(write: Write) -> None:
    file = one(write(contacts=CONTACTS))
    assert file.consent == 3
    assert next(each for each in file.columns if each.role == "consent").values == {
        "granted": 2,
        "": 1,
        "withdrawn": 1,
    }


def test_lines_that_cannot_be_read_are_counted(write: Write) -> None:
    assert one(write(orders=f"{ORDERS}A9,1\n")).unread == 1


def test_an_empty_file(write: Write) -> None:
    file = one(write(orders="order_id,phone,amount\n"))
    assert (file.rows, file.duplicates, file.since, file.identities) == (0, 0, "", {})
    assert {each.type for each in file.columns} == {"nothing"}


def test_english_headers_and_other_delimiters(write: Write) -> None:
    columns = {each.name: each for each in one(write(baskets=BASKETS)).columns}
    assert [each.role for each in columns.values()] == [
        "order",
        "member",
        "time",
        "sku",
        "quantity",
        "amount",
        "consent",
    ]
    assert (columns["qty"].type, columns["qty"].least, columns["qty"].most) == ("whole number", "1", "2")
    assert columns["consent"].values == {"yes": 2, "no": 1}


def test_columns_without_a_known_name_are_told_by_their_values(write: Write) -> None:
    text = "a,b,c,d\nx@y.cn,13800000001,2026-10-01 10:00,3\nz@y.cn,13900000001,2026-10-02 10:00,4\n"
    assert [each.role for each in one(write(odd=text)).columns] == ["email", "phone", "time", ""]


def test_a_name_that_its_values_belie_is_not_believed(write: Write) -> None:
    text = "phone,amount,time\nyes,many,soon\nno,few,late\n"
    assert [each.role for each in one(write(odd=text)).columns] == ["", "", ""]


def test_other_forms(tmp_path: Path) -> None:
    frame = pl.DataFrame({"member_id": [1, 2, 2], "amount": [1.5, None, 2.0], "since": [10, 20, 30]})
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_ndjson(tmp_path / "b.jsonl")
    parquet, lines = audited([tmp_path / "a.parquet", tmp_path / "b.jsonl"]).files
    for file in (parquet, lines):
        assert (file.rows, file.identities, file.since) == (3, {"member": 2}, "")
        assert {each.name: (each.type, each.filled) for each in file.columns} == {
            "member_id": ("whole number", 3),
            "amount": ("number", 2),
            "since": ("whole number", 3),
        }


@pytest.mark.parametrize(
    ("name", "words"), [("none.csv", "there is no such file"), ("a.xlsx", "its name must end in one of .csv")]
)
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    with pytest.raises(UserError, match=words):
        audited([tmp_path / name])
