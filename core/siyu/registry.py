"""Discovery of plugins: entry points, blocking, and the attribution of their errors."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextlib import contextmanager
from functools import partial
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import pluggy
from attrs import define, evolve, field, frozen

from siyu import hooks
from siyu.config._words import closest
from siyu.errors import PluginError, UserError
from siyu.events import EVENT_TYPES, EventType
from siyu.kinds import KINDS, Component

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from importlib.metadata import Distribution

    import click

__all__ = ["Plugin", "Registry", "discover"]

_PREFIX = "siyu_"
_PLURALS = {kind: "entries" if kind == "entry" else f"{kind}s" for kind in KINDS} | {
    "event": "event_types",
    "command": "commands",
}


@frozen
class Plugin:
    """One plugin that was found, loaded or not.

    Attributes:
        name: The entry point's name; what ``[plugins] block`` takes.
        distribution: The distribution that brought it.
        version: That distribution's version.
        state: ``loaded``, ``blocked`` or ``broken``.
        error: What went wrong, where it is broken.
    """

    name: str
    distribution: str
    version: str
    state: str = "loaded"
    error: str = ""

    def __str__(self) -> str:
        """Name the plugin with its origin, as in errors."""
        return f"plugin '{self.name}' of {self.distribution} {self.version}"


@define
class Registry:
    """What the loaded plugins brought, and which plugin brought what.

    Attributes:
        manager: pluggy's manager, an instance of this registry's own.
        plugins: All plugins found, by name.
        components: Component classes by kind and by the name that ``use`` takes.
        events: All event types by name.
        commands: Further subcommands by name.
    """

    manager: pluggy.PluginManager
    plugins: dict[str, Plugin] = field(factory=dict)
    components: dict[str, dict[str, type[Component]]] = field(factory=lambda: {kind: {} for kind in KINDS})
    events: dict[str, EventType] = field(factory=lambda: dict(EVENT_TYPES))
    commands: dict[str, click.Command] = field(factory=dict)
    _owners: dict[tuple[str, str], str] = field(factory=dict)

    def owner(self, kind: str, name: str) -> str:
        """Return the name of the plugin that brought a component class; empty where there is none."""
        return self._owners.get((kind, name), "")

    def take(self, kind: str, name: str, made: Any, owner: str) -> None:  # noqa: ANN401 - what the kind says
        """Take in a component class, an event type (kind ``event``) or a subcommand (``command``) of a plugin."""
        self._owners[kind, name] = owner
        if kind == "event":
            self.events[name] = made
        elif kind == "command":
            self.commands[name] = made
        else:
            self.components[kind][name] = made

    def brought(self, plugin: str) -> list[str]:
        """Return what a plugin brought, as ``kind name``."""
        return sorted(f"{kind} {name}" for (kind, name), owner in self._owners.items() if owner == plugin)

    def require(self) -> Registry:
        """Return the registry itself if every plugin that is not blocked is sound.

        Raises:
            PluginError: At least one plugin is broken; all of them are named.
        """
        broken = [plugin for plugin in self.plugins.values() if plugin.state == "broken"]
        if broken:
            lines = [f"{plugin}: {plugin.error}" for plugin in broken]
            names = ", ".join(f'"{plugin.name}"' for plugin in broken)
            lines.append(f"Repair or uninstall it, or keep it from loading: [plugins] block = [{names}]")
            raise PluginError("\n".join(lines))
        return self

    @contextmanager
    def attributed(self, owner: str, what: str) -> Iterator[None]:
        """Attribute a failure inside a plugin's code to it; ``what`` is the component or hook that failed.

        Raises:
            PluginError: The code raised anything but a ``UserError``.
        """
        try:
            yield
        except UserError:
            raise
        except Exception as error:
            message = f"{what} failed in {self.plugins.get(owner, owner)}: {type(error).__name__}: {error}"
            raise PluginError(message) from error

    def called(self, hook: str, read: Callable[[Any], Any] | None = None, /, **given: object) -> Iterator[Any]:
        """Call a hook of every plugin and return what each gave, in their order; a failure is attributed.

        Args:
            hook: The hook's name.
            read: Makes what is returned of what a plugin gave, unless that is None: a lazy frame fails only here.
            given: The hook's arguments.

        Raises:
            PluginError: A plugin's code failed.
        """
        for implementation in getattr(self.manager.hook, hook).get_hookimpls():
            with self.attributed(implementation.plugin_name, hook):
                found = implementation.function(*(given[name] for name in implementation.argnames))
                found = found if read is None or found is None else read(found)
            yield found

    def versions(self) -> dict[str, str]:
        """Return the loaded plugins with their distributions and versions, for a run's record."""
        loaded = (plugin for plugin in self.plugins.values() if plugin.state == "loaded")
        return {plugin.name: f"{plugin.distribution} {plugin.version}" for plugin in loaded}


