"""What facts earn, settled before anyone has to wait for it, and again only where a ledger has moved since.

To settle what a million members earn takes seconds, in which no claim could be answered. So a pass settles it on its
snapshot, and under the lock looks only at what came into the ledgers meanwhile: an incentive that reads none of these
would come to the same once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import define, field

from siyu.claims.bounds import budgets
from siyu.claims.earned import LINE, earn
from siyu.config._walk import Named, parts
from siyu.frames import distinct
from siyu.kinds import Incentive
from siyu.ledger.opening import opened

if TYPE_CHECKING:
    from collections.abc import Collection

    from siyu.config.programme import Programme
    from siyu.kinds import Component, Frame
    from siyu.view import View
    from siyu.work import Work

__all__ = ["Earnings", "ledgers"]


def ledgers(programme: Programme, incentive: Incentive) -> frozenset[str]:
    """Return the incentives whose ledgers decide what one earns: those that it names, and those that share a budget."""
    sharing = {name for bound in budgets(programme, incentive) for name in bound.rates}
    return frozenset(_names(incentive) | _named(programme, incentive) | sharing)


def _named(programme: Programme, incentive: Incentive) -> set[str]:
    """Return the incentives that one names, itself or by what it names, as a tagger that goes by points."""
    known = {(kind, one.name): one for kind, found in programme.components.items() for one in found}
    wanted: list[Component] = [incentive]
    seen: set[tuple[str, str]] = set()
    while wanted:
        found = {(part.kind, part.name) for _, part in parts(wanted.pop()) if isinstance(part, Named)}
        wanted += [known[key] for key in sorted(found - seen) if key in known and key[0] != "incentive"]
        seen |= found
    return {name for kind, name in seen if kind == "incentive"}


@define
class Earnings:
    """What the incentives of a pass earn.

    Attributes:
        work: The pass.
        view: What it sees, without what is settled here.
        since: The last ``seq`` of the ledgers that all of it was settled on.
        lines: The new lines of each incentive, by its name; None for none.
        brought: The balances that came over; None for none.
        whole: All of it together, and the parts that it is of.
    """

    work: Work
    view: View
    since: int
    lines: dict[str, Frame | None] = field(factory=dict)
    brought: Frame | None = None
    whole: tuple[Frame | None, list[Frame]] = (None, [])
    _reads: dict[str, frozenset[str]] = field(factory=dict)

    @classmethod
    def ahead(cls, work: Work, since: int) -> Earnings:
        """Settle all incentives on a snapshot.

        Args:
            work: The pass.
            since: The last ``seq`` of the snapshot that it reads.
        """
        earnings = cls(work, work.view, since)
        earnings.brought = opened(work, work.view.grants)
        parts = earnings._settle([], set())
        earnings.whole = earnings._together(parts), parts
        return earnings

    def renewed(self, decided: list[Frame]) -> Frame | None:
        """Return the new lines of all ledgers by now, settled again where a ledger moved that decides about them.

        None where there are none.

        Args:
            decided: The lines that claims get in this pass.
        """
        moved = self._moved(decided)
        if moved and self.brought is not None:
            self.brought = opened(self.work, self.view.grants)
            moved |= set() if self.brought is None else self._of(self.brought)
        (whole, before), parts = self.whole, self._settle(decided, moved)
        same = len(parts) == len(before) and all(one is other for one, other in zip(parts, before, strict=True))
        return whole if same else self._together(parts)

    def _together(self, parts: list[Frame]) -> Frame | None:
        """Return kept frames as one."""
        return self.work.keep(nw.concat(parts)) if len(parts) > 1 else next(iter(parts), None)

    def _read(self, incentive: Incentive) -> frozenset[str]:
        if incentive.name not in self._reads:
            self._reads[incentive.name] = ledgers(self.work.programme, incentive)
        return self._reads[incentive.name]

    def _moved(self, decided: list[Frame]) -> set[str]:
        """Return the incentives whose ledgers have lines since the snapshot, or get some by claims."""
        # Straight from the table: to look through the view would resolve the ids of all its members.
        came = self.work.session.table("grants").filter(nw.col("seq") > self.since)
        grown = self.work.session.grew("grants", self.since)
        return {name for part in ([came] if grown else []) + decided for name in self._of(part)}

    def _of(self, lines: Frame) -> set[str]:
        return {name for (name,) in self.work.session.engine.rows(distinct(lines, "incentive"))}

    def _settle(self, decided: list[Frame], moved: set[str]) -> list[Frame]:
        """Settle the incentives whose ledgers moved, and those that were not settled yet, in their order."""
        work, stored = self.work, self.view.grants
        every = [*decided, *([] if self.brought is None else [self.brought])]
        for incentive in work.components(Incentive):
            name, reads = incentive.name, self._read(incentive)
            if name not in self.lines or moved & reads:
                before = self.lines.get(name)
                new = self.lines[name] = self._earned(incentive, stored, every, reads)
                moved |= _names(incentive) if before is not None or new is not None else set()
            lines = self.lines[name]
            every += [] if lines is None else [lines]
        return every

    def _earned(self, incentive: Incentive, stored: Frame, new: list[Frame], reads: Collection[str]) -> Frame | None:
        """Return the new lines of an incentive, which sees the ledgers that it reads and no other."""
        own = nw.col("incentive").is_in(sorted(reads))
        self.work.view = self.view.having(grants=_numbered(stored, new).filter(own))
        ledger = nw.concat([part.select(*LINE) for part in (stored, *new)])
        try:
            return earn(self.work, incentive, ledger)
        finally:
            self.work.view = self.view


def _names(incentive: Incentive) -> set[str]:
    return {incentive.name, *(reward.incentive for reward in incentive.rewards)}


def _numbered(stored: Frame, new: list[Frame]) -> Frame:
    blank = [part.with_columns(seq=nw.lit(None).cast(nw.Int64), run=nw.lit(None).cast(nw.Int64)) for part in new]
    return nw.concat([stored.select(*LINE, "seq", "run"), *blank])
