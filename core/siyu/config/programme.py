"""A brand's whole programme, loaded and checked: what every pass of the loop starts from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

from attrs import frozen

from siyu.config._build import Builder
from siyu.config._canonical import canonical
from siyu.config.expressions import Names
from siyu.config.features import Feature
from siyu.config.files import read
from siyu.config.privacy import Attribute, Consent, Field
from siyu.config.registered import Registered
from siyu.config.segments import Segment
from siyu.config.tables import Advice, Brand, Gate, Goal, Identity, Plugins, Rules
from siyu.errors import ConfigError
from siyu.kinds import Budget, Campaign, Component, Incentive

__all__ = ["PRODUCTION", "Programme", "blocked", "load"]

T = TypeVar("T", bound=Component)


PRODUCTION = "production"
"""The environment of a config that nothing overrides."""


@frozen(kw_only=True)
class Programme:
    """A brand's config.

    Attributes:
        folder: The folder that it was read from, as the user named it.
        brand: ``[brand]``.
        plugins: ``[plugins]``.
        identity: ``[identity]``.
        gate: ``[gate]``.
        consent: ``[consent]``.
        rules: ``[rules]``.
        advice: ``[advice]``.
        attributes: The declared attributes of members, by name.
        fields: The declared fields of events, by name.
        features: The features, by name.
        segments: The segments, by name; each after those that its condition names, with the ids of its file.
        goals: The goals, by name.
        components: The components of each kind; each after those that it waits for, otherwise by name.
        uses: The plugin's word, as in ``use``, of each component, by kind and name.
        owners: The plugin that owns each component, by kind and name.
        names: What conditions may name.
        environment: ``production``, or the name of the file in ``env`` that overrides.
        canonical: The config as JSON: sorted, and the same however it is laid out over files.
        hash: The SHA-256 of ``canonical``, in hexadecimal.
    """

    folder: Path
    brand: Brand
    plugins: Plugins
    identity: Identity
    gate: Gate
    consent: Consent
    rules: Rules
    advice: Advice
    attributes: Mapping[str, Attribute]
    fields: Mapping[str, Field]
    features: Mapping[str, Feature]
    segments: Mapping[str, Segment]
    goals: Mapping[str, Goal]
    components: Mapping[str, tuple[Component, ...]]
    uses: Mapping[tuple[str, str], str]
    owners: Mapping[tuple[str, str], str]
    names: Names
    environment: str
    canonical: str
    hash: str

    def of(self, kind: type[T]) -> tuple[T, ...]:
        """Return the components of a kind, given as its class, in their order."""
        return cast("tuple[T, ...]", self.components[kind.kind])

    def component(self, kind: str, name: str) -> Component:
        """Return a component.

        Raises:
            KeyError: There is none of that kind and name.
        """
        for component in self.components[kind]:
            if component.name == name:
                return component
        raise KeyError((kind, name))

    def budgets(self, incentive: Incentive) -> tuple[Budget, ...]:
        """Return the budgets that bound an incentive: its own, then its campaign's."""
        if incentive.during is None:
            return incentive.budgets
        outer = cast("Campaign", self.component("campaign", incentive.during)).budget
        return incentive.budgets if outer is None else (*incentive.budgets, outer)


def load(folder: Path | str, registry: Registered, environment: str | None = None) -> Programme:
    """Read a brand's folder, structure it and check it as a whole.

    Args:
        folder: The brand's folder.
        registry: The loaded plugins.
        environment: The name of a file in its folder ``env``, which overrides.

    Raises:
        ConfigError: The folder is no brand, or something in it is wrong; all of it at once, in the order of files.
        PluginError: A plugin's own class cannot be made of a config.
    """
    source = read(Path(folder), environment)
    builder = Builder(source, registry)
    made = builder.build()
    if builder.problems:
        order = sorted(
            dict.fromkeys(builder.problems), key=lambda problem: (problem.file, problem.line, problem.column)
        )
        raise ConfigError(tuple(order))
    text = canonical(source.tree | _lists(made["segments"]))
    digest = sha256(text.encode()).hexdigest()
    stamp = environment or PRODUCTION
    return Programme(folder=source.folder, environment=stamp, canonical=text, hash=digest, **made)


def blocked(folder: Path | str, environment: str | None = None) -> Collection[str]:
    """Return the plugins that a brand keeps from loading, before any is loaded.

    Raises:
        ConfigError: The folder is no brand, or a file cannot be read.
    """
    table = read(Path(folder), environment).tree.get("plugins")
    names = table.get("block") if isinstance(table, dict) else None
    return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()


def _lists(segments: Mapping[str, Segment]) -> dict[str, Any]:
    """Return what the files say that segments take their members from: another list is another config."""
    texts = {name: "\n".join(one.ids) for name, one in segments.items() if one.list is not None}
    return {"lists": {name: sha256(text.encode()).hexdigest() for name, text in texts.items()}} if texts else {}
