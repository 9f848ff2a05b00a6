from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from tests.brands import HEAD, folder, happened

import siyu
from siyu.cli.main import main

TOML = (
    HEAD
    + """
[segment]
here = "days_since('joined') >= 0"
[incentive.coupon]
use = "coupon"
from = 2026-11-01
[incentive.coupon.items]
ten = { off = "10.00", from = "50.00", group = "shop" }
full = { off = "30.00", from = "200.00", open = true }
told = { percent = "10%", code = "TEA", order = 1 }
card = { off = "20.00", codes = 3, group = "shop" }
cups = { percent = "50%", skus = ["C01"] }
[[incentive.coupon.issue]]
coupon = "ten"
event = "joined"
pieces = 2
[incentive.members]
use = "exclusive"
from = 2026-11-01
to = "segment('here')"
items = [{ sku = "T01", price = "59.00", was = "79.00", each = 2 }, { sku = "G01", price = "90.00", was = "99.00" }]
[incentive.sale]
use = "exclusive"
from = 2026-11-01
to = "segment('here')"
items = [{ sku = "G01", price = "89.00", was = "99.00" }]
"""
)
NOW = "2026-11-10T12:00:00"


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = folder(tmp_path_factory.mktemp("lived"), TOML)
    with siyu.open(path) as opened:
        opened.ingest([happened("m1", "joined", "2026-11-05T04:00:00", "j1")], now=NOW)
        opened.run(now=NOW)
    (path / "basket.json").write_text(
        json.dumps(
            {"lines": [{"sku": "G01", "amount": "150.00"}, {"sku": "T01", "category": "tea", "amount": "90.00"}]}
        )
    )
    return path


@pytest.fixture
def brand(lived: Path, tmp_path: Path) -> Path:
    """Return a copy of the brand, to do something to."""
    return Path(shutil.copytree(lived, tmp_path / "brand"))


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[str]:
    main([str(one) for one in arguments])
    return capsys.readouterr().out.splitlines()


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    with pytest.raises(SystemExit) as ended:
        main([str(one) for one in arguments])
    assert ended.value.code == 1
    return capsys.readouterr().err


