"""Vectors of a sentence encoder in a folder, in this process: `model.onnx` and `tokenizer.json`, as sentence-transformers
and its kin export them. Needs the extra `onnx`; nothing of that is imported before the first text.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..store.meaning import Fault
from ..values import NamedTuple
from .given import Choice, Numbers, after

AT_ONCE = 8  # texts that are run together
TOKENS, _TOKENS_MAX = 512, 8192  # of a text, unless its files say otherwise
_CHARACTERS_MAX = 100_000  # of a text that are looked at
_THREADS = 2  # of one run: others use the machine too
_MODELS = ("model.onnx", "model_quantized.onnx", "model_int8.onnx")
_PLACES = ("", "onnx")
_POOLING = (_FIRST, _LAST) = ("pooling_mode_cls_token", "pooling_mode_lasttoken")
_SLICES, _SLICE = 16, 4096  # of a file, that tell it from others


class Folder:
    """Loaded once, when the first text comes. Runs one batch at a time."""

    at_home = True
    at_once = AT_ONCE

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None

    @property
    def made_by(self) -> str:
        """By what the files are, so that another model in the same folder is another embedder."""
        files = _files(self._choice.place)
        return json.dumps(["onnx", _look(files.model), _look(files.tokenizer), self._prefix("passage")])

    def query(self, text: str) -> Numbers:
        return self._run([after(self._prefix("query"), text)])[0]

    def passages(self, texts: Sequence[str], local: bool) -> list[Numbers | None]:  # noqa: ARG002  nothing leaves
        prefix = self._prefix("passage")
        return list(self._run([after(prefix, text) for text in texts]))

    def _prefix(self, of: str) -> str:
        """What the settings say; else what the folder says."""
        said: str = getattr(self._choice, of)
        if said:
            return said
        prompts = _settings(self._choice.place, "config_sentence_transformers.json").get("prompts")
        found = prompts if isinstance(prompts, dict) else {}
        names = ("query",) if of == "query" else ("passage", "document")
        return next((found[name] for name in names if isinstance(found.get(name), str)), "")

    def _run(self, texts: Sequence[str]) -> list[Numbers]:
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(self._choice.place)
            return self._loaded.vectors([text[:_CHARACTERS_MAX] for text in texts])


class _Files(NamedTuple):
    model: str
    tokenizer: str


class _Loaded(NamedTuple):
    """`inputs`: name -> type of number; `output`: the name of what is taken; `pooling`: how tokens become a text."""

    place: str
    session: Any
    tokenizer: Any
    inputs: dict[str, str]
    output: str
    pooling: str

    def vectors(self, texts: Sequence[str]) -> list[Numbers]:
        """One for each text, not made as long as 1. Raises Fault."""
        import numpy as np

        with _foreign(self.place):
            cut = self.tokenizer.encode_batch(list(texts))
            width = max(1, *(len(each.ids) for each in cut))
            fed = {
                "input_ids": _table(np, [each.ids for each in cut], width),
                "attention_mask": _table(np, [each.attention_mask for each in cut], width),
                "token_type_ids": _table(np, [each.type_ids for each in cut], width),
            }
            kinds = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
            given = {name: fed[name].astype(kinds[kind]) for name, kind in self.inputs.items()}
            (said,) = self.session.run([self.output], given)
            found = said if said.ndim == 2 else _pooled(np, said, fed["attention_mask"], self.pooling)
            return [[float(number) for number in row] for row in found]


def _files(place: str) -> _Files:
    """The files of the model. Raises Fault for what is missing."""
    tokenizer = os.path.join(place, "tokenizer.json")
    if not os.path.isdir(place):
        raise Fault(f"there is no folder {place}")
    if not os.path.isfile(tokenizer):
        raise Fault(f"{place} has no tokenizer.json")
    for name in _MODELS:
        for folder in _PLACES:
            model = os.path.join(place, folder, name)
            if os.path.isfile(model):
                return _Files(model, tokenizer)
    raise Fault(f"{place} has no {_MODELS[0]}")


def _load(place: str) -> _Loaded:
    """Takes a part of a second, and as much memory as the model has. Raises Fault."""
    files = _files(place)
    try:
        import onnxruntime
        import tokenizers
    except ImportError as problem:
        raise Fault(f"it needs the extra `onnx`, as in `pip install 'kioku-mesh[onnx]'` ({problem})") from None
    with _foreign(place):
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(_THREADS, os.cpu_count() or 1)
        options.inter_op_num_threads = 1
        options.add_session_config_entry(
            "session.intra_op.allow_spinning", "0"
        )  # between two texts it takes no processor
        options.log_severity_level = 4  # what goes wrong is told as an error
        session = onnxruntime.InferenceSession(files.model, options, providers=["CPUExecutionProvider"])
        tokenizer = tokenizers.Tokenizer.from_file(files.tokenizer)
        tokenizer.no_padding()
        tokenizer.enable_truncation(_tokens(place))
        inputs = {each.name: each.type for each in session.get_inputs()}
        outputs = [each.name for each in session.get_outputs()]
    unknown = [name for name in inputs if name not in ("input_ids", "attention_mask", "token_type_ids")]
    if unknown or "input_ids" not in inputs:
        raise Fault(f"the model in {place} is no sentence encoder: it takes {', '.join(inputs)}")
    output = next((name for name in ("sentence_embedding", "last_hidden_state") if name in outputs), outputs[0])
    return _Loaded(place, session, tokenizer, inputs, output, _pooling(place))


def _tokens(place: str) -> int:
    """How many tokens of a text the model looks at."""
    for name, key in (("sentence_bert_config.json", "max_seq_length"), ("tokenizer_config.json", "model_max_length")):
        found = _settings(place, name).get(key)
        if isinstance(found, int) and 1 < found <= _TOKENS_MAX:
            return found
    return TOKENS


def _pooling(place: str) -> str:
    """How the vectors of tokens become one: the key of _POOLING that its files say, else the mean."""
    said = _settings(os.path.join(place, "1_Pooling"), "config.json")
    return next((key for key in _POOLING if said.get(key)), "")


def _settings(place: str, name: str) -> dict[str, Any]:
    """A file of the folder; nothing where it is missing or no settings."""
    try:
        with open(os.path.join(place, name), encoding="utf-8") as file:
            said = json.load(file)
    except (OSError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _table(np: Any, rows: Sequence[Sequence[int]], width: int) -> Any:
    """Rows of one width, with zeros behind."""
    table = np.zeros((len(rows), width), np.int64)
    for at, row in enumerate(rows):
        table[at, : len(row)] = row
    return table


def _pooled(np: Any, said: Any, mask: Any, how: str) -> Any:
    """One vector of those of the tokens that are there."""
    if how == _FIRST:
        return said[:, 0]
    if how == _LAST:
        return said[np.arange(len(said)), np.maximum(mask.sum(1) - 1, 0)]
    weights = mask[:, :, None].astype(said.dtype)
    return (said * weights).sum(1) / np.maximum(weights.sum(1), 1)


def _look(path: str) -> str:
    """What tells a file from others without reading all of it. Raises Fault."""
    try:
        size = os.path.getsize(path)
        seen = hashlib.sha256(str(size).encode())
        with open(path, "rb") as file:
            for part in range(_SLICES):
                file.seek(part * size // _SLICES)
                seen.update(file.read(_SLICE))
    except OSError as problem:
        raise Fault(f"{path} cannot be read ({problem.strerror})") from None
    return seen.hexdigest()


@contextmanager
def _foreign(place: str) -> Iterator[None]:
    """Whatever goes wrong in the two libraries, of which one raises bare exceptions, is a Fault."""
    try:
        yield
    except Exception as problem:
        raise Fault(f"the model in {place} cannot be used ({type(problem).__name__})") from problem
