"""What WeCom measures of staff, a day at a time."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.brands import HEAD, folder, opened, rows
from tests.loopback import Call, Loopback, loopback

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from siyu.brand import Brand

DAY = 86_400


@contextmanager
def statistics(path: Path, first: str) -> Iterator[tuple[Brand, Loopback]]:
    def answer(call: Call) -> Any:  # noqa: ANN401 - see loopback
        if call.path == "gettoken":
            return {"errcode": 0, "access_token": "T", "expires_in": 7200}
        if call.path.endswith("get_follow_user_list"):
            return {"errcode": 0, "follow_user": ["bob", "ann"]}
        days = range(call.body["start_time"], call.body["end_time"] + 1, DAY)
        return {"errcode": 0, "behavior_data": [numbers(day, call.body["userid"][0]) for day in days]}

    with loopback(answer) as server:
        entry = f"""
[entry.days]
use = "wecom-statistics"
from = {first}
corp = "ww1"
app = {{ secret = {{ file = "secret" }}, base_url = "{server.address}" }}
"""
        folder(path, HEAD + entry)
        (path / "secret").write_text("s3cr3t", encoding="utf-8")
        with opened(path) as brand:
            yield brand, server


def numbers(day: int, staff: str) -> dict[str, Any]:
    quiet = {"stat_time": day, "chat_cnt": 0, "message_cnt": 0, "new_apply_cnt": 1, "new_contact_cnt": 0}
    # Averages are told only where there were talks.
    return quiet if staff == "bob" else {**quiet, "chat_cnt": 5, "reply_percentage": 98.65, "avg_reply_time": 3}


def spans(server: Loopback) -> list[tuple[str, str]]:
    asked = [
        call.body for call in server.calls if call.path.endswith("behavior_data") and call.body["userid"] == ["ann"]
    ]
    written = [
        [datetime.fromtimestamp(one[key], UTC).isoformat() for key in ("start_time", "end_time")] for one in asked
    ]
    return [(begin[:16], end[:16]) for begin, end in written]


def test_days_come_in_once_when_their_numbers_stand(tmp_path: Path) -> None:
    with statistics(tmp_path, "2026-11-01") as (brand, server):
        # Half past eleven on the 4th in China: the 3rd ended less than twelve hours ago.
        brand.run(now="2026-11-04T11:30", send=False)
        brand.run(now="2026-11-04T11:59", send=False)
        assert spans(server) == [("2026-10-31T16:00", "2026-11-01T16:00")]
        brand.run(now="2026-11-04T12:00", send=False)
        assert spans(server)[1:] == [("2026-11-02T16:00", "2026-11-02T16:00")]
        found = rows(brand, "events", "type", "staff", "subject", "quantity", "ref", "day")
        days = sorted({day for *_, day in found})
        first = sorted(row[1:5] for row in found if row[5] == days[0])
        assert first == [
            ("ann", "answered", 9865, "WeCom reply_percentage"),
            ("ann", "chats", 5, "WeCom chat_cnt"),
            ("ann", "messages", 0, "WeCom message_cnt"),
            ("ann", "new-contacts", 0, "WeCom new_contact_cnt"),
            ("ann", "requests", 1, "WeCom new_apply_cnt"),
            ("ann", "wait", 180, "WeCom avg_reply_time"),
            ("bob", "chats", 0, "WeCom chat_cnt"),
            ("bob", "messages", 0, "WeCom message_cnt"),
            ("bob", "new-contacts", 0, "WeCom new_contact_cnt"),
            ("bob", "requests", 1, "WeCom new_apply_cnt"),
        ]
        assert days == list(range(days[0], days[0] + 3))
        assert rows(brand, "members") == []


def test_long_spans_are_asked_for_in_parts_and_no_further_back_than_there_is_anything(tmp_path: Path) -> None:
    with statistics(tmp_path, "2020-01-01") as (brand, server):
        brand.run(now="2026-11-04T12:00", send=False)
        found = spans(server)
        assert len(found) == 6
        assert found[0] == ("2026-05-08T16:00", "2026-06-06T16:00")
        assert found[-1][1] == "2026-11-02T16:00"


def test_nothing_is_asked_before_the_first_day_is_over(tmp_path: Path) -> None:
    with statistics(tmp_path, "2026-11-10") as (brand, server):
        brand.run(now="2026-11-04T12:00", send=False)
        assert server.calls == []
