"""Arguments of a call, held to the schema of its tool; strict, but for spellings that can mean only one thing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import BadInput

Schema = Mapping[str, Any]


def check(tool: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with null ones left out and harmless spellings set right: "3" for 3, one text for a list of one.

    Raises BadInput naming the tool, the argument and what it takes.
    """
    schema = tool["inputSchema"]
    known = schema["properties"]
    values = {name: value for name, value in given.items() if value is not None}
    if unknown := [name for name in values if name not in known]:
        takes = f"{tool['name']} takes {', '.join(known)}" if known else f"{tool['name']} takes no arguments"
        raise BadInput(f"unknown argument: {', '.join(sorted(unknown))[:200]}", takes)
    if missing := [name for name in schema.get("required", ()) if name not in values]:
        raise BadInput(
            f"{tool['name']} needs {' and '.join(missing)}", f"pass {missing[0]}: {_wanted(known[missing[0]])}"
        )
    return {name: _value(name, known[name], value) for name, value in values.items()}


def _value(name: str, schema: Schema, value: Any) -> Any:
    return _READERS[schema["type"]](name, schema, value)


def _text(name: str, schema: Schema, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise _bad(name, schema, value)
    text = str(value)
    if "enum" not in schema:
        return text
    text = text.strip().lower()
    if text not in schema["enum"]:
        raise _bad(name, schema, value)
    return text


def _whole(name: str, schema: Schema, value: Any) -> int:
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _bad(name, schema, value)
    if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        raise _bad(name, schema, value)
    return value


def _flag(name: str, schema: Schema, value: Any) -> bool:
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if not isinstance(value, bool):
        raise _bad(name, schema, value)
    return value


def _list(name: str, schema: Schema, value: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        value = _read_list(value)
    if not isinstance(value, list) or not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        raise _bad(name, schema, value)
    return tuple(_value(name, schema["items"], item) for item in value)


def _read_list(text: str) -> Any:
    """A list written as text: in JSON, or its only item. A comma could be part of the item or not, so it is refused."""
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None
    return None if "," in text else [text]


def _bad(name: str, schema: Schema, value: Any) -> BadInput:
    shown = json.dumps(value, ensure_ascii=False)
    return BadInput(f"{name} cannot be {shown if len(shown) <= 80 else shown[:80] + '…'}", f"pass {_wanted(schema)}")


def _wanted(schema: Schema) -> str:
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    if schema["type"] == "array":
        many = f" of {schema['minItems']} to {schema['maxItems']}" if "minItems" in schema else ""
        each = schema["items"]
        return f"a list{many} of texts" if "enum" not in each else f"a list; each item {_wanted(each)}"
    if "minimum" in schema:
        return f"a whole number from {schema['minimum']} to {schema['maximum']}"
    return {"string": "a text", "integer": "a whole number", "boolean": "true or false"}[schema["type"]]


_READERS: dict[str, Callable[[str, Schema, Any], Any]] = {
    "string": _text,
    "integer": _whole,
    "boolean": _flag,
    "array": _list,
}
