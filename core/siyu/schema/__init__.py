"""What a config may hold, told to others: a JSON Schema for editors, and each component's manual."""

from __future__ import annotations

from siyu.schema.manual import Key, Manual, Part, manual
from siyu.schema.tables import document

__all__ = ["Key", "Manual", "Part", "document", "manual"]
