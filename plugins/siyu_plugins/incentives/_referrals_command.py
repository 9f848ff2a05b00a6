"""``siyu referrals``: what is held, a person's word on it, and members' own codes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

import siyu
from siyu.errors import UserError
from siyu_plugins.incentives._reviews import APPROVED, REFUSED, queue

if TYPE_CHECKING:
    from collections.abc import Callable

    from siyu import Brand

__all__ = ["referrals"]

_COLUMNS = ("incentive", "cause", "inviter", "since", "reason")

_environment = click.option("--env", "environment", help="Override with env/NAME.toml.", metavar="NAME")


@click.group()
def referrals() -> None:
    """Decide referrals that wait for a person; show the code that a member invites by."""


@referrals.command("list")
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@_environment
@click.option("--json", "machine", is_flag=True, help="Print JSON, for machines.")
def listed(folder: Path, environment: str | None, *, machine: bool) -> None:
    """Show what waits for a person, the oldest first: the cause, the inviter, since when, and why."""
    with siyu.open(folder, environment=environment) as brand:
        found = _waiting(brand)
    if machine:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    elif not found:
        click.echo("no referral waits for a person")
    else:
        click.echo("\n".join("  ".join(str(one[column]) for column in _COLUMNS) for one in found))


def _deciding(command: Callable[..., None]) -> Callable[..., None]:
    options = [
        click.argument("named", nargs=-1, metavar="[FOLDER] CAUSE..."),
        click.option("--by", required=True, help="Who decides; kept in the log."),
        click.option("--note", default="", help="Why; kept in the log."),
        click.option("--now", help="The moment of it instead of now: 2026-11-11T10:00, in the brand's zone."),
        _environment,
    ]
    for option in reversed(options):
        command = option(command)
    return command


@referrals.command()
@_deciding
def approve(named: tuple[str, ...], environment: str | None, **said: Any) -> None:  # noqa: ANN401 - what _decide takes
    """Approve what waits, each by its CAUSE; the next run gives the rewards, within limits and budgets."""
    _decide(named, environment, APPROVED, **said)


@referrals.command()
@_deciding
def refuse(named: tuple[str, ...], environment: str | None, **said: Any) -> None:  # noqa: ANN401 - what _decide takes
    """Refuse what waits, each by its CAUSE; the next run writes why into the ledger."""
    _decide(named, environment, REFUSED, **said)


@referrals.command()
@click.argument("named", nargs=-1, metavar="[FOLDER] MEMBER")
@_environment
def code(named: tuple[str, ...], environment: str | None) -> None:
    """Print the code that MEMBER invites by: the state or scene of the codes that friends scan."""
    if len(named) not in {1, 2}:
        raise click.UsageError("say which member, and before it the brand's folder where it is not the current one")
    folder, member = ("." if len(named) == 1 else named[0]), named[-1]
    with siyu.open(folder, environment=environment) as brand:
        click.echo(str(brand.number(int(member) if member.isdecimal() else member)))


def _decide(named: tuple[str, ...], environment: str | None, word: str, *, by: str, note: str, now: str | None) -> None:
    # Causes are numbers, and a folder of that name can be written ./1.
    folder, causes = (".", named) if not named or named[0].isdecimal() else (named[0], named[1:])
    if not causes:
        raise click.UsageError("say which causes, as 'siyu referrals list' shows them")
    if not by.strip():
        raise UserError("say who decides: --by needs the name of a person")
    with siyu.open(folder, environment=environment) as brand:
        moment = _moment(now, brand.programme.brand.zone)
        found = _found(brand, causes)
        rows = [_row(one, word, moment, by, note) for one in found]
        brand.ingest(rows, entry="by-hand", now=int(moment.timestamp()))
    click.echo(f"{len(rows)} {'approved' if word == APPROVED else 'refused'} by {by}; the next run goes by it")


def _found(brand: Brand, causes: tuple[str, ...]) -> list[dict[str, Any]]:
    waiting = _waiting(brand)
    unknown = sorted(set(causes) - {one["cause"] for one in waiting})
    if unknown:
        raise UserError(f"no referral '{unknown[0]}' waits for a person; 'siyu referrals list' shows those that do")
    return [one for one in waiting if one["cause"] in causes]


def _moment(now: str | None, zone: str) -> datetime:
    if now is None:
        return datetime.now(UTC)  # portable: when a person says something; no decision reads it as its own clock
    try:
        moment = datetime.fromisoformat(now)
    except ValueError:
        raise UserError(f"'{now}' is no moment; write it as 2026-11-11T10:00, with an offset or in {zone}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def _row(one: dict[str, Any], word: str, moment: datetime, by: str, note: str) -> dict[str, Any]:
    props = {"props": json.dumps({"note": note}, ensure_ascii=False)} if note else {}
    return {
        "member": one["inviter"],
        "type": word,
        "time": moment.astimezone(UTC).isoformat(timespec="seconds"),
        "source_id": f"{word} {one['incentive']} {one['cause']}",
        "staff": by,
        "subject": one["incentive"],
        "ref": one["cause"],
        **props,
    }


def _waiting(brand: Brand) -> list[dict[str, Any]]:
    with brand.store.opened() as session:
        view = brand.view(session, 0)
        rows = view.rows(queue(view.grants, view.raw["events"]))  # portable: a command shows rows to a person
    return [
        {
            "incentive": incentive,
            "cause": cause,
            "inviter": member,
            "since": datetime.fromtimestamp(time, UTC).isoformat(),
            "reason": reason,
        }
        for incentive, cause, member, time, reason in rows
    ]
