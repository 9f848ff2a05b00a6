from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from siyu.config.units import Share
from siyu.stores.engine import DuckEngine
from siyu.stores.reading import DuckIntake
from siyu_plugins.entries.simulate import Rush, Simulate
from siyu_plugins.entries.surveys import Survey

if TYPE_CHECKING:
    from pathlib import Path

NOW = int(datetime(2026, 12, 31, tzinfo=UTC).timestamp())
MIDDLE = int(datetime(2026, 10, 20, 3, tzinfo=UTC).timestamp())
RUSH = Rush(incentive="gaiwan", item="G01", at="2026-11-11T10:00", claims=200)
WELCOME = Survey(survey="welcome", questions={"drink": ("green", "puer", "white"), "budget": ("little", "much")})
Rows = dict[str, list[dict[str, Any]]]


def read(folder: Path, now: int = NOW, cursor: str = "", **attributes: Any) -> tuple[Rows, str]:  # noqa: ANN401 - any attribute
    entry = Simulate(**{"name": "tea", "from_": date(2026, 9, 1), "members": 300, "claims": (RUSH,), **attributes})
    connection = duckdb.connect().cursor()
    engine = DuckEngine(connection, "00")
    found: Rows = {}
    for batch in entry.read(DuckIntake(connection, engine, folder=folder, now=now, cursor=cursor)):
        names = batch.rows.collect_schema().names()
        found[batch.table] = [dict(zip(names, row, strict=True)) for row in engine.rows(batch.rows)]
        cursor = batch.cursor or cursor
    connection.close()
    return found, cursor


def of_type(rows: Rows, kind: str) -> list[dict[str, Any]]:
    return [row for row in rows["events"] if row["type"] == kind]


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return read(tmp_path_factory.mktemp("brand"), members=1000)[0]


def test_the_same_seed_makes_the_same_rows(tmp_path: Path) -> None:
    assert read(tmp_path) == read(tmp_path)
    assert read(tmp_path)[0]["events"] != read(tmp_path, seed=2)[0]["events"]


def test_two_reads_are_one(tmp_path: Path) -> None:
    first, cursor = read(tmp_path, now=MIDDLE)
    second, _ = read(tmp_path, cursor=cursor)
    whole, _ = read(tmp_path)
    assert all(first[table] and second[table] for table in whole)
    assert {table: first[table] + second[table] for table in whole} == whole


def test_nothing_is_new_at_the_same_moment(tmp_path: Path) -> None:
    _, cursor = read(tmp_path)
    assert read(tmp_path, cursor=cursor)[0] == {}


def test_everything_is_labelled(thousand: Rows) -> None:
    assert {row["source"] for row in thousand["events"]} == {"simulated"}
    assert all(row["identity"].startswith("wecom:simulated-") for row in thousand["events"])


def test_every_kind_of_event_is_there_and_every_id_once(thousand: Rows) -> None:
    kinds = {row["type"] for row in thousand["events"]}
    assert kinds == {
        *("profiled", "joined", "followed", "viewed", "clicked", "messaged", "shared", "checked_in", "complained"),
        *("ordered", "paid", "received", "rated", "refunded", "claimed", "unsubscribed", "left"),
        "ticket_closed",
    }
    ids = [row["source_id"] for row in thousand["events"]]
    assert len(ids) == len(set(ids))


def test_rows_stand_in_the_order_of_time(thousand: Rows) -> None:
    times = [row["time"] for row in thousand["events"]]
    assert times == sorted(times)


def test_shares_are_about_as_declared(thousand: Rows) -> None:
    joined, orders = of_type(thousand, "joined"), of_type(thousand, "ordered")
    assert len(joined) == 1000
    doors = [row["entry"] for row in joined]
    assert 430 < doors.count("wecom") < 570
    assert 180 < doors.count("group") < 320
    assert 2500 < len(orders) < 3500
    assert 0.90 < len(of_type(thousand, "received")) / len(orders) < 0.98
    assert 0.05 < len(of_type(thousand, "refunded")) / len(orders) < 0.11
    assert 80 < len([row for row in joined if row["ref"]]) < 220
    granted = {row["identity"] for row in thousand["consents"] if row["state"] == "granted"}
    assert 850 < len(granted) < 950
    assert 20 < len(of_type(thousand, "left")) < 80


