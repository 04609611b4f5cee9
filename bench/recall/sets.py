"""Labelled sets: memories, and questions with the memories that answer them.

The format: gzipped JSON {name, groups: [{docs: [{id, body, subject?, time?, type?, project?, session?}], queries: [{id,
text, rel: [ids], cat?, exclude?: [ids]}]}]}. Each group is a store of its own. A question of category `none` has no answer.
"""

from __future__ import annotations

import gzip
import json
import lzma
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

LEFT_OUT = ("adversarial",)  # LoCoMo counts its categories 1 to 4
NONE, FOREIGN = (
    "none",
    "foreign",
)  # categories without an answer: as written, and asked of a store that they are not about
ASKED = 60  # questions of each store that are asked of the others
FILLER_MIN = 60  # characters of a text that others are hidden among


class Question(NamedTuple):
    id: str
    text: str
    answers: frozenset[str]
    category: str
    excluded: frozenset[str]


class Group(NamedTuple):
    docs: Sequence[dict[str, Any]]
    questions: Sequence[Question]


class Labelled(NamedTuple):
    name: str
    groups: Sequence[Group]


def load(path: str) -> Labelled:
    """A set from its file."""
    data = json.loads(gzip.decompress(Path(path).read_bytes()))
    return Labelled(data["name"], [Group(group["docs"], list(_questions(group))) for group in data["groups"]])


def _questions(group: dict[str, Any]) -> Iterator[Question]:
    for number, query in enumerate(group["queries"]):
        category = query.get("cat") or ""
        if category not in LEFT_OUT and (query["rel"] or category == NONE):
            id_ = str(query.get("id", number))
            yield Question(id_, query["text"], frozenset(query["rel"]), category, frozenset(query.get("exclude", ())))


def sample(group: Group) -> list[Question]:
    """Questions that the group has an answer to, not more of one group than of another."""
    return [question for question in group.questions if question.answers][:ASKED]


def foreign(group: Group, groups: Sequence[Group]) -> list[Question]:
    """Questions of other stores, which have no answer in this one."""
    return [
        Question(question.id, question.text, frozenset(), FOREIGN, frozenset())
        for other in groups
        if other is not group
        for question in sample(other)
    ]


def filler(path: str | None, count: int) -> list[str]:
    """`count` texts from lines of [source, text]; the same ones every time."""
    if not path:
        return []
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        texts = [text for _, text in map(json.loads, lines) if len(text) >= FILLER_MIN]
    return random.Random(0).sample(texts, min(count, len(texts)))
