"""Receipts that are still to be committed, so that those of one batch and the intents of the next are one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu.delivery.answers import Verdict

__all__ = ["Slips"]

_NAMES = ("touch", "state", "reason", "provider_id", "rule", "time")


@define
class Slips:
    """Receipts by column, in the order in which they came."""

    _columns: dict[str, list[Any]] = field(factory=lambda: {name: [] for name in _NAMES})

    def add(self, verdicts: Sequence[Verdict], time: int, rules: Mapping[int, str | None]) -> None:
        """Add receipts of a moment; ``rules`` are those of the gate that stopped touches, by touch."""
        if verdicts:
            touches, states, reasons, ids = zip(*verdicts, strict=True)
            self._extend(touches, states, reasons, ids, [rules.get(touch) for touch in touches], [time] * len(touches))

    def intend(self, touches: Sequence[int], time: int) -> None:
        """Add that touches are ``sending`` from a moment on."""
        number = len(touches)
        self._extend(touches, ["sending"] * number, [""] * number, [None] * number, [None] * number, [time] * number)

    def take(self) -> dict[str, list[Any]]:
        """Return the columns, and begin anew."""
        taken, self._columns = self._columns, {name: [] for name in _NAMES}
        return taken

    def _extend(self, *columns: Sequence[Any]) -> None:
        for name, values in zip(_NAMES, columns, strict=True):
            self._columns[name].extend(values)
