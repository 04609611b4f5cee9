"""What reaches the model of a real client: our tools and their answers, the rules, the brief and the reminder."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clients.codex import AppServer
from clients.desk import Desk
from clients.drivers import DRIVERS
from clients.model import strings
from kioku_mesh import config
from kioku_mesh.clients import CLIENTS, install
from kioku_mesh.clients.rules import BLOCK

pytestmark = pytest.mark.referee

Sit = Callable[..., Desk]

RULES = BLOCK.splitlines()
DECISION = "We decided to keep money in cents everywhere in the shop."
EXPORT = "The invoice export is slow because it loads every line; stream it with a cursor instead."
PROMPT = "The invoice export is slow again."
BRIEF = "Memory of all projects:"
REMINDER = "The conversation was just compacted."
HOOKED = [name for name in DRIVERS if CLIENTS[name].hooks]
CAPTURED = [name for name in HOOKED if name != "qwen-code"]  # which ends no session when it runs without a terminal
UNKNOWN_SESSION = ("gemini-cli",)  # it tells its session to hooks alone, so that the server counts one of its own
IN_PROJECT = {  # where nobody has approved or trusted anything: whether it offers our tools, and runs our hooks
    "claude-code": (True, True),  # its list says that approval is pending, but not when it is asked for one answer
    "codex-cli": (False, False),
    "gemini-cli": (True, True),  # its folder is trusted by a variable, without which it does neither
    "opencode": (True, False),  # has no hooks
    "qwen-code": (True, True),
    "copilot-cli": (False, False),
}
FACTS = (
    "Staging's Postgres listens on port 5433.",
    "Refunds above 500 euros need a second signature.",
    "The nightly backup is copied to the machine in Lyon.",
    "Feature flags are read once, when the worker starts.",
    "Customers are told of outages by the support team alone.",
    "The mobile app still speaks version 2 of the protocol.",
    "Search indexes are rebuilt on Sundays at four.",
)


@pytest.fixture(params=DRIVERS)
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def remember(desk: Desk) -> None:
    """An old note beside a decision and enough newer notes that no brief has room for the old one."""
    old = {"content": EXPORT, "created_at": "2024-01-01T00:00:00Z"}
    notes = [{"content": f"Note {n}: shelf {n} of the archive has {n * 7} boxes in it."} for n in range(40)]
    file = desk.home.work / "notes.jsonl"
    file.write_text(
        "".join(json.dumps(line) + "\n" for line in (old, *notes, {"content": DECISION, "memory_type": "decision"}))
    )
    desk.run("kioku-mesh", "import", str(file))
    file.unlink()


def consent(desk: Desk, client: str) -> None:
    """What a person does after the installation before hooks are run."""
    if client == "codex-cli":
        with AppServer(desk) as codex:
            codex.trust()


def hooks_of(desk: Desk, client: str) -> tuple[str, str]:
    """How the hooks of a client stand, and what there is to do."""
    (row,) = desk.ours("mcp", "status", "--client", client)["results"]
    return row["hooks"]["state"], row["hooks"]["hint"]


def pending(desk: Desk, count: int) -> list[dict[str, Any]]:
    """What waits for review, once there is so much."""
    end = time.monotonic() + 30
    while len(found := desk.ours("review")["pending"]) < count and time.monotonic() < end:
        time.sleep(0.1)
    return list(found)


@pytest.mark.timeout(600)
def test_one_memory_for_all(sit: Sit) -> None:
    """What each client saves through its model, the next one recalls: around all of them, with nothing but `mcp install`."""
    desk = sit(*DRIVERS)
    desk.run("kioku-mesh", "mcp", "install", "--no-hooks")
    last = ""
    for client, fact in (*zip(DRIVERS, FACTS, strict=True), (next(iter(DRIVERS)), "")):
        if last:
            assert last in desk.ask(client, "recall_context", task=last, project="shop")
            assert last in desk.sent
        if fact:
            answer = desk.ask(client, "save_observation", content=fact, memory_type="config", project="shop")
            (found,) = desk.ours("search", fact, "--mode", "exact")["results"]
            assert found["observation_id"] in answer
            assert found["client_id"] == client
        last = fact.rstrip(".")


def test_rules_and_hooks_reach_the_model(sit: Sit, client: str) -> None:
    """The whole block of rules, the brief of the session's start, and the one memory that belongs to the prompt; all of it
    is counted as one session."""
    desk = sit(client)
    remember(desk)
    desk.run("kioku-mesh", "mcp", "install", "--client", client)
    consent(desk, client)
    desk.ask(client, "search_memory", prompt=PROMPT, query="shelf 7 of the archive")
    assert [line for line in RULES if line not in desk.sent] == []
    assert (BRIEF in desk.sent, DECISION.rstrip(".") in desk.sent, EXPORT in desk.sent) == (client in HOOKED,) * 3
    if client in HOOKED:
        (counted,) = (week["counts"] for week in desk.ours("stats")["weeks"] if week["client"] == client)
        assert (counted["briefs"], counted["reminders"]) == (1, 1)
        assert counted["sessions"] == 1 + (client in UNKNOWN_SESSION)
    assert not (desk.home.folder / ".local" / "share" / "kioku-mesh" / "hooks.log").exists()


@pytest.mark.parametrize("client", IN_PROJECT)
def test_what_stands_in_a_project_reaches_the_model(sit: Sit, client: str) -> None:
    """With --scope project the rules stand in the project's instructions, and every client reads those; servers and hooks
    of a project wait for somebody's consent in some."""
    desk = sit(client)
    remember(desk)
    desk.run("kioku-mesh", "mcp", "install", "--client", client, "--scope", "project")
    called = desk.tell(client, PROMPT, "get_memory_status")
    assert [line for line in RULES if line not in desk.sent] == []
    assert ("ANSWER " in called, BRIEF in desk.sent) == IN_PROJECT[client]


