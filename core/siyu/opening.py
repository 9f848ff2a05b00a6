"""Opening a brand: its plugins, its config, its key, its store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from siyu.brand import Brand
from siyu.config.programme import blocked, load
from siyu.registry import discover
from siyu.secret import brand_keys
from siyu.stores.duckdb import DuckStore

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["open_brand"]


def open_brand(
    folder: Path | str,
    *,
    environment: str | None = None,
    store: Path | str | None = None,
    plugins: Mapping[str, object] | None = None,
) -> Brand:
    """Open a brand's folder.

    Args:
        folder: The folder with the brand's TOML.
        environment: The name of a file in its folder ``env`` that overrides.
        store: A store file other than the config's; ``":memory:"`` for one that is gone when the brand is closed.
        plugins: Further plugins by name, beside those that are installed.

    Returns:
        The brand; close it, or use it in a ``with``.

    Raises:
        ConfigError: The config has problems; all of them are told.
        PluginError: A plugin is broken.
        StoreError: The store cannot be opened.
    """
    registry = discover(blocked(folder, environment), plugins).require()
    programme = load(folder, registry, environment)
    root = Path(folder)
    keys = brand_keys(programme.brand, root)
    path = None if store == ":memory:" else Path(store or root / programme.brand.store)
    stored = DuckStore.open(path, keys[0], environment=programme.environment, newer=keys[1:])
    return Brand(programme, registry, stored, keys)
