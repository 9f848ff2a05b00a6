"""What files may be like: compressed, damaged, of other encodings, spreadsheets, elsewhere, and growing."""

from __future__ import annotations

import bz2
import gzip
import io
import json
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siyu.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.plugins.entries.conftest import Reader

    from siyu.kinds import Batch

PARQUET = "SELECT 'o5' AS id, 'ann' AS who, '茶' AS what, 5.5 AS total, '2026-01-02 08:00:00'"
HEAD = "id,who,at,what,total\n"
PLAIN: dict[str, Any] = {
    "files": ("in/*",),
    "type": "ordered",
    "place": "",
    "quantity": "",
    "subject": "what",
}


def line(number: int, what: str = "茶") -> str:
    return f"o{number},ann,2026-01-01 10:00:00,{what},{number}.50\n"


def body(first: int, last: int, what: str = "茶") -> str:
    return "".join(line(number, what) for number in range(first, last))


def ids(reader: Reader, batches: list[Batch]) -> list[tuple[str, int]]:
    return [(row["source_id"], row["line"]) for batch in batches for row in reader.rows(batch.rows)]


def bad(reader: Reader, batches: list[Batch]) -> list[tuple[int, str]]:
    return [(row["line"], row["reason"]) for batch in batches for row in reader.rows(batch.rejects)]


def zstd(text: bytes) -> bytes:
    made: bytes = pytest.importorskip("backports.zstd").compress(text)
    return made


@pytest.mark.parametrize(("end", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("zst", zstd)])
def test_compressed_files(reader: Reader, end: str, pack: Callable[[bytes], bytes]) -> None:
    reader.write(f"in/a.csv.{end}", pack((HEAD + body(1, 4)).encode()) + pack(body(4, 6).encode()))
    batches = reader.batches(**PLAIN)
    assert ids(reader, batches) == [(f"o{number}", number + 1) for number in range(1, 6)]
    assert bad(reader, batches) == []


