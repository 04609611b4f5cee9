"""Editing one entry of a file that is somebody else's, as text: comments, order, layout and line ends stay as they are.

Every edit is checked before anybody sees it: the new text parses, says what the old one said with exactly our change, and
what was put in removed nothing. A text for which that cannot be had is refused.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ...values import NamedTuple
from . import block, jsonc, shell, toml, yaml
from .splice import Damaged, Splice, Unfit, Where, spliced

__all__ = ["FORMATS", "TAKEN", "Change", "Damaged", "Unfit", "parse", "revised", "without_empty"]

TAKEN: Any = object()  # the value of what is taken out
_BLANK = ("", "~", "null", "{}", "[]")  # what may make way for an entry: it says nothing

_KINDS: dict[type, str] = {dict: "a table", list: "a list"}


class Change(NamedTuple):
    """Set `value` (or take it out: TAKEN) at `keys`: as the member `where` of the table there, or, if `where` is a test,
    as the one item of the list there that passes it."""

    keys: tuple[str, ...]
    where: Where
    value: Any


class Format(NamedTuple):
    parse: Callable[[str], Any]
    put: Callable[[str, Sequence[str], Any, Any], list[Splice]]
    take: Callable[[str, Sequence[str], Any], list[Splice]]


def _json(dialect: jsonc.Dialect) -> Format:
    put, take = partial(jsonc.put, dialect=dialect), partial(jsonc.take, dialect=dialect)
    return Format(partial(jsonc.parse, dialect=dialect), put, take)


def _marked(kind: str) -> Format:
    return Format(partial(block.parse, kind=kind), partial(block.put, kind=kind), partial(block.take, kind=kind))


FORMATS = {
    "json": _json(jsonc.Dialect(comments=False, trailing=False)),
    "json with comments": _json(jsonc.Dialect(comments=True, trailing=False)),
    "jsonc": _json(jsonc.Dialect(comments=True, trailing=True)),
    "toml": Format(toml.parse, toml.put, toml.take),
    "yaml": Format(yaml.parse, yaml.put, yaml.take),
    "markdown": _marked("markdown"),
    "javascript": _marked("javascript"),
    "shell": Format(shell.parse, shell.put, shell.take),
}


def parse(form: str, text: str) -> Any:
    """What a text says, None if nothing. Raises Damaged, Unfit."""
    return FORMATS[form].parse(text)


def revised(form: str, text: str, changes: Sequence[Change], start: str = "") -> str:
    """The text with the changes made, one after the other. A text that says nothing begins with `start` first.

    Raises Damaged for one that does not parse, Unfit for one that cannot be changed safely.
    """
    if start and not text.strip() and any(change.value is not TAKEN for change in changes):
        text = start
    try:
        for change in changes:
            text = _changed(FORMATS[form], text, change)
    except RecursionError:
        raise Damaged("nested too deeply") from None
    return text


def _changed(form: Format, text: str, change: Change) -> str:
    before = form.parse(text)
    wanted, is_new = _wanted(before, change)
    if _same(before, wanted):
        return text
    if change.value is TAKEN:
        splices = form.take(text, change.keys, change.where)
    else:
        splices = form.put(text, change.keys, change.where, change.value)
    if is_new and any(text[one.start : one.end].strip(" \t\r\n:") not in _BLANK for one in splices):
        raise Unfit("there is no safe place for our entry")
    after = spliced(text, splices)
    try:
        found = form.parse(after)
        # in TOML a table without entries is no table
        right = _same(found, wanted) or (change.value is TAKEN and _same(found, _pruned(wanted, change.keys)))
    except Unfit:
        right = False
    if not right:
        raise Unfit("it is written in a way that cannot be changed safely")
    return after


def _wanted(data: Any, change: Change) -> tuple[Any, bool]:
    """The data with the change made, and whether it adds something. Raises Unfit where something else is in the way."""
    root = copy.deepcopy(data) if data is not None else {}
    node = root
    for position, key in enumerate(change.keys):
        _must_be(dict, node, change.keys[:position])
        if node.get(key) is None:
            if change.value is TAKEN:
                return data, False
            last = position == len(change.keys) - 1
            node[key] = [] if last and callable(change.where) else {}
        node = node[key]
    _must_be(dict if isinstance(change.where, str) else list, node, change.keys)
    if isinstance(change.where, str):
        _must_be_once(node.get(change.where), change.where)
        is_new = change.where not in node and change.value is not TAKEN
        if change.value is not TAKEN:
            node[change.where] = change.value
        else:
            node.pop(change.where, None)
        return root, is_new
    found = [n for n, item in enumerate(node) if change.where(item)]
    if len(found) > 1:
        raise Unfit(f"our entry is in {'.'.join(change.keys)} {len(found)} times")
    at = found[0] if found else len(node)
    node[at : at + len(found)] = [] if change.value is TAKEN else [change.value]
    return root, not found and change.value is not TAKEN


def _pruned(root: Any, keys: Sequence[str]) -> Any:
    """Without the tables at `keys`, from the last one up, that hold nothing."""
    tables = [root]
    for key in keys:
        tables.append(tables[-1][key])
    for table, key in zip(reversed(tables[:-1]), reversed(keys), strict=True):
        if not table[key]:
            del table[key]
    return root


def _must_be(kind: type, node: Any, keys: Sequence[str]) -> None:
    place = ".".join(keys) or "the file"
    _must_be_once(node, place)
    if not isinstance(node, kind):
        raise Unfit(f"{place} is {_KINDS.get(type(node), 'a value')}, not {_KINDS[kind]}")


def _must_be_once(node: Any, place: str) -> None:
    if isinstance(node, jsonc.Twice):
        raise Unfit(f"{place} is there twice")


def _same(one: Any, other: Any) -> bool:
    """Equal, with nothing at all as good as an empty table or list."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if one in (None, {}, []) and other in (None, {}, []):
        return True
    return type(one) is type(other) and bool(one == other)


def without_empty(form: str, text: str, places: Sequence[Sequence[str]]) -> str:
    """The text without those tables and lists at `places`, the deepest first, that are there and hold nothing."""
    for place in sorted(places, key=len, reverse=True):
        node = parse(form, text)
        for key in place:
            node = node.get(key) if isinstance(node, Mapping) else None
        if node in ({}, []):
            text = revised(form, text, [Change(tuple(place[:-1]), place[-1], TAKEN)])
    return text
