"""From a plan to a message that is explained, corrected and tried out, by the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[..., Any]

NOW = ("--now", "2026-11-20T11:00")


def test_a_touch_is_found_by_its_id_and_explained(brand: Path, command: Command) -> None:
    shown = command("plan", brand, *NOW, "--by", "campaign").output
    for words in ("= to send", "The gate, by campaign", "proposed"):
        assert words in shown
    plan = json.loads(command("plan", brand, *NOW, "--json").output)
    assert plan["waterfall"] == [{"step": "proposed", "touches": 2}, {"step": "= to send", "touches": 2}]
    assert plan["by_campaign"] == [{"campaign": "hello", "proposed": 2, "= to send": 2}]
    touch = plan["sample"][0]["id"]
    assert touch in shown
    early = command("explain", brand, "--touch", touch)
    assert (early.status, f"no touch {touch} is known" in early.error) == (1, True)
    assert command("run", brand, *NOW).status == 0
    sections = json.loads(command("explain", brand, "wecom:ann", *NOW, "--json").output)["sections"]
    (row,) = next(one["rows"] for one in sections if one["stage"] == "touches")
    assert row[0] in {one["id"] for one in plan["sample"]}
    whole = json.loads(command("explain", brand, "--touch", row[0], *NOW, "--json").output)
    assert whole["touch"] == row[0]
    assert {"touch", "the gate, rule by rule", "receipts"} <= {one["stage"] for one in whole["sections"]}
    assert "quiet hours" in command("explain", brand, "--touch", row[0], *NOW).output
    told = command("explain", brand, "--touch", row[0], "--for", "customer", "--language", "zh", *NOW)
    assert told.output.startswith("Tea于2026年11月20日11:00给您发送了：“Hello”\n")
    plain = json.loads(command("explain", brand, "--touch", row[0], "--for", "customer", *NOW, "--json").output)
    assert plain["customer"][0] == "Tea sent you this on 20 November 2026, 11:00: “Hello”"
    command("forget", brand, "wecom:ann", "--by", "wu", "--yes", *NOW)
    assert "was erased on 20 November 2026, 11:00" in " ".join(
        command("explain", brand, "--touch", row[0], "--for", "customer", *NOW).output.split()
    )


def test_a_test_is_sent_to_a_tester(brand: Path, command: Command) -> None:
    text = (brand / "brand.toml").read_text(encoding="utf-8")
    (brand / "brand.toml").write_text(text.replace("[gate]\n", '[gate]\ntesters = ["wecom:lin"]\n'), encoding="utf-8")
    done = json.loads(command("send-test", brand, "hello", "--to", "wecom:lin", "--by", "wu", "--json").output)
    assert [(one["content"], one["text"], one["state"]) for one in done] == [("hello", "[TEST] Hello", "sent")]
    shown = command("send-test", brand, "hello", "--to", "wecom:lin", "--by", "wu")
    assert "Sent to wecom:lin as tests" in shown.output
    refused = command("send-test", brand, "hello", "--to", "wecom:ann", "--by", "wu")
    assert (refused.status, "put the outside id into [gate] testers first" in refused.error) == (1, True)


def test_both_corrections_name_one_another(command: Command) -> None:
    assert "siyu correct" in " ".join(command("resend", "--help").output.split())
    assert "siyu resend" in " ".join(command("correct", "--help").output.split())


def test_words_that_make_no_sense_together(brand: Path, command: Command) -> None:
    for arguments, words in (
        (("explain", brand, "--language", "en", "wecom:ann"), "are of one message"),
        (("explain", brand, "--touch", "12", "wecom:ann", "x"), "no member beside --touch"),
        (("explain", brand, "--touch", "twelve"), "'twelve' is no id of a touch"),
    ):
        ended = command(*arguments)
        assert ended.status in {1, 2}
        assert words in ended.error


def test_a_plan_overwrites_nothing_but_plans(brand: Path, command: Command) -> None:
    config = brand / "brand.toml"
    before = config.read_text(encoding="utf-8")
    for file, more, words in (
        (config, (), "is there already, and is no plan"),
        (brand / "no" / "plan.json", (), "there is no folder"),
        (brand / "plan.json", ("--for", "1x"), "expected a duration"),
    ):
        ended = command("plan", brand, *NOW, "--save", file, *more)
        assert (ended.status, words in " ".join(ended.error.split())) == (2, True), ended.error
    assert config.read_text(encoding="utf-8") == before
    for _ in range(2):
        assert command("plan", brand, *NOW, "--save", brand / "plan.json").status == 0
    approved = command("approve", brand, brand / "plan.json", "--by", "li", *NOW)
    assert (approved.output.startswith("approved by li: 0 touches until 2026-11-21"), approved.status) == (True, 0)
    assert "no campaign asks for an approval" in approved.error
    for file, words in ((config, "is no plan: write one with siyu plan --save FILE"), (brand / "x", "cannot be read")):
        ended = command("approve", brand, file, "--by", "li")
        assert (ended.status, words in ended.error) == (1, True), ended.error
