"""A sentence encoder in a folder, as small as can be: a table of the vectors of words, and a tokenizer that knows them.

The file is written as protobuf by hand: the package that makes such files would be needed for nothing else.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

from kioku_mesh.service import choosing

from .embedding import vector

_SOME = "crates of cloves zanzibar invoices are rounded the wallaby quokka escaped in cellar query: passage:"
WORDS = tuple(dict.fromkeys((*_SOME.split(), *" ".join(choosing._OTHERS).lower().split())))
_INT64, _FLOAT = 7, 1


def make(folder: Path, *, pooled: bool = False, size: int = 48, extra_input: str = "") -> Path:
    """`pooled`: the model gives one vector a text itself."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model(size, pooled, extra_input))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer()))
    return folder


def tokenizer() -> dict[str, object]:
    vocabulary = {"[UNK]": 0, **{word: at for at, word in enumerate(WORDS, 1)}}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "post_processor": None, "decoder": None,
        "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "WhitespaceSplit"},
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
    }  # fmt: skip


def table(size: int) -> list[list[float]]:
    """What each token stands for."""
    return [[0.01] * size, *(vector(word, size) for word in WORDS)]


def model(size: int, pooled: bool, extra_input: str = "") -> bytes:
    """last_hidden_state = table[input_ids], and with `pooled` sentence_embedding, its mean."""
    numbers = [number for row in table(size) for number in row]
    weights = (
        _number(1, len(WORDS) + 1) + _number(1, size) + _number(2, _FLOAT) + _text(8, "table")
        + _field(9, struct.pack(f"<{len(numbers)}f", *numbers))
    )  # fmt: skip
    gather = _text(1, "table") + _text(1, "input_ids") + _text(2, "last_hidden_state") + _text(4, "Gather")
    graph = _field(1, gather) + _text(2, "encoder") + _field(5, weights)
    outputs = [_shaped("last_hidden_state", _FLOAT, ["batch", "tokens", size])]
    if pooled:
        axes = _text(1, "axes") + _number(8, 1) + _number(20, 7)
        keep = _text(1, "keepdims") + _number(3, 0) + _number(20, 2)
        mean = _text(1, "last_hidden_state") + _text(2, "sentence_embedding") + _text(4, "ReduceMean")
        graph += _field(1, mean + _field(5, axes) + _field(5, keep))
        outputs.append(_shaped("sentence_embedding", _FLOAT, ["batch", size]))
    for name in ("input_ids", "attention_mask", *([extra_input] if extra_input else [])):
        graph += _field(11, _shaped(name, _INT64, ["batch", "tokens"]))
    graph += b"".join(_field(12, output) for output in outputs)
    return _number(1, 8) + _field(7, graph) + _field(8, _text(1, "") + _number(2, 13))


def _shaped(name: str, kind: int, shape: list[int | str]) -> bytes:
    sizes = b"".join(_field(1, _number(1, each) if isinstance(each, int) else _text(2, each)) for each in shape)
    return _text(1, name) + _field(2, _field(1, _number(1, kind) + _field(2, sizes)))


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _field(field, text.encode())
