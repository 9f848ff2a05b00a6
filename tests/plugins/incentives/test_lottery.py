from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.brands import HEAD, folder, happened, opened

from siyu import ConfigError, UserError
from siyu.cli.main import siyu as command
from siyu.config.units import Duration, Money, Secret
from siyu.kinds import Budget, Cost, Term
from siyu.testing.views import programme_of
from siyu_plugins.incentives._lottery_commands import checked, masked, told
from siyu_plugins.incentives._tickets import Enter
from siyu_plugins.incentives.lottery import Lottery, Prize, Tickets

DAY = 86_400
Settle = Callable[..., list[tuple[Any, ...]]]
COMMITMENT = sha256(b"secret").hexdigest()
TOML = f"""
[incentive.golden]
use = "lottery"
from = 2026-12-01
until = 2026-12-03
enter = [{{ event = "paid" }}]
prizes = [{{ id = "cup", number = 1, worth = "999.00" }}]
commitment = "{COMMITMENT}"
seed = {{ file = "seed" }}
"""


def lottery(path: Path = Path(), **more: object) -> Lottery:
    prizes = (Prize(id="cup", number=1, worth=Money(99900)), Prize(id="tin", number=2, worth=Money(8800)))
    given: dict[str, Any] = {"prizes": prizes, "enter": (Enter(event="paid"),), "until": date(2026, 12, 3)}
    own: dict[str, Any] = {"seed": Secret(file="seed"), "folder": path, "written": "{}", "commitment": COMMITMENT}
    return Lottery(name="golden", from_=date(2026, 12, 1), **{**given, **own, **more})


def paid(event: int, member: int, at: float = 1, kind: str = "paid", amount: int | None = 5000) -> dict[str, Any]:
    return {"id": event, "type": kind, "member": member, "at": at, "ref": f"o{member}", "amount": amount}


def ticket(event: int, member: int, amount: int = 1, kind: str = "earned") -> dict[str, Any]:
    named = {
        "id": event,
        "member": member,
        "incentive": "golden",
        "item": "ticket",
        "kind": kind,
        "time": 1_796_083_200,
    }
    return {**named, "amount": amount, "lot": "all" if kind == "granted" else str(event), "cause": str(event)}


def test_the_first_rule_that_fits_counts(settle: Settle) -> None:
    rules = (Enter(event="paid", at_least=Money(9000), tickets=5), Enter(event="paid", subject="tea", tickets=2))
    events = [{**paid(1, 1, amount=9000), "subject": "tea"}, {**paid(2, 2), "subject": "tea"}, paid(3, 3, amount=None)]
    found = settle(lottery(enter=rules), events, ("member", "kind", "item", "lot", "amount"), at=2)
    assert found == [(1, "earned", "ticket", "1", 5), (2, "earned", "ticket", "2", 2)]


def test_a_refund_takes_the_ticket_back(settle: Settle) -> None:
    events = [paid(1, 1), paid(2, 1, 2, "refunded"), paid(3, 1, 2.1, "refunded")]
    columns = ("kind", "amount", "lot", "cause")
    assert settle(lottery(), events, columns, at=2.5) == [("earned", 1, "1", "1"), ("reversed", -1, "1", "2")]
    assert settle(lottery(), events, columns, at=2.5, grants=[ticket(1, 1)]) == [("reversed", -1, "1", "2")]
    taken = {**ticket(1, 1, -1, "reversed"), "id": 2}
    assert settle(lottery(), events, columns, at=2.5, grants=[ticket(1, 1), taken]) == []


def test_what_is_still_to_be_earned_comes_before_the_draw(settle: Settle, tmp_path: Path) -> None:
    (tmp_path / "seed").write_text("secret\n", encoding="ascii")
    late = lottery(tmp_path, wait=Duration(DAY))
    grants = [ticket(1, 1)]
    assert settle(late, [paid(1, 1), paid(2, 2)], ("kind", "lot"), at=5, grants=grants) == [("earned", "2")]
    assert len(settle(late, [paid(1, 1)], ("kind",), at=4, grants=grants)) == 1
    assert settle(late, [paid(1, 1)], ("kind",), at=3.9, grants=grants) == []


