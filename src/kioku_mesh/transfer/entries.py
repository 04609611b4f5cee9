"""What a reader of another product's memories hands over, and how it becomes a line of our import format.

A reader takes a path and yields entries: `Said` is a memory in the source's own words, `Passed` something that is none, `Bad`
one that cannot be read. Nothing is cut here: what a field cannot hold stands in the text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from .. import ids
from ..clock import now as read_clock
from ..clock import parse_time, to_iso
from ..errors import BadInput, KiokuError
from ..model import MEMORY_TYPES
from ..service.checking import DEFAULT_TYPE, ENTRY_MAX, LABEL_MAX, LIST_MAX, SUBJECT_MAX, SUMMARY_MAX
from ..text.derive import is_placeholder
from ..values import NamedTuple

PROJECT_MAX = 200  # characters
_MILLISECOND = 1000  # microseconds
# What the family of an agent is called where its client is named, and the client where only the family is.
_CLIENTS = {"claude": "claude-code", "codex": "codex-cli", "gemini": "gemini-cli", "qwen": "qwen-code"}
_NOTHING = frozenset(("", "general", "manual"))  # types of the sources that say nothing


class Said(NamedTuple):
    """One memory as the source has it. Times are microseconds.

    `key`: what names it there, the same at every reading; `within`: what that key belongs to, where others may have the
    same. `single`: the source has one text under it, so that another one is its revision. `changed`: when that text was
    written. `replaces`: what the source says that it supersedes. `foreign`: names of fields that are not ours.
    """

    key: str
    content: str
    within: str = ""
    title: str = ""
    summary: str = ""
    type: str = ""
    tags: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    project: str | None = None
    agent: str = ""
    session: str = ""
    created: int | None = None
    changed: int | None = None
    expires: int | None = None
    local: bool = False
    single: bool = False
    replaces: tuple[Said, ...] = ()
    foreign: frozenset[str] = frozenset()


class Passed(NamedTuple):
    """Something that is no memory to take, and why; `number` of them."""

    why: str
    number: int = 1


class Bad(NamedTuple):
    """Something that cannot be read: where it stands, and what is wrong."""

    key: str
    problem: KiokuError


Entry = Said | Passed | Bad


class Fitted(NamedTuple):
    """A line for the import, and which of its fields had to leave something out."""

    line: dict[str, Any]
    adjusted: tuple[str, ...]


def reference(source: str, key: str) -> str:
    """What a memory refers to its origin by: one line, whatever the key is."""
    told = f"{source}:{' '.join(key.split())}"
    return told if len(told) <= ENTRY_MAX else f"{source}:{_digest(key)}"


def identity(source: str, said: Said, content: str) -> str:
    """The id of a memory: the same for the same text at the same place, so that nothing is taken twice."""
    return _digest(f"kioku-mesh import from {source}\0{said.within}\0{said.key}\0{content}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[: ids.ID_LENGTH]


def fit(said: Said, source: str, types: Mapping[str, str]) -> Fitted:
    """The line of a memory. `types`: what the source's types are called here, "" any other; its own word becomes a tag."""
    title, summary, lead = " ".join(said.title.split()), said.summary.strip(), []
    if len(title) > SUBJECT_MAX:
        lead, title = [title], ""
    if len(summary) > SUMMARY_MAX:
        lead, summary = [*lead, summary], ""
    content = "\n\n".join([*lead, said.content.strip()]).strip() or summary or title
    word = said.type.strip().lower()
    memory_type = word if word in MEMORY_TYPES else types.get(word) or types.get("", DEFAULT_TYPE)
    line: dict[str, Any] = {"observation_id": identity(source, said, content), "content": content}
    line |= {"subject": _unless_empty(title), "summary": _unless_empty(summary), "memory_type": memory_type}
    line |= {"project": project(said)}
    own = () if word == memory_type or word in _NOTHING else (word,)
    lists = {
        "tags": (*said.tags, *own),
        "source_files": said.files,
        "references": (reference(source, said.key), *said.references),
    }
    adjusted = []
    for name, values in lists.items():
        line[name], whole = _entries(values)
        adjusted += [] if whole else [name]
    family, client = _who(_label(said.agent) or source)
    line |= {"agent_family": family, "client_id": client, "session_id": _label(said.session)}
    line |= {"supersedes": [fit(old, source, types).line["observation_id"] for old in said.replaces]}
    line |= _times(said) | ({"visibility": "local"} if said.local else {})
    return Fitted({name: value for name, value in line.items() if value not in (None, [])}, tuple(adjusted))


def _times(said: Said) -> dict[str, str]:
    """A time to come is none at which something can have been written."""
    here = read_clock()
    created, changed = (when if when and when <= here else None for when in (said.created, said.changed))
    times = {} if created is None else {"created_at": to_iso(created)}
    if changed is not None and changed > (created or 0):
        times["stamp"] = str(changed)
    return times if said.expires is None else times | {"expires_at": to_iso(said.expires)}


def _entries(values: Iterable[str]) -> tuple[list[str], bool]:
    """Each once, on one line; and whether that is all of them."""
    texts = [text for text in dict.fromkeys(" ".join(value.split()) for value in values) if not is_placeholder(text)]
    kept = [text for text in texts if len(text) <= ENTRY_MAX][:LIST_MAX]
    return kept, len(kept) == len(texts)


def _unless_empty(text: str) -> str | None:
    return None if is_placeholder(text) else text


def _label(text: str) -> str | None:
    text = " ".join(text.split())
    return text if text and len(text) <= LABEL_MAX else None


def _who(name: str) -> tuple[str, str]:
    known = (pair for pair in _CLIENTS.items() if name in pair)
    return next(known, (name, name))


def project(said: Said) -> str | None:
    """The project that the source names, if that is a name."""
    name = " ".join((said.project or "").split())
    return None if len(name) > PROJECT_MAX or is_placeholder(name) else name


def about(name: str, said: str) -> str:
    """A text that somebody understands who does not know what it was said of."""
    return said if name.casefold() in said.casefold() else f"{name}: {said}"


# --- values of a source, whatever they turn out to be


def text(value: Any) -> str:
    """A text; anything else is none."""
    return value if isinstance(value, str) else ""


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts; a text alone is a list by commas."""
    if isinstance(value, str):
        return tuple(part for part in map(str.strip, value.split(",")) if part)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def moment(value: Any) -> int | None:
    """A point in time: ISO 8601, in UTC without offset; or milliseconds since 1970. None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value * _MILLISECOND if value > 0 else None
    if not isinstance(value, str) or "-" not in value:
        return None
    try:
        return parse_time(value, local=False)
    except BadInput:
        return None
