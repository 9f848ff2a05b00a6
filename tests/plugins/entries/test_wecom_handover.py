"""Handovers at WeCom: whom it asks for, what came of it, who sends then, and that nobody seems to be new."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tests.brands import HEAD, folder, happened, opened, rows
from tests.loopback import RESET, Loopback, loopback
from tests.wecom import WeCom, contact

from siyu.cli.main import siyu as command
from siyu.errors import UserError
from siyu.values import Handover
from siyu_plugins._platform import PlatformError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from siyu.brand import Brand

DAY = 86_400
NOW = 1_793_000_000
TALKS = """
[campaign.hello]
use = "journey"
from = 2026-10-01
start = { event = "followed" }
via = "box"
steps = [{ id = "hi", say = "hi" }]
[campaign.welcome]
use = "journey"
from = 2026-10-01
start = { event = "joined" }
via = "box"
steps = [{ id = "hi", say = "hi" }]
[metric.cac]
use = "cac"
"""


@contextmanager
def shop(path: Path, wecom: WeCom, more: str = "") -> Iterator[tuple[Brand, Loopback]]:
    with loopback(wecom.call) as server:
        app = f'app = {{ secret = {{ file = "secret" }}, base_url = "{server.address}" }}'
        folder(path, f'{HEAD}[entry.wecom]\nuse = "wecom"\ncorp = "ww1"\n{app}\n{more}')
        (path / "secret").write_text("s3cr3t", encoding="utf-8")
        with opened(path) as brand:
            yield brand, server


def known(brand: Brand, *types: str) -> list[tuple[Any, ...]]:
    found = rows(brand, "events", "type", "second", "subject", "staff", "props")
    return [(kind, second - NOW, *more) for kind, second, *more in found if kind in types]


HANDOVERS = ("handover_asked", "handover_refused", "transferred")


def test_a_handover_from_the_asking_to_its_end(tmp_path: Path) -> None:
    wecom = WeCom(contacts={f"wm{n}": [contact("ann", NOW - 50 + n)] for n in range(4)}, refusing={"wm3": 40128})
    with shop(tmp_path, wecom) as (brand, _):
        brand.run(now=NOW - 10, send=False)
        asked = brand.handover("ann", "bob", everybody=True, now=NOW)
        assert [(one.identity, one.state) for one in asked] == [
            ("wecom:wm0", "asked"),
            ("wecom:wm1", "asked"),
            ("wecom:wm2", "asked"),
            ("wecom:wm3", "refused"),
        ]
        assert known(brand, "handover_refused") == [
            ("handover_refused", 0, "ann", "bob", '{"reason": "handed over twice in the last 90 days"}')
        ]
        known_there = wecom.handovers["ann", "bob"]
        known_there["wm0"] = {"status": 1, "takeover_time": NOW + DAY}
        known_there["wm1"] = {"status": 3, "takeover_time": 0}
        told = brand.handover("ann", "bob", now=NOW + DAY + 10)
        assert [(one.identity, one.state, one.reason) for one in told] == [
            ("wecom:wm0", "done", ""),
            ("wecom:wm1", "refused", "the member refused"),
            ("wecom:wm2", "waiting", ""),
        ]
        events = known(brand, *HANDOVERS)
        assert events[5:] == [
            ("transferred", DAY, "ann", "bob", None),
            ("handover_refused", DAY + 10, "ann", "bob", '{"reason": "the member refused"}'),
        ]
        # Looked at again, and asked for again, nothing is new but what is not under way.
        assert brand.handover("ann", "bob", now=NOW + DAY + 20) == told
        assert known(brand, *HANDOVERS) == events
        wecom.contacts["wm0"] = [contact("bob", NOW + DAY)]
        brand.run(now=NOW + DAY + 30, send=False)
        held = [(staff, until is None) for staff, until in rows(brand, "follows", "staff", "until")]
        assert sorted(held) == [("ann", False), ("ann", True), ("ann", True), ("ann", True), ("bob", True)]


def test_a_handover_is_no_joining_no_welcome_and_no_acquisition(tmp_path: Path) -> None:
    wecom = WeCom(contacts={"wm1": [contact("ann", NOW - 50)], "wm2": [contact("ann", NOW - 40)]})
    with shop(tmp_path, wecom, TALKS) as (brand, _):
        brand.run(now=NOW, send=False)
        cost = {"time": "2026-10-26T06:00:00", "entry": "wecom", "amount": 1000, "source_id": "c1"}
        brand.ingest([cost], table="costs", now=NOW)
        touched = sorted(rows(brand, "touches", "campaign", "recipient"))
        assert len(touched) == 4
        brand.handover("ann", "bob", everybody=True, now=NOW)
        for person in ("wm1", "wm2"):
            wecom.handovers["ann", "bob"][person] = {"status": 1, "takeover_time": NOW + DAY}
        # One is told by the platform's result; of the other the synchronisation sees the new contact first.
        brand.ingest([happened("wm9", "viewed", "2026-10-26T06:00:00", "v1")], now=NOW)
        wecom.contacts = {
            "wm1": [contact("bob", NOW + DAY)],
            "wm2": [contact("bob", NOW + DAY)],
        }
        brand.run(now=NOW + DAY + 5, send=False)
        brand.handover("ann", "bob", now=NOW + DAY + 10)
        brand.run(now=NOW + 2 * DAY, send=False)
        assert sorted(rows(brand, "touches", "campaign", "recipient")) == touched
        assert len(known(brand, "joined")) == 2
        assert len(known(brand, "followed")) == 2
        assert len(known(brand, "transferred")) == 2
        ((value, count),) = set(rows(brand, "measures", "value", "n")) or {(None, None)}
        assert (value, count) == (500.0, 2)


@pytest.mark.parametrize("fault", [RESET, {"errcode": 60011, "errmsg": "no privilege"}])
def test_what_is_in_doubt_stays_open_and_what_was_refused_does_not(tmp_path: Path, fault: Any) -> None:  # noqa: ANN401
    wecom = WeCom(contacts={"wm1": [contact("ann", NOW - 50)]})
    wecom.faults = {"externalcontact/transfer_customer": [fault]}
    with shop(tmp_path, wecom) as (brand, server):
        with pytest.raises(PlatformError):
            brand.handover("ann", "bob", members=["wecom:wm1"], now=NOW)
        assert server.paths().count("externalcontact/transfer_customer") == 1
        kinds = [kind for kind, *_ in known(brand, *HANDOVERS)]
        assert kinds == (["handover_asked"] if fault is RESET else ["handover_asked", "handover_refused"])


def test_what_waits_and_is_not_in_the_log_comes_into_it(tmp_path: Path) -> None:
    wecom = WeCom(handovers={("ann", "bob"): {"wm1": {"status": 2, "takeover_time": NOW + DAY}}})
    with shop(tmp_path, wecom) as (brand, server):
        told = brand.handover("ann", "bob", members=["wecom:wm1"], now=NOW)
        assert told == [Handover("wecom:wm1", "waiting")]
        assert [kind for kind, *_ in known(brand, *HANDOVERS)] == ["handover_asked"]
        assert "externalcontact/transfer_customer" not in server.paths()


def test_many_are_asked_for_in_parts_of_a_hundred(tmp_path: Path) -> None:
    wecom = WeCom(contacts={f"wm{n:03}": [contact("ann", NOW - 50)] for n in range(230)})
    with shop(tmp_path, wecom) as (brand, server):
        assert len(brand.handover("ann", "bob", everybody=True, now=NOW)) == 230
        assert server.paths().count("externalcontact/transfer_customer") == 3
        assert len(known(brand, "handover_asked")) == 230


def test_who_left_is_handed_over_by_the_other_way(tmp_path: Path) -> None:
    wecom = WeCom(unassigned=[("ann", "wm1"), ("zoe", "wm2"), ("ann", "wm3")])
    with shop(tmp_path, wecom) as (brand, server):
        found = brand.handover("ann", "bob", everybody=True, resigned=True, now=NOW)
        assert [one.identity for one in found] == ["wecom:wm1", "wecom:wm3"]
        assert "externalcontact/resigned/transfer_customer" in server.paths()
        assert "externalcontact/transfer_customer" not in server.paths()


def test_the_command_shows_and_with_a_dry_run_does_nothing(tmp_path: Path) -> None:
    wecom = WeCom(contacts={"wm1": [contact("ann", NOW - 50)]})
    with shop(tmp_path, wecom) as (_, server):
        pass
    with loopback(wecom.call) as server:
        text = (tmp_path / "brand.toml").read_text(encoding="utf-8")
        old = text.partition('base_url = "')[2].partition('"')[0]
        (tmp_path / "brand.toml").write_text(text.replace(old, server.address), encoding="utf-8")
        arguments = ["handover", str(tmp_path), "ann", "bob", "--all", "--json", "--now", "2026-10-26T10:00"]
        dry = CliRunner().invoke(command, [*arguments, "--dry-run"], catch_exceptions=False)
        assert json.loads(dry.output) == [
            {"identity": "wecom:wm1", "state": "to be asked for", "second": 0, "reason": ""}
        ]
        assert "externalcontact/transfer_customer" not in server.paths()
        done = CliRunner().invoke(command, arguments, catch_exceptions=False)
        assert json.loads(done.output)[0]["state"] == "asked"
        shown = CliRunner().invoke(command, ["handover", str(tmp_path), "ann", "bob"], catch_exceptions=False)
        assert "waiting" in shown.output
        both = CliRunner().invoke(command, [*arguments, "--member", "wecom:wm1"])
        assert both.exit_code == 2


def test_what_cannot_be_handed_over_is_told(tmp_path: Path) -> None:
    folder(tmp_path, HEAD)
    with opened(tmp_path) as brand, pytest.raises(UserError, match="an entry 'wecom' with an 'app' can"):
        brand.handover("ann", "bob", now=NOW)
    folder(tmp_path, HEAD + '[entry.w]\nuse = "wecom"\ncorp = "ww1"\n')
    with opened(tmp_path) as brand:
        with pytest.raises(UserError, match=r"give \[entry.w\] an 'app'"):
            brand.handover("ann", "bob", now=NOW)
        with pytest.raises(UserError, match="name two staff members"):
            brand.handover("ann", "ann", now=NOW)
