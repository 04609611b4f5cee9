"""What clients wait for before they run what is registered: hooks that were reviewed, folders that are trusted.

Each is told as the real program decides it, from its own files; what cannot be known from these is not told.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from ...config import Config
from ...errors import KiokuError
from ...patterns import pattern
from .. import hooks, rewriting
from ..table import Paths, anywhere, path_of

_CODEX = anywhere("{CODEX_HOME|.codex}/config.toml")  # also for the hooks of a project
_CAPITAL = pattern(r"(?<=[a-z])(?=[A-Z])")

_TRUSTED_FOLDERS = anywhere("{GEMINI_CLI_TRUSTED_FOLDERS_PATH|.gemini/trustedFolders.json}")
_SYSTEM = (
    "/etc/gemini-cli/",
    "/Library/Application Support/GeminiCli/",
    "C:\\ProgramData\\gemini-cli\\",
)
_SETTINGS = (  # what a later one says counts
    Paths(*((f"{{GEMINI_CLI_SYSTEM_DEFAULTS_PATH|{folder}system-defaults.json}}",) for folder in _SYSTEM)),
    anywhere("~/.gemini/settings.json"),
    Paths(*((f"{{GEMINI_CLI_SYSTEM_SETTINGS_PATH|{folder}settings.json}}",) for folder in _SYSTEM)),
)
_LEVELS = {"TRUST_FOLDER": True, "TRUST_PARENT": True, "DO_NOT_TRUST": False}


def reviewed_by_codex(config: Config, file: str, data: Any) -> bool:
    """Whether Codex notes for each of our hooks in `file`, which says `data`, that somebody found it good.

    Whether it was changed since is not looked at. Raises NotAvailable, BadInput.
    """
    state = _at(rewriting.parse("toml", path_of(_CODEX, config)), "hooks", "state")
    found: set[tuple[str, ...]] = set()
    for key, note in state.items() if isinstance(state, Mapping) else ():
        if isinstance(note, Mapping) and note.get("trusted_hash"):
            path, *place = key.rsplit(":", 3)
            found.add((os.path.realpath(path), *place))
    return all((os.path.realpath(file), *place) in found for place in _places(data))


def _places(data: Any) -> Iterator[tuple[str, str, str]]:
    """Where our hooks are: the event, the number of the entry and of the hook in it, as Codex writes them."""
    for event in hooks.installed(data):
        for number, entry in enumerate(data[hooks.KEY][event]):
            for inner, one in enumerate(entry.get(hooks.KEY) or ()) if hooks.is_ours(entry) else ():
                if hooks.is_ours(one):
                    yield _CAPITAL.sub("_", event).lower(), str(number), str(inner)


def trusted_by_gemini(config: Config) -> bool | None:
    """Whether Gemini CLI trusts the working directory; None if that cannot be known: an editor decides, or a file is damaged."""
    environ = config.environ
    said = environ.get("GEMINI_CLI_TRUST_WORKSPACE")
    if environ.get("GEMINI_RESTRICTED_MODE") == "true" or said in ("true", "false"):
        return said == "true" and environ.get("GEMINI_RESTRICTED_MODE") != "true"
    try:
        if not _asks_for_trust(config):
            return True
        found = rewriting.parse("json with comments", path_of(_TRUSTED_FOLDERS, config))
        levels = {} if found is None else found
    except KiokuError:
        return None
    whole = isinstance(levels, Mapping) and all(map(_LEVELS.keys().__contains__, map(str, levels.values())))
    if not whole or environ.get("GEMINI_CLI_IDE_SERVER_PORT"):
        return None
    return _trusted(config, levels)


def _trusted(config: Config, levels: Mapping[str, str]) -> bool:
    """What the longest of the paths that the folder lies in says; without any it is not trusted."""
    same = str.lower if config.platform in ("win32", "darwin") else str
    here = same(os.path.realpath(config.cwd))
    longest, trusted = -1, False
    for said, level in levels.items():
        path = os.path.abspath(said)
        top = same(os.path.realpath(os.path.dirname(path) if level == "TRUST_PARENT" else path))
        if len(path) > longest and f"{here}{os.sep}".startswith(top.rstrip(os.sep) + os.sep):
            longest, trusted = len(path), _LEVELS[level]
    return trusted


def _asks_for_trust(config: Config) -> bool:
    found = (_at(rewriting.parse("json with comments", path_of(paths, config)), "security") for paths in _SETTINGS)
    said = [enabled for one in found if (enabled := _at(one, "folderTrust", "enabled")) is not None]
    return bool(said[-1]) if said else True


def _at(data: Any, *keys: str) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data
