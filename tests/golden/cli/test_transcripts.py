"""Worked examples: each .txt file here is a session at the prompt, replayed and compared line by line.

`$ ` begins a command; what follows is its output, lines of stderr with `2> ` before them, and `[exit N]` unless it is 0.
`$ # desk-1 has everything` (or `nothing`) is what another machine said, as run.db has it.
`<id 1>` stands for the first id that appeared, `<id 1|12>` for its first 12 digits; times and the like have names too.
"""

from __future__ import annotations

import io
import platform
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh.cli import main
from kioku_mesh.ids import new_node
from support import peers

HOST = platform.node()
SESSIONS = sorted(Path(__file__).parent.glob("*.txt"))
COMMAND = re.compile(r"(?:echo (?P<piped>.*?) \| )?kioku-mesh ?(?P<arguments>.*)")
HEARD = re.compile(r"\$ # (?P<node>[\w-]+) has (?P<what>nothing|everything)")
NAMED = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), "<time>"),
    (re.compile(r"memory-\d{8}T\d{6}(?:\.\d+)?Z"), "memory-<time>"),
    (re.compile(r"\d{10,}\.[\w-]+\.[0-9a-f]{16}\.\d+"), "<stamp>"),
    (re.compile(r"[\d,]+ bytes"), "<n> bytes"),
    (re.compile(r"\(\ds\)"), "(<n>s)"),
    (re.compile(r"[\d,]+ -> "), "<n> -> "),
    (re.compile(r"kioku-[0-9a-f]{6}\b"), "kioku-<tag>"),
    (re.compile(rf"\b{re.escape(new_node(HOST)[:-5])}-[0-9a-f]{{4}}\b"), "<node>"),
    (re.compile(rf"(?<=[@(]){re.escape(HOST)}\b"), "<host>"),
)


class Session:
    """One replay in a folder of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self._monkeypatch, self._folder = monkeypatch, folder
        self._ids: list[str] = []

    def replay(self, line: str) -> Iterator[str]:
        heard = HEARD.fullmatch(line)
        if heard:
            peers.hear(self._folder / "state", heard["node"], () if heard["what"] == "nothing" else None)
            yield line
            return
        found = COMMAND.fullmatch(re.sub(r"<id (\d+)(?:\|(\d+))?>", self._id, line.removeprefix("$ ")))
        assert found, line
        status, out, err = self._run(shlex.split(found["arguments"]), found["piped"])
        yield line
        yield from self._named(out).splitlines()
        yield from (f"2> {text}" for text in self._named(err).splitlines())
        if status:
            yield f"[exit {status}]"

    def _id(self, name: re.Match[str]) -> str:
        return self._ids[int(name[1]) - 1][: int(name[2] or 32)]

    def _run(self, arguments: list[str], piped: str | None) -> tuple[int, str, str]:
        data = b"" if piped is None else piped.encode() + b"\n"
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        streams = {"stdin": io.TextIOWrapper(io.BytesIO(data)), "stdout": out, "stderr": err}
        for name, stream in streams.items():
            self._monkeypatch.setattr(sys, name, stream)
        status = main.run(arguments)
        return status, *(stream.buffer.getvalue().decode() for stream in (out, err))  # type: ignore[attr-defined]

    def _named(self, text: str) -> str:
        text = text.replace(str(self._folder), "<folder>")
        for pattern, name in NAMED:
            text = pattern.sub(name, text)
        for found in re.findall(r"\b[0-9a-f]{32}\b", text):
            if found not in self._ids:
                self._ids.append(found)
        for number, whole in enumerate(self._ids, 1):
            text = text.replace(whole, f"<id {number}>").replace(whole[:12], f"<id {number}|12>")
        return text


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_a_session_goes_as_written(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command prints what the example shows, on the stream it shows, and exits as it shows."""
    settings = {
        "STATE_DIR": str(tmp_path / "state"),
        "CONFIG_DIR": str(tmp_path / "config"),
        "PROJECT": "",
        "ONLY_PROJECT": "",
        "AGENT_FAMILY": "codex",
        "CLIENT_ID": "codex-cli",
        "SESSION_ID": "s1",
        "USER_ID": "",
        "TEAM_ID": "",
        "DEFAULT_VISIBILITY": "",
        "LOG": "",
        "AUTOSTART": "off",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"KIOKU_MESH_{name}", value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    session = Session(monkeypatch, tmp_path)
    written = path.read_text("utf-8").splitlines()
    played = [shown for line in written if line.startswith("$ ") for shown in session.replay(line)]
    assert played == written