def discover(block: Collection[str] = (), extra: Mapping[str, object] | None = None) -> Registry:
    """Load every plugin that an entry point of the group ``siyu`` names, except the blocked ones.

    Args:
        block: Names of plugins that are not loaded.
        extra: Further plugins by name, for a host that brings its own.

    Returns:
        A registry of its own; a plugin that fails to load stands in it as broken, and brings nothing.
    """
    registry = Registry(_Manager(hooks.GROUP))
    registry.manager.add_hookspecs(hooks)
    points = entry_points(group=hooks.GROUP)
    # A distribution reads its metadata whenever it is asked for its name.
    brought_by = {id(point.dist): point.dist for point in points}
    origins = {number: _origin(distribution) for number, distribution in brought_by.items()}
    found = [(Plugin(point.name, *origins[id(point.dist)]), point.load) for point in points]
    # Of two that share a name siyu's own comes first, so that no other distribution can take its place.
    for plugin, load in sorted(found, key=lambda one: (one[0].distribution != "siyu", str(one[0]))):
        _add(registry, plugin, load, blocked=plugin.name in block)
    for name, module in (extra or {}).items():
        plugin = Plugin(name, "the embedding program", "-")
        _add(registry, plugin, partial(_itself, module), blocked=name in block)
    return registry


class _Manager(pluggy.PluginManager):
    """A manager that looks for hooks only among what has their prefix: a module has many other names."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        return super().parse_hookimpl_opts(plugin, name) if name.startswith(_PREFIX) else None


def _origin(distribution: Distribution | None) -> tuple[str, str]:
    """Return the name and the version of a distribution."""
    return (distribution.name, distribution.version) if distribution else ("unknown", "-")


def _itself(module: object) -> object:
    return module


def _add(registry: Registry, plugin: Plugin, load: Callable[[], object], *, blocked: bool) -> None:
    other = registry.plugins.get(plugin.name)
    place = plugin.name if other is None else f"{plugin.name} ({plugin.distribution})"
    if blocked:
        registry.plugins[place] = evolve(plugin, state="blocked")
    elif other is not None:
        error = f"its name is taken by {other}; rename one of the entry points or uninstall one distribution"
        registry.plugins[place] = evolve(plugin, state="broken", error=error)
    else:
        registry.plugins[place] = _loaded(registry, plugin, load)


def _loaded(registry: Registry, plugin: Plugin, load: Callable[[], object]) -> Plugin:
    """Load a plugin and take in what it brings; all of it or, where the plugin is broken, nothing."""
    try:
        module = load()
        _register(registry, plugin, module)
        brought = _brought(registry, module)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin raises must not end the others
        if registry.manager.has_plugin(plugin.name):
            registry.manager.unregister(name=plugin.name)
        return evolve(plugin, state="broken", error=f"{type(error).__name__}: {error}")
    for (kind, name), made in brought.items():
        registry.take(kind, name, made, plugin.name)
    return plugin


def _register(registry: Registry, plugin: Plugin, module: object) -> None:
    """Register a plugin's hooks.

    Raises:
        ValueError: A function has a hook's prefix, but is no hook of siyu, or is not marked as an implementation.
    """
    known = [name for name in vars(hooks) if name.startswith(_PREFIX)]
    hooked = ((name, getattr(module, name, None)) for name in dir(module) if name.startswith(_PREFIX))
    for name, function in hooked:
        if not inspect.isroutine(function):
            continue
        if name not in known:
            raise ValueError(f"siyu has no hook '{name}'; {closest(name, known)}".rstrip("; "))
        if not hasattr(function, f"{hooks.GROUP}_impl"):
            raise ValueError(f"'{name}' is not marked @siyu.hookimpl, so it would never be called")
    registry.manager.register(module, name=plugin.name)
    registry.manager.check_pending()


def _brought(registry: Registry, module: object) -> dict[tuple[str, str], Any]:
    """Return what a plugin brings, by kind and name.

    Raises:
        TypeError: Something that it brings is not of its kind.
        ValueError: A name is taken.
    """
    brought: dict[tuple[str, str], Any] = {}
    for kind, plural in _PLURALS.items():
        hook = f"{_PREFIX}register_{plural}"
        given = getattr(module, hook)() if hasattr(module, hook) else {}
        if not isinstance(given, Mapping):
            raise TypeError(f"{hook} gave {given!r}, not a mapping by name")
        for name, made in given.items():
            _check_free(registry, kind, name)
            _check_kind(kind, name, made)
            brought[kind, name] = made
    return brought


def _check_free(registry: Registry, kind: str, name: str) -> None:
    owner = registry.owner(kind, name)
    if owner:
        raise ValueError(f"{kind} '{name}' is brought by {registry.plugins[owner]} already")
    if kind == "event" and name in EVENT_TYPES:
        raise ValueError(f"event '{name}' is one of siyu's own types")


def _check_kind(kind: str, name: str, made: object) -> None:
    if kind == "event":
        fits, expected = isinstance(made, EventType), "an siyu.events.EventType"
    elif kind == "command":
        fits, expected = callable(made), "a click command"
    else:
        base = KINDS[kind]
        fits, expected = inspect.isclass(made) and issubclass(made, base), f"a subclass of siyu.kinds.{base.__name__}"
    if not fits:
        raise TypeError(f"{kind} '{name}' is {made!r}, not {expected}")
