"""siyu (私域): owned-audience marketing as code.

Start with ``siyu.open`` to embed it, with ``siyu.hooks`` and ``siyu.kinds`` to write a plugin, and with ``siyu.loop``
to read how it works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siyu.errors import ConfigError, PluginError, StoreError, UserError
from siyu.hooks import hookimpl

if TYPE_CHECKING:
    from siyu.brand import Brand
    from siyu.opening import open_brand as open  # noqa: A004 - siyu.open is the API
    from siyu.view import View

__all__ = ["Brand", "ConfigError", "PluginError", "StoreError", "UserError", "View", "hookimpl", "open"]

_LATER = {"Brand": "siyu.brand", "open": "siyu.opening", "View": "siyu.view"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Import what needs an engine only when it is asked for, so that the command answers at once."""
    if name not in _LATER:
        message = f"module 'siyu' has no attribute '{name}'"
        raise AttributeError(message)
    from importlib import import_module

    module = import_module(_LATER[name])
    return getattr(module, "open_brand" if name == "open" else name)
