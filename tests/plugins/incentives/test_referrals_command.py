"""``siyu referrals``: what waits is listed, and a person's word settles it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.brands import HEAD, folder, happened, rows

import siyu
from siyu.cli.main import main

TOML = (
    HEAD
    + """
[field.device]
purpose = "tell who is behind"
[incentive.points]
use = "points"
from = 2026-11-01
earn = [{ event = "checked_in", points = 1 }]
[incentive.bring]
use = "referral"
from = 2026-11-01
counts = { event = "paid", settle = "1d" }
gives = { inviter = { points = 200 } }
guard = { same = ["device"], review = ["self"] }
"""
)
DEVICE = {"props": '{"device": "d1"}'}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a brand where two friends have their inviter's device, after a run."""
    made = folder(tmp_path_factory.mktemp("lived"), TOML)
    with siyu.open(made) as brand:
        events = [happened("anna", "viewed", "2026-11-01T00:00:00", "v", **DEVICE)]
        for who in ("ben", "cleo"):
            events.append(happened(who, "joined", "2026-11-02T00:00:00", f"j{who}", ref="wecom:anna", **DEVICE))
            events.append(happened(who, "paid", "2026-11-02T01:00:00", f"p{who}", ref=f"o{who}", amount=100))
        brand.ingest(events, now="2026-11-03T00:00")
        brand.run(now="2026-11-05T00:00", send=False)
    return made


@pytest.fixture
def path(lived: Path, tmp_path: Path) -> Path:
    """Return a copy of the brand, to do something to."""
    return Path(shutil.copytree(lived, tmp_path / "brand"))


def waiting(path: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    main(["referrals", "list", str(path), "--json"])
    found: list[dict[str, str]] = json.loads(capsys.readouterr().out)
    return found


def test_what_waits_is_approved_or_refused_once(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = waiting(path, capsys)
    assert one["reason"] == "the friend and the inviter have the same device"
    assert {one["since"], other["since"]} == {"2026-11-03T01:00:00+00:00"}
    main(["referrals", "approve", str(path), one["cause"], "--by", "li", "--now", "2026-11-06T10:00"])
    assert capsys.readouterr().out == "1 approved by li; the next run goes by it\n"
    assert waiting(path, capsys) == [other]
    main(["referrals", "refuse", str(path), other["cause"], "--by", "li", "--note", "no", "--now", "2026-11-06T10:01"])
    capsys.readouterr()
    main(["referrals", "list", str(path)])
    assert capsys.readouterr().out == "no referral waits for a person\n"
    with siyu.open(path) as brand:
        brand.run(now="2026-11-07T00:00", send=False)
        brand.run(now="2026-11-08T00:00", send=False)
        found = rows(brand, "grants", "kind", "amount", "cause", "reason")
    held = "the friend and the inviter have the same device"
    assert sorted(found, key=repr) == sorted(
        [
            ("held", 0, one["cause"], held),
            ("held", 0, other["cause"], held),
            ("referred", 1, one["cause"], None),
            ("earned", 200, one["cause"], None),
            ("refused", 0, other["cause"], "refused by li: no"),
        ],
        key=repr,
    )


def test_a_member_has_a_code(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with siyu.open(path) as brand:
        number = str(brand.number("wecom:anna"))
    for member in ("wecom:anna", number):
        main(["referrals", "code", str(path), member])
        assert capsys.readouterr().out == f"{number}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["approve", "PATH", "17", "--by", "li"], 1, "no referral '17' waits for a person"),
        (["approve", "PATH", "17", "--by", " "], 1, "say who decides"),
        (["refuse", "PATH", "17", "--by", "li", "--now", "soon"], 1, "'soon' is no moment"),
        (["approve", "PATH", "--by", "li"], 2, "say which causes"),
        (["code", "PATH", "a", "b"], 2, "say which member"),
    ],
)
def test_mistakes_are_told(
    path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, told: str
) -> None:
    given = [str(path) if one == "PATH" else one for one in arguments]
    with pytest.raises(SystemExit) as ended:
        main(["referrals", *given])
    assert ended.value.code == status
    assert told in capsys.readouterr().err