def test_an_order_is_the_sum_of_its_lines(thousand: Rows) -> None:
    sums: dict[str, int] = {}
    for item in thousand["items"]:
        sums[item["source_id"]] = sums.get(item["source_id"], 0) + item["amount"]
    traded = of_type(thousand, "ordered") + of_type(thousand, "refunded")
    assert sums == {row["source_id"]: row["amount"] for row in traded}


def test_refunds_are_whole_or_partial_and_follow_their_order(thousand: Rows) -> None:
    orders = {row["ref"]: row for row in of_type(thousand, "ordered")}
    refunds = [(row, orders[row["ref"]]) for row in of_type(thousand, "refunded")]
    assert all(refund["time"] > order["time"] and refund["amount"] <= order["amount"] for refund, order in refunds)
    assert any(refund["amount"] < order["amount"] for refund, order in refunds)
    assert any(refund["amount"] == order["amount"] for refund, order in refunds)


def test_inviters_joined_before(thousand: Rows) -> None:
    joined = {row["identity"]: row for row in of_type(thousand, "joined")}
    assert all(joined[row["ref"]]["time"] < row["time"] for row in joined.values() if row["ref"])


def test_a_rush_is_for_what_was_declared(thousand: Rows) -> None:
    claims = of_type(thousand, "claimed")
    assert 50 < len(claims) <= 200
    assert {(row["subject"], row["ref"]) for row in claims} == {("gaiwan", "G01")}
    assert min(row["time"] for row in claims) >= datetime(2026, 11, 11, 2)  # noqa: DTZ001 - UTC without a zone
    requests = {row["source_id"] for row in claims}
    assert len([row for row in of_type(thousand, "paid") if row["ref"] in requests]) > len(claims) // 2


def test_some_members_answer_a_survey_and_some_of_them_twice(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, members=1000, surveys=(WELCOME,))
    answers = of_type(rows, "answered")
    assert {row["ref"] for row in answers} == {"welcome"}
    for question, texts in WELCOME.questions.items():
        told = [row for row in answers if row["subject"] == question]
        drawn = Counter(json.loads(row["props"])["answer"] for row in told)
        assert set(drawn) == set(texts)
        assert min(drawn.values()) > 0.7 * len(told) / len(texts)
        turns = Counter(row["identity"] for row in told)
        assert 350 < len(turns) < 450
        assert 20 < list(turns.values()).count(2) < 70
        assert max(turns.values()) == 2
    joined = {row["identity"]: row["time"] for row in of_type(rows, "joined")}
    left = {row["identity"]: row["time"] for row in of_type(rows, "left")}
    assert all(row["time"] >= joined[row["identity"]] + timedelta(hours=1) for row in answers)
    assert all(row["time"] < left[row["identity"]] for row in answers if row["identity"] in left)


def test_a_survey_changes_nothing_else(tmp_path: Path, thousand: Rows) -> None:
    everybody = Survey(survey="summer", questions={"drink": ("green",)}, share=Share(10_000))
    rows, _ = read(tmp_path, members=1000, surveys=(everybody, WELCOME))
    answers = of_type(rows, "answered")
    left = {row["identity"] for row in of_type(rows, "left")}
    assert len({row["identity"] for row in answers if row["ref"] == "summer"} | left) == 1000
    assert len({row["source_id"] for row in answers}) == len(answers)
    rest = [row for row in rows["events"] if row["type"] != "answered"]
    assert {**rows, "events": rest} == thousand


def test_costs_are_there_for_every_day_door_and_code(thousand: Rows) -> None:
    assert len(thousand["costs"]) == 90 * 3 * 4
    assert all(2_000 <= row["amount"] <= 20_000 for row in thousand["costs"])


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"members": 0}, "members of 1"),
        ({"offset": 24}, "offset"),
        ({"codes": ()}, "at least one name"),
    ],
)
def test_attributes_that_cannot_be(attributes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Simulate(**{"name": "tea", "from_": date(2026, 9, 1), **attributes})


@pytest.mark.parametrize("questions", [{}, {"drink": ()}])
def test_a_survey_needs_answers(questions: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(ValueError, match="questions with at least one answer each"):
        Survey(survey="welcome", questions=questions)


def test_a_rush_needs_a_moment() -> None:
    with pytest.raises(ValueError, match="moment"):
        Rush(incentive="a", item="b", at="soon")
