"""A model that is no model: it answers on loopback what real clients send to their providers, following a script.

It calls one tool as soon as the client offers it (through the client's own search for tools, where there is one), and
once that has answered it ends the turn with `ANSWER <what the client handed over>`. If the tool is never offered it
ends with `NO TOOL <what was offered>`. Speaks the formats of the clients we drive: Messages, Responses, chat completions
and generateContent.
"""

from __future__ import annotations

import gzip
import itertools
import json
import re
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]
Events = list[tuple[str, Body | str]]


class ScriptedModel:
    """Serves from construction until `close`, or in a `with`. `requests` holds what clients sent, oldest first."""

    def __init__(self, tool: str, arguments: Mapping[str, Any], server: str = "kioku-mesh") -> None:
        self.tool, self.arguments = tool, dict(arguments)
        self._server_name = _flat(server)
        self._numbers = itertools.count(1)
        self.requests: list[Body] = []
        model = self

        class Handler(_Handler):
            def answer(self, path: str, body: Body) -> Body | Events:
                model.requests.append(body)
                return model.answer(path, body)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> ScriptedModel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, path: str, body: Body) -> Body | Events:
        """The response to one request: a body, or server-sent events."""
        if path.endswith("/messages"):
            return self._messages(body)
        if path.endswith("/responses"):
            return self._responses(body)
        if path.endswith("/chat/completions"):
            return self._chat(body)
        if "enerateContent" in path:
            return self._contents(body, stream="stream" in path)
        counting = path.endswith(("/count_tokens", ":countTokens"))
        return {"input_tokens": 10, "totalTokens": 10} if counting else {}

    def _ours(self, name: str | None, namespace: str | None = None) -> bool:
        """Is this the wanted tool? Each client puts the server's name before it in a way of its own."""
        flat = _flat(f"{namespace or ''}_{name or ''}")
        return flat.endswith(f"_{_flat(self.tool)}") and self._server_name in flat

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers)}"

    def _messages(self, body: Body) -> Body | Events:
        """Anthropic Messages; the client may hide tools behind ToolSearch."""
        offered = [str(tool.get("name")) for tool in body.get("tools") or []]
        wanted = next(filter(self._ours, offered), None)
        answer, searched = self._told_in_messages(body)
        if answer is not None:
            block: Body = {"type": "text", "text": f"ANSWER {_text(answer)}"}
        elif wanted:
            block = {"type": "tool_use", "id": self._id("toolu"), "name": wanted, "input": self.arguments}
        elif "ToolSearch" in offered and not searched:
            search = {"query": self.tool, "max_results": 5}
            block = {"type": "tool_use", "id": self._id("toolu"), "name": "ToolSearch", "input": search}
        else:
            block = {"type": "text", "text": f"NO TOOL {', '.join(offered)}"}
        stop = block["type"].replace("text", "end_turn")
        usage = {"input_tokens": 1, "output_tokens": 1}
        message = {"id": self._id("msg"), "type": "message", "role": "assistant", "model": body.get("model"),
                   "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}  # fmt: skip
        if not body.get("stream"):
            return {**message, "content": [block], "stop_reason": stop}
        if "text" in block:
            start, delta = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            start = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        return _events(
            ("message_start", {"message": message}),
            ("content_block_start", {"index": 0, "content_block": start}),
            ("content_block_delta", {"index": 0, "delta": delta}),
            ("content_block_stop", {"index": 0}),
            ("message_delta", {"delta": {"stop_reason": stop, "stop_sequence": None}, "usage": usage}),
            ("message_stop", {}),
        )

    def _told_in_messages(self, body: Body) -> tuple[Any, bool]:
        """What our tool answered, None if nothing yet, and whether tools were searched for."""
        used: dict[str, str] = {}
        answer, searched = None, False
        for message in body.get("messages") or []:
            content = message.get("content")
            for block in content if isinstance(content, list) else []:
                if block.get("type") == "tool_use":
                    used[block["id"]] = block["name"]
                elif block.get("type") == "tool_result":
                    name = used.get(block["tool_use_id"], "")
                    searched |= name == "ToolSearch"
                    answer = block.get("content") if self._ours(name) else answer
        return answer, searched

    def _responses(self, body: Body) -> Body | Events:
        """OpenAI Responses; tools may stand in a namespace, and may come from a search that the client runs."""
        offered, answer, searched = self._told_in_responses(body)
        wanted = next((names for names in offered if self._ours(*names)), None)
        can_search = any(tool.get("type") == "tool_search" for tool in body.get("tools") or [])
        if answer is None and wanted:
            item: Body = {"type": "function_call", "id": self._id("fc"), "call_id": self._id("call"),
                          "name": wanted[0], "arguments": json.dumps(self.arguments), "status": "completed"}  # fmt: skip
            item |= {"namespace": wanted[1]} if wanted[1] else {}
        elif answer is None and can_search and not searched:
            item = {"type": "tool_search_call", "id": self._id("ts"), "call_id": self._id("call"),
                    "execution": "client", "status": "completed",
                    "arguments": {"query": self.tool.replace("_", " "), "limit": 20}}  # fmt: skip
        else:
            text = f"ANSWER {_text(answer)}" if answer is not None else f"NO TOOL {offered}"
            item = {"type": "message", "id": self._id("m"), "role": "assistant", "status": "completed",
                    "content": [{"type": "output_text", "text": text, "annotations": []}]}  # fmt: skip
        usage = {"input_tokens": 1, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 1,
                 "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 2}  # fmt: skip
        done = {"id": self._id("resp"), "object": "response", "status": "completed", "model": body.get("model"),
                "output": [item], "usage": usage}  # fmt: skip
        if not body.get("stream"):
            return done
        return _events(
            ("response.created", {"response": {**done, "status": "in_progress", "output": []}}),
            ("response.output_item.added", {"output_index": 0, "item": item}),
            ("response.output_item.done", {"output_index": 0, "item": item}),
            ("response.completed", {"response": done}),
        )

    def _told_in_responses(self, body: Body) -> tuple[list[tuple[str, str | None]], Any, bool]:
        """Offered tools with their namespaces, what our tool answered, and whether tools were searched for."""
        offered = list(_named(body.get("tools")))
        calls: dict[str, bool] = {}
        answer, searched = None, False
        items = body.get("input")
        for item in items if isinstance(items, list) else []:
            kind = item.get("type")
            if kind == "function_call":
                calls[item["call_id"]] = self._ours(item["name"], item.get("namespace"))
            elif kind == "function_call_output" and calls.get(item["call_id"]):
                answer = item.get("output")
            elif kind in ("tool_search_output", "additional_tools"):
                searched |= kind == "tool_search_output"
                offered += _named(item.get("tools"))
        return offered, answer, searched

    def _chat(self, body: Body) -> Body | Events:
        """OpenAI chat completions; tools may hide behind `tool_search` and be called through `tool_call`."""
        offered = [str(tool["function"]["name"]) for tool in body.get("tools") or [] if tool.get("function")]
        name, arguments = next(filter(self._ours, offered), None), self.arguments
        answer = self._told_in_chat(body)
        if not name and "tool_call" in offered:
            known = re.search(rf"[A-Za-z0-9_-]+__{re.escape(self.tool)}\b", json.dumps(body.get("messages")))
            name, arguments = ("tool_call", {"name": known[0], "arguments": self.arguments}) if known else (None, {})
        finish = "stop"
        delta: Body = {"role": "assistant", "content": f"ANSWER {_text(answer)}"}
        if answer is None and name:
            finish = "tool_calls"
            call = {"name": name, "arguments": json.dumps(arguments)}
            calls = [{"index": 0, "id": self._id("call"), "type": "function", "function": call}]
            delta = {"role": "assistant", "content": None, "tool_calls": calls}
        elif answer is None:
            delta["content"] = f"NO TOOL {', '.join(offered)}"
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        whole = {"id": self._id("chat"), "created": 1, "model": body.get("model"), "usage": usage}
        if not body.get("stream"):
            choice = {"index": 0, "message": delta, "finish_reason": finish}
            return {**whole, "object": "chat.completion", "choices": [choice]}
        chunk = {**whole, "object": "chat.completion.chunk"}
        parts = [
            {"index": 0, "delta": delta, "finish_reason": None},
            {"index": 0, "delta": {}, "finish_reason": finish},
        ]
        return [*(("", {**chunk, "choices": [part]}) for part in parts), ("", "[DONE]")]

    def _told_in_chat(self, body: Body) -> Any:
        calls: dict[str, str] = {}
        answer = None
        for message in body.get("messages") or []:
            calls |= {call["id"]: call["function"]["name"] for call in message.get("tool_calls") or []}
            called = calls.get(message.get("tool_call_id"), "")
            if message.get("role") == "tool" and (self._ours(called) or called == "tool_call"):
                answer = message.get("content")
        return answer

    def _contents(self, body: Body, *, stream: bool) -> Body | Events:
        """Gemini's generateContent."""
        offered = [
            str(one["name"]) for tool in body.get("tools") or [] for one in tool.get("functionDeclarations") or []
        ]
        parts = [part for content in body.get("contents") or [] for part in content.get("parts") or []]
        told = [part["functionResponse"] for part in parts if part.get("functionResponse")]
        answer = next((one.get("response") for one in told if self._ours(one.get("name"))), None)
        name = next(filter(self._ours, offered), None)
        part: Body = {"text": f"NO TOOL {', '.join(offered)}"}
        if answer is not None:
            part = {"text": f"ANSWER {_text(answer)}"}
        elif name:
            part = {"functionCall": {"name": name, "args": self.arguments}}
        candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
        usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
        whole = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "scripted"}
        return [("", whole)] if stream else whole


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, path: str, body: Body) -> Body | Events:
        raise NotImplementedError

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._send(b"", "application/json")

    def do_GET(self) -> None:
        self._send(b'{"object": "list", "data": [], "models": []}', "application/json")

    def do_POST(self) -> None:
        raw = self._read()
        answer = self.answer(self.path.split("?")[0], json.loads(raw or b"{}"))
        if isinstance(answer, dict):
            return self._send(json.dumps(answer).encode(), "application/json")
        return self._send("".join(map(_event, answer)).encode(), "text/event-stream")

    def _read(self) -> bytes:
        raw = b""
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().strip() or b"0", 16):
                raw += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        return gzip.decompress(raw) if self.headers.get("content-encoding") == "gzip" else raw

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _event(event: tuple[str, Body | str]) -> str:
    name, data = event
    text = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "") + f"data: {text}\n\n"


def _events(*events: tuple[str, Body]) -> Events:
    return [(name, {"type": name, **data}) for name, data in events]


def _flat(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _named(tools: Any) -> Iterator[tuple[str, str | None]]:
    for tool in tools or []:
        if tool.get("type") == "namespace":
            for inner in tool.get("tools", []):
                yield str(inner.get("name")), str(tool.get("name"))
        elif tool.get("name"):
            yield str(tool["name"]), None


def _text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(part, dict) for part in value):
        return " ".join(str(part.get("text", json.dumps(part))) for part in value)
    return value if isinstance(value, str) else json.dumps(value)
