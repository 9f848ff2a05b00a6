"""Claims that cost, wait, share and move units: audited, and undone with what they were paid with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.brands import HEAD, folder, happened, opened
from tests.offers import CODE, PENDING, offering

from siyu.moments import moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from siyu.brand import Brand

SOON = moment("2026-11-12T12:00", "Asia/Shanghai") + PENDING
LATE = SOON + 3000
TOML = (
    HEAD
    + """
[incentive.wallet]
use = "wallet"
from = 2026-11-01
[incentive.goods]
use = "goods"
from = 2026-11-01
"""
)


@pytest.fixture
def brand(tmp_path: Path) -> Iterator[Brand]:
    """Return a brand after claims of every sort: cups fall back, and one of them to a member who waited."""
    with opened(folder(tmp_path, TOML), plugins=offering()) as brand:
        orders = [("ordered", who, f"o-{who}") for who in ("ann", "bob", "cem")]
        when = "2026-11-12T04:00:00"
        brand.ingest([happened(who, what, when, name, ref=name, amount=1000) for what, who, name in orders])
        brand.run(now=SOON - PENDING)
        for number, (who, item) in enumerate([("ann", "cup"), ("bob", "cup"), ("cem", "cup"), ("ann", "bag")]):
            brand.claim("goods", member=f"wecom:{who}", id=f"{who}-{item}", item=item, now=SOON + number)
        brand.claim("goods", member="wecom:bob", id="p", item="packet", now=SOON + 5)
        brand.claim("wallet", member="wecom:ann", id="s", item="send", quantity=2, to="wecom:bob", now=SOON + 6)
        brand.claim("goods", member="wecom:ann", id="b", item="box", code=CODE, now=SOON + 7)
        assert not brand.claim("goods", member="wecom:cem", id="n", item="bag", quantity=9, now=SOON + 8).granted
        brand.claim("goods", member="wecom:cem", id="c", item="bag", now=SOON + 2000)
        brand.run(now=LATE)
        yield brand


def test_claims_that_cost_and_wait_are_decided_anew_alike(brand: Brand) -> None:
    found = brand.audit(now=LATE)
    assert (found.findings, found.notes) == ([], {})
    assert found.checked["claims"] == 9


def test_a_payment_that_is_tampered_with_is_found(brand: Brand) -> None:
    with brand.store.opened() as session:
        session.cursor.execute("UPDATE grants SET amount = -1 WHERE kind = 'redeemed' AND request = 'c'")
    (one, *_) = brand.audit(now=LATE).findings
    assert (one.check, one.incentive, one.stored, one.expected) == ("claims", "wallet", -1, -2)


def test_what_a_claim_was_paid_with_goes_back_when_it_is_undone(brand: Brand) -> None:
    done = {(one.incentive, one.item): one for one in brand.reverse(incentive="goods", by="Lin", reason="x", now=LATE)}
    bag, wallet = done["goods", "bag"], done["wallet", ""]
    # The bag that paid for the box is gone, and comes back with the box.
    assert (bag.given, bag.taken, bag.kept, bag.returned) == (2, 1, 1, 1)
    assert (wallet.taken, wallet.returned) == (0, 2)
    assert brand.ledger("wecom:cem", incentive="wallet", now=LATE).entries[-1].balance == 10
    brand.run(now=LATE + 60)
    assert brand.audit(now=LATE + 60).findings == []