def test_claimed_tickets_are_drawn_by_the_events_of_their_claims(settle: Settle, tmp_path: Path) -> None:
    (tmp_path / "seed").write_text("secret\n", encoding="ascii")
    claimed = lottery(tmp_path, enter=(), tickets=Tickets(costs=(Cost(incentive="points", amount=100),), each=5))
    assert claimed.terms() == (Term(item="ticket", each=5, costs=(Cost(incentive="points", amount=100),)),)
    grants = [ticket(7, 1, 2, "granted"), ticket(8, 2, 1, "granted"), {**ticket(9, 3, 0, "refused"), "cause": "9"}]
    found = settle(claimed, [], ("kind", "amount", "member", "lot"), at=9, grants=grants)
    assert sorted(found) == [("won", 0, 1, "7"), ("won", 0, 2, "8")]


def test_another_seed_than_the_one_committed_to_is_refused(settle: Settle, tmp_path: Path) -> None:
    (tmp_path / "seed").write_text("another", encoding="ascii")
    with pytest.raises(UserError, match=r"incentive\.golden: the seed .* is not the one of the commitment"):
        settle(lottery(tmp_path), [], ("kind",), at=9, grants=[ticket(1, 1)])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"until": None}, "expected a last day, since it is drawn after it"),
        ({"enter": ()}, "expected either enter"),
        ({"tickets": Tickets()}, "expected either enter"),
        ({"prizes": ()}, "expected prizes, each with an id of its own"),
        ({"prizes": (Prize(id="ticket", number=1, worth=Money(1)),)}, "each with an id of its own"),
        ({"prizes": (Prize(id="cup", number=10_001, worth=Money(1)),)}, "expected 10000 prizes at most"),
        ({"commitment": "ABC"}, "expected the SHA-256 of the seed"),
    ],
)
def test_a_lottery_that_cannot_be_held_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        lottery(**wrong)


def test_odds_are_known_where_tickets_are_bounded() -> None:
    assert lottery().odds == {}
    assert lottery(budget=Budget(amount=500, per="day")).odds == {}
    bounded = lottery(budget=Budget(amount=500))
    assert bounded.odds == {"cup": (1, 500), "tin": (2, 500)}
    enters = [{"rewarded_events": ("paid",)}]
    assert bounded.facts() == {"lottery": True, "highest_prize": Money(99900), "odds": True, "enter": enters}


def broken(toml: str) -> list[str]:
    """Return the rules of mainland China that a config breaks."""
    head = '[brand]\nname = "tea"\ncurrency = "CNY"\n[gate.age]\nleast = 18\nunknown = "refuse"\n'
    try:
        programme_of(f'{head}[rules]\npacks = ["cn-2026"]\n{toml}')
    except ConfigError as error:
        return [problem.message.split()[1] for problem in error.problems]
    return []


def test_law_on_prizes_odds_and_shares() -> None:
    bounded = TOML + "budget = { amount = 500 }\n"
    assert broken(bounded.replace("999.00", "50000.00")) == []
    assert broken(bounded.replace("999.00", "50001.00")) == ["lottery-prize"]
    assert broken(TOML) == ["lottery-odds"]
    assert broken(bounded.replace('"paid"', '"shared"')) == ["share-reward"]


def brand_of(path: Path, toml: str = TOML) -> Path:
    made = folder(path, HEAD + toml)
    (made / "seed").write_text("secret", encoding="ascii")
    return made


def test_rules_are_frozen_when_it_begins(tmp_path: Path) -> None:
    path = brand_of(tmp_path)
    store = tmp_path / "store.duckdb"
    with opened(path, store=store) as brand:
        brand.run(now="2026-11-30T12:00", send=False)
    brand_of(tmp_path, TOML.replace("999.00", "1.00"))
    with opened(path, store=store) as brand:
        brand.run(now="2026-12-01T12:00", send=False)
    brand_of(tmp_path, TOML.replace("999.00", "1.00").replace("number = 1", "number = 2"))
    words = r"incentive\.golden: its rules are frozen since it began, on 2026-12-01, and other now in prizes; put them"
    with opened(path, store=store) as brand, pytest.raises(UserError, match=words):
        brand.run(now="2026-12-01T13:00", send=False)
    brand_of(tmp_path, TOML.replace("999.00", "1.00") + '[feature]\norders = { count = "ordered" }\n')
    with opened(path, store=store) as brand:
        brand.run(now="2026-12-01T14:00", send=False)


