"""Anthropic Messages. The client may hide tools behind its ToolSearch."""

from __future__ import annotations

import json
from typing import Any

from .script import Body, Call, Events, Move, Say, Script, Search, Seen, Tool

SEARCH = "ToolSearch"


def read(body: Body, script: Script) -> Seen:
    offered = [str(tool.get("name")) for tool in body.get("tools") or []]
    used: dict[str, str] = {}
    answer, searched = None, False
    for message in body.get("messages") or []:
        content = message.get("content")
        for block in content if isinstance(content, list) else []:
            if block.get("type") == "tool_use":
                used[block["id"]] = block["name"]
            elif block.get("type") == "tool_result":
                name = used.get(block["tool_use_id"], "")
                searched |= name == SEARCH
                answer = block.get("content") if script.is_ours(name) else answer
    return Seen(tuple(map(Tool, offered)), answer, SEARCH in offered and not searched)


def write(body: Body, move: Move, number: int) -> Body | Events:
    block = _block(move, number)
    stop = "end_turn" if isinstance(move, Say) else "tool_use"
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body.get("model"), "content": [],
               "stop_reason": None, "stop_sequence": None, "usage": usage}  # fmt: skip
    if not body.get("stream"):
        return {**message, "content": [block], "stop_reason": stop}
    if isinstance(move, Say):
        start, delta = {**block, "text": ""}, {"type": "text_delta", "text": move.text}
    else:
        start = {**block, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    return [
        _event("message_start", message=message),
        _event("content_block_start", index=0, content_block=start),
        _event("content_block_delta", index=0, delta=delta),
        _event("content_block_stop", index=0),
        _event("message_delta", delta={"stop_reason": stop, "stop_sequence": None}, usage=usage),
        _event("message_stop"),
    ]


def _block(move: Move, number: int) -> Body:
    match move:
        case Say(text):
            return {"type": "text", "text": text}
        case Search(query):
            name, arguments = SEARCH, {"query": query, "max_results": 5}
        case Call(tool, arguments):
            name = tool.name
    return {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": arguments}


def _event(kind: str, **content: Any) -> tuple[str, Body]:
    return kind, {"type": kind, **content}