@pytest.mark.parametrize(("end", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("zst", zstd)])
def test_of_a_truncated_file_all_whole_lines_come_in(reader: Reader, end: str, pack: Callable[[bytes], bytes]) -> None:
    whole = pack((HEAD + body(1, 200_000, "x")).encode())
    reader.write(f"in/a.csv.{end}", whole[: len(whole) * 2 // 3])
    batches = reader.batches(**PLAIN)
    found = ids(reader, batches)
    assert len(found) > 50_000
    assert found == [(f"o{number}", number + 1) for number in range(1, len(found) + 1)]
    ((number, reason),) = bad(reader, batches)
    assert number == len(found) + 2
    assert "damaged or ends early" in reason


def test_of_a_damaged_file_what_comes_before_comes_in(reader: Reader) -> None:
    whole = bytearray(gzip.compress((HEAD + body(1, 50_000)).encode()))
    place = len(whole) // 2
    whole[place : place + 64] = bytes(64)
    reader.write("in/a.csv.gz", bytes(whole))
    batches = reader.batches(**PLAIN)
    assert len(ids(reader, batches)) > 10_000
    assert any("damaged" in reason for _, reason in bad(reader, batches))


def test_a_file_that_is_no_gzip_at_all_is_a_reject(reader: Reader) -> None:
    reader.write("in/a.csv.gz", HEAD + line(1))
    batches = reader.batches(**PLAIN)
    assert ids(reader, batches) == []
    assert [number for number, _ in bad(reader, batches)] == [1]


def test_exports_in_gb18030(reader: Reader) -> None:
    reader.write("in/a.csv", (HEAD + body(1, 3)).encode("gb18030"))
    reader.write("in/b.csv", HEAD + body(3, 5))
    reader.write("in/c.csv.gz", gzip.compress((HEAD + body(5, 7)).encode("gb18030")))
    reader.write("in/d.csv", (HEAD + body(7, 9)).encode("utf-16"))
    batches = reader.batches(**PLAIN, encoding="gb18030")
    assert [name for name, _ in ids(reader, batches)] == [f"o{number}" for number in range(1, 9)]
    assert {row["subject"] for batch in batches for row in reader.rows(batch.rows)} == {"茶"}
    assert bad(reader, batches) == []


def test_lines_of_another_encoding_are_rejects(reader: Reader) -> None:
    content = (
        HEAD.encode()
        + line(1).encode("gb18030")
        + b"o2,ann,2026-01-01 10:00:00,\xff\xff,2.50\n"
        + line(3).encode("gb18030")
    )
    reader.write("in/a.csv", content)
    batches = reader.batches(**PLAIN, encoding="gb18030")
    assert ids(reader, batches) == [("o1", 2), ("o3", 4)]
    assert [(number, "GB18030" in reason) for number, reason in bad(reader, batches)] == [(3, True)]
    undeclared = reader.batches(**PLAIN)
    assert ids(reader, undeclared) == []
    assert [number for number, _ in bad(reader, undeclared)] == [2, 3, 4]


def test_a_header_of_another_encoding_is_a_reject_and_read_once_it_is_declared(reader: Reader) -> None:
    reader.write("in/a.csv", (HEAD.replace("what", "品名") + body(1, 3)).encode("gb18030"))
    reader.write("in/b.csv", HEAD + body(3, 5))
    mapped = PLAIN | {"subject": ""}
    batches = reader.batches(**mapped)
    assert [name for name, _ in ids(reader, batches)] == ["o3", "o4"]
    ((number, reason),) = bad(reader, batches)
    assert number == 1
    assert 'encoding = "gb18030"' in reason
    again = reader.batches(batches[-1].cursor or "", **mapped, encoding="gb18030")
    assert [name for name, _ in ids(reader, again)][:2] == ["o1", "o2"]


def test_a_grown_file_is_read_from_where_it_ended(reader: Reader) -> None:
    reader.write("in/a.csv", HEAD + body(1, 4))
    first = reader.batches(**PLAIN)
    reader.write("in/a.csv", HEAD + body(1, 4) + "o4,ann,soon,x,1\n" + body(5, 7))
    second = reader.batches(first[-1].cursor or "", **PLAIN)
    assert ids(reader, second) == [("o5", 6), ("o6", 7)]
    assert bad(reader, second) == [(5, "time: 'soon' is not a moment")]
    assert reader.batches(second[-1].cursor or "", **PLAIN) == []


def test_a_file_that_changed_before_its_end_is_read_whole(reader: Reader) -> None:
    reader.write("in/a.csv", HEAD + body(1, 4))
    first = reader.batches(**PLAIN)
    reader.write("in/a.csv", HEAD + body(1, 4).replace("o1", "o9") + body(4, 6))
    second = reader.batches(first[-1].cursor or "", **PLAIN)
    assert [name for name, _ in ids(reader, second)] == ["o9", "o2", "o3", "o4", "o5"]


def test_a_grown_file_of_another_encoding_keeps_it(reader: Reader) -> None:
    reader.write("in/a.csv", (HEAD + body(1, 3)).encode("gb18030"))
    first = reader.batches(**PLAIN, encoding="gb18030")
    more = b"o3,ann,2026-01-01 10:00:00,\xff,1\n" + body(4, 6, "x").encode()
    reader.write("in/a.csv", (HEAD + body(1, 3)).encode("gb18030") + more)
    second = reader.batches(first[-1].cursor or "", **PLAIN, encoding="gb18030")
    assert ids(reader, second) == [("o4", 5), ("o5", 6)]
    assert [number for number, _ in bad(reader, second)] == [4]


def test_half_a_line_waits_where_files_grow(reader: Reader) -> None:
    reader.write("in/a.csv", HEAD + body(1, 3) + line(3)[:-3])
    first = reader.batches(**PLAIN, growing=True)
    assert ids(reader, first) == [("o1", 2), ("o2", 3)]
    reader.write("in/a.csv", HEAD + body(1, 5))
    second = reader.batches(first[-1].cursor or "", **PLAIN, growing=True)
    assert ids(reader, second) == [("o3", 4), ("o4", 5)]


def test_half_a_line_is_read_again_when_it_is_whole(reader: Reader) -> None:
    reader.write("in/a.csv", HEAD + body(1, 3) + line(3)[:-1])
    first = reader.batches(**PLAIN)
    assert [name for name, _ in ids(reader, first)] == ["o1", "o2", "o3"]
    reader.write("in/a.csv", HEAD + body(1, 5))
    second = reader.batches(first[-1].cursor or "", **PLAIN)
    assert ids(reader, second) == [("o3", 4), ("o4", 5)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_in_however_many_parts_a_file_grows_each_line_is_read_once(reader: Reader, data: st.DataObject) -> None:
    pieces = st.sampled_from(["a", '"b\nc"', '"d,""e"', "茶", "f"])
    lines = [line(number, what) for number, what in enumerate(data.draw(st.lists(pieces, max_size=8)))]
    whole, cursor, found = (HEAD + "".join(lines)).encode(), "", []
    cuts = sorted(data.draw(st.lists(st.integers(len(HEAD), len(whole)), max_size=4)))
    for cut in [*cuts, len(whole)]:
        reader.write("in/a.csv", whole[:cut])
        for batch in reader.batches(cursor, **PLAIN, growing=True):
            found += [(row["source_id"], row["subject"]) for row in reader.rows(batch.rows)]
            cursor = batch.cursor or cursor
    reader.write("in/a.csv", whole)
    (batch,) = reader.batches(**PLAIN)
    expected = [(row["source_id"], row["subject"]) for row in reader.rows(batch.rows)]
    assert list(dict.fromkeys(found)) == expected
    assert len(expected) == len(lines)


def test_spreadsheets(reader: Reader) -> None:
    book = pytest.importorskip("openpyxl").Workbook()
    book.active.append(["id", "who", "at", "what", "total"])
    book.active.append(["o1", "ann", datetime(2026, 1, 1, 10), "茶", 1.5])  # noqa: DTZ001 - cells have no zone
    book.active.append([])
    book.active.append([7, "bob", "2026-01-02", None, "free"])
    book.active.append([8, "bob", "2026-01-02", None, 12])
    book.create_sheet("more").append(["id", "who", "at", "what", "total"])
    book["more"].append(["m1", "ann", "2026-01-01", None, 3])
    out = io.BytesIO()
    book.save(out)
    reader.write("in/a.xlsx", out.getvalue())
    batches = reader.batches(**PLAIN)
    rows = reader.rows(batches[0].rows)
    assert [(row["source_id"], row["line"], row["amount"]) for row in rows] == [("o1", 2, 150), ("8", 5, 1200)]
    assert rows[0]["time"] == datetime(2026, 1, 1, 10)  # noqa: DTZ001 - moments are UTC without a zone
    assert bad(reader, batches) == [(4, "amount: 'free' is not money")]
    assert ids(reader, reader.batches(**PLAIN, sheet="more")) == [("m1", 2)]
    with pytest.raises(UserError, match="it has: Sheet, more"):
        reader.batches(**PLAIN, sheet="none")


def test_what_is_no_spreadsheet_is_an_error(reader: Reader) -> None:
    pytest.importorskip("python_calamine")
    reader.write("in/a.xlsx", b"PK")
    with pytest.raises(UserError, match="cannot be read as a spreadsheet"):
        reader.batches(**PLAIN)


def test_files_of_an_object_store(reader: Reader) -> None:
    store = pytest.importorskip("fsspec").filesystem("memory")
    store.pipe("/shop/orders/a.csv", (HEAD + body(1, 3)).encode())
    store.pipe("/shop/orders/b.csv.gz", gzip.compress((HEAD + body(3, 5)).encode()))
    reader.connection.execute(f"COPY ({PARQUET} AS at) TO '{reader.folder}/c.parquet'")
    store.pipe("/shop/orders/c.parquet", (reader.folder / "c.parquet").read_bytes())
    mapped = PLAIN | {"files": ("memory://shop/orders/*",)}
    batches = reader.batches(**mapped)
    assert [name for name, _ in ids(reader, batches)] == [f"o{number}" for number in range(1, 6)]
    assert reader.batches(batches[-1].cursor or "", **mapped) == []
    store.pipe("/shop/orders/a.csv", (HEAD + body(1, 3) + line(6)).encode())
    assert ids(reader, reader.batches(batches[-1].cursor or "", **mapped)) == [("o6", 4)]
    store.rm("/shop", recursive=True)


@pytest.mark.parametrize(
    ("path", "words"),
    [("memory://none/a.csv", "cannot be reached"), ("nosuch://a/b.csv", "siyu\\[fsspec\\]")],
)
def test_what_is_not_there_says_so(reader: Reader, path: str, words: str) -> None:
    pytest.importorskip("fsspec")
    with pytest.raises(UserError, match=words):
        reader.batches(**PLAIN | {"files": (path,)})


def test_moments_without_an_offset_are_of_the_zone(reader: Reader) -> None:
    texts = [
        "2026-01-02 08:00:00",
        "2026-01-02T08:00:00",
        "2026/1/2 8:00",
        "2026-01-02",
        "2026-01-02T00:00:00Z",
        "2026-01-01 16:00-0800",
    ]
    reader.write("in/a.csv", HEAD + "".join(f"o{place},ann,{text},x,1\n" for place, text in enumerate(texts)))
    (batch,) = reader.batches(**PLAIN, zone="Asia/Shanghai")
    hours = [(row["time"].day, row["time"].hour) for row in reader.rows(batch.rows)]
    assert hours == [(2, 0), (2, 0), (2, 0), (1, 16), (2, 0), (2, 0)]
    reader.connection.execute(f"COPY ({PARQUET}::TIMESTAMP AS at) TO '{reader.folder}/in/b.parquet'")
    *_, batch = reader.batches(**PLAIN, zone="Asia/Shanghai")
    assert [row["time"] for row in reader.rows(batch.rows)] == [datetime(2026, 1, 2)]  # noqa: DTZ001 - as above


@pytest.mark.parametrize(
    ("gross", "kept"), [("113.00", 10000), ("0.01", 1), ("-113.00", -10000), ("1.00", 88), ("-1.00", -88)]
)
def test_of_gross_amounts_the_net_value_is_kept(reader: Reader, gross: str, kept: int) -> None:
    share = import_module("siyu.config.units").Share(1300)
    reader.write("in/a.csv", f"{HEAD}o1,ann,2026-01-01,x,{gross}\n")
    (batch, items) = reader.batches(**PLAIN, amounts="gross", tax=share, lines={"sku": "what", "amount": "total"})
    assert [row["amount"] for row in reader.rows(batch.rows)] == [kept]
    assert [row["amount"] for row in reader.rows(items.rows)] == [kept]


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"zone": "Asia/Shangai"}, "no time zone"),
        ({"encoding": "gb180"}, "none to name"),
        ({"encoding": "utf8"}, "told apart"),
        ({"amounts": "gross"}, "gross amounts need"),
        ({"revises": True, "id": ""}, "revisions need 'id'"),
    ],
)
def test_settings_that_cannot_work_are_refused(reader: Reader, attributes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        reader.batches(**PLAIN | attributes)


def test_the_cursor_of_an_earlier_version_is_read_anew(reader: Reader) -> None:
    reader.write("in/a.csv", HEAD + body(1, 3))
    assert len(ids(reader, reader.batches(json.dumps({"in/a.csv": [1, 2]}), **PLAIN))) == 2