def test_the_commands(tmp_path: Path) -> None:
    path = brand_of(tmp_path)
    made = CliRunner().invoke(command, ["seed", str(tmp_path / "other" / "seed")])
    text = (tmp_path / "other" / "seed").read_text(encoding="ascii")
    assert made.output == f'commitment = "{sha256(text.encode()).hexdigest()}"\n'
    assert isinstance(CliRunner().invoke(command, ["seed", str(tmp_path / "other" / "seed")]).exception, UserError)
    with opened(path, store=tmp_path / ".siyu" / "store.duckdb") as brand:
        stored = brand.programme.brand.store
        brand.ingest([happened("anna", "paid", "2026-12-02T03:00:00", "p", amount=100)], now="2026-12-02T12:00")
        brand.run(now="2026-12-03T12:00", send=False)
        brand.run(now="2026-12-04T12:00", send=False)
        number = brand.number("wecom:anna")
    (tmp_path / ".siyu" / "store.duckdb").rename(tmp_path / stored)
    found = CliRunner().invoke(command, ["lottery", str(path), "golden", "--check", "--tickets", "--json"])
    told = json.loads(found.output)
    assert told["checked"] == "the seed is the one committed to, and gives these 1 winners"
    assert [(one["prize"], one["member"]) for one in told["winners"]] == [("cup", masked(number))]
    assert "winners:\n  1. cup" in CliRunner().invoke(command, ["lottery", str(path), "golden", "--tickets"]).output
    assert isinstance(CliRunner().invoke(command, ["lottery", str(path), "silver"]).exception, UserError)


def test_tickets_for_points(tmp_path: Path) -> None:
    points = '[incentive.points]\nuse = "points"\nfrom = 2026-12-01\nearn = [{ event = "paid", points = 250 }]\n'
    bought = 'tickets = { costs = [{ incentive = "points", amount = 100 }], each = 2 }'
    path = brand_of(tmp_path, points + TOML.replace('enter = [{ event = "paid" }]', bought))
    with opened(path) as brand:
        paid_ = [happened(who, "paid", "2026-12-01T03:00:00", f"p{who}", amount=100) for who in ("anna", "ben")]
        brand.ingest(paid_, now="2026-12-01T12:00")
        brand.run(now="2026-12-01T12:00", send=False)
        asked = [("anna", 2), ("anna", 1), ("ben", 1), ("ben", 1), ("cleo", 1)]
        rows = [
            {"incentive": "golden", "member": f"wecom:{who}", "id": f"r{number}", "quantity": quantity}
            for number, (who, quantity) in enumerate(asked)
        ]
        answers = brand.claims(rows, now="2026-12-02T12:00")
        assert [(answer.kind, answer.amount) for answer in answers[:1] + answers[2:4]] == [
            ("granted", 2),
            ("granted", 1),
            ("granted", 1),
        ]
        assert answers[1].reason == "the member has as many as one may have"
        assert "too few" in answers[4].reason
        assert brand.claim("golden", member="wecom:anna", id="late", now="2026-12-04T00:00").reason == "it is over"
        brand.run(now="2026-12-04T12:00", send=False)
        found = told(brand, "golden")
        assert (found["tickets"], len(found["winners"])) == (4, 1)
        assert checked(brand, "golden") == "the seed is the one committed to, and gives these 1 winners"
        with brand.store.opened() as session:
            left = "SELECT sum(amount) FROM grants WHERE incentive = 'points'"
            assert session.cursor.execute(left).fetchall() == [(100,)]


def test_a_refund_after_the_moment_of_the_draw_takes_nothing_back(settle: Settle, tmp_path: Path) -> None:
    (tmp_path / "seed").write_text("secret\n", encoding="ascii")
    late = lottery(tmp_path, wait=Duration(DAY))
    events = [paid(1, 1), paid(2, 1, 4.0, "refunded")]
    assert settle(late, events, ("kind", "lot"), at=5, grants=[ticket(1, 1)])[0][0] != "reversed"
    before = [paid(1, 1), paid(2, 1, 3.9, "refunded")]
    assert settle(late, before, ("kind", "lot"), at=5, grants=[ticket(1, 1)]) == [("reversed", "1")]
