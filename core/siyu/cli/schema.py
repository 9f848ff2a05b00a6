"""``siyu schema``."""

from __future__ import annotations

from pathlib import Path

import click

from siyu.cli.options import as_json, with_environment

__all__ = ["schema"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@with_environment
def schema(folder: Path | None, environment: str | None) -> None:
    """Print a JSON Schema of the config, for an editor that completes and checks TOML.

    It covers siyu's own tables and those of all loaded plugins; with FOLDER, of the plugins that the brand does not
    block, with amounts in its currency.
    """
    from siyu.config.programme import blocked
    from siyu.registry import discover
    from siyu.schema import document

    registry = discover(blocked(folder, environment) if folder else ()).require()
    as_json(document(registry, _exponent(folder, environment) if folder else 2))


def _exponent(folder: Path, environment: str | None) -> int:
    """Return how many decimals the brand's currency has; 2 where its table is wrong, which ``check`` tells."""
    from siyu.config.files import read
    from siyu.config.structure import structure
    from siyu.config.tables import Brand

    source = read(folder, environment)
    brand = structure(Brand, source.tree["brand"], path=("brand",), source=source, problems=[])
    return brand.exponent if brand else 2
