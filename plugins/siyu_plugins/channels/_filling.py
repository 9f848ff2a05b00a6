"""Templates of what a provider is sent: text with the message's own words at ``{text}`` and the like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from attrs import Attribute

    from siyu.kinds import Message

__all__ = ["check_template", "check_templates", "filled", "nested"]

_NAMES = (
    "address",
    "campaign",
    "content",
    "key",
    "offer",
    "purpose",
    "recipient",
    "sender",
    "step",
    "text",
    "title",
    "unsubscribe",
)
_PLACE = re.compile(r"\{([^{}]*)\}")


def check_template(_: object, __: Attribute[str], value: str) -> None:
    """Look whether all places of a template are known, as an attrs validator.

    Raises:
        ValueError: One is not.
    """
    for name in _PLACE.findall(value):
        if name not in _NAMES:
            raise ValueError(f"a message has no '{{{name}}}'; expected one of {', '.join(_NAMES)}, in braces")


def check_templates(_: object, attribute: Attribute[Mapping[str, str]], value: Mapping[str, str]) -> None:
    """Look at all templates of a table, as ``check_template`` does.

    Raises:
        ValueError: A place of one is not known.
    """
    for template in value.values():
        check_template(_, attribute, template)  # type: ignore[arg-type]


def filled(template: str, message: Message, quoted: Callable[[str], str] = str) -> str:
    """Return a template with a message's own words in it; nothing that stands in these is taken for a place.

    Args:
        template: The template.
        message: The message.
        quoted: What is done to each word before it is put in.
    """
    return _PLACE.sub(lambda place: quoted(str(getattr(message, place[1]))), template)


def nested(templates: Mapping[str, str], message: Message) -> dict[str, Any]:
    """Return an object of filled templates; a key such as ``content.text`` stands for an object within."""
    whole: dict[str, Any] = {}
    for path, template in templates.items():
        *outer, last = path.split(".")
        inner = whole
        for key in outer:
            inner = inner.setdefault(key, {})
        inner[last] = filled(template, message)
    return whole
