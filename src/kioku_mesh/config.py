"""Every setting, where its value comes from, and who is asking: the only module that reads the environment.

A value is looked for in this order: argument, environment, project file, global config, default.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from . import folders, repository, settings
from .errors import BadInput, Internal
from .model import Identity, Notice
from .options import EMBEDDER_KEY, EMBEDDERS, OPTIONS, Option, embedder_parts, parse, unknown, writable, written
from .values import NamedTuple

PROJECT_FILES = (".kioku-mesh.yaml", ".kioku-mesh.toml")
_OLD_KEYS = ("user_id", "team_id", "default_visibility")  # of the config.yaml of kioku-mesh up to 1.2


class Row(NamedTuple):
    """One line of `config list`."""

    key: str
    value: Any
    source: str
    help: str


class Config:
    """All settings of one process, read once. Immutable: `set_value` and `unset` answer a new one.

    `environ`, `home` and `cwd` (empty if there is none) are what it was read with; `project_file` is the one found.
    `notices` names keys that nothing reads; `problems` the values and files that could not be used (tolerant only).
    """

    def __init__(
        self, environ: Mapping[str, str], cwd: str, arguments: Mapping[str, Any], platform: str, tolerant: bool
    ) -> None:
        self.environ, self.cwd, self.platform = environ, cwd, platform
        self.notices: list[Notice] = []
        self.problems: list[BadInput] = []
        self._arguments, self._tolerant = arguments, tolerant
        self._values: dict[str, tuple[Any, str]] = {}
        self._git: list[tuple[str, str] | None] = []  # filled when first asked for
        self.home = folders.home(environ, cwd, platform)
        self.state_dir = self._folder("state_dir")
        self.config_dir = self._folder("config_dir")
        self.file = os.path.join(self.config_dir, "config.toml")
        self.project_file = self._find_project_file()
        self._resolve()

    def get(self, key: str) -> Any:
        """The value in force. Raises BadInput for a key that does not exist."""
        return self._found(key)[0]

    def source(self, key: str) -> str:
        """Where the value comes from: `default`, `argument`, `environment NAME`, `project file …`, `config file …`."""
        return self._found(key)[1]

    def rows(self) -> list[Row]:
        """Every setting with its value, source and meaning."""
        return [Row(key, *self._values[key], option.help) for key, option in OPTIONS.items()]

    def set_value(self, key: str, text: str) -> Config:
        """Write `key` into config.toml. Raises BadInput, StoreBusy, StoreUnwritable."""
        value = parse(writable(key), text)
        settings.put(self.file, key, written(value) if isinstance(value, tuple) else value, self._converted())
        return self._again()

    def unset(self, key: str) -> Config:
        """Take `key` out of config.toml. Raises as `set_value`."""
        writable(key)
        if os.path.isfile(self.file):
            settings.drop(self.file, key)
        return self._again()

    def set_aside(self) -> tuple[str, Config]:
        """Keep a copy of config.toml and write anew what of it can be used; the copy's path. Raises StoreUnwritable."""
        source = f"config file {self.file}"
        rows = [(row.key, written(row.value)) for row in self.rows() if row.source == source]
        kept = settings.set_aside(self.file)
        again = self._again()
        for key, text in rows:
            again = again.set_value(key, text)
        return kept, again

    def identity(self, client: tuple[str, str] | None = None) -> Identity:
        """Who is asking; `client` is (agent_family, client_id) as the client named itself."""
        named = {name: entry["value"] for name, entry in self.identity_rows(client).items()}
        return Identity(**named)

    def identity_rows(self, client: tuple[str, str] | None = None) -> dict[str, dict[str, Any]]:
        """Name -> {value, source} of every field of the identity except the node, which the store knows."""
        rows: dict[str, dict[str, Any]] = {}
        for key, position, otherwise in (("agent_family", 0, "human"), ("client_id", 1, "cli")):
            value, source = self._values[key]
            if value is None:
                value, source = (client[position], "client") if client else (otherwise, "default")
            rows[key] = {"value": value, "source": source}
        for key in ("session_id", "user_id", "team_id"):
            value, source = self._values[key]
            rows[key] = {"value": value, "source": source}
        rows["host"] = {"value": repository.clean(folders.host(self.environ)), "source": "system"}
        return rows

    def declared(self) -> dict[str, str]:
        """The scopes that this machine shares -> which setting says so. A project file alone takes nobody into a team:
        it comes with a repository that anybody may have written."""
        found = {"mesh": "default"}
        for key, kind in (("user_id", "user"), ("team_id", "team")):
            value, source = self._values[key]
            if value is not None and not source.startswith("project file"):
                found[f"{kind}/{value}"] = source
        return found | {f"team/{team}": self.source("teams") for team in self.get("teams")}

    def project(self) -> tuple[str | None, str]:
        """(name, source) of the current project; None when there is none."""
        for key in ("only_project", "project"):
            if self._values[key][0] is not None:
                return self._values[key]
        found = self.repository()
        return (found[0], f"git repository {found[1]}") if found else (None, "none")

    def repository(self, folder: str | None = None) -> tuple[str, str] | None:
        """(name, top folder) of the git repository around a folder; None: around the working folder."""
        if folder is not None:
            return repository.find(folder, self._stops())
        if not self._git:
            self._git.append(repository.find(self.cwd, self._stops()) if self.cwd else None)
        return self._git[0]

    @property
    def only_project(self) -> str | None:
        """The one project this process may see, if it is confined to one."""
        name: str | None = self._values["only_project"][0]
        return name

    @property
    def embedder(self) -> tuple[str, str]:
        """Which kind of embedder finds memories by their meaning, and its folder (whole) or address."""
        kind, place = embedder_parts(self.get("embedder"))
        if kind == "onnx":
            place = folders.absolute(place, self.home, "", self.source("embedder"))
        return kind or EMBEDDERS[0], place

    @property
    def embedder_key(self) -> str:
        """What a server of `embedder` wants for a key; shown nowhere."""
        return self.environ.get(EMBEDDER_KEY, "").strip()

    def _found(self, key: str) -> tuple[Any, str]:
        if key not in OPTIONS:
            raise unknown(key)
        return self._values[key]

    def _folder(self, key: str) -> str:
        option = OPTIONS[key]
        for text, source in (
            (self._arguments.get(key), "argument"),
            (self.environ.get(option.environment, "").strip(), f"environment {option.environment}"),
            (folders.default(key, self.environ, self.home, self.platform), "default"),
        ):
            if text:
                folder = folders.absolute(str(text), self.home, self.cwd, source)
                self._values[key] = (folder, source)
                return folder
        raise BadInput("there is no home directory to keep memories in", f"set {option.environment} to a folder")

    def _resolve(self) -> None:
        files = [
            (f"project file {self.project_file}", self._project_file_values(), "in_project"),
            *self._global(),
        ]
        for key, option in OPTIONS.items():
            if key in ("state_dir", "config_dir"):
                continue
            found: list[tuple[Any, str]] = []
            if self._arguments.get(key) is not None:
                if not option.in_argument:
                    raise Internal(f"{key} cannot be given as an argument")
                found.append((self._arguments[key], "argument"))
            if option.environment:
                found.append((self.environ.get(option.environment), f"environment {option.environment}"))
            found += [(values.get(key), source) for source, values, where in files if getattr(option, where)]
            self._values[key] = self._first(option, found)

    def _first(self, option: Option, found: list[tuple[Any, str]]) -> tuple[Any, str]:
        for raw, source in found:
            if raw is None or (isinstance(raw, str) and not raw.strip()):
                continue
            try:
                return parse(option, raw, source), source
            except BadInput as problem:
                self._note(problem)
        return option.default, "default"

    def _global(self) -> list[tuple[str, dict[str, Any], str]]:
        """The global config; that of an older version only until there is one of ours."""
        if os.path.isfile(self.file):
            return [(f"config file {self.file}", self._read(self.file, "in_config"), "in_config")]
        old = self._old_file()
        if os.path.isfile(old):
            values = {key: value for key, value in self._read(old, "").items() if key in _OLD_KEYS}
            return [(f"config file {old}", values, "in_config")]
        return []

    def _old_file(self) -> str:
        return os.path.join(self.config_dir, "config.yaml")

    def _converted(self) -> str:
        """The text that a new config.toml starts with: what config.yaml of an older version said."""
        old = self._old_file()
        if os.path.isfile(self.file) or not os.path.isfile(old):
            return ""
        values, lines = settings.read(old), ["# taken over from config.yaml"]
        for key in _OLD_KEYS:
            try:
                lines += [settings.line_of(key, parse(OPTIONS[key], values[key]))] if values.get(key) else []
            except BadInput:
                continue  # what is not valid here stays behind
        return "\n".join([*lines, ""]) if lines[1:] else ""

    def _project_file_values(self) -> dict[str, Any]:
        problems = len(self.problems)
        values = self._read(self.project_file)
        if self.project_file and not values and len(self.problems) == problems:
            self.notices.append(Notice("empty_file", f"{self.project_file} says nothing"))
        return values

    def _read(self, path: str, where: str = "in_project") -> dict[str, Any]:
        if not path:
            return {}
        try:
            values = settings.read(path)
        except BadInput as problem:
            self._note(problem)
            return {}
        for key in values if where else ():
            if not (key in OPTIONS and getattr(OPTIONS[key], where)):
                self.notices.append(Notice("unknown_key", f"{path}: {key[:60]!r} is not a setting that stands here"))
        return values

    def _note(self, problem: BadInput) -> None:
        if not self._tolerant:
            raise problem
        self.problems.append(problem)

    def _stops(self) -> tuple[str, ...]:
        return (self.home, os.path.realpath(self.home)) if self.home else ()

    def _find_project_file(self) -> str:
        folder, stops = self.cwd, self._stops()
        while folder:
            for name in PROJECT_FILES:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    return path
            parent = os.path.dirname(folder)
            if folder in stops or parent == folder:
                break
            folder = parent
        return ""

    def _again(self) -> Config:
        return Config(self.environ, self.cwd, self._arguments, self.platform, self._tolerant)


def load(
    environ: Mapping[str, str] | None = None,
    cwd: str | None = None,
    arguments: Mapping[str, Any] | None = None,
    *,
    tolerant: bool = False,
    platform: str = sys.platform,
) -> Config:
    """Read the settings of this process.

    Raises BadInput that names the file, variable or argument at fault; a `tolerant` load (for `doctor` and `config`,
    which must work then) keeps it in `problems` and goes on with the next source.
    """
    if cwd is None:
        try:
            cwd = os.getcwd()
        except OSError:  # the folder was removed under the process
            cwd = ""
    cwd = os.path.abspath(cwd) if cwd else ""
    return Config(os.environ if environ is None else environ, cwd, arguments or {}, platform, tolerant)
