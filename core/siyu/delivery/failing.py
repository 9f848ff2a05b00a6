"""Failures of channels: each is its channel's own, and ends no other's delivery."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from siyu.errors import PluginError, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siyu.kinds import Channel
    from siyu.work import Work

__all__ = ["attributed"]


@contextmanager
def attributed(work: Work, channel: Channel) -> Iterator[None]:
    """Attribute to a channel whatever is raised while it works, also what a person has to mend.

    Raises:
        PluginError: Anything was raised.
    """
    try:
        with work.attributed(channel):
            yield
    except PluginError:
        raise
    except UserError as error:
        raise PluginError(f"channel.{channel.name}: {error}") from error
