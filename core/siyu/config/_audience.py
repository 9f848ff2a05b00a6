"""Channels that speak to a group or the public: one message, of a campaign that is for no member in particular."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu.config._walk import sayings
from siyu.kinds import Campaign, Channel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.config._build import Builder
    from siyu.config.locate import Path as Keys
    from siyu.kinds import Component

__all__ = ["check_audience"]

_SHOWN = {"group": "a group", "public": "the public"}


def check_audience(builder: Builder, components: Mapping[str, Mapping[str, Component]]) -> None:
    """Note a problem for each campaign that would say to a group or the public what is meant for members.

    Args:
        builder: Takes the problems.
        components: The components that could be made, by kind and name.
    """
    channels = components["channel"].values()
    audiences = {one.name: one.audience for one in channels if isinstance(one, Channel) and one.audience != "member"}
    for said, channel in sayings(components["campaign"]) if audiences else ():
        campaign = components["campaign"][str(said.path[1])]
        if channel in audiences and isinstance(campaign, Campaign):
            _judge(builder, campaign, said.path, f"channel.{channel} speaks to {_SHOWN[audiences[channel]]}")


def _judge(builder: Builder, campaign: Campaign, path: Keys, words: str) -> None:
    use = ("campaign", campaign.name)
    if not campaign.public:
        builder.problem(path, f"{words}, and this campaign to members, each alone", hint="use 'broadcast' for it")
        return
    if campaign.to is not None:
        builder.problem((*use, "to"), f"{words}, whoever is in it", hint="leave out 'to'")
    if campaign.holdout.basis_points:
        builder.problem((*use, "holdout"), f"{words}, so that nobody can be held out", hint="leave out 'holdout'")
