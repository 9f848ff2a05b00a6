from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from siyu.config.programme import load
from siyu.errors import PluginError, UserError
from siyu.events import EVENT_TYPES, EventType
from siyu.hooks import hookimpl
from siyu.kinds import KINDS, Metric, Tagger
from siyu.registry import Registry, discover


class Curious(Tagger):
    """A tagger."""


class Count(Metric):
    """A metric."""


def plugin(**gives: Any) -> SimpleNamespace:  # noqa: ANN401 - whatever a hook may give
    """Return a plugin with a hook ``siyu_register_NAME`` for each of the arguments."""

    def giving(what: Any) -> Any:  # noqa: ANN401 - as above
        @hookimpl
        def hook() -> Any:  # noqa: ANN401 - as above
            if isinstance(what, BaseException):
                raise what
            return what

        return hook

    return SimpleNamespace(**{f"siyu_register_{name}": giving(what) for name, what in gives.items()})


def found(**plugins: object) -> Registry:
    return discover(extra=plugins)


def contents(registry: Registry) -> dict[str, list[str]]:
    """Return all names that a registry has, by kind."""
    kinds = {kind: sorted(classes) for kind, classes in registry.components.items()}
    return {**kinds, "event": sorted(registry.events), "command": sorted(registry.commands)}


@pytest.fixture(scope="module")
def bundled() -> dict[str, list[str]]:
    return contents(discover())


def test_the_bundled_plugins_come_by_their_entry_points() -> None:
    registry = discover().require()
    assert {plugin.distribution for plugin in registry.plugins.values()} >= {"siyu"}
    for kind in KINDS:
        assert registry.components[kind]
        for name in registry.components[kind]:
            assert registry.plugins[registry.owner(kind, name)].state == "loaded"
    assert registry.brought("journey") == ["campaign journey"]
    assert registry.versions()["journey"].startswith("siyu ")


def test_a_host_brings_plugins_of_its_own() -> None:
    tasted = EventType("a member tasted")
    command = click.Command("taste")
    registry = found(
        mine=plugin(taggers={"curious": Curious}, event_types={"tasted": tasted}, commands={"taste": command})
    )
    assert registry.require().components["tagger"]["curious"] is Curious
    assert (registry.events["tasted"], registry.commands["taste"]) == (tasted, command)
    assert registry.brought("mine") == ["command taste", "event tasted", "tagger curious"]
    assert str(registry.plugins["mine"]) == "plugin 'mine' of the embedding program -"
    assert "tasted" not in EVENT_TYPES
    assert "curious" not in discover().components["tagger"]


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"metrics": ZeroDivisionError("by zero")}, "ZeroDivisionError: by zero"),
        ({"metrics": {"count": Curious}}, "metric 'count' is .*Curious.*, not a subclass of siyu.kinds.Metric"),
        ({"metrics": {"count": Count(name="count")}}, "not a subclass of siyu.kinds.Metric"),
        ({"metrics": {"funnel": Count}}, "metric 'funnel' is brought by plugin 'funnel' of siyu .* already"),
        ({"metrics": None}, "siyu_register_metrics gave None, not a mapping by name"),
        ({"event_types": {"ordered": EventType("again")}}, "event 'ordered' is one of siyu's own types"),
        ({"event_types": {"tasted": "a member tasted"}}, "event 'tasted' is 'a member tasted', not an"),
        ({"commands": {"taste": 1}}, "command 'taste' is 1, not a click command"),
        ({"tagers": {}}, "siyu has no hook 'siyu_register_tagers'; did you mean 'siyu_register_taggers'?"),
    ],
)
def test_a_plugin_that_fails_half_way_brings_nothing(
    bundled: dict[str, list[str]], broken: dict[str, Any], words: str
) -> None:
    registry = found(
        half=plugin(entries={}, taggers={"curious": Curious}, **broken), other=plugin(metrics={"count": Count})
    )
    assert registry.plugins["half"].state == "broken"
    assert registry.brought("half") == []
    assert contents(registry) == {**bundled, "metric": sorted([*bundled["metric"], "count"])}
    assert not registry.manager.has_plugin("half")
    with pytest.raises(PluginError, match=f"plugin 'half' of the embedding program -: .*{words}"):
        registry.require()


