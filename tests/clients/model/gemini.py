"""Gemini generateContent, whole or as a stream."""

from __future__ import annotations

from .script import Body, Call, Events, Move, Say, Script, Seen, Tool


def read(body: Body, script: Script) -> Seen:
    offered = [
        Tool(str(declared["name"]))
        for tool in body.get("tools") or []
        for declared in tool.get("functionDeclarations") or []
    ]
    answers = [
        part["functionResponse"].get("response")
        for content in body.get("contents") or []
        for part in content.get("parts") or []
        if "functionResponse" in part and script.is_ours(part["functionResponse"].get("name"))
    ]
    return Seen(tuple(offered), answers[-1] if answers else None)


def write(_body: Body, move: Move, _number: int) -> Body:
    part: Body = {"text": move.text if isinstance(move, Say) else ""}
    if isinstance(move, Call):
        part = {"functionCall": {"name": move.tool.name, "args": dict(move.arguments)}}
    content = {"role": "model", "parts": [part]}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    return {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}], "usageMetadata": usage,
            "modelVersion": "scripted"}  # fmt: skip


def stream(body: Body, move: Move, number: int) -> Events:
    return [("", write(body, move, number))]
