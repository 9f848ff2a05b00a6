"""Writing a config: the data by tomli-w, with what the plugins say of each key as comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import tomli_w

from siyu.config._fields import fields_of, written
from siyu.kinds import KINDS
from siyu.schema.tables import OWN

if TYPE_CHECKING:
    from siyu.registry import Registry
    from siyu.start.draft import Section

__all__ = ["written_config"]

_KEY = re.compile(r"(?P<key>[A-Za-z0-9_-]+) = ")


def written_config(sections: Sequence[Section], registry: Registry) -> str:
    """Return a config as TOML; each key is explained where it first stands.

    Args:
        sections: Its parts.
        registry: The loaded plugins, which say what their keys are.
    """
    told: set[str] = set()
    parts = [f"# {section.about}\n\n{_written(section.tables, registry, told)}" for section in sections]
    return "\n".join(parts)


def _written(tables: Mapping[str, Any], registry: Registry, told: set[str]) -> str:
    blocks = []
    for kind, table in tables.items():
        if kind in KINDS:
            blocks += [_component(kind, name, each, registry, told) for name, each in table.items()]
        else:
            cls, many = OWN[kind]
            blocks.append(_explained(tomli_w.dumps({kind: table}), {} if many else _docs(cls), kind, told))
    return "\n".join(blocks)


def _component(kind: str, name: str, table: Mapping[str, Any], registry: Registry, told: set[str]) -> str:
    docs = _docs(registry.components[kind][table["use"]]) | {"use": f"the plugin's {kind}"}
    return _explained(tomli_w.dumps({kind: {name: table}}), docs, f"{kind}.{table['use']}", told)


def _docs(cls: type) -> dict[str, str]:
    return {written(field.name): field.metadata.get("doc", "") for field in fields_of(cls)}


def _explained(text: str, docs: Mapping[str, str], owner: str, told: set[str]) -> str:
    return "".join(f"{line}\n" for line in _lines(text, docs, owner, told))


def _lines(text: str, docs: Mapping[str, str], owner: str, told: set[str]) -> Iterator[str]:
    own = 0
    for line in text.splitlines():
        own += line.startswith("[")
        match = _KEY.match(line)
        about = docs.get(match["key"], "") if match and own <= 1 else ""
        if match and about and f"{owner}.{match['key']}" not in told:
            told.add(f"{owner}.{match['key']}")
            yield f"# {match['key']}: {about}"
        yield line
