"""What members have in ledgers that pay for claims, lot by lot: only of those members whom a batch is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from siyu.claims.lines import Line

__all__ = ["Lot", "Purse", "TooFewError"]


@define
class Lot:
    """What is left of a lot, and when it can be used.

    Attributes:
        incentive: Whose ledger it is in.
        member: Whose it is.
        item: Which item of the incentive it is of.
        lot: Its name.
        left: What is left; below 0 it is a debt.
        available: From when it can be used; None for one that is only reserved.
        expires: Until when; None for ever.
    """

    incentive: str
    member: int
    item: str
    lot: str
    left: int
    available: int | None
    expires: int | None

    def usable(self, second: int) -> bool:
        """Return whether something of it can be used at a second."""
        since, until = self.available, self.expires
        return self.left > 0 and since is not None and since <= second and (until is None or second < until)

    def turn(self) -> tuple[bool, int, int, str, str]:
        """Return what lots are used in the order of: what ends first, then what began first, then by name."""
        return self.expires is None, self.expires or 0, self.available or 0, self.lot, self.item


class TooFewError(Exception):
    """A ledger has less than what is asked of it, in words for a person."""

    def __init__(self, ledger: str, item: str, there: int, asked: int) -> None:
        """Say what there is too little of."""
        what = f"{item} of {ledger}" if item else ledger
        super().__init__(f"the member has too few {what}: {there} of {asked}")


@define
class Purse:
    """The lots of members, looked up in the ledger for one batch, with what the batch itself has changed.

    Attributes:
        ledgers: The ledgers that pay for anything.
        lots: Returns the lots of ledgers and members.
    """

    ledgers: Collection[str]
    lots: Callable[[Collection[tuple[str, int]]], Iterable[Lot]]
    _known: dict[tuple[str, int], dict[tuple[str, str], Lot]] = field(factory=dict)
    # What the batch has written for members who were not looked up yet.
    _unread: dict[tuple[str, int], list[Line]] = field(factory=dict)

    def open(self, wanted: Iterable[tuple[str, int]]) -> None:
        """Look up the lots of ledgers and members for a new batch; what was known before may be out of date."""
        self._known, self._unread = {}, {}
        self._look_up(set(wanted))

    def take(self, member: int, second: int, charges: Mapping[tuple[str, str], int]) -> list[tuple[Lot, int]]:
        """Take amounts out of ledgers, by ledger and item, the lots in their order; or nothing at all.

        Raises:
            TooFewError: One of them has less, debts taken off.
        """
        taken: list[tuple[Lot, int]] = []
        # Lots of any item come last, so as not to use up those that can pay for a named one alone.
        for (ledger, item), amount in sorted(charges.items(), key=lambda charge: (not charge[0][1], charge[0])):
            try:
                taken += self._taken(self._of(ledger, member, item), (ledger, item), second, amount)
            except TooFewError:
                for lot, part in taken:
                    lot.left += part
                raise
        return taken

    def note(self, lines: Iterable[Line]) -> None:
        """Let new lines count, but for what was taken out of lots: ``take`` has counted that."""
        for line in lines:
            taken = line.kind == "redeemed" or (line.kind == "transferred" and line.amount < 0)
            if line.incentive in self.ledgers and not taken:
                self._noted((line.incentive, line.member), line)

    def _noted(self, key: tuple[str, int], line: Line) -> None:
        known = self._known.get(key)
        if known is None:
            self._unread.setdefault(key, []).append(line)
        else:
            self._counted(known, line)

    def _look_up(self, wanted: Collection[tuple[str, int]]) -> None:
        for key in wanted:
            self._known[key] = {}
        for lot in self.lots(wanted) if wanted else ():
            self._known[lot.incentive, lot.member][lot.item, lot.lot] = lot
        for key in wanted:
            for line in self._unread.pop(key, ()):
                self._counted(self._known[key], line)

    def _of(self, ledger: str, member: int, item: str) -> list[Lot]:
        if (ledger, member) not in self._known:
            self._look_up({(ledger, member)})
        lots = self._known[ledger, member].values()
        return sorted((lot for lot in lots if not item or lot.item == item), key=Lot.turn)

    @staticmethod
    def _taken(lots: list[Lot], what: tuple[str, str], second: int, amount: int) -> list[tuple[Lot, int]]:
        usable = [lot for lot in lots if lot.usable(second)]
        there = sum(lot.left for lot in usable) + sum(min(lot.left, 0) for lot in lots)
        if there < amount:
            raise TooFewError(*what, max(there, 0), amount)
        taken = []
        for lot in usable:
            part = min(lot.left, amount)
            lot.left -= part
            amount -= part
            taken.append((lot, part))
            if not amount:
                break
        return taken

    @staticmethod
    def _counted(known: dict[tuple[str, str], Lot], line: Line) -> None:
        name = (line.item or "", line.lot or "")
        lot = known.setdefault(name, Lot(line.incentive, line.member, *name, 0, None, None))
        lot.left += line.amount
        if line.kind == "confirmed" or (line.amount > 0 and line.kind != "reserved"):
            lot.available = line.available if lot.available is None else min(lot.available, line.available)
            ends = [end for end in (lot.expires, line.expires) if end is not None]
            lot.expires = min(ends, default=None)
