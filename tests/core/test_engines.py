"""The engines keep, hand out, take in, read JSON and hash alike."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import narwhals as nw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.keys import fingerprint, hashed, identity_id
from siyu.stores.engine import DuckEngine, sql_type
from siyu.testing.polars import PolarsEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from siyu.engine import Engine
    from siyu.kinds import Frame
    from siyu.tables import Schema

KEY = bytes(range(32)).hex()
SCHEMA: Schema = {
    "text": nw.String(),
    "long": nw.Int64(),
    "short": nw.Int32(),
    "real": nw.Float64(),
    "flag": nw.Boolean(),
    "time": nw.Datetime("us"),
}
# Moments of a frame are UTC without a zone.
ROWS: list[tuple[Any, ...]] = [
    ("a'\"\\茶", 2**62, -(2**31), 0.1, True, datetime(2026, 11, 5, 1, 2, 3, 456789)),  # noqa: DTZ001
    (None, None, None, None, None, None),
    ("", -(2**63), 2**31 - 1, -1e300, False, datetime(1969, 12, 31)),  # noqa: DTZ001
]


@pytest.fixture(params=[DuckEngine, PolarsEngine])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param is PolarsEngine:
        yield PolarsEngine(KEY)
        return
    with duckdb.connect() as connection:
        yield DuckEngine(connection.cursor(), KEY)


def on_both(work: Callable[[Engine], list[object]]) -> list[object]:
    """Do the work on both engines, and return the result that they agree on."""
    with duckdb.connect() as connection:
        native = work(DuckEngine(connection.cursor(), KEY))
    assert work(PolarsEngine(KEY)) == native
    return native


def columns(rows: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {name: [row[place] for row in rows] for place, name in enumerate(SCHEMA)}


@pytest.mark.parametrize("rows", [ROWS, [], ROWS[1:2], ROWS * 9_000], ids=["mixed", "empty", "null", "many"])
def test_frame_gives_its_rows_back(engine: Engine, rows: list[tuple[Any, ...]]) -> None:
    frame = engine.frame(columns(rows), SCHEMA)
    assert dict(frame.collect_schema()) == SCHEMA
    assert engine.rows(frame) == rows
    assert engine.rows(engine.keep(frame)) == rows


def test_frame_orders_its_columns_by_the_schema(engine: Engine) -> None:
    frame = engine.frame({"b": [1], "a": ["x"]}, {"a": nw.String(), "b": nw.Int64()})
    assert engine.rows(frame) == [("x", 1)]


def test_rows_keep_an_order(engine: Engine) -> None:
    frame = engine.frame({"a": [3, 1, 2]}, {"a": nw.Int64()})
    assert engine.rows(frame.sort("a", descending=True)) == [(3,), (2,), (1,)]


def test_numbered_follows_the_order_of_rows(engine: Engine) -> None:
    many = list(range(30_000, 0, -1))
    numbered = engine.numbered(engine.frame({"a": many}, {"a": nw.Int64()}), "row")
    assert dict(numbered.collect_schema()) == {"a": nw.Int64(), "row": nw.Int64()}
    assert engine.rows(numbered) == list(zip(many, range(1, 30_001), strict=True))
    turned = engine.numbered(engine.frame({"a": many}, {"a": nw.Int64()}).sort("a"), "row")
    assert engine.rows(turned) == [(number, number) for number in range(1, 30_001)]


def test_what_is_kept_is_numbered_in_its_order(engine: Engine) -> None:
    many = list(range(300_000, 0, -1))
    frame = engine.frame({"a": many}, {"a": nw.Int64()}).filter(nw.col("a") % 3 == 0)
    kept = engine.keep(frame, "row")
    assert dict(kept.collect_schema()) == {"a": nw.Int64(), "row": nw.Int64()}
    assert engine.rows(kept) == list(zip(range(300_000, 0, -3), range(1, 100_001), strict=True))


def test_numbers_outlive_a_transaction() -> None:
    with duckdb.connect() as connection:
        cursor = connection.cursor()
        engine = DuckEngine(cursor, KEY)
        cursor.begin()
        kept = engine.keep(engine.query("SELECT range AS a FROM range(200_000)"), "row")
        spans = [engine.rows(kept.select(nw.col("row").min(), high=nw.col("row").max()))]
        cursor.commit()
        spans.append(engine.rows(kept.select(nw.col("row").min(), high=nw.col("row").max())))
        assert spans == [[(1, 200_000)]] * 2
        assert engine.rows(kept.filter(nw.col("a") + 1 != nw.col("row")).select(nw.len())) == [(0,)]


def test_seconds_are_rounded_down(engine: Engine) -> None:
    start = datetime(1970, 1, 1)  # noqa: DTZ001 - moments of a frame are UTC without a zone
    micros = [0, 999_999, 1_000_000, -1, -1_000_000, -1_000_001, 1_793_000_000_123_456, None]
    moments = [None if micro is None else start + timedelta(microseconds=micro) for micro in micros]
    found = engine.seconds(engine.frame({"time": moments}, {"time": nw.Datetime("us")}), "time", "second")
    assert found.collect_schema()["second"] == nw.Int64()
    assert [row[1] for row in engine.rows(found)] == [0, 0, 1, -1, -1, -2, 1_793_000_000, None]


def test_a_moment_without_end_has_no_second() -> None:
    with duckdb.connect() as connection:
        cursor = connection.cursor()
        engine = DuckEngine(cursor, KEY)
        endless: Frame = nw.from_native(cursor.sql("SELECT TIMESTAMP 'infinity' AS time"))
        assert engine.rows(engine.seconds(endless, "time", "second").select("second")) == [(None,)]


OBJECTS = [
    '{"text": "x", "long": 5, "short": 5, "real": 5, "flag": true}',
    '{"text": 5, "long": "5", "short": 5.0, "real": "5", "flag": 1}',
    '{"text": true, "long": true, "short": false, "real": true, "flag": "true"}',
    '{"text": null, "long": null, "short": null, "real": null, "flag": null}',
    '{"text": "", "long": -9223372036854775808, "short": 2147483648, "real": -1.5e3, "flag": false}',
    '{"text": [1], "long": 9223372036854775808, "short": -2147483648, "real": [], "flag": {}}',
    '{"text": "\\u8336\\"", "long": 123456789012345678901234567890, "short": 1e3, "real": 1e30}',
    '{"text": "first", "text": "second"}',
    "{}",
    "[5]",
    '"text"',
    "5",
    "null",
    "",
    "{broken",
    '{"real": NaN}',
    '{"real": -Infinity}',
    '{"real": 1e999}',
    None,
]


def test_fields_are_of_their_type_or_null(engine: Engine) -> None:
    schema: Schema = {name: SCHEMA[name] for name in ("text", "long", "short", "real", "flag")}
    frame = engine.frame({"id": list(range(len(OBJECTS))), "props": OBJECTS}, {"id": nw.Int64(), "props": nw.String()})
    read = engine.fields(frame, "props", schema)
    assert dict(read.collect_schema()) == {"id": nw.Int64(), "props": nw.String(), **schema}
    found = [row[2:] for row in sorted(engine.rows(read))]
    nothing = (None,) * 5
    assert found[:8] == [
        ("x", 5, 5, 5.0, True),
        nothing,
        nothing,
        nothing,
        ("", -(2**63), None, -1500.0, False),
        (None, None, -(2**31), None, None),
        ('茶"', None, None, 1e30, None),
        ("first", None, None, None, None),
    ]
    assert found[8:] == [nothing] * 11


def test_fields_take_any_name_and_none(engine: Engine) -> None:
    frame = engine.frame({"props": ['{"a/b": 1, "~1": 2, "c.d": 3, "it\'s": 4, "\\"": 5}']}, {"props": nw.String()})
    schema: Schema = dict.fromkeys(("a/b", "~1", "c.d", "it's", '"'), nw.Int64())
    assert engine.rows(engine.fields(frame, "props", schema))[0][1:] == (1, 2, 3, 4, 5)
    assert engine.fields(frame, "props", {}).collect_schema().names() == ["props"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@given(values=st.lists(JSON, max_size=8), kind=st.sampled_from(sorted(set(SCHEMA) - {"time"})))
def test_fields_agree_on_any_json(values: list[Any], kind: str) -> None:
    texts = [json.dumps({"field": value}, ensure_ascii=len(values) % 2 == 0) for value in values]

    def work(engine: Engine) -> list[object]:
        frame = engine.frame({"props": texts}, {"props": nw.String()})
        return [row[0] for row in engine.rows(engine.fields(frame, "props", {"field": SCHEMA[kind]}).select("field"))]

    on_both(work)


TEXTS = st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6)


@given(rows=st.lists(st.tuples(TEXTS, st.none() | st.integers(-(2**63), 2**63 - 1)), max_size=8))
def test_hashed_is_what_python_computes(rows: list[tuple[str | None, int | None]]) -> None:
    schema: Schema = {"source": nw.String(), "number": nw.Int64()}

    def work(engine: Engine) -> list[object]:
        frame = engine.frame({"source": [row[0] for row in rows], "number": [row[1] for row in rows]}, schema)
        found = engine.hashed(frame, ["source", "number"], "id")
        assert dict(found.collect_schema()) == {**schema, "id": nw.Int64()}
        return [row[2] for row in engine.rows(found)]

    texts = [[source or "", "" if number is None else str(number)] for source, number in rows]
    assert on_both(work) == [hashed(KEY, *parts) for parts in texts]


def test_keys_do_not_change_between_releases() -> None:
    assert identity_id(KEY, "phone:+8613800000000") == hashed(KEY, "phone:+8613800000000")
    assert [hashed("", ""), hashed(KEY, "orders", "1"), identity_id("k", "wecom:wm7")] == PINNED
    assert all(0 <= number < 2**62 for number in PINNED)
    assert fingerprint("a") == fingerprint("a") != fingerprint("b")


def test_what_is_kept_survives_a_commit_until_it_is_dropped() -> None:
    with duckdb.connect() as connection:
        cursor = connection.cursor()
        engine, other = DuckEngine(cursor, KEY), DuckEngine(cursor, KEY)
        source = engine.frame({"a": [1]}, {"a": nw.Int64()})
        cursor.begin()
        kept, numbered, others = engine.keep(source), engine.keep(source, "n"), other.keep(source, "n")
        cursor.commit()
        assert (engine.rows(kept), engine.rows(numbered)) == ([(1,)], [(1, 1)])
        engine.drop()
        engine.drop()
        assert other.rows(others) == [(1, 1)]
        assert tables(cursor) == 1
        other.drop()
        assert tables(cursor) == 0


def test_what_is_kept_in_a_transaction_leaves_nothing_after_its_rollback() -> None:
    with duckdb.connect() as connection:
        cursor = connection.cursor()
        engine = DuckEngine(cursor, KEY)
        cursor.begin()
        engine.keep(engine.frame({"a": [1]}, {"a": nw.Int64()}), "n")
        cursor.rollback()
        engine.drop()
        assert tables(cursor) == 0


@pytest.mark.parametrize("size", [0, 3, 3000])
def test_rows_come_out_of_a_frame_as_they_went_in(size: int) -> None:
    def work(engine: Engine) -> list[Any]:
        schema = {"number": nw.Int64(), "text": nw.String(), "moment": nw.Datetime("us"), "empty": nw.Float64()}
        columns: dict[str, list[Any]] = {
            "number": list(range(size)),
            "text": [f'it\'s "{number}"' for number in range(size)],
            "moment": [datetime(2026, 1, 1) + timedelta(seconds=number) for number in range(size)],  # noqa: DTZ001 - UTC
            "empty": [None] * size,
        }
        frame = engine.frame(columns, schema)
        assert dict(frame.collect_schema()) == schema
        rows = engine.rows(frame)
        assert rows == list(zip(*columns.values(), strict=True))
        return rows

    on_both(work)


def test_rows_that_are_kept_in_order_or_sorted_stand_in_it() -> None:
    with duckdb.connect(config={"threads": 4}) as connection:
        cursor = connection.cursor()
        engine = DuckEngine(cursor, KEY)
        # More rows than one core takes at a time, and work that takes each its own while.
        rows = "SELECT range AS a, sha256(repeat('x', (hash(range) % 999)::BIGINT)) AS b FROM range(500000)"
        given = engine.keep(nw.from_native(cursor.sql(rows)), "n")
        assert engine.rows(given.filter(nw.col("n") != nw.col("a") + 1)) == []
        mixed = given.with_columns(c=nw.col("b").str.to_uppercase()).filter(nw.col("c") != "")
        for kept in (engine.keep(mixed, ordered=True), engine.keep(engine.keep(mixed.sort("a")), "m")):
            again = engine.keep(kept.with_columns(d=nw.col("c")), "k")
            assert engine.rows(again.filter(nw.col("k") != nw.col("a") + 1)) == []


def test_what_is_kept_is_computed_once() -> None:
    with duckdb.connect() as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE source AS SELECT 1 AS a")
        engine = DuckEngine(cursor, KEY)
        kept = engine.keep(nw.from_native(cursor.table("source")))
        cursor.execute("INSERT INTO source VALUES (2)")
        assert engine.rows(kept) == [(1,)]


def tables(cursor: duckdb.DuckDBPyConnection) -> int:
    count: int = cursor.execute("SELECT count(*) FROM duckdb_tables()").fetchall()[0][0]
    return count


def test_types_that_no_table_has_are_refused() -> None:
    assert sql_type(nw.Datetime("us")) == "TIMESTAMP"
    with pytest.raises(KeyError):
        sql_type(nw.Decimal())


PINNED = [4101707308206065413, 1592834410755252597, 3405527791561884098]


def test_picked_keeps_named_keys_only(engine: Engine) -> None:
    rows = [
        ("a", '{"x": 1, "z": [1, 2], "y": "茶"}', '{"x":1,"z":[1,2]}', 1, "y"),
        ("a", '{"x":  1}', '{"x":  1}', 0, None),
        ("a", '{"q": 1, "p": {"x": 1}}', None, 2, "p,q"),
        ("b", '{"x": 1, "a/b": null, "it\'s": true}', '{"a/b":null,"it\'s":true}', 1, "x"),
        ("c", '{"x": 1}', None, 1, "x"),
        (None, '{"x": 1}', None, 1, "x"),
        ("a", "{}", "{}", 0, None),
        *(("a", text, None, 1, None) for text in ("[1]", "5", "null", '"x"', "{broken", "")),
        ("a", None, None, 0, None),
    ]
    types: Schema = {"kind": nw.String(), "props": nw.String()}
    frame = engine.frame({"kind": [row[0] for row in rows], "props": [row[1] for row in rows]}, types)
    names = {"a": ["z", "x"], "b": {"a/b", "it's"}, "d": ["x"]}
    found = engine.picked(frame, "props", "kind", names)
    assert dict(found.collect_schema()) == {**types, "dropped": nw.Int64(), "dropped_names": nw.String()}
    assert engine.rows(found) == [(kind, *rest) for kind, _, *rest in rows]
    assert engine.rows(engine.picked(frame.head(2), "props", "kind", {})) == [
        ("a", None, 3, "x,y,z"),
        ("a", None, 1, "x"),
    ]


@given(objects=st.lists(st.dictionaries(st.sampled_from("abc"), JSON, max_size=3), max_size=6))
def test_picked_agrees_on_any_json(objects: list[dict[str, Any]]) -> None:
    texts = [json.dumps(one) for one in objects]

    def pick(engine: Engine) -> list[object]:
        frame = engine.frame({"kind": ["k"] * len(texts), "props": texts}, {"kind": nw.String(), "props": nw.String()})
        found = engine.rows(engine.picked(frame, "props", "kind", {"k": ["a", "c"]}))
        return [(json.loads(text or "{}"), *rest) for _, text, *rest in found]

    expected = [{key: one[key] for key in "ac" if key in one} for one in objects]
    assert [row[0] for row in on_both(pick)] == expected  # type: ignore[index]
