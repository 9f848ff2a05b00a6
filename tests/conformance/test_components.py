"""Every registered component gives the same on every engine; plugins and engines join by themselves.

The configs are those of ``configs/tea-shop``, which uses every bundled plugin. A plugin that another distribution
brings is not asked for here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, get_args

import narwhals as nw
import pytest

from siyu.claims.writer import GrantWriter
from siyu.config._walk import parts
from siyu.config.expressions import Condition
from siyu.frames import cast_like
from siyu.kinds import Component, Frame
from siyu.registry import discover
from siyu.stages.match import match
from siyu.stages.propose import PROPOSAL, propose
from siyu.tables import STATE, TABLES, Schema
from siyu.testing.views import KEY, EngineName, work
from siyu.view import View
from siyu.work import Work

ENGINES: tuple[EngineName, ...] = get_args(EngineName)
KINDS = ("tagger", "content", "campaign", "incentive", "metric")
# On the member day before the sale; and a day later, after the sale, when the weekly message goes out.
MOMENTS = ("2026-11-10T10:30", "2026-11-11T12:30")
SCHEMAS: dict[str, Schema] = {
    "tagger": STATE["tags"].columns,
    "content": {"proposal": nw.Int64(), "content": nw.String(), "score": nw.Float64()},
    "campaign": PROPOSAL,
    "incentive": TABLES["grants"].columns,
    "metric": TABLES["measures"].columns,
}

# What is left of claims, which none of these passes settles; their own tests have them on every engine.
CLAIMED = {"red-packet"}

Rows: TypeAlias = "Mapping[str, Sequence[Mapping[str, Any]]]"
Passes: TypeAlias = "Mapping[tuple[str, EngineName], Work]"


def configs() -> str:
    folder = Path(__file__).parents[2] / "configs" / "tea-shop"
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.toml")))
    # The folder of a brand that is made of one text is gone when its secrets are asked for.
    return text.replace('file = "data/', f'file = "{folder}/data/')


@pytest.fixture(scope="session")
def passes(rows: Rows) -> Passes:
    toml = configs()
    return {(now, engine): work(toml, rows, now, engine) for now in MOMENTS for engine in ENGINES}


def bundled(kinds: Sequence[str] = KINDS) -> set[tuple[str, str]]:
    """Return every registered component of siyu's own: kind, and the word that ``use`` takes."""
    registry = discover().require()
    found = {(kind, use) for kind in kinds for use in registry.components[kind]}
    return {one for one in found if registry.plugins[registry.owner(*one)].distribution == "siyu"}


def components(passing: Work, kind: str, use: str) -> list[Component]:
    programme = passing.programme
    return [one for one in programme.components[kind] if programme.uses[kind, one.name] == use]


def given(passing: Work, component: Any) -> Frame | None:  # noqa: ANN401 - each kind has a method of its own
    """Return what a component gives of a pass."""
    view = passing.view
    match component.kind:
        case "tagger":
            return component.tags(view)  # type: ignore[no-any-return]
        case "content":
            return component.match(view, asked(passing, component.slots))  # type: ignore[no-any-return]
        case "campaign":
            return component.propose(view)  # type: ignore[no-any-return]
        case "incentive":
            return component.settle(view)  # type: ignore[no-any-return]
    return component.measure(view)  # type: ignore[no-any-return]


def asked(passing: Work, slots: Sequence[str]) -> Frame:
    """Return a proposal to every member, and one to a group, for each slot."""
    members = passing.view.rows(passing.view.members.select("member").sort("member"))
    recipients = [*((member, "member") for (member,) in members), (1, "group")]
    every = [(*recipient, "tea", "send", slot) for recipient in recipients for slot in slots]
    schema: Schema = {
        "proposal": nw.Int64(),
        "recipient": nw.Int64(),
        **dict.fromkeys(("recipient_kind", "campaign", "step", "slot"), nw.String()),
    }
    columns = [range(len(every)), *zip(*every, strict=True)]
    return passing.view.table(dict(zip(schema, columns, strict=True)), schema)


def result(passing: Work, frame: Frame, schema: Schema) -> tuple[list[str], Schema, list[tuple[Any, ...]]]:
    """Return the names that a component gives, the types after the core's cast, and the rows in an order."""
    cast = cast_like(frame, schema)
    names = sorted(frame.collect_schema().names())
    return names, dict(cast.collect_schema()), sorted(passing.view.rows(cast), key=repr)


def test_the_example_uses_every_component(passes: Passes) -> None:
    used = {(kind, use) for (kind, _), use in next(iter(passes.values())).programme.uses.items()}
    assert not bundled((*KINDS, "channel")) - used, "give configs/tea-shop a component of each of these"


@pytest.mark.parametrize(("kind", "use"), sorted(bundled()))
def test_every_engine_gives_the_same(passes: Passes, kind: str, use: str) -> None:
    something = answered = False
    for now in MOMENTS:
        for position, component in enumerate(components(passes[now, ENGINES[0]], kind, use)):
            found = []
            for engine in ENGINES:
                passing = passes[now, engine]
                frame = given(passing, components(passing, kind, use)[position])
                found.append(None if frame is None else result(passing, frame, SCHEMAS[kind]))
            for other in found[1:]:
                assert other == found[0], component.name
            answered |= found[0] is not None
            something |= bool(found[0] and found[0][2])
    assert something or not answered or use in CLAIMED, (
        "a component that gives nothing shows nothing: extend the audience"
    )


@pytest.mark.parametrize("now", MOMENTS)
def test_conditions_hold_for_the_same_members(passes: Passes, now: str) -> None:
    programme = passes[now, ENGINES[0]].programme
    every = [one for kind in KINDS for one in programme.components[kind]]
    conditions = [part for one in every for _, part in parts(one) if isinstance(part, Condition)]
    sizes = set()
    asked = [(one.text, partial(View.matching, condition=one)) for one in conditions]
    asked += [(name, partial(View.segment, name=name)) for name in programme.segments]
    for text, ask in asked:
        found = [sorted(one.view.rows(ask(one.view))) for one in (passes[now, name] for name in ENGINES)]
        assert all(one == found[0] for one in found), text
        sizes.add(len(found[0]))
    assert len(sizes) > 1


@pytest.mark.parametrize("now", MOMENTS)
def test_the_stages_that_ask_them_give_the_same(passes: Passes, now: str) -> None:
    found = []
    for engine in ENGINES:
        passing = passes[now, engine]
        propose(passing)
        match(passing)
        proposals = result(passing, passing.results["proposals"], PROPOSAL)
        exposures = [result(passing, part, TABLES["exposures"].columns) for part in passing.staged["exposures"]]
        lines = GrantWriter(passing.programme, KEY).settle(passing, shared=False)
        found.append((proposals, exposures, result(passing, lines, TABLES["grants"].columns)))
    assert all(one == found[0] for one in found)
    incentive, kind = (list(TABLES["grants"].columns).index(name) for name in ("incentive", "kind"))
    settled = {(line[incentive], line[kind]) for line in found[0][2][2]}
    assert {("points", "earned"), ("bring-a-friend", "referred")} <= settled
    after = {("gaiwan", "reserved"), ("gaiwan", "refused")}
    assert after <= settled if now == MOMENTS[1] else not after & settled
