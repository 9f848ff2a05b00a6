"""What components state of themselves, so that rules and advice can judge also those that nobody has written yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen

from siyu.config._words import closest, listed, shown
from siyu.config.locate import Path as Keys
from siyu.config.units import ClockRange, Money
from siyu.errors import PluginError, UserError

if TYPE_CHECKING:
    from siyu.kinds import Component

__all__ = ["FACTS", "Fact", "Group", "stated"]


@frozen
class Fact:
    """One thing that can be stated.

    Attributes:
        takes: The type of its value; a tuple is one of texts.
        doc: What it says.
        own: Whether siyu itself states it, and no component can.
    """

    takes: type
    doc: str
    own: bool = False


FACTS: dict[str, Fact] = {
    "brings_members": Fact(bool, "entry: whether people become members by it; true where it is not stated"),
    "consent": Fact(str, "[gate] consent", own=True),
    "data_region": Fact(str, "channel: the country where its provider keeps what it is sent, as in 'US'"),
    "depth": Fact(int, "incentive: how many levels above a buyer are rewarded; 1 is the one who brought them"),
    "entry_fee": Fact(bool, "incentive: whether one pays, or buys, for the right to bring others"),
    "highest_prize": Fact(Money, "incentive: what the highest prize is worth"),
    "keep": Fact(str, "[attribute] keep; empty where it is not stated", own=True),
    "least_age": Fact(int, "[gate] age.least", own=True),
    "lottery": Fact(bool, "incentive: whether chance decides who gets something"),
    "message": Fact(str, "channel: what it sends: 'mail', 'sms', 'template', 'subscribe', 'chat', 'group' …"),
    "monthly_cap": Fact(int, "channel: how many messages a month its platform lets one recipient get"),
    "odds": Fact(bool, "incentive: whether the prizes and the odds of each are stated"),
    "one_click": Fact(str, "channel: the address that takes a refusal by one POST; empty where there is none"),
    "pays_per_head": Fact(bool, "incentive: whether it pays for a person who comes, whatever they buy"),
    "postal_address": Fact(str, "channel: the sender's postal address, as each message carries it"),
    "purpose": Fact(str, "content item: what it is for in law, 'marketing' or 'service'"),
    "quiet": Fact(ClockRange, "[gate] quiet", own=True),
    "reference_days": Fact(int, "incentive: of how many days before it the comparison price is the lowest deal price"),
    "reference_price": Fact(bool, "incentive: whether a price is shown beside the one that is paid"),
    "rewarded_events": Fact(tuple, "incentive: the types of the events that earn something"),
    "sent_as": Fact(str, "campaign: the message of the channel that it names there", own=True),
    "text": Fact(str, "content item: all its words, the title included"),
    "theme": Fact(str, "content item: its place in the matrix: 'educate', 'emotion' or 'promo'"),
    "touch_purpose": Fact(str, "campaign: the purpose of its touches", own=True),
    "transfer_basis": Fact(str, "channel: why data may go to its data_region, and where the proof is kept"),
    "unknown_age": Fact(str, "[gate] age.unknown", own=True),
    "unknown_zone": Fact(str, "[gate] unknown_zone", own=True),
    "valuable_tags": Fact(tuple, "tagger: those of its tags that members of high value have"),
}
"""All facts by name."""


@frozen
class Group:
    """Facts of one table.

    Attributes:
        path: The keys that lead to the table.
        facts: The facts by name.
        owner: The plugin that owns the table; empty for siyu's own.
    """

    path: Keys
    facts: Mapping[str, Any]
    owner: str = ""


def stated(component: Component, owner: str) -> list[Group]:
    """Return what a component states of itself, a group for each of its tables that has facts.

    Args:
        component: The component.
        owner: The plugin that brought it.

    Raises:
        PluginError: Its code fails, or states what is no fact.
    """
    path = (component.kind, component.name)
    try:
        groups = [Group(inner, facts, owner) for inner, facts in _tables(path, component.facts())]
        for group in groups:
            for name, value in group.facts.items():
                _check(name, value)
    except UserError:
        raise
    except Exception as error:
        where = ".".join(path)
        message = f"{where} failed in plugin '{owner}': facts: {type(error).__name__}: {error}"
        raise PluginError(message) from error
    return groups


def _tables(path: Keys, tree: Mapping[str, object]) -> Iterator[tuple[Keys, Mapping[str, object]]]:
    """Walk a tree of the shape of a component's TOML; what is neither a table nor an array of tables is a fact."""
    facts = {name: value for name, value in tree.items() if not _holds_tables(value)}
    if facts:
        yield path, facts
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _tables((*path, key), value)
        elif _holds_tables(value):
            for position, each in enumerate(value):  # type: ignore[arg-type, var-annotated]
                yield from _tables((*path, key, position), each)


def _holds_tables(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(isinstance(each, Mapping) for each in value)
    return isinstance(value, Mapping)


def _check(name: str, value: object) -> None:
    known = {each: fact for each, fact in FACTS.items() if not fact.own}
    if name not in known:
        hint = closest(name, known) or listed(known)
        message = f"no fact '{name}'; {hint}"
        raise ValueError(message)
    expected = known[name].takes
    if type(value) is not expected or (expected is tuple and not all(isinstance(each, str) for each in value)):  # type: ignore[attr-defined]
        message = f"'{name}' takes a value of type {expected.__name__}, not {shown(value)}"
        raise TypeError(message)
