"""The table of every setting: type, default, meaning, environment variable and where it may stand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from . import endpoints
from .errors import BadInput
from .ids import is_slug
from .model import VISIBILITIES
from .values import NamedTuple

SHARING = ("local", "hub", "spoke")
NAME_MAX = 200  # characters of a name that somebody sets
EMBEDDERS = ("builtin", "onnx", "http")
EMBEDDER_KEY = "KIOKU_MESH_EMBEDDER_KEY"  # in the environment alone: a key is neither written down nor shown


class Option(NamedTuple):
    """One setting. `parse` turns text into the value or raises ValueError with what would be right."""

    key: str
    parse: Callable[[str], Any]
    default: Any
    help: str
    environment: str = ""
    in_config: bool = True
    in_project: bool = False
    in_argument: bool = True


class _Choice:
    """One of some words."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def __call__(self, text: str) -> str:
        if text.lower() not in self.names:
            raise ValueError("one of " + ", ".join(self.names) if len(self.names) > 1 else self.names[0])
        return text.lower()


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def _slug(text: str) -> str:
    if not is_slug(text):
        raise ValueError("1 to 64 of a-z 0-9 . _ -, beginning with a letter or digit")
    return text


def _slugs(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_slug(piece.strip()) for piece in text.split(",") if piece.strip()))


def _name(text: str) -> str:
    if not text.isprintable() or len(text) > NAME_MAX:
        raise ValueError(f"one line of at most {NAME_MAX} printable characters")
    return text


def _embedder(text: str) -> str:
    kind, place = embedder_parts(text)
    right = text == EMBEDDERS[0] if kind == EMBEDDERS[0] else bool(place) and place.isprintable()
    if kind == "onnx":
        right = right and (os.path.isabs(place) or place.startswith("~"))
    elif kind == "http":
        # Who signs in, and what a query string says, would be shown wherever the setting is.
        right = right and place.isascii() and not set(place) & set(" ?#@\\") and bool(place.split("/")[2])
    if not right:
        raise ValueError(_EMBEDDER_FORMS)
    return text


_EMBEDDER_FORMS = (
    "builtin, onnx:FOLDER (the whole path), or the address of a server such as http://127.0.0.1:11434/v1, "
    f"without sign-in; a key is given as {EMBEDDER_KEY}"
)


def embedder_parts(text: str) -> tuple[str, str]:
    """Which of EMBEDDERS it is, and its folder or address; ("", "") for what is none of them."""
    if text == EMBEDDERS[0]:
        return text, ""
    if text.startswith("onnx:"):
        return "onnx", text[5:].strip()
    place = text.removeprefix("http:") if text.startswith(("http:http://", "http:https://")) else text
    return ("http", place) if place.startswith(("http://", "https://")) else ("", "")


def choices(option: Option) -> tuple[str, ...]:
    """The words that the value can be; none if it is no choice."""
    return option.parse.names if isinstance(option.parse, _Choice) else ()