def test_the_best_coupons_are_told_with_the_reasons(brand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with siyu.open(brand) as opened:
        (code,) = opened.vouchers("coupon", "card").codes(range(2, 3))
    asked = ["--member", "wecom:m1", "--code", "tea", "--code", code.lower(), "--code", "nonsense", "--coupon", "cups"]
    assert said(capsys, "coupons", "best", brand, "--basket", brand / "basket.json", "--now", NOW, *asked) == [
        "before coupons  240.00",
        "card: takes 20.00 off 240.00",
        "full: takes 30.00 off 220.00",
        "told: takes 19.00 off 190.00",
        "to pay          171.00",
        "not cups: none of the lines is one that it is for",
        "not ten: it does not combine with card; at best 60.00 with full and ten and told, 9.00 less",
        "nonsense: it is no code of a coupon: look at each letter of it",
    ]


def test_a_code_that_was_used_is_told(brand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with siyu.open(brand) as opened:
        (code,) = opened.vouchers("coupon", "card").codes(range(1, 2))
        assert opened.claim("coupon", member="wecom:m1", id="r1", item="card", code=code, now=NOW).granted
    asked = ["--basket", brand / "basket.json", "--now", NOW, "--code", code]
    assert said(capsys, "coupons", "best", brand, *asked)[-1] == f"{code}: the code was used before"
    # It is in the member's wallet now.
    assert "card: takes 20.00 off 240.00" in said(capsys, "coupons", "best", brand, *asked, "--member", "wecom:m1")


def test_what_is_short_of_a_threshold_is_told(brand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    basket = brand / "baskets" / "small.toml"
    basket.parent.mkdir()
    basket.write_text('lines = [{ sku = "T01", amount = "49.99" }]')
    assert said(capsys, "coupons", "best", brand, "--basket", basket, "--coupon", "ten")[1:] == [
        "to pay          49.99",
        "not full: the lines that it is for do not come to its threshold, 150.01 more would do",
        "not ten: the lines that it is for do not come to its threshold, 0.01 more would do",
    ]


def test_machines_get_the_parts_of_each_line(brand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["coupons", "best", str(brand), "--basket", str(brand / "basket.json"), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["value"] == 3000
    assert told["combination"]["left"] == [13_125, 7_875]
    assert told["exact"] is True


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lines = []", "expected the lines of a basket"),
        ("lines = 3", "expected the lines of a basket"),
        ("rows = []", "holds something else than lines"),
        ("lines = [", "is no TOML"),
        ('lines = [{ sku = "T01" }]', "line 1 of the basket needs sku and amount"),
        ('lines = [{ sku = "T01", amount = 3 }]', "line 1 of the basket: expected money as text"),
        ('lines = [{ sku = "T01", amount = "-1.00" }]', "line 1 of the basket: the amount is below 0"),
        ('lines = [{ sku = 7, amount = "1.00" }]', "line 1 of the basket: sku is text, not 7"),
    ],
)
def test_a_basket_that_is_none_is_refused(
    brand: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    basket = brand / "baskets" / "wrong.toml"
    basket.parent.mkdir()
    basket.write_text(text)
    assert words in refused(capsys, "coupons", "best", brand, "--basket", basket)


def test_a_mistake_is_told(brand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    basket = ["--basket", brand / "basket.json"]
    assert "cannot read the basket" in refused(capsys, "coupons", "best", brand, "--basket", brand / "none.json")
    assert "no coupon 'nine' in coupon; there are" in refused(
        capsys, "coupons", "best", brand, *basket, "--coupon", "nine"
    )
    assert "there is: coupon" in refused(capsys, "coupons", "best", brand, *basket, "--incentive", "points")
    for_codes = ["coupons", "codes", brand, "--file", brand / "codes.txt", "--coupon"]
    assert "no coupon 'ten' with codes of its own in coupon; there is: card" in refused(capsys, *for_codes, "ten")
    assert "coupon 'card' has 3 codes, numbers 0 to 2" in refused(capsys, *for_codes, "card", "--count", 4)
    assert not (brand / "codes.txt").exists()


def test_codes_are_written_and_known_again(brand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = brand / "codes.txt"
    assert said(capsys, "coupons", "codes", brand, "--coupon", "card", "--file", path) == [
        f"3 codes of card in {path}, numbers 0 to 2"
    ]
    codes = path.read_text().splitlines()
    assert len(set(codes)) == 3
    assert all(re.fullmatch("([3-9A-Y]{4}-){3}[3-9A-Y]{4}", code) for code in codes)
    assert path.stat().st_mode & 0o077 == 0
    assert said(capsys, "coupons", "check", brand, "--code", codes[1]) == ["card, number 1"]
    assert "it is no code of a coupon of this brand" in refused(capsys, "coupons", "check", brand, "--code", "X")
    said(capsys, "coupons", "codes", brand, "--coupon", "card", "--file", path, "--first", 1, "--count", 2)
    assert path.read_text().splitlines() == codes[1:]


def test_a_member_sees_the_lowest_prices(brand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "prices", brand, "--member", "wecom:m1", "--now", NOW) == [
        "G01: 89.00 instead of 99.00 (sale)",
        "T01: 59.00 instead of 79.00, 2 at most (members)",
    ]
    assert said(capsys, "prices", brand, "--member", "wecom:m9", "--now", NOW) == ["the member has no exclusive price"]
    main(["prices", str(brand), "--member", "wecom:m1", "--now", NOW, "--json"])
    first, _ = json.loads(capsys.readouterr().out)
    assert first == {"sku": "G01", "price": 8900, "was": 9900, "each": None, "incentive": "sale"}
