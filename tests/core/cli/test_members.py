"""Merging, parting and shared ids, by the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[..., Any]

NOW = ("--now", "2026-11-20T11:00")
BY = ("--by", "lin", "--why", "same card")


def test_two_are_merged_shown_and_parted(command: Command, brand: Path) -> None:
    assert command("run", brand, "--now", "2026-11-18").status == 0
    told = "wecom:ann and phone:138 0013 8000 are linked by lin; siyu explain shows whether the link counts\n"
    assert command("merge", brand, "wecom:ann", "phone:138 0013 8000", *BY, *NOW).output == told
    shown = command("explain", brand, "phone:+8613800138000", *NOW).output
    for words in ("links", "lin: same card", "holds", "phone", "wecom"):
        assert words in shown
    later = ("--now", "2026-11-20T12:00")
    parted = command("unmerge", brand, "wecom:ann", "phone:13800138000", "--by", "wu", "--why", "two people", *later)
    assert parted.output == "wecom:ann and phone:13800138000 are two members again\n"
    again = command("unmerge", brand, "wecom:ann", "phone:13800138000", *BY, *later)
    assert (again.status, "are not one member" in again.error) == (1, True)
    assert "wu: two people" in command("explain", brand, "wecom:ann", *later).output


def test_shared_ids_are_listed(command: Command, brand: Path) -> None:
    with (brand / "brand.toml").open("a", encoding="utf-8") as file:
        file.write("[identity]\nshared_by = 2\n")
    for name in ("ann", "bob", "cid"):
        assert command("merge", brand, f"wecom:{name}", "phone:13800138000", *BY, *NOW).status == 0
    assert command("merge", brand, "wecom:ann", "wecom:bob", *BY, *NOW).status == 0
    found = json.loads(command("shared", brand, "--json").output)
    assert [(one["kind"], one["shared_by"], one["of"]) for one in found["shared"]] == [("phone", 3, "wecom")]
    assert [(one["kind"], len(one["ids"])) for one in found["conflicts"]] == [("wecom", 2)]
    shown = command("shared", brand).output
    assert str(found["shared"][0]["member"]) in shown
    assert str(found["conflicts"][0]["ids"][1]) in shown


def test_a_number_that_is_none_is_told(command: Command, brand: Path) -> None:
    ended = command("explain", brand, "phone:12", *NOW)
    assert ended.status == 1
    assert "'phone:12' is no member: no number of the plan of +86" in ended.error
