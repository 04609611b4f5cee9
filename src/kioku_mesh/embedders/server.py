"""Vectors of a server with an OpenAI-compatible interface, such as Ollama, LM Studio or llama.cpp: POST …/embeddings.

Whatever it does (nothing, rubbish, too much, something else each time), the answer is vectors or a Fault, in bounded time.
What it says about a failure is told nowhere: it may quote a memory or the key.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from ..store.chosen import SIZE_MAX
from ..store.meaning import Fault
from .given import Choice, Numbers, after
from .line import Answer, Line, Place

TEXT_MAX = 8_000  # characters of a text that are sent
AT_ONCE = 32  # texts of one request
_CHARACTERS = 64_000  # of one request
_SHORT = 1_000  # characters of a text that every model takes, in place of one that was refused
_QUERY_S, _PASSAGE_S = 1.5, 60.0  # until the answer must be here
_REFUSED = (400, 413, 422, 500)  # by one that does not like a text
_PROBE = "memory"


class Server:
    """One connection for each request: between two the server may have gone."""

    at_once = AT_ONCE

    def __init__(self, choice: Choice, query_s: float = _QUERY_S, passage_s: float = _PASSAGE_S) -> None:
        self._choice = choice
        self._place = Place.of(choice.place)
        self._query_s, self._passage_s = query_s, passage_s
        self.at_home = self._place.at_home

    @property
    def made_by(self) -> str:
        choice = self._choice
        return json.dumps(["http", choice.place.rstrip("/"), choice.model, choice.passage, TEXT_MAX])

    def query(self, text: str) -> Numbers:
        asked = after(self._choice.query, text[:TEXT_MAX])
        return self._read(self._send([asked], self._query_s, False), 1)[0]

    def passages(self, texts: Sequence[str], local: bool) -> list[Numbers | None]:
        made: list[Numbers | None] = []
        rest = [text[:TEXT_MAX] for text in texts]
        while rest:
            some = _some(rest)
            made += self._several(some, local)
            del rest[: len(some)]
        return made

    def _several(self, texts: list[str], local: bool) -> list[Numbers | None]:
        """One by one when they are refused together."""
        answer = self._send(self._passages(texts), self._passage_s, local)
        if answer.status in _REFUSED:
            return [self._one(text, local) for text in texts]
        return list(self._read(answer, len(texts)))

    def _one(self, text: str, local: bool) -> Numbers | None:
        for piece in dict.fromkeys((text, text[:_SHORT])):
            answer = self._send(self._passages([piece]), self._passage_s, local)
            if answer.status not in _REFUSED:
                return self._read(answer, 1)[0]
        # Does it refuse this text, or everything?
        self._read(self._send(self._passages([_PROBE]), self._passage_s, False), 1)
        return None

    def _passages(self, texts: Sequence[str]) -> list[str]:
        return [after(self._choice.passage, text) for text in texts]

    def _send(self, texts: Sequence[str], seconds: float, local: bool) -> Answer:
        asked: dict[str, Any] = {"input": list(texts)}
        if self._choice.model:
            asked["model"] = self._choice.model
        line = Line(self._place, self._choice.name, local)
        return line.post(json.dumps(asked).encode(), self._choice.key, seconds)

    def _read(self, answer: Answer, count: int) -> list[Numbers]:
        """As many vectors of one size. Raises Fault."""
        name = self._choice.name
        if answer.status != 200:
            raise Fault(f"{name} {self._refusal(answer.status)}")
        try:
            made = _vectors(json.loads(answer.body), count)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise Fault(f"{name} answered with what is no list of {count} vectors") from None
        if not 1 < len(made[0]) <= SIZE_MAX:
            raise Fault(f"{name} answered with vectors of {len(made[0]):,} numbers; 2 to {SIZE_MAX:,} can be kept")
        return made

    def _refusal(self, status: int) -> str:
        """What a status means, and what to do."""
        model = self._choice.model
        if 300 <= status < 400:
            return f"sends elsewhere ({status}): set embedder to the address that answers"
        if status in (401, 403):
            return f"wants another key ({status}): set KIOKU_MESH_EMBEDDER_KEY in the environment of whoever asks"
        if status in (429, 503):
            return f"is busy ({status})"
        if not model:
            return f"refused the request ({status}): set embedder_model to the name of a model that it has"
        if status == 404:
            return f"knows no model {model}, or the address is wrong ({status})"
        return f"refused the request ({status}): is {model} a model for embeddings?"


def _some(texts: Sequence[str]) -> list[str]:
    """The first of them that one request takes, one at least."""
    room, count = _CHARACTERS, 0
    while count < min(len(texts), AT_ONCE) and (not count or len(texts[count]) <= room):
        room -= len(texts[count])
        count += 1
    return list(texts[:count])


def _vectors(said: Any, count: int) -> list[Numbers]:
    """The vectors in the order of the texts. Raises ValueError and whatever rubbish leads to."""
    by_index = {each.get("index", at): each["embedding"] for at, each in enumerate(said["data"])}
    made: list[Numbers] = [[float(number) for number in by_index[at]] for at in range(count)]
    if len(by_index) != count or len({len(vector) for vector in made}) != 1:
        raise ValueError("not as many vectors of one size")
    if not all(any(vector) and all(map(math.isfinite, vector)) for vector in made):
        raise ValueError("a vector that points nowhere")
    return made
