"""Statements, opening balances, reversals and closed months, on a brand of a few lines."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from tests.brands import HEAD, copied, folder, happened, opened, rows

from siyu.errors import UserError
from siyu.moments import moment

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.brand import Brand

ZONE = "Asia/Shanghai"
TOML = (
    HEAD
    + """
[campaign.double]
use = "broadcast"
from = 2026-11-01
on = 2026-11-20
at = "10:00"
say = "hi"
via = "box"
[incentive.points]
use = "points"
from = 2026-11-01
earn = [{ event = "ordered", per = "1.00", points = 1 }]
pending = "7d"
[incentive.friends]
use = "referral"
from = 2026-11-01
counts = { event = "ordered", within = "10d", settle = "1d" }
gives = { inviter = { points = 200 }, friend = { points = 50 } }
during = "double"
[incentive.sale]
use = "flash-sale"
from = 2026-11-01
items = [{ sku = "G01", price = "99.00", was = "169.00", stock = 3, each = 3 }]
unpaid = "15m"
"""
)
NOW = moment("2026-11-25T12:00", ZONE)


def at(text: str) -> int:
    return moment(text, ZONE)


def balance(who: str, name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - what an event may have
    return happened(who, "opened", "2026-11-01T00:00Z", name, subject="points", **more)


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    return opened(folder(tmp_path, TOML))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a brand with the facts below."""
    path = folder(tmp_path_factory.mktemp("filled"), TOML)
    with opened(path, store=path / "store.duckdb") as made:
        facts(made)
    return path


@pytest.fixture
def shop(filled: Path, tmp_path: Path) -> Brand:
    """Return a copy of it, to do something to."""
    return copied(filled, tmp_path / "shop")


def facts(brand: Brand) -> None:
    """Bring in a few orders, a refund, a friend, and a balance from before."""
    brand.ingest(
        [
            happened("ann", "joined", "2026-11-01T01:00Z", "j-ann", place="north"),
            happened("bob", "joined", "2026-11-02T01:00Z", "j-bob", ref="wecom:ann", place="south"),
            happened("ann", "ordered", "2026-11-03T02:00Z", "o-1", ref="A1", amount=12_000),
            happened("bob", "ordered", "2026-11-04T02:00Z", "o-2", ref="B1", amount=3_000),
            happened("ann", "refunded", "2026-11-06T02:00Z", "r-1", ref="A1", amount=6_000),
            balance("ann", "old-ann", quantity=500, props='{"proof": "export of 2026-10-31", "expires": "2026-12-31"}'),
        ],
        now=NOW,
    )
    brand.run(now=NOW)


def test_a_statement_of_a_member_has_running_balances_and_says_what_each_line_is_for(shop: Brand) -> None:
    with shop as brand:
        found = brand.ledger("wecom:ann", now=NOW)
        points = [one for one in found.entries if one.incentive == "points"]
        assert [(one.kind, one.amount, one.balance) for one in points] == [
            ("opened", 500, 500),
            ("earned", 120, 620),
            ("earned", 200, 820),
            ("reversed", -60, 760),
        ]
        said = [one.cause for one in points]
        assert said[0].endswith(": export of 2026-10-31")
        assert said[1] == "ordered A1 of 120.00 on 2026-11-03 10:00:00+08:00"
        assert said[3].startswith("refunded A1 of 60.00 on ")
        assert said[2].startswith("referral: joined wecom:ann on 2026-11-02")
        held = {one.item: one for one in found.balances if one.incentive == "points"}
        assert (held[""].balance, held[""].usable, held[""].expiring, held[""].expires) == (
            700, 700, 500, at("2027-01-01"),
        )  # fmt: skip
        assert sum(one.balance for one in held.values()) == 760
        ordered = held["ordered"]
        assert (ordered.usable, ordered.pending) == (60, 0)


def test_points_in_their_waiting_time_are_pending(shop: Brand) -> None:
    with shop as brand:
        held = {one.item: one for one in brand.ledger("wecom:bob", now=at("2026-11-06")).balances}
        assert (held["ordered"].balance, held["ordered"].usable, held["ordered"].pending) == (30, 0, 30)


