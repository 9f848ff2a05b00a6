from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.sending import message

from siyu_plugins.channels.staff_task import StaffTask


def test_a_list_for_each_staff_member(tmp_path: Path) -> None:
    channel = StaffTask(name="calls", folder=tmp_path, to="phone")
    sent = [
        message(1, sender="ann", address="+8613800000001"),
        message(2, sender="bob/..", address="+8613800000002"),
        message(3, sender="ann", title="=1+1", text="@evil"),
        message(4, sender=""),
    ]
    found = {one.touch: one for one in channel.send(sent)}
    assert {one.state for one in found.values()} == {"handed"}
    assert len({one.provider_id for one in found.values()}) == 3
    assert all((tmp_path / "work" / one.provider_id).is_file() for one in found.values())
    with (tmp_path / "work" / found[1].provider_id).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["touch"], row["staff"], row["member"], row["result"]) for row in rows] == [
        ("1", "ann", "+8613800000001", ""),
        ("3", "ann", "", ""),
    ]
    assert (rows[1]["title"], rows[1]["script"]) == ("'=1+1", "'@evil")
    assert found[4].provider_id.startswith("anybody-")


def test_a_list_that_is_written_again_replaces_itself(tmp_path: Path) -> None:
    channel = StaffTask(name="calls", folder=tmp_path, form="json", staff="eve")
    for _ in range(2):
        (found,) = channel.send([message(-7, address="wm1")])
    (file,) = (tmp_path / "work").iterdir()
    assert file.name == found.provider_id
    (row,) = json.loads(file.read_text(encoding="utf-8"))
    assert (row["touch"], row["staff"], row["script"]) == ("-7", "eve", "我们请。回复 TD 退订")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("", encoding="utf-8")
    (found,) = StaffTask(name="calls", folder=tmp_path).send([message()])
    assert (found.state, found.again) == ("failed", "broken")
    assert "cannot write" in found.reason


def test_a_config_is_looked_at(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a folder for the lists"):
        StaffTask(name="calls", folder=tmp_path, path=" ")
    assert StaffTask(name="calls", folder=tmp_path, to="wecom").address == "wecom"
