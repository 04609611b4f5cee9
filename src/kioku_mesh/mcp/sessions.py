"""The calls of a server: who calls, which memory answers, how results and errors go back."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from .. import app, config, ids
from ..errors import Ambiguous, BadInput, KiokuError, NotFound
from ..service.memory import Memory
from . import arguments, calls, resources
from .caller import Caller, identify
from .protocol import INTERNAL_ERROR, INVALID_PARAMS, RESOURCE_NOT_FOUND, Refusal, Request, tool_error
from .tending import Tender

EMBED_S = 30.0  # of making vectors by the embedder that was chosen, in one idle time
OPEN_MAX = 16  # memories kept open; one connection has one caller, but for clients that share it between their sessions

Open = Callable[[Caller], Memory]
Tool = Mapping[str, Any]


class Session:
    """The memory of one caller, and how many calls use it now. `over`: closed when none does any more."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.calls = 0
        self.over = False
        self._seen = _look(memory.config)

    def changed(self) -> bool:
        """Were the settings written since? An agent works for days, and what they say counts at once."""
        before, self._seen = self._seen, _look(self.memory.config)
        return before != self._seen

    def leave(self) -> None:
        """Close it, or have the last call do so."""
        self.over = True
        if not self.calls:
            self.memory.close()


def _look(loaded: config.Config) -> object:
    """What the files of the settings are now."""
    found: list[object] = []
    for path in (loaded.file, loaded.project_file):
        try:
            file = os.stat(path) if path else None
        except OSError:
            file = None
        found.append(file and (file.st_ino, file.st_size, file.st_mtime_ns))
    return found


class Sessions:
    """Does tools/call and resources/read. Thread-safe; a memory is opened at the first call of its caller."""

    def __init__(
        self,
        tools: Mapping[str, Tool],
        open_: Open,
        environ: Mapping[str, str],
        cwd: str,
        called: Callable[[], None] = lambda: None,
    ) -> None:
        """`called`: told after each call, and must neither raise nor wait."""
        self._tools = tools
        self._writes = any(not tool["annotations"]["readOnlyHint"] for tool in tools.values())
        self._open = open_
        self._called = called
        self._environ = environ
        self._cwd = cwd
        self._sessions: dict[Caller, Session] = {}
        self._lock = threading.Lock()
        self._tender = Tender(self._tend)

    def run(self, request: Request, roots: Callable[[], tuple[str, ...]]) -> dict[str, Any]:
        """The result of a call. Raises Refusal where the request itself is wrong."""
        caller = identify(request.client, request.meta, self._environ, roots, self._cwd)
        return self._call(request, caller) if request.method == "tools/call" else self._read(request, caller)

    def close(self) -> None:
        self._tender.stop()
        with self._lock:
            for session in self._sessions.values():
                session.memory.close()
            self._sessions.clear()

    def _call(self, request: Request, caller: Caller) -> dict[str, Any]:
        name, given = request.params.get("name"), request.params.get("arguments")
        tool = self._tools.get(name) if isinstance(name, str) else None
        if tool is None:
            raise Refusal(INVALID_PARAMS, f"unknown tool: {str(name)[:100]}")
        if not isinstance(given, (dict, type(None))):
            raise Refusal(INVALID_PARAMS, "arguments must be an object")
        try:
            checked = arguments.check(tool, given or {})
            with self._memory(caller) as memory:
                answer = calls.call(memory, tool["name"], checked)
        except KiokuError as error:
            return tool_error(error.as_json())
        result: dict[str, Any] = {"content": [{"type": "text", "text": answer.text}]}
        return result if answer.data is None else {**result, "structuredContent": answer.data}

    def _read(self, request: Request, caller: Caller) -> dict[str, Any]:
        uri = request.params.get("uri")
        if not isinstance(uri, str):
            raise Refusal(INVALID_PARAMS, "uri must be a text")
        missing = Refusal(
            INVALID_PARAMS if request.stateless else RESOURCE_NOT_FOUND, "resource not found", {"uri": uri}
        )
        try:
            with self._memory(caller) as memory:
                if uri == resources.BRIEF:
                    text = calls.brief(memory)
                elif uri.startswith(resources.MEMORY):
                    text = calls.read(memory, uri.removeprefix(resources.MEMORY))
                else:
                    raise missing
        except (NotFound, Ambiguous, BadInput):
            raise missing from None
        except KiokuError as error:
            raise Refusal(INTERNAL_ERROR, error.message, error.as_json()) from None
        return {"contents": [{"uri": uri, "mimeType": resources.MIME, "text": text}]}

    @contextmanager
    def _memory(self, caller: Caller) -> Iterator[Memory]:
        with self._lock:
            session = self._current(caller)
            self._sessions[caller] = session  # the last one used is the last one
            session.calls += 1
            idle = [key for key, other in self._sessions.items() if not other.calls]
            for key in idle[: max(0, len(self._sessions) - OPEN_MAX)]:
                self._sessions.pop(key).memory.close()
        try:
            yield session.memory
        finally:
            with self._lock:
                session.calls -= 1
                if session.over:
                    session.leave()
            if self._writes:
                self._tender.touch()
            self._called()

    def _current(self, caller: Caller) -> Session:
        """The memory of a caller with the settings of now; those before stay in force where the new ones are wrong."""
        there = self._sessions.pop(caller, None)
        if there and not there.changed():
            return there
        try:
            fresh = Session(self._open(caller))
        except BadInput:
            if there is None:
                raise
            return there
        if there:
            there.leave()
        return fresh

    def _tend(self) -> None:
        """The last memory used does the background work; what goes wrong there shows in the next call."""
        with self._lock:
            session = next(reversed(self._sessions.values()), None)
            if session:
                session.calls += 1
        if session:
            try:
                with suppress(KiokuError):
                    session.memory.tend()
                    session.memory.embed_chosen(EMBED_S)
            finally:
                with self._lock:
                    session.calls -= 1
                    if session.over:
                        session.leave()


def opener(environ: Mapping[str, str], only_project: str | None) -> Open:
    """How memories are opened; what the environment says about the session wins over what a client tells."""
    own = ids.new_id()  # the session of a client that names none is this process
    set_already = bool(environ.get("KIOKU_MESH_SESSION_ID", "").strip())

    def open_(caller: Caller) -> Memory:
        given = {"only_project": only_project, "session_id": None if set_already else caller.session_id or own}
        settings = config.load(environ, caller.directory, given)
        return app.open_memory(settings, (caller.agent_family, caller.client_id))

    return open_
