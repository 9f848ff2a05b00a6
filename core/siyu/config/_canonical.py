"""One text for a config, however it is laid out over files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

__all__ = ["canonical"]


def canonical(tree: Mapping[str, Any]) -> str:
    """Return a table of a config as JSON, with its keys sorted and its days as text."""
    return json.dumps(tree, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_moment)


def _moment(value: date | datetime | time) -> str:
    return value.isoformat()
