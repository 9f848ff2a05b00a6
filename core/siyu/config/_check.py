"""Checking a config as a whole: every condition, every name that refers to something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve

from siyu.config._names import check_component
from siyu.config._typing import TODAY
from siyu.config._walk import Named, parts
from siyu.config._words import closest, listed
from siyu.config.expressions import Condition
from siyu.config.features import EVENT_COLUMNS
from siyu.errors import UserError
from siyu.kinds import KINDS, Campaign, Content, Incentive
from siyu.rights.links import UNSUBSCRIBE

if TYPE_CHECKING:
    from collections.abc import Collection

    from siyu.config._build import Builder
    from siyu.config.expressions import Names
    from siyu.config.features import Feature
    from siyu.config.locate import Path as Keys
    from siyu.config.segments import Segment
    from siyu.kinds import Component, Cost

__all__ = ["Checker"]


class Checker:
    """Looks for what is wrong between the tables.

    Attributes:
        builder: Takes the problems.
        names: What conditions may name.
        components: The components that could be made, by kind and name.
    """

    def __init__(self, builder: Builder, names: Names, components: Mapping[str, Mapping[str, Component]]) -> None:
        """Keep what the checks look at."""
        self.builder = builder
        self.names = names
        self.components = components

    def check(self, gate: object, features: Mapping[str, Feature], segments: Mapping[str, Segment]) -> None:
        """Check the gate, all features, segments and components."""
        self._parts(gate, ("gate",))
        for name, feature in features.items():
            self._feature(feature, ("feature", name, feature.aggregate))
        for name, segment in segments.items():
            self._segment(segment, ("segment", name))
        for kind, known in self.components.items():
            for name, component in known.items():
                self._parts(component, (kind, name))
                self._rewards(component, (kind, name))
        self._budgets()
        self._links()

        for path, part, owner in self.builder.rest:
            self._part(path, part, owner)

    def check_named(self, table: str, found: Mapping[str, object]) -> None:
        """Check the names in one of siyu's own tables of many, and that what they refer to is there."""
        for name in self.builder.table(table):
            check_component(self.builder, table, name)
        for name, one in found.items():
            self._parts(one, (table, name))

    def check_own(self, table: str, found: object) -> None:
        """Check that what one of siyu's own tables refers to is there."""
        self._parts(found, (table,))

    def _parts(self, value: object, path: Keys) -> None:
        owner = self._owner(path)
        for inner, part in parts(value, path):
            self._part(inner, part, owner)

    def _part(self, path: Keys, part: Condition | Named, owner: str) -> None:
        if isinstance(part, Condition) and path[0] == "feature":
            self._where(part, path)
        elif isinstance(part, Condition):
            self._condition(part, path, owner)
        else:
            self._refers(part, owner)

    def _rewards(self, component: Component, path: Keys) -> None:
        """Check rewards and costs that a component computes, and so are in none of its attributes."""
        if path[0] != "incentive":
            return
        seen = {(part.kind, part.name, part.of) for _, part in parts(component) if isinstance(part, Named)}
        rewards = self.builder.asked(component, "rewards")
        costs = self._costs(component)
        computed = {("incentive", one.incentive, "") for one in (*rewards, *costs)}
        computed |= {("item", one.item, one.incentive) for one in rewards}
        computed |= {("item", one.item, one.incentive) for one in costs if one.item}
        for kind, name, of in sorted(computed - seen):
            self._refers(Named(path, kind, name, on_key=True, of=of), self._owner(path))

    def _costs(self, component: Component) -> list[Cost]:
        """Return what pays for a component's items; a config is checked also where its secrets are not."""
        try:
            return [cost for term in self.builder.asked(component, "terms") for cost in term.costs]
        except UserError:
            return []

    def _budgets(self) -> None:
        """Check that a campaign's budget, which is in money, knows what each of its incentives costs."""
        campaigns = {name: one for name, one in self.components["campaign"].items() if isinstance(one, Campaign)}
        for name, incentive in self.components["incentive"].items():
            if not isinstance(incentive, Incentive) or incentive.worth is not None:
                continue
            outer = campaigns.get(incentive.during or "")
            if outer is not None and outer.budget is not None:
                words = f"campaign.{outer.name} has a budget in money, and nothing says what units of this one cost"
                hint = "add worth = { units = 100, amount = '1.00' }"
                self.builder.problem(("incentive", name), words, hint=hint, on="key")

    def _links(self) -> None:
        """Check that what leads to a member's own page knows where that is."""
        for name, source in self.components["content"].items():
            told = not self.builder.url and isinstance(source, Content) and type(source).items is not Content.items
            for item in self.builder.asked(source, "items") if told else ():
                if UNSUBSCRIBE in f"{item.title}{item.text}":
                    words = f"'{item.name}' has {UNSUBSCRIBE}, and nothing says where members' own pages are"
                    hint = 'add url = "https://tea.example.com/siyu" to [brand]: where the web application answers'
                    self.builder.problem(("content", name), words, hint=hint, on="key")

    def _feature(self, feature: Feature, path: Keys) -> None:
        if feature.event not in self.names.events:
            hint = closest(feature.event, self.names.events)
            self.builder.problem(path, f"no event type '{feature.event}'", hint=hint)
        if feature.of is not None and feature.of not in self.names.events:
            hint = closest(feature.of, self.names.events)
            self.builder.problem((*path[:2], "of"), f"no event type '{feature.of}'", hint=hint)
        if feature.where is not None:
            self._where(feature.where, (*path[:2], "where"))

    def _where(self, condition: Condition, path: Keys) -> None:
        """Check a condition on events, which knows their columns and nothing of the member."""
        foreign = sorted(need for need in condition.needs if ":" in need)
        if foreign or TODAY in condition.names:
            words = "it is asked of each event, and knows nothing of the member or the day of the run"
            self.builder.problem(path, words, hint=f"write a condition on {', '.join(EVENT_COLUMNS)}")
            return
        for flaw in condition.check(evolve(self.names, columns=EVENT_COLUMNS)):
            words = flaw.message.replace("no feature or member attribute", "no column of events")
            self.builder.problem(path, words, hint=flaw.hint, offset=flaw.offset, width=flaw.width)

    def _segment(self, segment: Segment, path: Keys) -> None:
        if segment.when is not None:
            table = isinstance(self.builder.table("segment")[str(path[1])], Mapping)
            self._condition(segment.when, (*path, "when") if table else path)

    def _condition(self, condition: Condition, path: Keys, owner: str = "") -> None:
        for flaw in condition.check(self.names):
            place: dict[str, Any] = {"offset": flaw.offset, "width": flaw.width}
            self.builder.problem(path, flaw.message, hint=flaw.hint, owner=owner, **place)

    def _refers(self, part: Named, owner: str) -> None:
        known = self._holdings(part.of) if part.of else self._known(part.kind)
        if known is None or part.name in known:
            return
        hint = closest(part.name, known) or listed(known)
        on = "key" if part.on_key else "value"
        what = "event type" if part.kind == "event" else part.kind
        words = f"no {what} '{part.name}'"
        if part.kind == "item":
            words = f"incentive.{part.of} has no item '{part.name}'" if part.name else f"no item of incentive.{part.of}"
        self.builder.problem(part.path, words, hint=hint, owner=owner, on=on)

    def _holdings(self, incentive: str) -> Collection[str] | None:
        """Return the items that members can hold of an incentive; None where it does not say, or is not sound."""
        found = self.components["incentive"].get(incentive)
        return (self.builder.asked(found, "holdings") or None) if found else None

    def _known(self, kind: str) -> Collection[str] | None:
        """Return what may be named; tables that have problems of their own count, so as not to add to them."""
        own = {"event": self.names.events, "feature": self.names.columns, "tag": self.names.tags}
        if kind in own:
            return own[kind]
        tables = self.builder.table(kind)
        if kind != "content":
            return tables
        if len(tables) != len(self.components["content"]):
            return None
        slots = (self.builder.asked(each, "slots") for each in self.components["content"].values())
        return {name for names in slots for name in names}

    def _owner(self, path: Keys) -> str:
        kind, *rest = path
        if kind not in KINDS:
            return ""
        use = self.builder.table(str(kind))[str(rest[0])]["use"]
        return self.builder.registry.owner(str(kind), use)
