"""The JSON Schema of a whole config: siyu's own tables, and those of all loaded plugins."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING, Any

from siyu.config._names import TAKEN
from siyu.config.expressions import Condition
from siyu.config.features import Feature
from siyu.config.privacy import Attribute, Consent, Field
from siyu.config.segments import Segment
from siyu.config.tables import Advice, Brand, Gate, Goal, Identity, Plugins, Rules
from siyu.kinds import KINDS
from siyu.schema.classes import Classes, summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.config.registered import Registered
    from siyu.kinds import Component
    from siyu.schema.values import Json

__all__ = ["OWN", "document"]

OWN: dict[str, tuple[Any, bool]] = {
    "brand": (Brand, False),
    "plugins": (Plugins, False),
    "identity": (Identity, False),
    "gate": (Gate, False),
    "consent": (Consent, False),
    "rules": (Rules, False),
    "advice": (Advice, False),
    "attribute": (Attribute, True),
    "field": (Field, True),
    "feature": (Feature, True),
    "goal": (Goal, True),
    "segment": (Condition | Segment, True),
}
"""siyu's own tables: what each is made of, and whether it holds one or many of it by name."""

# Letters of other scripts are let through: what of them is a letter differs between readers of patterns.
_NAME = r"^[^\x00-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f][^\x00-\x2c\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]*$"
_COLUMN = r"^[^\x00-\x40\x5b-\x5e\x60\x7b-\x7f][^\x00-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]*$"
_MANY = {
    "attribute": "what is kept of members beside their events, by name",
    "field": "what is kept of events in their props, by name",
    "feature": "numbers, days and words of each member, by name",
    "goal": "targets for measured numbers, by name",
    "segment": "who is meant, by name: conditions, lists, samples",
}


def document(registry: Registered, exponent: int = 2) -> Json:
    """Return the schema of a config: any of its files, or all of them merged.

    Args:
        registry: The loaded plugins.
        exponent: How many decimals the brand's currency has.
    """
    classes = Classes(exponent)
    own = {name: _own(classes, name, cls, many=many) for name, (cls, many) in OWN.items()}
    kinds = {kind: _kind(classes, kind, registry.components.get(kind, {})) for kind in KINDS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A brand's config for siyu",
        "type": "object",
        "properties": {"include": _include(), **own, **kinds},
        "additionalProperties": False,
        "$defs": dict(sorted(classes.kept.items())),
    }


def _include() -> Json:
    about = "further files, by paths or globs from this file's folder"
    return {"type": "array", "items": {"type": "string"}, "description": about, "examples": [["../shared/*.toml"]]}


def _own(classes: Classes, name: str, cls: Any, *, many: bool) -> Json:  # noqa: ANN401 - as annotations
    if not many:
        return classes.table(cls)
    component = name in {"field", "goal", "segment"}
    names = {"pattern": _NAME} if component else {"pattern": _COLUMN, "not": {"enum": _taken()}}
    each = {"description": _MANY[name], "type": "object", "propertyNames": names}
    return {**each, "additionalProperties": classes.of(cls)}


def _taken() -> list[str]:
    return sorted({*TAKEN, *keyword.kwlist, "true", "false"})


def _kind(classes: Classes, kind: str, known: Mapping[str, type[Component]]) -> Json:
    """Return the schema of ``[KIND.NAME]``: one of the plugins' tables, as ``use`` says."""
    about = {"description": summary(KINDS[kind]), "type": "object"}
    if not known:
        return {**about, "maxProperties": 0}
    for use, cls in known.items():
        classes.kept[f"{kind}.{use}"] = _component(classes, use, cls)
    uses = {"enum": sorted(known), "description": f"the plugin's {kind}"}
    one_of = [{"$ref": f"#/$defs/{kind}.{use}"} for use in sorted(known)]
    each = {"type": "object", "properties": {"use": uses}, "required": ["use"], "oneOf": one_of}
    return {**about, "propertyNames": {"pattern": _NAME}, "additionalProperties": each}


def _component(classes: Classes, use: str, cls: type[Component]) -> Json:
    table = classes.table(cls, without=("name",))
    chosen = {"const": use, "description": table["description"]}
    return {
        **table,
        "properties": {"use": chosen, **table["properties"]},
        "required": ["use", *table.get("required", ())],
    }
