"""Red packet: a sum of money, split into packets of chance for those who come first."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import Attribute, field, frozen
from attrs.validators import ge

from siyu import hookimpl
from siyu.config.units import Duration, Money, Secret
from siyu.frames import total
from siyu.kinds import Incentive, Term, doc
from siyu_plugins.incentives._frozen import unchanged
from siyu_plugins.incentives._rows import lines
from siyu_plugins.incentives._seed import numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["RedPacket", "split"]

PACKET = "packet"
"""The item of the lines in the ledger, and of claims."""
_MOST = 100_000


@frozen(kw_only=True)
class RedPacket(Incentive):
    """Splits a sum into packets; each member who claims one gets the next, until none is left or its days are over.

    The ledger counts money, in minor units; a claim names the item ``packet``. What is in the packets follows from
    the seed and the incentive's name alone: of the sum, every packet gets ``least``; the rest is a line, cut at the
    first ``packets`` - 1 numbers from 0 to the rest that follow from them (see ``lottery``), in rising order, and the
    pieces go to the packets in that order. So the packets add up to the sum exactly, and nobody who does not know the
    seed can tell which one is worth waiting for. What nobody claimed by the end is not given; what is left of a packet
    after it ``lasts`` goes by a line ``expired``.

    The rules, the sum and the packets stay as they were when it began: a run with other ones is refused.
    """

    amount: Money = field(metadata=doc("the sum of all packets", example="200.00"))
    packets: int = field(validator=ge(1), metadata=doc("how many packets there are", example=50))
    least: Money = field(metadata=doc("what is in each packet at least", example="0.10"))
    each: int = field(default=1, validator=ge(1), metadata=doc("how many packets one member may have"))
    lasts: Duration | None = field(
        default=None, metadata=doc("how long a packet can be used; for ever by default", example="7d")
    )
    seed: Secret = field(metadata=doc("where the seed is kept", example={"file": ".siyu/new-year.seed"}))
    folder: Path = field(metadata={**doc("the brand's folder"), "given": True})
    written: str = field(metadata={**doc("the table as it is written"), "given": True})

    @packets.validator
    def _check_packets(self, _: Attribute[int], value: int) -> None:
        if value > _MOST:
            message = f"expected {_MOST} packets at most, not {value}"
            raise ValueError(message)

    @least.validator
    def _check_least(self, _: Attribute[Money], value: Money) -> None:
        if value.minor < 1 or value.minor * self.packets > self.amount.minor:
            most = Money(max(self.amount.minor // self.packets, 1), value.exponent)
            message = f"expected an amount above 0 that {self.packets} packets of '{self.amount}' can have: '{most}'"
            raise ValueError(message)

    @property
    def highest(self) -> Money:
        """What no packet is above: all but the least of the others."""
        return Money(self.amount.minor - (self.packets - 1) * self.least.minor, self.amount.exponent)

    def facts(self) -> Mapping[str, object]:
        """State that chance decides, what a packet can be worth, and that how many there are is known."""
        return {"lottery": True, "highest_prize": self.highest, "odds": True}

    def settle(self, view: View) -> Frame | None:
        """Return the lines by which packets expire.

        Raises:
            UserError: The rules are not those with which it began.
        """
        unchanged(view, self, self.written)
        if self.lasts is None:
            return None
        ledger = view.grants.filter(nw.col("incentive") == self.name)
        moment = nw.when(nw.col("kind") == "granted").then(nw.col("expires")).max()
        lots = ledger.group_by("member", "item", "lot").agg(left=total("amount"), time=moment)
        over = lots.filter(nw.col("left") > 0, nw.col("time") <= view.now)
        kind = {"incentive": nw.lit(self.name), "kind": nw.lit("expired"), "cause_kind": nw.lit("lot")}
        return lines(over.with_columns(**kind, amount=-nw.col("left"), cause=nw.col("lot")))

    def terms(self) -> Sequence[Term]:
        """Return the one term of packets.

        Raises:
            UserError: The seed cannot be read.
        """
        shares = split(self.seed.reveal(self.folder), self.name, self.amount.minor, self.packets, self.least.minor)
        lasts = None if self.lasts is None else self.lasts.seconds
        return (Term(item=PACKET, each=self.each, shares=shares, lasts=lasts),)


@lru_cache(maxsize=64)
def split(seed: str, name: str, amount: int, packets: int, least: int) -> tuple[int, ...]:
    """Return what is in each packet, in the order in which they are given."""
    rest = amount - packets * least
    cuts = sorted(numbers(seed, name, packets - 1, rest + 1))
    return tuple(least + end - start for start, end in pairwise([0, *cuts, rest]))


@hookimpl
def siyu_register_incentives() -> Mapping[str, type[Incentive]]:
    """Bring ``red-packet``."""
    return {"red-packet": RedPacket}
