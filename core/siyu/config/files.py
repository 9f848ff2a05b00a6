"""A brand's folder of TOML files, read and merged into one tree that remembers where each value came from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from attrs import Factory, define, field

from siyu.config._include import included
from siyu.config._words import closest
from siyu.config.locate import Index, Place, hidden, index, locate, place, problem_at
from siyu.config.locate import Path as Keys
from siyu.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Source", "read"]

_DEEPEST = 60
_DIGITS = re.compile(r"[0-9][0-9_]+")
_NESTED = re.compile(r"(?:[\[{][\s\w=.-]*)+|(?:\w+\.)+")
_AT = re.compile(r"^(?P<words>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.DOTALL)


@define
class Source:
    """The merged tree of a brand's folder.

    Attributes:
        folder: The folder, as the user named it.
        tree: All tables and values.
        texts: The text of each file, by its name.
        files: Which file gave each table and each value.
        problems: What was wrong with the merging: keys that are given twice.
    """

    folder: Path
    tree: dict[str, Any] = Factory(dict)
    texts: dict[str, str] = field(factory=dict, repr=False)
    files: dict[Keys, str] = field(factory=dict, repr=False)
    problems: list[Problem] = Factory(list)
    _indexes: dict[str, Index] = field(factory=dict, repr=False)

    def problem(  # noqa: PLR0913 - each is one part of a problem, given by name
        self,
        path: Keys,
        message: str,
        *,
        hint: str = "",
        owner: str = "",
        on: Literal["key", "value"] = "value",
        offset: int = 0,
        width: int | None = None,
        secret: bool = False,
    ) -> Problem:
        """Return a problem with the place of a key or a value.

        Args:
            path: The keys, and the indexes in arrays, that lead to the value; where nothing is there, the nearest
                table around it is pointed at.
            message: What is wrong and what was expected.
            hint: One close match or the way to mend it.
            owner: The plugin that owns the table.
            on: Whether to point at the key or at the value.
            offset: Where in a text value to point, in characters.
            width: How many characters to point at; all of them by default.
            secret: Whether the line may hold a secret, and is shown with stars.
        """
        file = self.file(path)
        found = locate(self.texts[file], path, on, offset, width, self.index(file)) if file else None
        if found and secret:
            found = hidden(found)
        return problem_at(message, path, file, found, hint, owner)

    def file(self, path: Keys) -> str:
        """Return the name of the file that gave a value, or the nearest table around it; empty where none did."""
        nearest = (path[:length] for length in range(len(path), 0, -1))
        return next((self.files[each] for each in nearest if each in self.files), "")

    def index(self, file: str) -> Index:
        """Return the spans of a file's keys and values."""
        if file not in self._indexes:
            self._indexes[file] = index(self.texts[file])
        return self._indexes[file]

    def extend(self, file: str, tree: Mapping[str, Any]) -> None:
        """Merge a file's tree; note a problem for each key that was given before."""
        self._extend(file, self.tree, tree, ())

    def override(self, file: str, tree: Mapping[str, Any]) -> None:
        """Merge a file's tree over what is there; only tables with a header or dotted keys are merged."""
        self._override(file, self.tree, tree, ())

    def _extend(self, file: str, into: dict[str, Any], tree: Mapping[str, Any], path: Keys) -> None:
        for key, value in tree.items():
            here = (*path, key)
            if key not in into:
                self._put(file, into, key, value, here)
            elif isinstance(value, dict) and isinstance(into[key], dict) and self._open(file, here):
                self._extend(file, into[key], value, here)
            else:
                self.problems.append(self._twice(file, here))

    def _open(self, file: str, path: Keys) -> bool:
        """Whether both files write the table in a way that leaves room for more keys."""
        return all(path not in self.index(each).inline for each in (file, self.files[path]))

    def _override(self, file: str, into: dict[str, Any], tree: Mapping[str, Any], path: Keys) -> None:
        for key, value in tree.items():
            here = (*path, key)
            merges = isinstance(value, dict) and isinstance(into.get(key), dict)
            if merges and here not in self.index(file).inline:
                self._override(file, into[key], value, here)
            else:
                for known in [known for known in self.files if known[: len(here)] == here]:
                    del self.files[known]
                self._put(file, into, key, value, here)

    def _put(self, file: str, into: dict[str, Any], key: str, value: object, path: Keys) -> None:
        self.files[path] = file
        if not isinstance(value, dict):
            into[key] = value
            return
        table = into[key] = {}
        for inner, each in value.items():
            self._put(file, table, inner, each, (*path, inner))

    def _twice(self, file: str, path: Keys) -> Problem:
        other = self.files[path]
        first = locate(self.texts[other], path, "key", found=self.index(other))
        where = f"{other}:{first.line}" if first else other
        found = hidden(locate(self.texts[file], path, "key", found=self.index(file)), sure=False)
        return problem_at(f"given twice: also at {where}", path, file, found, "remove one of the two")


