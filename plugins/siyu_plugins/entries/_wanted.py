"""What pip is to install for a package."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires

__all__ = ["wanted"]


def wanted(name: str) -> str:
    """Return what pip is to install for a package: the extra of siyu that brings it, else its own name."""
    plain = name.replace("_", "-").lower()
    try:
        known = requires("siyu") or []
    except PackageNotFoundError:
        known = []
    extras = [re.search(r"extra == ['\"]([^'\"]+)", line) for line in known if _distribution(line) == plain]
    return next((f"'siyu[{extra[1]}]'" for extra in extras if extra), plain)


def _distribution(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""