def test_a_statement_of_an_incentive_is_of_all_members_and_may_be_cut(shop: Brand) -> None:
    with shop as brand:
        whole = brand.ledger("points", now=NOW)
        assert whole.left_out == 0
        assert whole.entries[-1].balance == sum(one.amount for one in whole.entries) == 500 + 60 + 30 + 250
        last = brand.ledger("points", most=2, now=NOW)
        assert last.entries == whole.entries[-2:]
        assert last.left_out == len(whole.entries) - 2
        some = brand.ledger("points", since="2026-11-04", until="2026-11-04", now=NOW)
        assert [(one.kind, one.amount) for one in some.entries] == [("earned", 30)]
        assert some.entries[0].balance == 500 + 120 + 30
        assert {one.item for one in brand.ledger("points", item="ordered", now=NOW).entries} == {"ordered"}
        assert {one.incentive for one in brand.ledger("wecom:ann", incentive="friends", now=NOW).entries} == {"friends"}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"of": "pionts"}, "'pionts' is no incentive (friends, points, sale); 'pionts' is no member"),
        ({"of": "wecom:ann", "incentive": "nothing"}, "there is no incentive 'nothing'; there is friends"),
        ({"of": "points", "since": "soon"}, "'soon' is not a moment"),
    ],
)
def test_what_is_asked_for_and_is_not_there_is_told(brand: Brand, asked: dict[str, Any], words: str) -> None:
    with brand, pytest.raises(UserError) as told:
        brand.ledger(**asked)
    assert words in str(told.value)


def lines(brand: Brand, *kinds: str) -> list[tuple[Any, ...]]:
    return [row for row in rows(brand, "grants", "kind", "amount", "reason") if row[0] in kinds]


def test_a_balance_comes_over_once_however_often_it_is_read(brand: Brand) -> None:
    with brand:
        for _ in range(3):
            facts(brand)
        assert lines(brand, "opened") == [("opened", 500, "export of 2026-10-31")]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"quantity": 10}, "no proof of the balance was given"),
        ({"quantity": 0, "props": '{"proof": "p"}'}, "it has no units"),
        ({"props": '{"proof": "p"}'}, "it has no units"),
        ({"quantity": 10, "props": '{"proof": "p", "expires": "soon"}'}, "its 'expires' is no day and no moment"),
        ({"quantity": 10, "props": '{"proof": "p", "available": "1"}'}, "its 'available' is no day and no moment"),
        ({"quantity": 10, "props": '{"proof": "p", "expires": "2026-10-31"}'}, "it had expired when it came over"),
    ],
)
def test_a_balance_that_cannot_come_over_is_refused_and_says_why(
    brand: Brand, more: dict[str, Any], reason: str
) -> None:
    with brand:
        brand.ingest([balance("ann", "old", **more)], now=NOW)
        for _ in range(2):
            brand.run(now=NOW)
        assert lines(brand, "opened", "refused") == [("refused", 0, reason)]


def test_a_balance_with_its_author_its_first_day_and_money(brand: Brand) -> None:
    with brand:
        props = '{"proof": "letter 7", "author": "Lin", "available": "2026-12-01"}'
        brand.ingest([balance("ann", "old", amount=1250, props=props)], now=NOW)
        brand.run(now=NOW)
        assert rows(brand, "grants", "amount", "reason", "time", "available", "expires", "lot", "item") == [
            (1250, "letter 7 (Lin)", at("2026-11-01T08:00"), at("2026-12-01"), None, *lot(brand), "")
        ]


def lot(brand: Brand) -> tuple[str]:
    return (str(rows(brand, "events", "id")[0][0]),)


def sums(brand: Brand) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for incentive, amount in rows(brand, "grants", "incentive", "amount"):
        counted[incentive] += amount
    return dict(counted)


def test_a_campaign_is_reversed_with_what_it_gave_by_other_ledgers_and_only_once(shop: Brand) -> None:
    with shop as brand:
        before = rows(brand, "grants")
        planned = brand.reverse(campaign="double", by="Lin", reason="wrong month", plan=True, now=NOW)
        assert rows(brand, "grants") == before
        assert brand.reverse(campaign="double", by="Lin", reason="wrong month", now=NOW) == planned
        assert [(one.incentive, one.lines, one.members, one.taken, one.kept) for one in planned] == [
            ("friends", 1, 1, 1, 0),
            ("points", 2, 2, 250, 0),
        ]
        assert sums(brand) == {"friends": 0, "points": 500 + 60 + 30}
        assert brand.reverse(campaign="double", by="Lin", reason="again", now=NOW) == []
        brand.run(now=NOW + 1)
        assert sums(brand)["points"] == 590
        assert rows(brand, "controls", "target", "action", "actor", "reason")[0] == (
            "campaign:double", "reverse", "Lin", "wrong month",
        )  # fmt: skip
        statement = brand.ledger("wecom:bob", now=NOW).entries
        assert statement[-1].cause.startswith("takes back 'earned' +50 of 2026-11-")
        assert statement[-1].cause.endswith(": wrong month (Lin)")


