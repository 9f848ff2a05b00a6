"""Set-up of all tests: how many examples the property tests draw."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# The first query of an engine is slow, on a busy machine slower than Hypothesis puts up with.
_COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Quick rounds are the same on every machine and every time; all rounds look for what is new.
settings.register_profile("quick", _COMMON, max_examples=12, derandomize=True)
settings.register_profile("all", _COMMON, max_examples=300, print_blob=True)
settings.load_profile(os.environ.get("SIYU_ROUNDS", "quick"))