@pytest.mark.parametrize("client", CAPTURED)
def test_what_a_session_decided_waits_for_review(sit: Sit, client: str) -> None:
    """Out of the file that the client really keeps: what the person said, not what stood in rules, briefs and reminders."""
    desk = sit(client)
    remember(desk)
    desk.run("kioku-mesh", "mcp", "install", "--client", client)
    consent(desk, client)
    desk.run("kioku-mesh", "config", "set", "capture", "review")
    said = {
        "From now on always run the linter before you commit.",
        "The root cause was that the export loads every line.",
    }
    desk.ask(client, "get_memory_status", prompt=" ".join(sorted(said)))
    found = pending(desk, len(said))
    assert {each["content"] for each in found} == said
    assert {each["client_id"] for each in found} == {client}


def test_a_compaction_is_followed_by_a_reminder(sit: Sit) -> None:
    """Claude Code compacts a resumed conversation: the next request has what is to be saved, and what was said before
    waits for review."""
    desk = sit("claude-code")
    remember(desk)
    desk.run("kioku-mesh", "mcp", "install")
    desk.run("kioku-mesh", "config", "set", "capture", "review")
    said = "We decided to move the archive to the machine in Lyon."
    desk.tell("claude-code", said)
    assert REMINDER not in desk.sent
    desk.tell("claude-code", "/compact", options=("--continue",))
    desk.tell("claude-code", "What now?", options=("--continue",))
    assert REMINDER in desk.sent
    assert [each["content"] for each in pending(desk, 1)] == [said]


def test_codex_waits_for_a_review_of_hooks(sit: Sit) -> None:
    """Codex says that they are not trusted and does not run them, and so do we; once trusted by its own means it does."""
    desk = sit("codex-cli")
    remember(desk)
    desk.run("kioku-mesh", "mcp", "install", "--client", "codex-cli")
    desk.tell("codex-cli", PROMPT)
    assert BRIEF not in desk.sent
    assert hooks_of(desk, "codex-cli") == (
        "unreviewed",
        "Codex runs new hooks only when you have reviewed them: type /hooks in it",
    )
    with AppServer(desk) as codex:
        assert {hook["trustStatus"] for hook in codex.hooks().values()} == {"untrusted"}
        codex.trust()
        assert {hook["trustStatus"] for hook in codex.hooks().values()} == {"trusted"}
    assert "installed already" in desk.run("kioku-mesh", "mcp", "install", "--client", "codex-cli")
    desk.tell("codex-cli", PROMPT)
    assert BRIEF in desk.sent
    assert hooks_of(desk, "codex-cli") == ("current", "")
    desk.run("kioku-mesh", "mcp", "uninstall", "--client", "codex-cli")
    with AppServer(desk) as codex:
        assert codex.hooks() == {}


