"""Strict structuring of TOML tables into attrs classes: nothing is coerced, and all problems are found at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from siyu.config._converter import converter
from siyu.config._fields import Wrong, structured
from siyu.config._walk import sound_parts
from siyu.errors import PluginError, UserError

if TYPE_CHECKING:
    from siyu.config._walk import Named
    from siyu.config.expressions import Condition
    from siyu.config.files import Source
    from siyu.config.locate import Path as Keys
    from siyu.errors import Problem

__all__ = ["structure"]

T = TypeVar("T")


def structure(  # noqa: PLR0913 - each is given by name
    cls: type[T],
    table: object,
    *,
    path: Keys,
    source: Source,
    problems: list[Problem],
    owner: str = "",
    exponent: int = 2,
    rest: list[tuple[Keys, Condition | Named, str]] | None = None,
    **given: object,
) -> T | None:
    """Make an instance of an attrs class from a table.

    An attribute whose name ends in ``_`` is written without it. A table's keys have no order: what is made of a
    dict comes sorted by key.

    Args:
        cls: The class.
        table: The table, as ``tomllib`` gives it.
        path: The keys that lead to it.
        source: Where it came from, to place problems.
        problems: Takes what is wrong: unknown and missing keys, values of another type, what validators refuse.
        owner: The plugin that owns the class; empty for siyu's own.
        exponent: How many decimals the brand's currency has.
        rest: Takes, where there are problems, the conditions and names in what has none, with their path and the owner.
        given: Attributes that do not come from the table.

    Returns:
        The instance, or None where there are problems.

    Raises:
        PluginError: The class cannot be made of a config at all.
    """
    try:
        return structured(cls, table, converter(exponent), given)
    except Wrong as wrong:
        # One line may hold several keys, a secret among them.
        secret = any(flaw.secret for flaw in wrong.flaws)
        problems += [
            source.problem(
                (*path, *flaw.path),
                flaw.message,
                hint=flaw.hint,
                owner=owner,
                on=flaw.on,
                offset=flaw.offset,
                width=flaw.width,
                secret=secret,
            )
            for flaw in wrong.flaws
        ]
        if rest is not None:
            rest += [(keys, part, owner) for sound in wrong.sound for keys, part in sound_parts(sound, path)]
        return None
    except UserError:
        raise
    except Exception as error:
        who = f"plugin '{owner}'" if owner else "siyu"
        message = f"{who}: {cls.__name__} cannot be made of [{'.'.join(map(str, path))}]: {error}"
        raise PluginError(message) from error
