"""OpenAI chat completions. A client may hide tools behind `tool_search`, and have them called by name through `tool_call`."""

from __future__ import annotations

import json
import re

from .script import Body, Call, Events, Move, Say, Script, Seen, Tool, strings

BRIDGE = "tool_call"


def read(body: Body, script: Script) -> Seen:
    offered = [str(tool["function"]["name"]) for tool in body.get("tools") or [] if tool.get("function")]
    called: dict[str, str] = {}
    answer = None
    for message in body.get("messages") or []:
        for call in message.get("tool_calls") or []:
            called[call["id"]] = call["function"]["name"]
        name = called.get(message.get("tool_call_id"), "")
        if message.get("role") == "tool" and (script.is_ours(name) or name == BRIDGE):
            answer = message.get("content")
    tools = list(map(Tool, offered))
    if BRIDGE in offered:
        mentioned = re.findall(rf"\b[\w-]+{script.tool}\b", "\n".join(strings(body.get("messages"))))
        tools += [Tool(name, BRIDGE) for name in mentioned]
    return Seen(tuple(tools), answer)


def write(body: Body, move: Move, number: int) -> Body | Events:
    message, finish = _message(move, number), "stop" if isinstance(move, Say) else "tool_calls"
    answer = {"id": f"chat_{number}", "created": 1, "model": body.get("model"),
              "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}  # fmt: skip
    if not body.get("stream"):
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return {**answer, "object": "chat.completion", "choices": [choice]}
    answer["object"] = "chat.completion.chunk"
    return [
        ("", {**answer, "choices": [{"index": 0, "delta": message, "finish_reason": None}]}),
        ("", {**answer, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}),
        ("", "[DONE]"),
    ]


def _message(move: Move, number: int) -> Body:
    if isinstance(move, Call):
        name, arguments = move.tool.name, move.arguments
        if move.tool.namespace == BRIDGE:
            name, arguments = BRIDGE, {"name": name, "arguments": arguments}
        call = {"index": 0, "id": f"call_{number}", "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments)}}  # fmt: skip
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    return {"role": "assistant", "content": move.text if isinstance(move, Say) else ""}