def test_what_refunds_took_is_not_taken_twice(shop: Brand) -> None:
    with shop as brand:
        found = brand.reverse(incentive="points", item="ordered", by="Lin", reason="test", debt=True, now=NOW)
        assert [(one.given, one.taken, one.debt) for one in found] == [(90, 90, 0)]
        assert sums(brand)["points"] == 500 + 250
        brand.ingest(
            [happened("ann", "refunded", "2026-11-26T02:00Z", "r-2", ref="A1", amount=6_000)], now=NOW + 90_000
        )
        brand.run(now=NOW + 90_000)
        assert sums(brand)["points"] == 750


def test_only_the_lines_of_some_days_are_reversed(shop: Brand) -> None:
    with shop as brand:
        brand.reverse(incentive="points", since="2026-11-04", until="2026-11-04", by="Lin", reason="one day", now=NOW)
        assert sums(brand)["points"] == 500 + 60 + 250


def test_units_of_claims_that_are_reversed_go_back_into_the_stock(shop: Brand) -> None:
    with shop as brand:
        for number in range(3):
            brand.claim("sale", member="wecom:ann", id=f"c{number}", now=NOW + number)
        brand.ingest([happened("ann", "paid", "2026-11-25T04:01Z", "p-0", ref="c0")], now=NOW + 60)
        assert not brand.claim("sale", member="wecom:bob", id="c3", now=NOW + 70).granted
        found = brand.reverse(incentive="sale", by="Lin", reason="wrong price", now=NOW + 80)
        assert [(one.lines, one.taken) for one in found] == [(3, 3)]
        assert sums(brand)["sale"] == 0
        assert brand.claim("sale", member="wecom:bob", id="c4", quantity=3, now=NOW + 90).granted
        assert not brand.claim("sale", member="wecom:bob", id="c5", now=NOW + 91).granted
        brand.run(now=NOW + 86_400)
        brand.claim("sale", member="wecom:bob", id="c6", quantity=2, now=NOW + 86_400)
        assert sums(brand)["sale"] == 2


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "name one campaign, or one incentive"),
        ({"campaign": "double", "incentive": "points"}, "name one campaign, or one incentive"),
        ({"campaign": "duoble"}, "there is no campaign 'duoble'; did you mean 'double'?"),
        ({"incentive": "xyz"}, "there is no incentive 'xyz'; there is friends, points, sale"),
        ({"incentive": "points", "by": " "}, "say who reverses it, and why"),
    ],
)
def test_a_reversal_that_means_nothing_is_refused(brand: Brand, asked: dict[str, Any], words: str) -> None:
    with brand, pytest.raises(UserError) as told:
        brand.reverse(**{"by": "Lin", "reason": "test", **asked})
    assert words in str(told.value)


def test_balances_of_a_file_come_over_once(tmp_path: Path) -> None:
    entry = """
[entry.old-points]
use = "files"
files = ["old.csv"]
type = "opened"
id = "card-{card}"
member = "wecom:{who}"
time = "exported_at"
subject = "incentive"
quantity = "points"
props = { proof = "statement", expires = "valid_until" }
"""
    path = folder(tmp_path, TOML + entry)
    head = "card,who,exported_at,incentive,points,statement,valid_until\n"
    first = "7,ann,2026-10-31 09:00,points,300,S-1,2026-12-31\n8,bob,2026-10-31 09:00,points,40,,\n"
    (tmp_path / "old.csv").write_text(head + first, encoding="utf-8")
    with opened(path) as brand:
        brand.run(now=NOW)
        (tmp_path / "old.csv").write_text(f"{head}{first}9,cem,2026-10-31 09:00,points,5,S-3,\n", encoding="utf-8")
        brand.run(now=NOW + 60)
        found = rows(brand, "grants", "kind", "amount", "reason", "expires", "time")
    assert found == [
        ("opened", 300, "S-1", at("2027-01-01"), at("2026-11-01")),
        ("refused", 0, "no proof of the balance was given", None, at("2026-11-01")),
        ("opened", 5, "S-3", None, at("2026-11-01")),
    ]
