"""The commands by which people are forgotten, left alone and told what is known of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[..., Any]


def test_people_are_listed_told_and_forgotten(brand: Path, command: Command) -> None:
    listed = brand / "never.txt"
    listed.write_text("# from the old system\nwecom:bob\n\nphone:+8613800138000\n", encoding="utf-8")
    done = command("suppress", brand, listed, "--by", "wu", "--reason", "old list", "--now", "2026-11-12T10:00")
    assert (done.status, done.output) == (0, "2 of 2 put on the suppression list\n")
    again = command("suppress", brand, "wecom:bob", "--by", "wu", "--reason", "again", "--now", "2026-11-12T11:00")
    assert again.output == "0 of 1 put on the suppression list; the others were known so\n"
    command("run", brand, "--now", "2026-11-20T12:00", "--json")
    told = json.loads(command("export", brand, "wecom:ann", "--by", "wu", "--now", "2026-11-20T13:00").output)
    assert [row["type"] for row in told["tables"]["events"]["rows"]] == ["joined"]
    assert [row["state"] for row in told["tables"]["receipts"]["rows"]] == ["queued", "sending", "sent"]
    gone = command("forget", brand, "wecom:ann", "--by", "wu", "--yes", "--json", "--now", "2026-11-21T10:00")
    assert gone.status == 0
    assert json.loads(gone.output)["rewritten"]
    nobody = command("explain", brand, "wecom:ann", "--by", "li", "--now", "2026-11-21T11:00")
    assert nobody.status == 1
    assert "no member wecom:ann is known any more: they were erased on 2026-11-21 10:00:00+08:00" in nobody.error


def test_mistakes_are_told(brand: Path, command: Command) -> None:
    empty = brand / "empty.txt"
    empty.write_text("# nobody\n", encoding="utf-8")
    for arguments, words in (
        (("suppress", brand, empty, "--by", "wu", "--reason", "x"), "has no id; write one a line"),
        (("suppress", brand, "nobody", "--by", "wu", "--reason", "x"), "'nobody' is no file, and no id"),
        (("forget", brand, "wecom:zoe", "--by", "wu", "--yes"), "nothing is known of wecom:zoe"),
        (("export", brand, "wecom:zoe"), "nothing is known of wecom:zoe"),
    ):
        done = command(*arguments)
        assert done.status == 1
        assert words in done.error
        assert "Traceback" not in done.error


def test_the_data_map_is_the_config(brand: Path, command: Command) -> None:
    toml = brand / "brand.toml"
    more = (
        '\n[attribute]\ntaste = { type = "text", purpose = "match content", keep = "90d", sensitivity = "sensitive" }\n'
    )
    toml.write_text(toml.read_text(encoding="utf-8") + more, encoding="utf-8")
    rows = {row["what"]: row for row in json.loads(command("data-map", brand, "--json").output)}
    assert rows["taste"] == {
        "what": "taste",
        "where": "events, members",
        "purpose": "match content",
        "sensitivity": "sensitive",
        "keep": "90d, then purged by a run",
        "goes": "the store",
    }
    assert rows["code"]["purpose"] == "the claim is granted by it"
    assert "match content" in command("data-map", brand).output
    assert not (brand / ".siyu" / "store.duckdb").exists()
