"""Channel codes: made once, changed where they differ, and what joining by one costs."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tests.brands import HEAD, folder, opened, rows
from tests.loopback import RESET, loopback
from tests.wecom import WeCom, contact

from siyu.cli.main import siyu as command
from siyu.errors import ConfigError
from siyu_plugins._platform import PlatformError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from siyu.brand import Brand

NOW = 1_793_000_000
CODES = """
[entry.wecom.codes.mall]
campaign = "spring"
place = "Mall 1"
staff = ["ann"]
[entry.wecom.codes.web]
staff = ["ann", "bob"]
verify = true
[metric.cac]
use = "cac"
by = "code"
"""


@contextmanager
def shop(path: Path, wecom: WeCom, codes: str = CODES, store: str = ":memory:") -> Iterator[Brand]:
    with loopback(wecom.call) as server:
        app = f'app = {{ secret = {{ file = "secret" }}, base_url = "{server.address}" }}'
        folder(path, f'{HEAD}[entry.wecom]\nuse = "wecom"\ncorp = "ww1"\n{app}\n{codes}')
        (path / "secret").write_text("s3cr3t", encoding="utf-8")
        with opened(path, store=store) as brand:
            yield brand


def test_codes_are_made_once_and_changed_where_their_staff_differ(tmp_path: Path) -> None:
    wecom, store = WeCom(), str(tmp_path / "store.duckdb")
    with shop(tmp_path, wecom, store=store) as brand:
        assert [(one.name, one.ref) for one in brand.codes(now=NOW)] == [("mall", ""), ("web", "")]
        assert wecom.ways == {}
        made = brand.codes(make=True, now=NOW)
        assert [(one.name, one.ref, one.link) for one in made] == [
            ("mall", "way1", "https://wework.example/way1"),
            ("web", "way2", "https://wework.example/way2"),
        ]
        assert wecom.ways["way1"] == {
            "type": 1,
            "scene": 2,
            "state": "mall",
            "user": ["ann"],
            "skip_verify": True,
            "remark": "spring Mall 1",
            "config_id": "way1",
            "qr_code": "https://wework.example/way1",
        }
        assert (wecom.ways["way2"]["type"], wecom.ways["way2"]["skip_verify"]) == (2, False)
        assert brand.codes(make=True, now=NOW + 10) == made
        assert len(wecom.ways) == 2
    with shop(tmp_path, wecom, CODES.replace('["ann"]', '["cyd"]'), store) as brand:
        changed = brand.codes(make=True, now=NOW + 20)
        assert [one.ref for one in changed] == ["way1", "way2"]
        assert wecom.ways["way1"]["user"] == ["cyd"]
        brand.codes(make=True, now=NOW + 30)
        assert [subject for (subject,) in rows(brand, "events", "subject")] == ["mall", "web", "mall"]
        brand.run(now=NOW + 40, send=False)
        assert {name for (name,) in rows(brand, "members", "member")} & {brand.number("code:mall")} == set()


def test_what_was_made_and_not_recorded_is_found(tmp_path: Path) -> None:
    wecom = WeCom()
    wecom.faults = {"externalcontact/add_contact_way": [None, RESET]}
    with shop(tmp_path, wecom) as brand:
        with pytest.raises(PlatformError):
            brand.codes(make=True, now=NOW)
        assert [one.ref for one in brand.codes(now=NOW)] == ["way1", ""]
        # The platform had made it all the same.
        wecom.ways["way9"] = {"config_id": "way9", "state": "web", "user": ["ann", "bob"], "qr_code": "https://x/9"}
        assert [(one.ref, one.link) for one in brand.codes(make=True, now=NOW + 10)][1] == ("way9", "https://x/9")
        assert len(wecom.ways) == 2


def test_joinings_are_attributed_to_their_door_and_cost_what_it_cost(tmp_path: Path) -> None:
    wecom = WeCom(
        contacts={
            "wm1": [contact("ann", NOW - 50, state="mall")],
            "wm2": [contact("ann", NOW - 40, state="mall"), contact("bob", NOW - 20, state="web")],
            "wm3": [contact("bob", NOW - 30, state="web")],
            "wm4": [contact("bob", NOW - 30, state="web", add_way=202)],
            "wm5": [contact("bob", NOW - 10)],
        }
    )
    with shop(tmp_path, wecom) as brand:
        spent = [("mall", 3000), ("web", 500), (None, 99)]
        costs = [
            {"time": "2026-10-20T06:00:00", "entry": "wecom", "code": code, "amount": amount, "source_id": f"c{amount}"}
            for code, amount in spent
        ]
        brand.ingest(costs, table="costs", now=NOW)
        brand.run(now=NOW, send=False)
        assert sorted(rows(brand, "measures", "slice", "value", "n")) == [("mall", 1500.0, 2), ("web", 500.0, 1)]
        placed = {(kind, subject, place) for kind, subject, place in rows(brand, "events", "type", "subject", "place")}
        assert ("joined", "mall", "Mall 1") in placed
        assert ("followed", "web", None) in placed
        assert [(one.name, one.joined) for one in brand.codes(now=NOW)] == [("mall", 2), ("web", 1)]


def test_the_command_lists_and_makes(tmp_path: Path) -> None:
    wecom = WeCom()
    with loopback(wecom.call) as server:
        app = f'app = {{ secret = {{ file = "secret" }}, base_url = "{server.address}" }}'
        folder(tmp_path, f'{HEAD}[entry.wecom]\nuse = "wecom"\ncorp = "ww1"\n{app}\n{CODES}')
        (tmp_path / "secret").write_text("s3cr3t", encoding="utf-8")
        shown = CliRunner().invoke(command, ["codes", str(tmp_path)], catch_exceptions=False)
        assert "not made yet" in shown.output
        made = CliRunner().invoke(command, ["codes", str(tmp_path), "--make", "--json"], catch_exceptions=False)
        assert [one["ref"] for one in json.loads(made.output)] == ["way1", "way2"]


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ("codes = { mall = { staff = [] } }", "expected the staff who are added"),
        (f'codes = {{ {"m" * 31} = {{ staff = ["ann"] }} }}', "expected names of 30 bytes at most"),
    ],
)
def test_what_wecom_would_not_take_is_an_error_of_the_config(tmp_path: Path, codes: str, told: str) -> None:
    folder(tmp_path, f'{HEAD}[entry.wecom]\nuse = "wecom"\ncorp = "ww1"\n{codes}\n')
    with pytest.raises(ConfigError, match=told):
        opened(tmp_path)
