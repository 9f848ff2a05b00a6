from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from tests.callbacks import CORP, NOW, Desk, called, person, xml

from siyu.config.units import Secret
from siyu.errors import UserError
from siyu_plugins._tencent.topics import CheckIn, Topic
from siyu_plugins.entries.group import Group

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = Group(
    name="groups",
    corp=CORP,
    files=("groups/*.jsonl",),
    tokens=(Secret(file="token"),),
    keys=(Secret(file="key"),),
    topics=(Topic(topic="price", matches="多少钱"),),
    checkins=(CheckIn(matches="^打卡", challenge="21-days"), CheckIn(matches="早起")),
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "groups").mkdir()
    return Desk(tmp_path)


def archived(number: int, who: str, text: str, group: str = "wrG1") -> dict[str, Any]:
    head = {"msgid": f"m{number}", "action": "send", "from": who, "tolist": ["zhang"], "roomid": group}
    return {**head, "msgtime": (NOW + number) * 1000, "msgtype": "text", "text": {"content": text}}


def write(desk: Desk, name: str, *rows: dict[str, Any]) -> None:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (desk.intake.folder / "groups" / name).write_text("\n".join(lines), encoding="utf-8")


def read(desk: Desk, entry: Group) -> list[dict[str, Any]]:
    found = []
    for batch in entry.read(desk.intake):
        names = batch.rows.collect_schema().names()
        found += [dict(zip(names, row, strict=True)) for row in desk.engine.rows(batch.rows)]
        desk.intake.cursor = batch.cursor or desk.intake.cursor
    return [{name: value for name, value in row.items() if value is not None} for row in found]


def test_the_archive_of_chats_becomes_messages_and_check_ins(desk: Desk) -> None:
    write(
        desk,
        "a.jsonl",
        archived(1, person(1), "打卡 第3天，早起"),
        archived(2, person(2), "多少钱？打卡"),
        archived(3, "zhang", "打卡的看过来"),
        archived(4, person(1), "打卡", group=""),
        {**archived(5, person(3), ""), "msgtype": "image", "text": None, "image": {"md5sum": "打卡"}},
    )
    rows = read(desk, ENTRY)
    told = [(row["type"], row["identity"], row.get("subject"), row["ref"], row["source_id"]) for row in rows]
    assert sorted(told, key=str) == sorted(
        [
            ("messaged", f"wecom:{person(1)}", None, "wrG1", "m1"),
            ("messaged", f"wecom:{person(2)}", "price", "wrG1", "m2"),
            ("messaged", f"wecom:{person(3)}", None, "wrG1", "m5"),
            ("checked_in", f"wecom:{person(1)}", "21-days", "wrG1", "m1-checked-in-21-days"),
            ("checked_in", f"wecom:{person(1)}", "wrG1", "wrG1", "m1-checked-in-"),
        ],
        key=str,
    )
    assert {row["source"] for row in rows} == {f"wecom/{CORP}"}
    assert {int(row["time"].timestamp() - NOW) for row in rows} <= {1, 2, 5}
    assert json.loads(rows[0]["props"])["text"] in ("打卡 第3天，早起", "多少钱？打卡")
    assert not any("place" in row for row in rows)
    assert read(desk, ENTRY) == []


def test_other_tools_columns_are_named(desk: Desk) -> None:
    (desk.intake.folder / "joins.csv").write_text(
        f"userid,chat_id,join_time\n{person(1)},wrG1,2026-11-01 10:00:00\nzhang,wrG1,2026-11-01 10:00:00\n,wrG1,now\n",
        encoding="utf-8",
    )
    named = {"member": "wecom:{userid}", "group": "chat_id", "time": "join_time", "id": ""}
    joins = Group(name="groups", corp=CORP, files=("joins.csv",), holds="joins", **named)  # type: ignore[arg-type]
    (batch,) = list(joins.read(desk.intake))
    ((kind, who, group),) = desk.engine.rows(batch.rows.select("type", "identity", "subject"))
    assert (kind, who, group) == ("group_joined", f"wecom:{person(1)}", "wrG1")
    assert batch.rejects is not None
    assert [row[0] for row in desk.engine.rows(batch.rejects.select("line"))] == [4]
    leaves = evolve(joins, holds="leaves")
    assert [row["type"] for row in read(desk, leaves)] == ["group_left"]


def test_callbacks_bring_moves_and_changes_of_groups(desk: Desk) -> None:
    head = {"ToUserName": CORP, "FromUserName": "sys", "CreateTime": NOW, "MsgType": "event"}
    told = {"Event": "change_external_chat", "ChatId": "wrG1", "ChangeType": "update", "UpdateDetail": "add_member"}
    request = called(xml(**head, **told, MemChangeList=[person(1), "zhang"]))
    (row,) = desk.taken(ENTRY, request)
    assert (row["type"], row["identity"], row["subject"]) == ("group_joined", f"wecom:{person(1)}", "wrG1")
    contact = {"Event": "change_external_contact", "ChangeType": "add_external_contact"}
    assert desk.taken(ENTRY, called(xml(**head, **contact, UserID="zhang", ExternalUserID=person(1)))) == []


def test_nothing_is_read_where_no_files_are_named(desk: Desk) -> None:
    assert list(Group(name="groups", corp=CORP).read(desk.intake)) == []


def test_a_missing_column_is_told(desk: Desk) -> None:
    write(desk, "a.jsonl", {"msgid": "1"})
    with pytest.raises(UserError, match="names the column 'from', which the file does not have"):
        read(desk, ENTRY)


@pytest.mark.parametrize(("given", "words"), [({"files": ("",)}, "paths or globs"), ({"text": ""}, "messages need")])
def test_a_config_that_cannot_be_is_told(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Group(name="groups", corp=CORP, **given)
