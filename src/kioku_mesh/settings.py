"""Settings files: flat reading of TOML and YAML, and changes to a TOML file that keep its comments and order."""

from __future__ import annotations

import os
import re
import time
from typing import Any

from .errors import BadInput, StoreBusy, StoreUnwritable

FILE_MAX = 16 * 1024  # bytes; a settings file is small, whatever is larger is a mistake
_BRACKETS_MAX = 100  # PyYAML takes quadratic time over open ones
_LOCK_WAIT = 2.0  # seconds to wait for another writer
_LOCK_STALE = 10.0  # seconds after which its leftover is removed

# Patterns are compiled when first used: most commands need none of them.
# `name: word`, the whole language of most project files: PyYAML costs more than the rest of the command.
_PLAIN_YAML = r"([A-Za-z_][\w.]*):[ \t]+([A-Za-z0-9][\w./-]*)[ \t]*(?:[ \t]#.*)?"
# `name = "text"` and `name = 1`, all that this program writes itself: tomllib costs as much as the search of a command.
_PLAIN_TOML = (
    r"([\w-]+(?:\.[\w-]+)*)[ \t]*=[ \t]*"
    r'(?:"([^"\\\x00-\x1f\x7f]*)"|(0|[1-9][0-9]{0,8}))[ \t]*(?:#[^\x00-\x08\x0a-\x1f\x7f]*)?'
)
# A value of one line, and what follows it.
_VALUE = r"""(\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|\[(?:"[^"]*"|'[^']*'|[^\]"'#])*\]|[^\s#"'\[{]+))(\s*(?:#.*)?)"""


def read(path: str) -> dict[str, Any]:
    """The settings of a `.toml` or `.yaml` file as dotted keys; a YAML scalar is always text.

    Raises BadInput with path and line when the file cannot be read or does not parse.
    """
    text = _text(path)
    return parse_toml(text, path) if path.endswith(".toml") else parse_yaml(text, path)


def parse_toml(text: str, path: str) -> dict[str, Any]:
    """As `read`, from text. Raises BadInput."""
    plain = _parse_plain_toml(text)
    if plain is not None:
        return plain
    import tomllib

    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(path, str(error)) from None
    except RecursionError:
        raise _broken(path, "nested too deeply") from None
    return _flat(tree)


def _parse_plain_toml(text: str) -> dict[str, Any] | None:
    """None for what only a real parser can judge."""
    plain: dict[str, Any] = {}
    for said in text.replace("\r\n", "\n").split("\n"):
        if not said.strip(" \t"):
            continue
        if said.startswith("#") and said.isprintable():
            continue
        found = re.fullmatch(_PLAIN_TOML, said, re.ASCII)
        if not found or found[1] in plain:
            return None
        plain[found[1]] = found[2] if found[3] is None else int(found[3])
    tables = {key[:at] for key in plain for at, sign in enumerate(key) if sign == "."}
    return None if tables & plain.keys() else plain


def put(path: str, key: str, value: str | int, start: str = "") -> None:
    """Set `key` in the TOML file at `path`, made from the text `start` if there is none.

    Raises BadInput when the file does not parse or the line cannot be changed safely, StoreBusy, StoreUnwritable.
    """
    _rewrite(path, key, value, start)


def drop(path: str, key: str) -> None:
    """Remove `key` from the TOML file at `path`. Raises as `put`."""
    _rewrite(path, key, None, "")


def set_aside(path: str) -> str:
    """Move the file out of the way, never over another one; where to. Raises StoreUnwritable."""
    kept, number = f"{path}.bak", 1
    while os.path.lexists(kept):
        number += 1
        kept = f"{path}.bak{number}"
    try:
        os.rename(path, kept)
    except OSError as error:
        raise StoreUnwritable(f"cannot move {path}: {error.strerror}", "check the folder and its permissions") from None
    return kept


def line_of(key: str, value: str | int) -> str:
    """`key = value` as TOML."""
    return f"{key} = {_literal(value)}"


def change(text: str, key: str, value: str | int | None, path: str) -> str:
    """`text` with `key` set, or removed when `value` is None. Raises BadInput when the text does not parse."""
    before = parse_toml(text, path)
    expected = {k: v for k, v in before.items() if k != key}
    if value is not None:
        expected[key] = value
    if expected == before:
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.split("\n")
    places = _places(lines)
    changed = _replace(lines, places[key], value) if key in places else _insert(lines, key, value, end)
    result = "\n".join(changed)
    try:
        safe = parse_toml(result, path) == expected
    except BadInput:
        safe = False
    if not safe:  # several lines, an inline table: by hand is better than by guess
        wanted = f"write {line_of(key, value)}" if value is not None else "remove it"
        raise BadInput(f"cannot change {key} in {path} without touching more", f"edit the file by hand: {wanted}")
    return result


def _places(lines: list[str]) -> dict[str, int]:
    """Dotted key -> number of its line."""
    places: dict[str, int] = {}
    table = ""
    for number, line in enumerate(lines):
        name, equals, _ = line.partition("=")
        if line.lstrip().startswith("["):
            table = _title(line) + "."
        elif equals:
            places.setdefault(_key(name) if table == "" else table + _key(name), number)
    return places


