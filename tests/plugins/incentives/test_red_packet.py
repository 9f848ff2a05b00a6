from __future__ import annotations

from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.incentives.conftest import DAY, START, Settle

from siyu import UserError
from siyu.config.units import Duration, Money, Secret
from siyu.kinds import Term
from siyu_plugins.incentives.red_packet import RedPacket, split


def packet(folder: Path = Path(), **more: object) -> RedPacket:
    given: dict[str, Any] = {"amount": Money(20000), "packets": 3, "least": Money(10), **more}
    where: dict[str, Any] = {"seed": Secret(file="seed"), "folder": folder, "written": "{}"}
    return RedPacket(name="new-year", from_=date(2026, 12, 1), **where, **given)


def plain(seed: str, amount: int, packets: int, least: int) -> list[int]:
    """Return what is in the packets, by the words of the manual."""
    rest = amount - packets * least
    digests = [sha256(f"{seed}:new-year:{k}".encode()).hexdigest() for k in range(packets - 1)]
    cuts = sorted(int(digest, 16) % (rest + 1) for digest in digests)
    return [least + right - left for left, right in zip([0, *cuts], [*cuts, rest], strict=True)]


@given(seed=st.text(), packets=st.integers(1, 60), least=st.integers(1, 50), more=st.integers(0, 10_000))
def test_packets_add_up_exactly(seed: str, packets: int, least: int, more: int) -> None:
    amount = packets * least + more
    shares = split(seed, "new-year", amount, packets, least)
    assert (sum(shares), len(shares)) == (amount, packets)
    assert min(shares) >= least
    assert list(shares) == plain(seed, amount, packets, least)


def test_what_is_in_them_follows_from_the_seed_and_the_name() -> None:
    assert split("a", "new-year", 20000, 9, 10) != split("b", "new-year", 20000, 9, 10)
    assert split("a", "new-year", 20000, 9, 10) != split("a", "spring", 20000, 9, 10)


def test_one_term_with_all_packets(tmp_path: Path) -> None:
    (tmp_path / "seed").write_text("secret\n", encoding="ascii")
    shares = split("secret", "new-year", 20000, 3, 10)
    assert packet(tmp_path, lasts=Duration(60)).terms() == (Term(item="packet", each=1, shares=shares, lasts=60),)
    with pytest.raises(UserError, match="cannot read the secret"):
        packet(tmp_path / "elsewhere").terms()


def test_it_states_what_a_packet_can_be_worth() -> None:
    assert packet().facts() == {"lottery": True, "highest_prize": Money(19980), "odds": True}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"least": Money(0)}, "expected an amount above 0 that 3 packets of '200.00' can have: '66.66'"),
        ({"least": Money(6667)}, "can have: '66.66'"),
        ({"packets": 100_001, "amount": Money(10**9)}, "expected 100000 packets at most, not 100001"),
    ],
)
def test_packets_that_cannot_be_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        packet(**wrong)


def test_what_is_left_of_a_packet_goes_when_its_time_is_over(settle: Settle) -> None:
    end = START + 7 * DAY
    line = {"incentive": "new-year", "item": "packet", "cause_kind": "claim", "time": START, "available": START}
    grants = [
        {**line, "id": 1, "member": 1, "lot": "all:1", "kind": "granted", "amount": 500, "expires": end, "cause": "1"},
        {**line, "id": 2, "member": 1, "lot": "all:1", "kind": "redeemed", "amount": -200, "cause": "3"},
        {
            **line,
            "id": 3,
            "member": 2,
            "lot": "all:2",
            "kind": "granted",
            "amount": 90,
            "expires": end + 1,
            "cause": "2",
        },
    ]
    ends = packet(lasts=Duration(7 * DAY))
    columns = ("member", "kind", "lot", "amount", "time")
    assert settle(ends, [], columns, at=6.9, grants=grants) == []
    assert settle(ends, [], columns, at=7, grants=grants) == [(1, "expired", "all:1", -300, end)]
