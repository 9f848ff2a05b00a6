"""Which lines of the ledgers are meant: of an incentive or a campaign, an item, some days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import frozen

from siyu.config._words import closest
from siyu.errors import UserError
from siyu.kinds import Campaign, Incentive, Reward

if TYPE_CHECKING:
    from collections.abc import Collection

    from siyu.config.programme import Programme
    from siyu.kinds import Frame

__all__ = ["Choice", "chosen"]

_CAUSE = ["cause_kind", "cause"]


@frozen(kw_only=True)
class Choice:
    """Lines that are meant.

    Attributes:
        target: What was asked for, as it is recorded: ``campaign:NAME`` or ``incentive:NAME``.
        incentives: The incentives whose own lines are meant.
        rewards: What these write into other ledgers, by the incentive that does.
        item: The item that is meant; empty for all.
        since: The first second of the lines that are meant.
        until: The first second after them.
    """

    target: str
    incentives: tuple[str, ...]
    rewards: tuple[tuple[str, Reward], ...]
    item: str
    since: int
    until: int

    def of(self, lines: Frame) -> Frame:
        """Return the lines that are meant, and those in other ledgers that they gave: of the same cause."""
        own = lines.filter(
            nw.col("incentive").is_in(list(self.incentives)),
            nw.col("time") >= self.since,
            nw.col("time") < self.until,
            *([nw.col("item") == self.item] if self.item else []),
        )
        given = [self._given(lines, own, giver, reward) for giver, reward in self.rewards]
        return nw.concat([own, *given]).unique() if given else own

    @staticmethod
    def _given(lines: Frame, own: Frame, giver: str, reward: Reward) -> Frame:
        causes = own.filter(nw.col("incentive") == giver).select(*_CAUSE).unique()
        theirs = lines.filter(nw.col("incentive") == reward.incentive, nw.col("item") == reward.item)
        return theirs.join(causes, on=_CAUSE, how="semi")


def chosen(programme: Programme, *, campaign: str, incentive: str, item: str, since: int, until: int) -> Choice:
    """Return what is meant by the name of a campaign or of an incentive.

    Raises:
        UserError: There is none of that name, it gives nothing, or not exactly one of the two is named.
    """
    if bool(campaign) == bool(incentive):
        raise UserError("name one campaign, or one incentive, that is to be reversed")
    known = {one.name: one for one in programme.of(Incentive)}
    if incentive:
        _there(incentive, known, "incentive")
        mine = [known[incentive]]
    else:
        _there(campaign, {one.name for one in programme.of(Campaign)}, "campaign")
        mine = [one for one in known.values() if one.during == campaign]
        if not mine:
            raise UserError(f"no incentive is 'during' the campaign '{campaign}', so there is nothing to reverse")
    rewards = tuple((one.name, each) for one in mine for each in one.rewards if each.incentive != one.name)
    names = tuple(one.name for one in mine)
    target = f"incentive:{incentive}" if incentive else f"campaign:{campaign}"
    return Choice(target=target, incentives=names, rewards=rewards, item=item, since=since, until=until)


def _there(name: str, names: Collection[str], kind: str) -> None:
    if name not in names:
        hint = closest(name, names) or f"there is {', '.join(sorted(names)) or 'none'}"
        raise UserError(f"there is no {kind} '{name}'; {hint}")