def read(folder: Path, environment: str | None = None) -> Source:
    """Read all TOML files directly in a folder, except ``pyproject.toml``, and merge them.

    A table may be extended over files; a key that is given twice is noted in ``problems``. A file may name further
    ones, by paths or globs from its own folder: ``include = ["../shared/*.toml"]``.

    Args:
        folder: The brand's folder.
        environment: The name of a file in its folder ``env``, which is merged last and overrides.

    Raises:
        ConfigError: The folder is no brand, or a file cannot be read; all such files at once.
    """
    paths = _paths(folder)
    override = _environment(folder, environment) if environment else None
    source = Source(folder)
    unread: list[Problem] = []
    for path in paths:
        tree = _load(path, source, unread)
        if tree is not None:
            paths += included(path, source.texts[str(path)], tree, paths, unread)
            source.extend(str(path), tree)
    tree = _load(override, source, unread) if override else None
    if tree is not None:
        if "include" in tree:
            found = locate(source.texts[str(override)], ("include",), "key")
            unread.append(problem_at("an environment includes no files", ("include",), str(override), found))
        source.override(str(override), tree)
    if unread:
        raise ConfigError((*unread, *source.problems))
    if "brand" not in source.tree:
        raise _refused(f"no brand here: no file of {folder} has a [brand] table; add one, with the brand's name")
    return source


def _paths(folder: Path) -> list[Path]:
    if not folder.is_dir():
        why = "is not a folder" if folder.exists() else "does not exist"
        raise _refused(f"no brand here: {folder} {why}; run `siyu` with the folder of a brand")
    try:
        found = sorted(path for path in folder.glob("*.toml") if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise _refused(f"cannot read {folder}: {error.strerror}") from error
    found = [path for path in found if path.name != "pyproject.toml"]
    if not found:
        raise _refused(f"no brand here: {folder} holds no .toml file; run `siyu` with the folder of a brand")
    return found


def _environment(folder: Path, name: str) -> Path:
    known = {path.stem: path for path in sorted((folder / "env").glob("*.toml"))}
    if name not in known:
        listed = f"there are: {', '.join(known)}" if known else "there are none"
        hint = closest(name, known)
        raise _refused(f"no environment '{name}': {folder / 'env' / name}.toml does not exist; {listed}", hint)
    return known[name]


def _refused(message: str, hint: str = "") -> ConfigError:
    return ConfigError((Problem(message, hint=hint),))


def _load(path: Path, source: Source, unread: list[Problem]) -> dict[str, Any] | None:
    file = str(path)
    try:
        # As tomllib does it, so that every offset is the same; a byte order mark is what some editors write.
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        source.texts[file] = text
        tree = tomllib.loads(text)
        if _deep(tree):
            raise RecursionError  # noqa: TRY301 - as tomllib says it of arrays
        return tree  # noqa: TRY300 - an else would come after what it guards
    except OSError as error:
        unread.append(Problem(f"cannot be read: {error.strerror}", file=file))
    except UnicodeDecodeError as error:
        found = _undecoded(error.object, error.start)
        unread.append(problem_at("not UTF-8: save the file as UTF-8", (), file, found))
    except tomllib.TOMLDecodeError as error:
        unread.append(_invalid(file, text, str(error)))
    except ValueError:
        # Python itself reads no number of thousands of digits.
        unread.append(problem_at("not valid TOML: too long a number", (), file, _longest(_DIGITS, text)))
    except RecursionError:
        unread.append(problem_at("not valid TOML: too deeply nested", (), file, _longest(_NESTED, text)))
    return None


def _deep(tree: object) -> bool:
    """Whether tables and arrays are nested further than any config needs, so that to walk them may not end well."""
    level = [tree]
    for _ in range(_DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


def _longest(pattern: re.Pattern[str], text: str) -> Place | None:
    spans = [match.span() for match in pattern.finditer(text)]
    return place(text, *max(spans, key=lambda span: span[1] - span[0])) if spans else None


def _undecoded(raw: bytes, start: int) -> Place:
    before = raw[:start].decode("utf-8-sig").replace("\r\n", "\n")
    rest = raw[start:].partition(b"\n")[0].decode("utf-8", errors="replace")
    return place(before + rest, len(before), len(before) + 1)


def _invalid(file: str, text: str, message: str) -> Problem:
    found = index(text).twice
    if found and re.search("overwrite|twice|mutate|redefine", message):
        path, (start, end) = found
        first = locate(text, path, "key")
        words = f"given twice: also at {file}:{first.line}" if first else "given twice"
        second = hidden(place(text, start, end), sure=False)
        return problem_at(words, path, file, second, "remove one of the two")
    match = _AT.match(message)
    words = match["words"] if match else message
    words = f"not valid TOML: {words[:1].lower()}{words[1:]}"
    return problem_at(words, (), file, hidden(next(_places(text, match), None), sure=False))


def _places(text: str, match: re.Match[str] | None) -> Iterator[Place]:
    if match is None:
        return
    lines = text.split("\n")
    end = len(text.rstrip().split("\n"))
    line = min(int(match["line"] or end), len(lines))
    source = lines[line - 1]
    yield Place(line, int(match["column"] or len(source) + 1), 1, source)