def _replace(lines: list[str], number: int, value: str | int | None) -> list[str]:
    if value is None:
        return lines[:number] + lines[number + 1 :]
    name, _, rest = lines[number].partition("=")
    found = re.fullmatch(_VALUE, rest)
    if not found:
        return lines
    blank = found[1][: len(found[1]) - len(found[1].lstrip())]
    changed = f"{name}={blank}{_literal(value)}{found[2]}"
    return [*lines[:number], changed, *lines[number + 1 :]]


def _insert(lines: list[str], key: str, value: str | int | None, end: str) -> list[str]:
    """The new line goes to the end of its own table if there is one, else to the end of what stands before all."""
    if value is None:
        return lines
    headers = [number for number, line in enumerate(lines) if line.lstrip().startswith("[")]
    table, _, name = key.rpartition(".")
    begin = next((number + 1 for number in headers if table and _title(lines[number]) == table), 0)
    stop = next((number for number in headers if number >= begin), len(lines))
    while stop > begin and not lines[stop - 1].strip():
        stop -= 1
    new = line_of(name if begin else key, value) + end[:-1]
    return lines[:stop] + ([new, ""] if stop == len(lines) else [new]) + lines[stop:]


def _rewrite(path: str, key: str, value: str | int | None, start: str) -> None:
    path = os.path.realpath(path)  # a link into a folder of dotfiles stays a link
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        temporary = path + ".tmp"
        claimed = _claim(temporary)  # before reading: a second writer waits and sees what the first wrote
        try:
            with open(claimed, "wb") as file:
                text = _text(path) if os.path.exists(path) else start
                file.write(change(text, key, value, path).encode("utf-8"))
                file.flush()
                os.fsync(claimed)
            os.replace(temporary, path)
        except BaseException:
            _discard(temporary)
            raise
    except OSError as error:
        raise StoreUnwritable(
            f"cannot write {path}: {error.strerror}", "check the folder and its permissions"
        ) from None


def _claim(temporary: str) -> int:
    patience = time.monotonic() + _LOCK_WAIT
    while True:
        try:
            return os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            if _age(temporary) > _LOCK_STALE:
                _discard(temporary)
            elif time.monotonic() > patience:
                raise StoreBusy("another program is writing the settings", "try again in a moment") from None
            time.sleep(0.02)


def _age(path: str) -> float:
    try:
        return time.time() - os.stat(path).st_mtime
    except OSError:
        return 0.0


def _discard(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            raw = file.read(FILE_MAX + 1)
    except OSError as error:
        hint = "check the file and its permissions"
        raise BadInput(f"cannot read {path}: {error.strerror}", hint, path=path) from None
    if len(raw) > FILE_MAX:
        raise BadInput(f"{path} is too large for a settings file", f"it may have at most {FILE_MAX} bytes", path=path)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _broken(path, f"not UTF-8 (at line {raw.count(10, 0, error.start) + 1})") from None


def parse_yaml(text: str, path: str) -> dict[str, Any]:
    """As `read`, from text. Raises BadInput."""
    plain: dict[str, Any] = {}
    for line in text.split("\n"):
        if not line.strip() or line.startswith("#"):
            continue
        found = re.fullmatch(_PLAIN_YAML, line.rstrip("\r"))
        if not found:
            return _parse_any_yaml(text, path)
        plain[found[1]] = found[2]
    return plain


def _parse_any_yaml(text: str, path: str) -> dict[str, Any]:
    if text.count("[") + text.count("{") > _BRACKETS_MAX:
        raise _broken(path, "nested too deeply")
    import yaml

    try:
        tree = yaml.load(text, Loader=yaml.BaseLoader)  # knows text, lists and mappings alone
    except yaml.MarkedYAMLError as error:
        where = f" (at line {error.problem_mark.line + 1})" if error.problem_mark else ""
        raise _broken(path, f"{error.problem or 'not YAML'}{where}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise _broken(path, str(error).split("\n")[0]) from None
    except RecursionError:
        raise _broken(path, "nested too deeply") from None
    if tree in (None, ""):
        return {}
    if not isinstance(tree, dict):
        raise _broken(path, "expected `key: value` (at line 1)")
    return {str(key): value for key, value in tree.items()}


def _flat(tree: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    waiting = [("", tree)]
    while waiting:
        prefix, table = waiting.pop()
        for name, value in table.items():
            if isinstance(value, dict):
                waiting.append((f"{prefix}{name}.", value))
            else:
                flat[prefix + name] = value
    return flat


def _literal(value: str | int) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)  # of printable text and whole numbers also TOML


def _title(line: str) -> str:
    """The name in a table's header; that of an array of tables keeps its bracket, so that it equals nothing."""
    return _key(line.lstrip()[1:].partition("]")[0])


def _key(text: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in text.split("."))


def _broken(path: str, problem: str) -> BadInput:
    line = re.search(r"\s*\(?at line (\d+)", problem)
    where = f"{path}, line {line[1]}" if line else path
    what = problem[: line.start()] if line else problem
    return BadInput(f"cannot read {where}: {what}", "correct the file or remove it", path=path)
