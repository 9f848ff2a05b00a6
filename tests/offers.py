"""Incentives for tests of the claims desk: a wallet that orders fill and claims empty, and goods to be claimed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import field, frozen

from siyu.frames import cast_like
from siyu.hooks import hookimpl
from siyu.kinds import Cost, Incentive, Term, doc
from siyu.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["BAG", "CODE", "CUP", "LASTS", "OPENS", "PENDING", "SHARES", "UNPAID", "offering"]

PENDING = 600
LASTS = 7200
UNPAID = 900
OPENS = 3600
SHARES = (5, 3, 0)
CODE = "Tee-7"
CUP, BAG = 3, 2
"""How many units of the wallet a cup and a bag cost."""


@frozen(kw_only=True)
class Wallet(Incentive):
    """Gives a unit for each 1.00 that is ordered, in lots that end; refunds take back all of theirs."""

    def terms(self) -> Sequence[Term]:
        """Let members send units to one another."""
        return (Term(item="send", transfer=True),)

    def settle(self, view: View) -> Frame:
        """Return a lot for each order, and a line against it for each refund."""
        lots = view.events.filter(nw.col("type") == "ordered").select(
            "ref",
            "member",
            amount=nw.col("amount") // 100,
            kind=nw.lit("earned"),
            cause=nw.col("id").cast(nw.String),
            lot=nw.col("id").cast(nw.String),
            time=nw.col("second"),
            available=nw.col("second") + PENDING,
            expires=nw.col("second") + PENDING + LASTS,
        )
        ledger = view.grants.filter(nw.col("incentive") == self.name, nw.col("kind") == "earned")
        granted = ledger.filter(nw.col("amount") > 0).select("lot", held=nw.col("amount"))
        refunds = view.events.filter(nw.col("type") == "refunded").select(
            "ref", back=nw.col("id").cast(nw.String), when=nw.col("second")
        )
        taken = lots.join(refunds, on="ref").join(granted, on="lot")
        lost = taken.with_columns(
            amount=-nw.col("held"), kind=nw.lit("reversed"), cause=nw.col("back"), time=nw.col("when")
        )
        schema = TABLES["grants"].columns
        both = nw.concat([cast_like(lots, schema), cast_like(lost, schema)])
        return both.with_columns(cause_kind=nw.lit("event"))


@frozen(kw_only=True)
class Goods(Incentive):
    """Gives cups, which are reserved, bags, packets of different sizes, and what a code opens."""

    cups: int = field(default=2, metadata=doc("how many cups there are"))

    def terms(self) -> Sequence[Term]:
        """Return the terms of all of them."""
        cup = Cost(incentive="wallet", amount=CUP)
        return (
            Term(item="cup", stock=self.cups, each=2, unpaid=UNPAID, waiting=True, costs=(cup,)),
            Term(item="bag", lasts=OPENS, costs=(Cost(incentive="wallet", amount=BAG),)),
            Term(item="packet", each=1, shares=SHARES),
            Term(item="box", costs=(Cost(incentive="goods", amount=1, item="bag"),), code=CODE),
        )


def offering() -> Mapping[str, Any]:
    """Return the plugin, as ``open`` takes it."""

    @hookimpl
    def hook() -> Mapping[str, type[Incentive]]:
        return {"wallet": Wallet, "goods": Goods}

    return {"offering": SimpleNamespace(siyu_register_incentives=hook)}