OPTIONS: dict[str, Option] = {
    option.key: option
    for option in (
        Option(
            "mode",
            _Choice(*SHARING),
            "local",
            "how memories are shared: local = not at all, hub = others connect to this machine, spoke = it connects to hubs",
        ),
        Option(
            "engine",
            _Choice("embedded", "zenohd"),
            "embedded",
            "what carries the mesh: embedded = our own process, zenohd = a zenohd that is installed apart",
        ),
        Option("listen", endpoints.several, (), "addresses at which others reach this machine, such as 10.0.0.1:7447"),
        Option("connect", endpoints.several, (), "addresses of the hubs that this machine connects to"),
        Option(
            "autostart",
            _Choice("on", "off"),
            "on",
            "on: an agent that uses the memory starts the process that shares it, when the mode is hub or spoke",
            "KIOKU_MESH_AUTOSTART",
        ),
        Option(
            "user_id",
            _slug,
            None,
            "your name for visibility `user`, the same on all your machines",
            "KIOKU_MESH_USER_ID",
            in_argument=False,
        ),
        Option(
            "team_id",
            _slug,
            None,
            "the team for visibility `team`",
            "KIOKU_MESH_TEAM_ID",
            in_project=True,
        ),
        Option(
            "teams",
            _slugs,
            (),
            "further teams whose memories this machine shares, such as those that project files name",
        ),
        Option(
            "default_visibility",
            _Choice(*VISIBILITIES),
            "mesh",
            f"who may see a memory that does not say: {', '.join(VISIBILITIES)}",
            "KIOKU_MESH_DEFAULT_VISIBILITY",
            in_project=True,
        ),
        Option("node", _slug, None, "the name of this machine; without it the first save makes one from the host name"),
        Option("retention_days", _whole(0, 3650), 30, "days until the text of a deleted or expired memory is erased"),
        Option(
            "save.secrets",
            _Choice("warn", "block"),
            "warn",
            "what looks like a secret in a save: warn after saving, or block it; private keys and root keys of clouds are always refused",
        ),
        Option(
            "backup.keep",
            _whole(0, 100),
            1,
            "how many automatic backups are kept; 0 = none are made. Those of `backup` and `restore-backup` stay beside them",
        ),
        Option(
            "embedder",
            _embedder,
            EMBEDDERS[0],
            "what finds memories by their meaning: builtin = the table of the package; onnx:FOLDER = a sentence encoder in this "
            "process (kioku-mesh[onnx]); http://HOST:PORT/v1 = a server with an OpenAI-compatible interface, whose key is "
            f"{EMBEDDER_KEY}",
        ),
        Option("embedder_model", _name, None, "the name of the model that the server of `embedder` is asked for"),
        Option("embedder_query", _name, None, "what the model of `embedder` wants before a question, such as `query:`"),
        Option("embedder_passage", _name, None, "what it wants before a memory, such as `passage:`"),
        Option(
            "capture",
            _Choice("off", "review"),
            "off",
            "review: what a session decided is kept when it ends, on this machine, until `kioku-mesh review` accepts or drops it",
        ),
        Option(
            "mcp_profile",
            _Choice("default", "full"),
            "default",
            "tools of the MCP server: default or full",
            "KIOKU_MESH_MCP_PROFILE",
        ),
        Option(
            "log",
            _Choice("error", "warning", "info", "debug"),
            "warning",
            "how much is written to stderr: error, warning, info, debug",
            "KIOKU_MESH_LOG",
        ),
        Option(
            "project",
            _name,
            None,
            "project of a save that names none; else the git repository",
            "KIOKU_MESH_PROJECT",
            in_config=False,
            in_project=True,
        ),
        Option(
            "only_project",
            _name,
            None,
            "read and write in this project alone",
            "KIOKU_MESH_ONLY_PROJECT",
            in_config=False,
        ),
        Option(
            "agent_family",
            _name,
            None,
            "family of the agent that asks, such as claude",
            "KIOKU_MESH_AGENT_FAMILY",
            in_config=False,
        ),
        Option(
            "client_id",
            _name,
            None,
            "program that asks, such as claude-code",
            "KIOKU_MESH_CLIENT_ID",
            in_config=False,
        ),
        Option("session_id", _name, None, "session of the agent", "KIOKU_MESH_SESSION_ID", in_config=False),
        Option("state_dir", str, None, "where memories are stored", "KIOKU_MESH_STATE_DIR", in_config=False),
        Option("config_dir", str, None, "where config.toml is", "KIOKU_MESH_CONFIG_DIR", in_config=False),
    )
}


def parse(option: Option, raw: Any, source: str = "") -> Any:
    """The value of what a file, variable or argument said. Raises BadInput that names `source`."""
    where = f" ({source})" if source else ""
    if option.default == () and isinstance(raw, (list, tuple)) and all(isinstance(each, str) for each in raw):
        raw = ",".join(raw)
    text = str(raw).strip() if isinstance(raw, (str, int)) and not isinstance(raw, bool) else None
    try:
        if text is not None:
            return option.parse(text)
        option.parse(str(raw))  # says what would be right
        raise ValueError("a text in quotes")
    except ValueError as error:
        shown = repr(raw if text is None else text)[:60]
        raise BadInput(f"{option.key} cannot be {shown}{where}", f"it must be {error}", source=source) from None


def written(value: Any) -> str:
    """A value as text that `parse` reads again; empty for none."""
    return ", ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)


def writable(key: str) -> Option:
    """The option `key`, if it may stand in config.toml. Raises BadInput."""
    option = OPTIONS.get(key)
    if option is None:
        raise unknown(key, [name for name, option in OPTIONS.items() if option.in_config])
    if not option.in_config:
        raise BadInput(f"{key} does not stand in config.toml", f"set the environment variable {option.environment}")
    return option


def unknown(key: str, valid: Iterable[str] = OPTIONS) -> BadInput:
    """The error for a key that does not exist."""
    return BadInput(f"no such setting: {key[:60]!r}", "settings are: " + ", ".join(valid))
