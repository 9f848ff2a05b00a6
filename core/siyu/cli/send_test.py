"""``siyu send-test``."""

from __future__ import annotations

import attrs
import click

from siyu.cli.options import as_json, moment, parted, progress, with_environment, with_json

__all__ = ["send_test"]


@click.command("send-test")
@click.argument("named", nargs=-1, metavar="[FOLDER] CAMPAIGN")
@click.option("--to", required=True, help="The tester: an outside id, or a bare mail address or phone number.")
@click.option("--step", default="", metavar="ID", help="Only this step; all of them by default.")
@click.option("--content", default="", metavar="NAME", help="Only this item, also where it would not fit the tester.")
@click.option("--by", required=True, help="Who tests; kept in the log.")
@moment
@with_environment
@with_json
def send_test(  # noqa: PLR0913 - each is a word of the command
    named: tuple[str, ...],
    to: str,
    step: str,
    content: str,
    by: str,
    now: str | None,
    environment: str | None,
    *,
    machine: bool,
) -> None:
    """Send what CAMPAIGN says to a tester, by its real channels, marked as a test.

    Each step is sent once for each item that could fill its slot. A test is no touch: no cap and no metric counts it,
    and each has a key of its own. As consents and quiet hours are not asked, it goes only to the ids of [gate] testers,
    outside production to those of [gate] allow. A channel's rate holds for tests too: a short wait is said and waited
    for, a long one refused.
    """
    folder, (campaign,) = parted(named, 1, "which campaign")
    import siyu

    with siyu.open(folder, environment=environment) as brand, progress(quiet=machine) as tell:
        found = brand.send_test(campaign, to=to, by=by, step=step, content=content, now=now, tell=tell)
    if machine:
        as_json([attrs.asdict(one) for one in found])
        return
    from siyu.cli.show import table, terminal

    columns = ["step", "content", "channel", "state", "reason", "title", "text", "key"]
    rows = [[getattr(one, name) for name in columns] for one in found]
    terminal().print(table(f"Sent to {to} as tests", columns, rows))
