"""Set-up of all tests: how many examples the property tests draw."""

from __future__ import annotations

import gc
import os
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# The first query of an engine is slow, on a busy machine slower than Hypothesis puts up with.
_COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Quick rounds are the same on every machine and every time; all rounds look for what is new.
settings.register_profile("quick", _COMMON, max_examples=12, derandomize=True)
settings.register_profile("all", _COMMON, max_examples=300, print_blob=True)
settings.load_profile(os.environ.get("SIYU_ROUNDS", "quick"))


def pytest_collection_finish() -> None:
    """Let no collection of garbage go through thousands of tests again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _installed_once() -> Iterator[None]:
    """Read only once what is installed: each brand that is opened asks for it, and it stays the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siyu.registry.entry_points", cache(entry_points))
        yield
