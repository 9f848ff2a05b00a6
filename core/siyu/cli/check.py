"""``siyu check``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from siyu.cli.options import as_json, folder, with_environment, with_json
from siyu.errors import ConfigError

if TYPE_CHECKING:
    from siyu.advice.advise import Advised
    from siyu.config.programme import Programme
    from siyu.errors import Problem
    from siyu.rules.judge import Waiver

__all__ = ["check"]


@click.command()
@folder
@with_environment
@click.option("--strict", is_flag=True, help="End with status 1 where there is advice.")
@with_json
def check(folder: Path, environment: str | None, *, strict: bool, machine: bool) -> None:
    """Check a brand's config; tell all that is wrong with it, then what advice there is.

    Nothing is run; the store is only looked at, where no other program has it open.
    """
    from siyu.advice.advise import advise
    from siyu.advice.live import lived
    from siyu.config.files import read
    from siyu.config.programme import blocked, load
    from siyu.registry import discover
    from siyu.rules.judge import waivers

    try:
        programme = load(folder, discover(blocked(folder, environment)).require(), environment)
    except ConfigError as error:
        if not machine:
            raise
        as_json({"problems": [_placed(problem) for problem in error.problems]})
        sys.exit(1)
    advice = advise(programme, read(folder, environment), lived(folder / programme.brand.store))
    waived = waivers(programme.rules)
    if machine:
        as_json(_machine(programme, advice, waived))
    else:
        _say(programme, advice, waived)
    if strict and advice:
        sys.exit(1)


def _machine(programme: Programme, advice: list[Advised], waived: list[Waiver]) -> dict[str, object]:
    told = [{"name": one.name, **_placed(one.problem)} for one in advice]
    kept = [{"rule": one.rule.name, "pack": one.rule.pack, "reason": one.reason} for one in waived]
    head = {"brand": programme.brand.name, "hash": programme.hash, "counts": _counts(programme)}
    return {**head, "packs": list(programme.rules.packs), "waived": kept, "advice": told}


def _placed(problem: Problem) -> dict[str, object]:
    return {
        "path": ".".join(problem.path),
        "message": problem.message,
        "hint": problem.hint,
        "owner": problem.owner,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
    }


def _say(programme: Programme, advice: list[Advised], waived: list[Waiver]) -> None:
    told = ", ".join(f"{number} {_plural(kind, number)}" for kind, number in _counts(programme).items() if number)
    click.echo(f"{programme.brand.name}: the config is sound. {told}.")
    if programme.rules.packs:
        click.echo(f"It keeps the rules of {', '.join(programme.rules.packs)}{', but for:' if waived else '.'}")
    for one in waived:
        click.echo(f"  {one.rule.name} of {one.rule.pack}, waived: {one.reason}")
    for each in advice:
        click.echo(each.problem)
    if advice:
        click.echo('Advice is no error; what does not hold here is silenced by [advice] silence = { NAME = "why" }.')


def _counts(programme: Programme) -> dict[str, int]:
    counts = {kind: len(parts) for kind, parts in programme.components.items()}
    named = {"feature": programme.features, "segment": programme.segments, "goal": programme.goals}
    return counts | {name: len(found) for name, found in named.items()}


def _plural(kind: str, number: int) -> str:
    if number == 1 or kind == "content":
        return kind
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
