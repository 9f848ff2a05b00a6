"""What is asked at the counter, brought into one form: columns of claims, each with its event and its member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from siyu.claims.lines import Claim
from siyu.errors import UserError
from siyu.identities import is_text, written
from siyu.keys import hashed_all, identity_id
from siyu.kinds import Incentive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from siyu.config.programme import Programme
    from siyu.stores.session import Session

__all__ = ["SOURCE", "Asking", "Form", "People"]

SOURCE = "claims"
"""The source of the events that claims are kept as."""


@define
class Asking:
    """Claims in the order in which they are decided: lists of equal length.

    Attributes:
        incentive: The incentive that each is for.
        item: Which of its items.
        request: The client's id of it.
        quantity: How many units.
        identity: The outside id of who asks; None where a number was given, or the log is found to know it.
        member: The member's number.
        event: The number of the event that it is kept as.
        second: Its moment.
        to: To whom, of a transfer: a member's number as text; empty for nobody.
        code: The code that it carries; empty for none.
    """

    incentive: list[str] = field(factory=list)
    item: list[str] = field(factory=list)
    request: list[str] = field(factory=list)
    quantity: list[int] = field(factory=list)
    identity: list[str | None] = field(factory=list)
    member: list[int] = field(factory=list)
    event: list[int] = field(factory=list)
    second: list[int] = field(factory=list)
    to: list[str] = field(factory=list)
    code: list[str] = field(factory=list)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.event)

    @property
    def columns(self) -> tuple[list[Any], ...]:
        """All columns."""
        names = (self.incentive, self.item, self.request, self.quantity, self.identity)
        return (*names, self.member, self.event, self.second, self.to, self.code)

    def rows(self, places: Sequence[int]) -> Asking:
        """Return the claims at these places."""
        if len(places) == len(self):
            return self
        return Asking(*([column[place] for place in places] for column in self.columns))

    def cut(self, size: int) -> list[Asking]:
        """Cut them into parts of at most so many."""
        starts = range(0, len(self), size)
        return [Asking(*(column[start : start + size] for column in self.columns)) for start in starts]

    def join(self, other: Asking) -> None:
        """Put other claims after these."""
        for column, more in zip(self.columns, other.columns, strict=True):
            column.extend(more)

    def known(self, session: Session, older: Sequence[str]) -> None:
        """Put in the numbers that outside ids have since they came under older keys, the oldest first."""
        for key in reversed(older):
            hashes = {identity_id(key, one): one for one in set(self.identity) if one}
            found = session.found("identities", ("value", "member"), list(hashes))
            named = {hashes[value]: member for value, member in found}
            self.member = [named.get(one or "", member) for one, member in zip(self.identity, self.member, strict=True)]

    def claim(self, place: int, people: People) -> Claim:
        """Return one of them as the desk takes it."""
        names = (self.incentive[place], self.item[place], self.request[place])
        to = people.named[self.to[place]] if self.to[place] else None
        said = (self.quantity[place], to, self.code[place])
        return Claim(self.event[place], people.asking[place], *names, self.second[place], *said)


@frozen
class People:
    """Who claims are about.

    Attributes:
        asking: Who asks, for each claim: the least number of the person's ids.
        named: The members whom claims name, by the texts that they do it with; 0 for nobody who is known.
    """

    asking: Sequence[int]
    named: Mapping[str, int]


@define
class Form:
    """What brings claims into their form.

    Attributes:
        programme: The brand's config.
        keys: The brand's keys; the events' ids are made with the first, the members' with the last.
        number: Returns the number of a member whom a claim names besides.
    """

    programme: Programme
    keys: Sequence[str]
    number: Callable[[str | int], int]
    _items: dict[str, list[str]] = field(factory=dict)

    def asking(self, columns: Mapping[str, Sequence[Any]], second: int) -> Asking:
        """Return claims of one moment, given as columns.

        Raises:
            UserError: Something is missing, or is no whole number; an incentive takes no claims; an item has to be
                named; or a member is no id.
        """
        _check(columns)
        requests = [str(one) for one in columns["id"]]
        count = len(requests)
        missing = [None] * count
        incentives = [str(one) for one in columns["incentive"]]
        items = [self._item(*both) for both in zip(incentives, columns.get("item", missing), strict=True)]
        quantities = [1 if one is None else one for one in columns.get("quantity", missing)]
        identities, members = self._members(columns["member"])
        events = hashed_all(self.keys[0], requests, SOURCE)
        # As a number, since events are kept in the clear.
        to = [str(self.number(one)) if one else "" for one in columns.get("to", missing)]
        codes = [str(one) if one else "" for one in columns.get("code", missing)]
        said = (incentives, items, requests, quantities, identities, members)
        return Asking(*said, events, [second] * count, to, codes)

    def _members(self, given: Sequence[str | int]) -> tuple[list[str | None], list[int]]:
        """Return the outside ids in their one form and the numbers of those who ask; each is looked up once."""
        region = self.programme.brand.dialling
        known = {one: written(one, region) if is_text(one) else None for one in dict.fromkeys(given)}
        texts = [one for one in known.values() if one]
        numbers = dict(zip(texts, hashed_all(self.keys[-1], texts), strict=True))
        identities = [known[one] for one in given]
        both = zip(given, identities, strict=True)
        return identities, [int(one) if identity is None else numbers[identity] for one, identity in both]

    def _item(self, incentive: str, item: str | None) -> str:
        """Return the item that is meant: the only one where none is named."""
        known = self._items.get(incentive)
        if known is None:
            known = self._items[incentive] = self._named(incentive)
        if not item and len(known) > 1:
            message = f"say which item of {incentive} is meant: {', '.join(known)}"
            raise UserError(message)
        return item or known[0]

    def _named(self, incentive: str) -> list[str]:
        for known in self.programme.of(Incentive):
            if known.name == incentive and (terms := known.terms()):
                return [term.item for term in terms]
        message = f"no incentive '{incentive}' takes claims; see the incentives in the brand's config"
        raise UserError(message)


def _check(columns: Mapping[str, Sequence[Any]]) -> None:
    """Refuse claims that do not say who asks for what, by which id, or how many."""
    for name in ("incentive", "member", "id"):
        if name not in columns:
            message = f"claims need the columns incentive, member and id; there is no {name}"
            raise UserError(message)
        for place, value in enumerate(columns[name]):
            if value is None:
                message = f"claim {place + 1} has no {name}; each says incentive, member and id"
                raise UserError(message)
    for place, value in enumerate(columns.get("quantity", ())):
        if not isinstance(value, int | None):
            message = f"claim {place + 1} asks for {value!r}; a quantity is a whole number"
            raise UserError(message)