@pytest.mark.parametrize("client", HOOKED)
def test_hooks_in_a_folder_with_blanks(sit: Sit, client: str) -> None:
    """Each client has its own shell for hooks, and all of them find our command where its path has to be quoted."""
    desk = sit(client)
    remember(desk)
    folder = desk.home.folder / "with blanks & more"
    desk.bin.rename(folder)
    install(
        config.load(desk.env, str(desk.home.work)),
        [client],
        server=str(folder / "kioku-mesh-mcp"),
    )
    consent(desk, client)
    desk.ask(client, "get_memory_status", prompt=PROMPT)
    assert BRIEF in desk.sent


def test_folders_and_projects_that_are_not_trusted(sit: Sit) -> None:
    """Gemini CLI starts no server where the folder is not trusted, Claude Code none of a project that nobody approved."""
    desk = sit("gemini-cli", "claude-code")
    desk.run("kioku-mesh", "mcp", "install", "--client", "gemini-cli")
    assert desk.listed("gemini-cli", {**desk.env, "GEMINI_CLI_TRUST_WORKSPACE": "false"}).endswith("Disabled")
    assert desk.listed("gemini-cli").endswith("Connected")
    desk.run("kioku-mesh", "mcp", "install", "--client", "claude-code", "--scope", "project")
    assert "Pending approval" in desk.listed("claude-code")


@pytest.mark.parametrize("off", [False, True], ids=["trust on", "trust off"])
def test_folders_that_gemini_does_not_trust(sit: Sit, off: bool) -> None:
    """We say that a folder is not trusted exactly where Gemini CLI starts no server, whatever its files say of the folder, of
    one above it and of one in it, and by which path."""
    desk = sit("gemini-cli")
    desk.run("kioku-mesh", "mcp", "install", "--client", "gemini-cli")
    desk.env.pop("GEMINI_CLI_TRUST_WORKSPACE")
    own, work = desk.home.folder / ".gemini", desk.home.work
    if off:
        settings = json.loads((own / "settings.json").read_text())
        (own / "settings.json").write_text(json.dumps(settings | {"security": {"folderTrust": {"enabled": False}}}))
    link = desk.home.folder / "tmp" / "link"
    link.symlink_to(work)
    beside, inside, above = str(work.parent / f"{work.name}2"), str(work / "x"), str(work.parent)
    cases: list[tuple[dict[str, str], bool]] = [
        ({}, False),
        ({str(work): "TRUST_FOLDER"}, True),
        ({str(link): "TRUST_FOLDER"}, True),
        ({inside: "TRUST_PARENT", beside: "DO_NOT_TRUST"}, True),
        ({inside: "TRUST_FOLDER"}, False),
        ({above: "TRUST_FOLDER", str(work): "DO_NOT_TRUST"}, False),
    ]
    for levels, trusted in cases[: 2 if off else None]:
        (own / "trustedFolders.json").write_text(json.dumps(levels))
        (row,) = desk.ours("mcp", "status", "--client", "gemini-cli")["results"]
        told = [note for note in row["notes"] if note["code"] == "untrusted_folder"]
        assert desk.listed("gemini-cli").endswith("Connected") == (trusted or off), levels
        assert bool(told) != (trusted or off), levels


def test_a_plugin_tells_opencode(sit: Sit) -> None:
    """The brief in each request of the session, the reminder once; and where our command is gone OpenCode works as before."""
    desk = sit("opencode")
    remember(desk)
    (done,) = desk.ours("mcp", "install", "--client", "opencode", "--plugin")["results"]
    assert hooks_of(desk, "opencode") == ("current", "")
    desk.ask("opencode", "get_memory_status", prompt=PROMPT)
    assert len(desk.requests) > 1
    assert all(BRIEF in "\n".join(strings(request)) for request in desk.requests)
    assert (DECISION.rstrip(".") in desk.sent, EXPORT in desk.sent) == (True, True)
    (counted,) = (week["counts"] for week in desk.ours("stats")["weeks"] if week["client"] == "opencode")
    assert (counted["briefs"], counted["reminders"]) == (1, 1)
    assert not (desk.home.folder / ".local" / "share" / "kioku-mesh" / "hooks.log").exists()

    plugin = Path(done["hooks"]["file"])
    plugin.write_text(re.sub('PROGRAM = ".*"', 'PROGRAM = "/gone/kioku-mesh"', plugin.read_text()))
    assert desk.ask("opencode", "get_memory_status", prompt=PROMPT)
    assert (BRIEF in desk.sent, EXPORT in desk.sent) == (False, False)
    desk.run("kioku-mesh", "mcp", "uninstall", "--client", "opencode")
    assert not plugin.exists()
