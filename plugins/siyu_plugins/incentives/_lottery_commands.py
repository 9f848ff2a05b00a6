"""``siyu lottery`` and ``siyu seed``: what is published of a draw, and the look whether it was right."""

from __future__ import annotations

import json
import os
import secrets  # portable: a seed is made once, by a person, and read by decisions only afterwards
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import narwhals as nw

import siyu
from siyu.errors import UserError
from siyu_plugins.incentives._draw import redrawn
from siyu_plugins.incentives._seed import commitment
from siyu_plugins.incentives._tickets import held
from siyu_plugins.incentives.lottery import WON, Lottery

if TYPE_CHECKING:
    from siyu.kinds import Frame

__all__ = ["lottery", "seed"]

_SHOWN = 3
"""How many digits of a member's number are shown at either end."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("name")
@click.option("--check", is_flag=True, help="Draw anew from the tickets in the ledger, and compare.")
@click.option("--tickets", is_flag=True, help="Also print the list that is drawn from.")
@click.option("--env", "environment", help="Override with env/NAME.toml.", metavar="NAME")
@click.option("--json", "machine", is_flag=True, help="Print JSON, for machines.")
def lottery(folder: Path, name: str, environment: str | None, *, check: bool, tickets: bool, machine: bool) -> None:
    """Show a lottery's prizes, odds, commitment and winners; members by a few digits of their numbers.

    FOLDER is the brand's, NAME the lottery's. With --check the draw is done anew, one number after another, from the
    seed that it revealed and the tickets in the ledger; where it comes out otherwise, that is an error.
    """
    with siyu.open(folder, environment=environment) as brand:
        found = told(brand, name, tickets=tickets)
        if check:
            found["checked"] = checked(brand, name)
    click.echo(json.dumps(found, ensure_ascii=False, indent=2) if machine else _written(found))


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def seed(file: Path) -> None:
    """Make a secret seed in FILE, which must not be there yet, and print its commitment for the config."""
    text = secrets.token_hex(32)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as opened:
            opened.write(text)
    except OSError as error:
        message = f"cannot make the seed {file}: {error.strerror}; name a file that is not there yet"
        raise UserError(message) from None
    click.echo(f'commitment = "{commitment(text)}"')


def told(brand: siyu.Brand, name: str, *, tickets: bool = False) -> dict[str, Any]:
    """Return what may be published of a lottery.

    Raises:
        UserError: There is no lottery of that name.
    """
    found = _lottery(brand, name)
    odds = {prize: f"{number} of {most} tickets" for prize, (number, most) in found.odds.items()}
    entries = _entries(brand, name)
    prizes = [
        {"prize": one.id, "number": one.number, "worth": str(one.worth), "odds": odds.get(one.id, "not bounded")}
        for one in found.prizes
    ]
    winners: list[dict[str, Any]] = [
        {"place": place, "prize": prize, "ticket": ticket, "member": masked(member), "how": reason}
        for place, (prize, ticket, member, reason) in enumerate(_won(brand, name), 1)
    ]
    listed = [{"ticket": number, "member": masked(member), "times": times} for number, member, times in entries]
    seed_ = _revealed(winners[0]["how"]) if winners else ""
    whole = {"lottery": name, "commitment": found.commitment, "seed": seed_, "prizes": prizes, "winners": winners}
    return {**whole, "tickets": sum(times for *_, times in entries), **({"list": listed} if tickets else {})}


def checked(brand: siyu.Brand, name: str) -> str:
    """Draw anew and compare with the ledger; return in words what was found.

    Raises:
        UserError: It was not drawn yet, or it comes out otherwise.
    """
    found, won = _lottery(brand, name), _won(brand, name)
    if not won:
        message = f"lottery '{name}' has not been drawn, or nobody had a ticket"
        raise UserError(message)
    text = _revealed(won[0][3])
    if commitment(text) != found.commitment:
        message = f"the seed of lottery '{name}' in the ledger is not the one that was committed to"
        raise UserError(message)
    anew = redrawn(_entries(brand, name), found.places, found.wins, text, name)
    if anew != [(prize, ticket) for prize, ticket, *_ in won]:
        message = f"lottery '{name}' comes out otherwise: {anew}"
        raise UserError(message)
    return f"the seed is the one committed to, and gives these {len(won)} winners"


def _revealed(reason: str) -> str:
    """Return the seed out of the reason of a winner's line."""
    return reason.partition(" of the seed ")[2].rpartition(" names place ")[0]


def masked(member: int) -> str:
    """Return a member's number with its middle hidden."""
    text = str(member)
    return f"{text[:_SHOWN]}…{text[-_SHOWN:]}"


def _lottery(brand: siyu.Brand, name: str) -> Lottery:
    known = [one for one in brand.programme.components["incentive"] if isinstance(one, Lottery)]
    for one in known:
        if one.name == name:
            return one
    message = f"no lottery '{name}'; the config has {', '.join(one.name for one in known) or 'none'}"
    raise UserError(message)


def _entries(brand: siyu.Brand, name: str) -> list[tuple[int, int, int]]:
    """Return number, member and how often it counts, of the tickets that were, or will be, drawn from."""
    lines = brand.table("grants").filter(nw.col("incentive") == name)
    canon = dict(_rows(brand.table("canon").select("member", "canon")))
    found = _rows(held(lines).select("number", "member", "amount"))
    return sorted((number, canon.get(member, member), times) for number, member, times in found)


def _won(brand: siyu.Brand, name: str) -> list[tuple[str, int, int, str]]:
    lines = brand.table("grants").filter(nw.col("incentive") == name, nw.col("kind") == WON)
    place = nw.col("cause").str.replace_all(f"{name}:", "", literal=True).cast(nw.Int64)
    columns = {"prize": nw.col("item"), "ticket": nw.col("lot").cast(nw.Int64)}
    return _rows(lines.with_columns(place=place, **columns).sort("place").select("prize", "ticket", "member", "reason"))


def _rows(frame: Frame) -> list[Any]:
    return list(frame.to_native().fetchall())  # portable: a command shows rows, of a store that is DuckDB's


def _written(found: dict[str, Any]) -> str:
    lines = [f"{found['lottery']}: {found['tickets']} tickets, commitment {found['commitment']}"]
    lines += [
        f"  {one['prize']}, {one['number']} of it, worth {one['worth']}: {one['odds']}" for one in found["prizes"]
    ]
    lines += [f"  {one['ticket']}  {one['member']}, {one['times']} times" for one in found.get("list", ())]
    won = [
        f"  {one['place']}. {one['prize']}: ticket {one['ticket']} of member {one['member']}"
        for one in found["winners"]
    ]
    lines += [f"seed: {found['seed']}", "winners:", *won] if won else ["not drawn yet"]
    return "\n".join([*lines, *([found["checked"]] if "checked" in found else [])])
