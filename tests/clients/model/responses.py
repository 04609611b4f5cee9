"""OpenAI Responses. Tools may stand in a namespace, and may come from a search that the client runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .script import Body, Call, Events, Move, Say, Script, Search, Seen, Tool


def read(body: Body, script: Script) -> Seen:
    offered = list(_tools(body.get("tools")))
    calls: dict[str, bool] = {}
    answer, searched = None, False
    items = body.get("input")
    for item in items if isinstance(items, list) else []:
        kind = item.get("type")
        if kind == "function_call":
            calls[item["call_id"]] = script.is_ours(item["name"], item.get("namespace"))
        elif kind == "function_call_output" and calls.get(item["call_id"]):
            answer = item.get("output")
        elif kind in ("tool_search_output", "additional_tools"):
            searched |= kind == "tool_search_output"
            offered += _tools(item.get("tools"))
    searches = any(tool.get("type") == "tool_search" for tool in body.get("tools") or [])
    return Seen(tuple(offered), answer, searches and not searched)


def write(body: Body, move: Move, number: int) -> Body | Events:
    item = _item(move, number)
    usage = {"input_tokens": 1, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 1,
             "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 2}  # fmt: skip
    done = {"id": f"resp_{number}", "object": "response", "status": "completed", "model": body.get("model"),
            "output": [item], "usage": usage}  # fmt: skip
    if not body.get("stream"):
        return done
    return [
        _event("response.created", response={**done, "status": "in_progress", "output": []}),
        _event("response.output_item.added", output_index=0, item=item),
        _event("response.output_item.done", output_index=0, item=item),
        _event("response.completed", response=done),
    ]


def _item(move: Move, number: int) -> Body:
    match move:
        case Say(text):
            return {"type": "message", "id": f"m_{number}", "role": "assistant", "status": "completed",
                    "content": [{"type": "output_text", "text": text, "annotations": []}]}  # fmt: skip
        case Search(query):
            return {"type": "tool_search_call", "id": f"ts_{number}", "call_id": f"call_{number}",
                    "execution": "client", "status": "completed",
                    "arguments": {"query": query.replace("_", " "), "limit": 20}}  # fmt: skip
        case Call(tool, arguments):
            item: Body = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}",
                          "name": tool.name, "arguments": json.dumps(arguments), "status": "completed"}  # fmt: skip
            return item | ({"namespace": tool.namespace} if tool.namespace else {})


def _tools(tools: Any) -> Iterator[Tool]:
    for tool in tools or []:
        if tool.get("type") == "namespace":
            for inner in tool.get("tools", []):
                yield Tool(str(inner.get("name")), str(tool.get("name")))
        elif tool.get("name"):
            yield Tool(str(tool["name"]))


def _event(kind: str, **content: Any) -> tuple[str, Body]:
    return kind, {"type": kind, **content}
