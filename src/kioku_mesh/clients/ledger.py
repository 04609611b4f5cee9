"""What we changed in whose files, so that it can be taken back byte for byte as long as nobody else changed them.

A note per file, in our state directory. It holds what the steps put in the place of what: never the whole file. A note
that is lost or does not fit costs nothing but the exactness: then our entry alone is taken out.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from ..errors import NotAvailable
from ..values import NamedTuple
from . import files


class Step(NamedTuple):
    """One change: behind the first `at` characters, `length` characters stand where `text` was. `before` and `after` are
    digests of the whole file; `before` is "" where there was none."""

    part: str
    before: str
    after: str
    at: int
    length: int
    text: str


class Note(NamedTuple):
    """What is known of a file. `parts` are those of ours in it; `made` the tables that we made for them; `folders` those
    that were made for the file; `created`: it was not there before us. `steps`: the last ones, each on top of the other."""

    file: str
    parts: tuple[str, ...] = ()
    created: bool = False
    folders: tuple[str, ...] = ()
    made: tuple[tuple[str, ...], ...] = ()
    steps: tuple[Step, ...] = ()


def digest(content: bytes | None) -> str:
    return "" if content is None else hashlib.sha256(content).hexdigest()


def step(part: str, before: tuple[bytes | None, str], after: tuple[bytes, str]) -> Step:
    """The step from a file to another, each as bytes and as text."""
    old, new = before[1], after[1]
    at = _shared_start(old, new)
    tail = _shared_start(old[at:][::-1], new[at:][::-1])
    return Step(part, digest(before[0]), digest(after[0]), at, len(new) - at - tail, old[at : len(old) - tail])


def _shared_start(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def reversed_text(text: str, one: Step) -> str:
    """The text as it was before a step."""
    return text[: one.at] + one.text + text[one.at + one.length :]


def path_of(file: str, state_dir: str) -> str:
    return os.path.join(state_dir, "clients", f"{digest(os.path.realpath(file).encode())[:32]}.json")


def read(file: str, state_dir: str) -> Note:
    """The note on a file; one that says nothing if there is none or it cannot be used."""
    try:
        found = json.loads(files.read_bytes(path_of(file, state_dir)) or b"{}")
        steps = tuple(Step(*one) for one in found.pop("steps"))
        made = tuple(map(tuple, found.pop("made")))
        return Note(found["file"], tuple(found["parts"]), found["created"], tuple(found["folders"]), made, steps)
    except (ValueError, LookupError, TypeError, NotAvailable):
        return Note(file)


def write(note: Note, state_dir: str) -> None:
    """Keep a note, or drop it when nothing of ours is in the file. Raises NotAvailable."""
    path = path_of(note.file, state_dir)
    plain: dict[str, Any] = {**note._asdict(), "steps": [list(one) for one in note.steps]}
    try:
        if not note.parts:
            with suppress(FileNotFoundError):
                os.unlink(path)
            return
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        beside = f"{path}.{os.getpid()}"
        with suppress(FileNotFoundError):
            os.unlink(beside)
        files.write(beside, json.dumps(plain, ensure_ascii=False).encode("utf-8", "surrogatepass"), 0o600)
        os.replace(beside, path)
    except OSError as error:
        hint = "nothing was changed; make room or the folder writable"
        raise NotAvailable(f"{path} cannot be written: {error.strerror}", hint) from None


def with_step(note: Note, one: Step, *, created: bool, made: Sequence[tuple[str, ...]]) -> Note:
    """The note after a step. Where somebody else changed the file since the last one, the steps before are of no use."""
    fits = bool(note.steps) and note.steps[-1].after == one.before
    known = note if note.parts and not created else Note(note.file)
    return known._replace(
        parts=tuple(dict.fromkeys((*known.parts, one.part))),
        created=known.created or created,
        made=tuple(dict.fromkeys((*known.made, *made))),
        steps=(*(note.steps if fits else ()), one),
    )
