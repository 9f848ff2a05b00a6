"""The window of a campaign or an incentive: from when and until when it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.config.units import DAY
from siyu.moments import DISTANT, shown_at

if TYPE_CHECKING:
    from siyu.config.programme import Programme
    from siyu.kinds import Campaign, Incentive

__all__ = ["window"]


def window(programme: Programme, component: Campaign | Incentive) -> tuple[int, int]:
    """Return the first second and the first second after a component's days and hours, its campaign's included."""
    zone, (opens, closes) = programme.brand.zone, getattr(component, "hours", (0, DAY))
    begin = shown_at(zone, component.from_, opens)
    end = shown_at(zone, component.until, closes) if component.until else DISTANT
    during = getattr(component, "during", None)
    if during is None:
        return begin, end
    outer = window(programme, programme.component("campaign", during))  # type: ignore[arg-type] # a campaign, by its kind
    return max(begin, outer[0]), min(end, outer[1])
