"""Judging a config by the rule packs that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from siyu.config._walk import Named, parts
from siyu.config._words import closest, listed
from siyu.rules.checks import breach
from siyu.rules.facts import Group, stated
from siyu.rules.limits import looser, parsed
from siyu.rules.pack import Rule, known, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from siyu.config._build import Builder
    from siyu.config.locate import Path as Keys
    from siyu.config.privacy import Attribute, Field
    from siyu.config.tables import Brand, Gate, Rules
    from siyu.kinds import Component

__all__ = ["Waiver", "groups", "in_force", "judge", "waivers"]


@frozen
class Waiver:
    """A rule that a brand does not keep, and why."""

    rule: Rule
    reason: str


def judge(
    builder: Builder,
    rules: Rules,
    brand: Brand,
    gate: Gate | None,
    components: Mapping[str, Mapping[str, Component]],
    declared: Mapping[str, Mapping[str, Attribute | Field]],
) -> None:
    """Note a problem for each rule that is broken, and for what ``[rules]`` asks of the packs and cannot have."""
    if not rules.packs:
        _needless(builder, rules)
        return
    if _unknown(builder, rules):
        return
    refused = {*_waive(builder, rules), *_tighten(builder, rules)}
    kept = evolve(
        rules,
        waive={name: why for name, why in rules.waive.items() if name not in refused},
        tighten={name: limit for name, limit in rules.tighten.items() if name not in refused},
    )
    owners = {kind: {name: _owner(builder, kind, name) for name in found} for kind, found in components.items()}
    tables = [*_gate(gate), *_kept(declared), *groups(components, owners)]
    for rule in in_force(kept):
        for group in tables:
            found = breach(rule, group.facts, brand.currency)
            if found:
                _broken(builder, rule, group, found)


def in_force(rules: Rules) -> list[Rule]:
    """Return the rules of all packs that a brand names, as it tightened them, without those that it waived."""
    return [_tightened(rule, rules) for rule in _all(rules) if rule.name not in rules.waive]


def waivers(rules: Rules) -> list[Waiver]:
    """Return the rules that a brand waived, each with its reason."""
    return [Waiver(rule, rules.waive[rule.name]) for rule in _all(rules) if rule.name in rules.waive]


def groups(
    components: Mapping[str, Mapping[str, Component]], owners: Mapping[str, Mapping[str, str]]
) -> Iterator[Group]:
    """Return what components state of themselves, and for each campaign what it is sent as.

    Args:
        components: The components by kind and name.
        owners: The plugins that own them, likewise.

    Raises:
        PluginError: A component's code fails, or states what is no fact.
    """
    messages = {}
    for kind, found in components.items():
        for name, component in found.items():
            for group in stated(component, owners[kind][name]):
                if kind == "channel" and "message" in group.facts:
                    messages[name] = group.facts["message"]
                yield group
    for name, campaign in components["campaign"].items():
        for _, part in parts(campaign, ("campaign", name)):
            if isinstance(part, Named) and part.kind == "channel":
                facts = {"touch_purpose": campaign.purpose, "sent_as": messages.get(part.name, "")}  # type: ignore[attr-defined]
                yield Group(part.path, facts, owners["campaign"][name])


def _all(rules: Rules) -> list[Rule]:
    return [rule for name in dict.fromkeys(rules.packs) for rule in read(name).rules.values()]


def _tightened(rule: Rule, rules: Rules) -> Rule:
    return evolve(rule, limit=rules.tighten[rule.name]) if rule.name in rules.tighten else rule


def _kept(declared: Mapping[str, Mapping[str, Attribute | Field]]) -> Iterator[Group]:
    """Yield how long each declared attribute and field is kept that says something of a person."""
    for table, found in declared.items():
        for name, one in found.items():
            if one.sensitivity != "plain":
                yield Group((table, name), {"keep": str(one.keep or "")})


def _gate(gate: Gate | None) -> Iterator[Group]:
    if gate is None:
        return
    yield Group(("gate",), {"quiet": gate.quiet, "consent": gate.consent, "unknown_zone": gate.unknown_zone})
    age = gate.age
    yield Group(("gate", "age"), {"least_age": age and age.smallest, "unknown_age": age.unknown if age else "allow"})


def _needless(builder: Builder, rules: Rules) -> None:
    for key, names in (("waive", rules.waive), ("tighten", rules.tighten)):
        if names:
            hint = f'as in packs = ["{known()[0]}"]'
            builder.problem(("rules", key), "there are no rules: [rules] names no packs", hint=hint, on="key")


def _unknown(builder: Builder, rules: Rules) -> bool:
    there = known()
    unknown = [(position, name) for position, name in enumerate(rules.packs) if name not in there]
    for position, name in unknown:
        hint = closest(name, there) or listed(there)
        builder.problem(("rules", "packs", position), f"no rule pack '{name}'", hint=hint)
    return bool(unknown)


def _named(builder: Builder, rules: Rules, name: str, key: str) -> list[Rule]:
    """Return the rules of a name, one of each pack that has it; note a problem where none has."""
    found = [rule for rule in _all(rules) if rule.name == name]
    if not found:
        names = {rule.name for rule in _all(rules)}
        hint = closest(name, names) or listed(names)
        builder.problem(("rules", key, name), f"no rule '{name}' in {', '.join(rules.packs)}", hint=hint, on="key")
    return found


def _waive(builder: Builder, rules: Rules) -> Iterator[str]:
    """Note what is wrong with the waivers; return the names of the rules that stay."""
    for name, reason in rules.waive.items():
        path = ("rules", "waive", name)
        hard = [rule for rule in _named(builder, rules, name, "waive") if not rule.waivable]
        if hard:
            message = f"{name} of {hard[0].pack} cannot be waived: {hard[0].demand} ({_source(hard[0])})"
            builder.problem(path, message, hint=hard[0].mend, on="key")
            yield name
        if not reason.strip():
            builder.problem(path, "a waiver needs a reason, which is kept with each run", hint="say why it holds here")


def _tighten(builder: Builder, rules: Rules) -> Iterator[str]:
    """Note what is wrong with tighter limits; return the names of the rules that keep their own."""
    for name, limit in rules.tighten.items():
        for rule in _named(builder, rules, name, "tighten"):
            wrong = _not_tighter(rule, limit)
            if wrong:
                builder.problem(("rules", "tighten", name), wrong, hint="a rule can only be made stricter")
                yield name


def _not_tighter(rule: Rule, limit: object) -> str:
    if rule.limit is None:
        return f"{rule.name} has no limit that could be tighter"
    try:
        needed = looser(rule, parsed(rule, limit))
    except ValueError as error:
        return str(error)
    return f"this is looser than {rule.name} of {rule.pack}: expected {needed}" if needed else ""


def _broken(builder: Builder, rule: Rule, group: Group, found: str) -> None:
    message = f"rule {rule.name} of {rule.pack}: {rule.demand}; {found} ({_source(rule)})"
    way = f'; or waive it: [rules.waive] {rule.name} = "why"' if rule.waivable else "; it cannot be waived"
    path = _place(builder, (*group.path, rule.fact)) or ("rules", "packs")
    builder.problem(path, message, hint=f"{rule.mend}{way}", owner=group.owner)


def _place(builder: Builder, path: Keys) -> Keys:
    """Return how much of a path the config has: a fact need not be a key of the table that it is about."""
    tree: object = builder.source.tree
    for length, key in enumerate(path):
        try:
            tree = tree[key]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return path[:length]
    return path


def _source(rule: Rule) -> str:
    return f"{rule.source} [{rule.grade}]"


def _owner(builder: Builder, kind: str, name: str) -> str:
    return builder.registry.owner(kind, builder.table(kind)[name]["use"])