def test_a_name_that_a_broken_plugin_wanted_is_free() -> None:
    registry = found(
        a=plugin(taggers={"curious": Curious}, metrics=ZeroDivisionError()), b=plugin(taggers={"curious": Curious})
    )
    assert registry.owner("tagger", "curious") == "b"


def test_hooks_must_be_marked() -> None:
    def siyu_after_run(run: object) -> None:
        raise AssertionError(run)

    registry = found(forgetful=SimpleNamespace(siyu_after_run=siyu_after_run))
    with pytest.raises(PluginError, match=r"'siyu_after_run' is not marked @siyu.hookimpl"):
        registry.require()
    assert list(registry.called("siyu_after_run", run=1)) == []


def test_hooks_must_take_what_is_given() -> None:
    @hookimpl
    def siyu_after_run(rnu: object) -> None:
        raise AssertionError(rnu)

    with pytest.raises(PluginError, match=r"plugin 'wrong' of [\s\S]*siyu_after_run[\s\S]*rnu"):
        found(wrong=SimpleNamespace(siyu_after_run=siyu_after_run)).require()


def test_what_is_blocked_is_not_even_called() -> None:
    failing = plugin(taggers=AssertionError("it was called"))
    registry = discover(["mine", "funnel", "nobody"], {"mine": failing})
    assert {name: one.state for name, one in registry.plugins.items() if one.state != "loaded"} == {
        "mine": "blocked",
        "funnel": "blocked",
    }
    assert "funnel" not in registry.require().components["metric"]
    assert "funnel" not in registry.versions()


def test_a_taken_name_is_broken_and_blocked_for_both() -> None:
    second = plugin(taggers={"curious": Curious})
    registry = discover(extra={"funnel": second})
    assert registry.plugins["funnel"].state == "loaded"
    with pytest.raises(PluginError, match="its name is taken by plugin 'funnel' of siyu "):
        registry.require()
    assert "curious" not in registry.components["tagger"]
    states = {one.state for one in discover(["funnel"], {"funnel": second}).plugins.values() if one.name == "funnel"}
    assert states == {"blocked"}


def test_all_that_is_broken_is_told_at_once_with_the_way_out() -> None:
    registry = found(a=plugin(taggers=ZeroDivisionError("one")), b=plugin(taggers=KeyError("two")))
    with pytest.raises(PluginError) as told:
        registry.require()
    lines = str(told.value).splitlines()
    assert ["one" in lines[0], "two" in lines[1]] == [True, True]
    assert lines[2].endswith('[plugins] block = ["a", "b"]')


def test_a_failing_call_is_attributed() -> None:
    @hookimpl
    def siyu_after_run() -> None:
        raise KeyError("gone")

    registry = found(late=SimpleNamespace(siyu_after_run=siyu_after_run)).require()
    with pytest.raises(PluginError, match=r"siyu_after_run failed in plugin 'late' of .*KeyError: 'gone'"):
        list(registry.called("siyu_after_run", run=None))


def test_a_message_for_the_user_passes_as_it_is() -> None:
    registry = discover()
    with pytest.raises(UserError, match=r"^write it so$") as told, registry.attributed("rules", "tagger.value"):
        raise UserError("write it so")
    assert not isinstance(told.value, PluginError)


def test_two_registries_share_nothing() -> None:
    one, other = discover(), discover()
    one.components["tagger"].clear()
    one.events.clear()
    assert other.components["tagger"]
    assert other.events
    assert one.manager is not other.manager


def test_a_registry_is_what_a_config_needs(tmp_path: Path) -> None:
    (tmp_path / "brand.toml").write_text(
        '[brand]\nname = "Tea"\n[metric.again]\nuse = "repurchase"\n', encoding="utf-8"
    )
    programme = load(tmp_path, discover())
    assert programme.owners["metric", "again"] == "repurchase"
