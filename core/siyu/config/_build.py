"""Building a programme of a merged tree: each table structured, then all of them checked together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import Factory, define

from siyu.advice.names import check_silence
from siyu.config import _names
from siyu.config._alike import check_alike
from siyu.config._audience import check_audience
from siyu.config._check import Checker
from siyu.config._components import arranged, made
from siyu.config._order import CycleError
from siyu.config._segments import segment
from siyu.config._typing import UNKNOWN
from siyu.config._walk import Named
from siyu.config._words import closest, listed, shown
from siyu.config.expressions import Condition, Names, ordered
from siyu.config.features import Feature
from siyu.config.files import Source
from siyu.config.locate import Path as Keys
from siyu.config.privacy import Attribute, Consent, Field
from siyu.config.registered import Registered
from siyu.config.segments import Segment
from siyu.config.structure import structure
from siyu.config.tables import Advice, Brand, Gate, Goal, Identity, Plugins, Rules
from siyu.errors import PluginError, Problem, UserError
from siyu.identities import normal
from siyu.kinds import KINDS
from siyu.rules.judge import judge

if TYPE_CHECKING:
    from siyu.kinds import Component

__all__ = ["Builder"]

T = TypeVar("T")

_OWN = (
    *("brand", "plugins", "identity", "gate", "consent", "goal", "feature", "segment"),
    *("attribute", "field", "rules", "advice"),
)


@define
class Builder:
    """Makes the parts of a programme and collects all that is wrong.

    Attributes:
        source: The merged tree.
        registry: The loaded plugins.
        problems: What is wrong.
        exponent: How many decimals the brand's currency has.
        url: Where its web application answers.
        rest: The conditions and names in tables that could not be made, with their path and the table's owner.
    """

    source: Source
    registry: Registered
    problems: list[Problem] = Factory(lambda self: list(self.source.problems), takes_self=True)
    exponent: int = 2
    url: str = ""
    rest: list[tuple[Keys, Condition | Named, str]] = Factory(list)

    def build(self) -> dict[str, Any]:
        """Return what a programme is made of; complete only where there is no problem."""
        self._unknown()
        brand = self._one("brand", Brand)
        self.exponent, self.url = (brand.exponent, brand.url) if brand else (2, "")
        plugins, gate, consent = self._one("plugins", Plugins), self._one("gate", Gate), self._one("consent", Consent)
        identity = self._one("identity", Identity)
        if brand:
            self._written(brand, ("gate", "allow"), gate.allow if gate else ())
            self._written(brand, ("gate", "testers"), gate.testers if gate else ())
            self._written(brand, ("identity", "release"), identity.release if identity else ())
        attributes, features = self._many("attribute", Attribute), self._many("feature", Feature)
        fields = self._many("field", Field)
        segments, uses = self._segments(), {}
        components: dict[str, dict[str, Component]] = {}
        for kind in KINDS:
            components[kind] = {}
            for name, (use, component) in made(self, kind).items():
                uses[kind, name] = use
                components[kind][name] = component
        names = self._named(attributes, features, components)
        goals = self._many("goal", Goal)
        checker = Checker(self, names, components)
        checker.check(gate, features, segments)
        check_alike(self, components)
        check_audience(self, components)
        checker.check_named("goal", goals)
        checker.check_named("field", fields)
        checker.check_own("consent", consent)
        rules, advice = self._one("rules", Rules), self._one("advice", Advice)
        if rules and brand:
            judge(self, rules, brand, gate, components, {"attribute": attributes, "field": fields})
        if advice:
            check_silence(self, advice)
        return {
            "brand": brand,
            "plugins": plugins,
            "identity": identity,
            "gate": gate,
            "consent": consent,
            "rules": rules,
            "advice": advice,
            "attributes": attributes,
            "fields": fields,
            "features": features,
            "segments": self._ordered(segments),
            "goals": goals,
            "components": arranged(self, components, segments),
            "uses": uses,
            "owners": {(kind, name): self.registry.owner(kind, use) for (kind, name), use in uses.items()},
            "names": names,
        }

    def table(self, *path: str) -> Mapping[str, Any]:
        """Return a table of tables, or an empty one with a problem where something else stands."""
        value = self.source.tree.get(path[0], {})
        if isinstance(value, Mapping):
            return value
        self.problem(path, f"expected a table, as in [{path[0]}], not {shown(value)}")
        return {}

    def asked(self, component: Component, question: str) -> tuple[Any, ...]:
        """Return what a component says of itself: its ``gives``, ``items``, ``slots``, ``rewards`` and the like.

        Raises:
            PluginError: Its code fails.
        """
        try:
            found = getattr(component, question)
            told = found() if callable(found) else found
            return tuple(told.values() if isinstance(told, Mapping) else told)
        except UserError:
            raise
        except Exception as error:
            path = f"{component.kind}.{component.name}"
            use = self.table(component.kind)[component.name]["use"]
            who = self.registry.owner(component.kind, use) or use
            message = f"{path} failed in plugin '{who}': {question}: {type(error).__name__}: {error}"
            raise PluginError(message) from error

    def problem(self, path: tuple[str | int, ...], message: str, **more: Any) -> None:  # noqa: ANN401 - as problem
        """Note a problem; see ``Source.problem``."""
        self.problems.append(self.source.problem(path, message, **more))

    def _unknown(self) -> None:
        known = (*_OWN, *KINDS)
        for key in self.source.tree:
            if key not in known:
                hint = closest(key, known) or listed(known)
                self.problem((key,), f"unknown table [{key}]", hint=hint, on="key")

    def _one(self, key: str, cls: type[T]) -> T | None:
        return self.structured(cls, self.source.tree.get(key, {}), (key,))

    def structured(
        self, cls: type[T], table: object, path: tuple[str, ...], owner: str = "", **given: object
    ) -> T | None:
        """Structure a table; None where there are problems."""
        return structure(
            cls,
            table,
            path=path,
            source=self.source,
            problems=self.problems,
            owner=owner,
            exponent=self.exponent,
            rest=self.rest,
            **given,
        )

    def _written(self, brand: Brand, path: tuple[str, ...], ids: Iterable[str]) -> None:
        """Find outside ids that name nobody, as a phone number that no plan has."""
        for place, one in enumerate(ids):
            try:
                normal(one, brand.dialling)
            except ValueError as error:
                self.problem((*path, place), f"'{one}': {error}")

    def _many(self, key: str, cls: type[T]) -> dict[str, T]:
        found = {name: self.structured(cls, table, (key, name)) for name, table in sorted(self.table(key).items())}
        return {name: each for name, each in found.items() if each is not None}

    def _segments(self) -> dict[str, Segment]:
        found = {}
        for name, value in sorted(self.table("segment").items()):
            _names.check_component(self, "segment", name)
            made = segment(self, name, value)
            if made is not None:
                found[name] = made
        return found

    def _ordered(self, segments: Mapping[str, Segment]) -> dict[str, Segment]:
        try:
            return {name: segments[name] for name in ordered({name: one.needs for name, one in segments.items()})}
        except CycleError as error:
            message = f"segments name each other in {error}"
            self.problem(("segment", error.cycle[0]), message, hint="take one out of the circle")
            return dict(segments)

    def _named(
        self,
        attributes: Mapping[str, Attribute],
        features: Mapping[str, Feature],
        components: Mapping[str, Mapping[str, Component]],
    ) -> Names:
        _names.check_columns(self)
        columns = dict(_names.MEMBER)
        for table, found in (("attribute", attributes), ("feature", features)):
            # One that could not be made is known nevertheless, so as not to add to its problems.
            columns |= {name: found[name].type if name in found else UNKNOWN for name in self.table(table)}
        taggers = components["tagger"]
        tags = frozenset(tag for tagger in taggers.values() for tag in _names.given(self, tagger))
        return Names(
            columns=columns,
            tags=tags if len(taggers) == len(self.table("tagger")) else _names.Anything(tags),
            segments=frozenset(self.table("segment")),
            events=frozenset(self.registry.events),
            exponent=self.exponent,
        )
