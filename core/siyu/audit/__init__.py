"""What files hold, told before any of it comes in: rows, repeats, spans, identities, consents; and how to map them."""

from __future__ import annotations

from siyu.audit.mapping import Guess, guessed
from siyu.audit.report import Audit, Match, audited

__all__ = ["Audit", "Guess", "Match", "audited", "guessed"]
