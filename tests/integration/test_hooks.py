"""Hooks as clients call them: a process for each event, JSON on stdin, the client's own form on stdout."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support import Home

EXPORT = "The invoice export is slow because it loads every line; stream it with a cursor instead."
TOKENS = "The auth gateway issues refresh tokens at POST /v2/token/refresh."
CLIENTS = ["claude-code", "codex-cli", "gemini-cli", "qwen-code", "copilot-cli", "cursor"]


def hook(home: Home, event: str, client: str = "claude-code", *, cwd: Path | None = None, **sent: Any) -> str:
    """What the agent is told; the command must always end well and say nothing on stderr."""
    data = json.dumps({"session_id": "s1", "cwd": str(cwd or home.work), **sent})
    done = home.ok("hook", event, "--client", client, input=data)
    assert done.err == ""
    if not done.out:
        return ""
    (said,) = done.json().values()
    return str(said["additionalContext"] if isinstance(said, dict) else said)


def log(home: Home) -> str:
    file = home.state / "hooks.log"
    return file.read_text() if file.exists() else ""


@pytest.mark.parametrize("client", CLIENTS)
def test_a_session_begins_with_the_brief(home: Home, client: str) -> None:
    """In every client; after a compaction with the reminder to save what was decided."""
    home.save("Money is stored in cents.", "--type", "decision")
    assert "Money is stored in cents" in hook(home, "session-start", client, source="startup")
    again = hook(home, "session-start", client, source="compact", session_id="s2")
    assert "just compacted" in again
    assert "Money is stored in cents" in again


def test_silence_is_the_normal_answer_to_a_prompt(home: Home) -> None:
    """Only what clearly belongs is told, and once in a session; a new session hears it again."""
    home.save(EXPORT)
    home.save(TOKENS)
    for prompt in ("thanks, looks good", "make the button blue", "", "   "):
        assert hook(home, "prompt", prompt=prompt) == ""
    told = hook(home, "prompt", prompt="the invoice export is slow again")
    assert EXPORT.rstrip(".") in told
    assert TOKENS not in told
    assert hook(home, "prompt", prompt="why is the invoice export so slow?") == ""
    assert EXPORT.rstrip(".") in hook(home, "prompt", prompt="why is the invoice export so slow?", session_id="s2")
    assert log(home) == ""


def test_what_an_agent_found_itself_is_not_told_again(home: Home) -> None:
    """A search through MCP in the same session counts as well."""
    home.save(EXPORT)
    with home.agent(env=home.env(CLAUDE_CODE_SESSION_ID="s1")) as agent:
        agent.call("search_memory", query="invoice export")
    assert hook(home, "prompt", prompt="the invoice export is slow again") == ""


def test_two_hooks_for_one_event(home: Home) -> None:
    """A client that also runs the hooks of another one gets one answer."""
    home.save("Money is stored in cents.", "--type", "decision")
    assert hook(home, "SessionStart", source="startup")
    assert hook(home, "session-start", source="startup") == ""
    assert "just compacted" in hook(home, "SessionStart", source="compact")
    assert hook(home, "SessionStart", source="compact") == ""


def test_what_is_new_since_the_client_was_here(home: Home) -> None:
    """What others saved meanwhile stands in a group of its own, and the brief of one session stays the same."""
    home.save("Money is stored in cents.", "--type", "decision", "-p", "shop")
    shop = {"KIOKU_MESH_PROJECT": "shop", "KIOKU_MESH_CLIENT_ID": "claude-code"}

    def brief(session: str) -> str:
        return home.ok("brief", env=home.env(**shop, session_id=session)).out

    assert "New since you were here" not in brief("one")
    home.save("Refunds need two signatures.", "-p", "shop")
    home.ok("save", "My own note about parsing.", "-p", "shop", env=home.env(**shop))
    first = brief("two")
    new, _, rest = first.partition("== Decisions and rules of shop ==")
    assert "== New since you were here on " in new
    assert "Refunds need two signatures" in new
    assert "My own note" not in new
    assert "Money is stored in cents" in rest
    assert brief("two") == first


@pytest.mark.parametrize(
    "sent", [b"", b"{", b"[]", b"\xff\xfe", b'{"cwd": 5, "prompt": []}', b'{"cwd": "/no/such/place"}']
)
@pytest.mark.parametrize("event", ["session-start", "prompt", "compact", "session-end"])
def test_a_hook_never_fails_its_client(home: Home, event: str, sent: bytes) -> None:
    """Whatever it is sent: exit 0, nothing on stderr, and a line in our log where something was wrong."""
    done = home.run("hook", event, "--client", "claude-code", input=sent)
    assert (done.status, done.err) == (0, "")
    assert done.out == "" or done.json()


def test_a_damaged_memory_fails_no_client(home: Home) -> None:
    """The reason is in our log alone."""
    home.save(EXPORT)
    home.database.write_bytes(b"nonsense" * 1000)
    for event in ("session-start", "prompt"):
        assert hook(home, event, prompt="the invoice export is slow") == ""
    assert "claude-code prompt: " in log(home)
    (check,) = home.run("doctor", "--check", "hooks", "--json", status=1).json()["checks"]
    assert "claude-code prompt: " in check["summary"]


def test_an_event_that_does_not_exist(home: Home) -> None:
    """A mistake in a configuration is told, as nobody calls Stop by accident."""
    assert "no such event" in home.run("hook", "Stop", "--client", "claude-code", status=2).err


SAID = [
    {"type": "user", "message": {"role": "user", "content": "From now on always run the linter before you commit."}},
    {"type": "assistant", "message": {"role": "assistant", "content": [
        {"type": "text", "text": "The root cause was that the export loads every line.\n\nWe decided to stream it."}]}},
]  # fmt: skip
FOUND = {
    "From now on always run the linter before you commit.": "instruction",
    "The root cause was that the export loads every line.": "bug",
}


@pytest.fixture
def session(home: Home) -> Path:
    file = home.folder / "session.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in SAID))
    return file


def waiting(home: Home, count: int) -> list[dict[str, Any]]:
    """What waits for review, once there is so much."""
    for _ in range(200):
        found = home.json("review")["pending"]
        if len(found) == count:
            return found
    raise AssertionError(found)


@pytest.mark.parametrize("event", ["PreCompact", "SessionEnd"])
def test_what_a_session_decided_waits_for_review(home: Home, session: Path, event: str) -> None:
    """Only where that is wished; it is no memory until it is accepted, and then one of this machine alone."""
    assert hook(home, event, transcript_path=str(session)) == ""
    assert home.json("review")["pending"] == []
    home.ok("config", "set", "capture", "review")
    assert hook(home, event, transcript_path=str(session), session_id="s2") == ""
    found = waiting(home, len(FOUND))
    assert {each["content"]: each["memory_type"] for each in found} == FOUND
    assert {(each["client_id"], each["session_id"]) for each in found} == {("claude-code", "s2")}
    assert home.json("list")["results"] == []
    keep, drop = (each["id"] for each in found)
    assert "1 more" not in home.ok("review", "--accept", keep).out
    home.ok("review", "--drop", drop)
    assert home.json("review")["pending"] == []
    (saved,) = home.json("list")["results"]
    assert saved["content"] == found[0]["content"]
    assert (saved["visibility"], saved["client_id"], saved["tags"]) == ("local", "claude-code", ["captured"])
    hook(home, event, transcript_path=str(session), session_id="s3")
    assert waiting(home, 0) == []


def test_a_session_whose_file_is_gone(home: Home) -> None:
    """Nothing waits, nobody is told."""
    home.ok("config", "set", "capture", "review")
    assert hook(home, "SessionEnd", transcript_path=str(home.folder / "none.jsonl")) == ""
    assert waiting(home, 0) == []


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--accept"], 2, "which ones?"), (["--accept", "--drop", "--all"], 2, "say one of them"),
        (["abcdef"], 2, "what shall become of them?"), (["--accept", "abcdef"], 3, "nothing that waits has the id"),
    ],
)  # fmt: skip
def test_mistakes_in_a_review(home: Home, arguments: list[str], status: int, said: str) -> None:
    """Nothing happens, and what is wrong is told."""
    assert said in home.run("review", *arguments, status=status).err


def test_stats_count_what_clients_do(home: Home) -> None:
    """Per client and week, on this machine; forgotten when that is wished."""
    home.save(EXPORT)
    never = home.save(TOKENS)
    hook(home, "prompt", prompt="the invoice export is slow again")
    with home.agent(name="codex-mcp-client") as agent:
        found = agent.call("search_memory", query="invoice export", limit=1)["structuredContent"]["results"]
        agent.call("get_memory", observation_ids=[found[0]["observation_id"]])
    stats = home.json("stats")
    counted = {
        week["client"]: {name: count for name, count in week["counts"].items() if count} for week in stats["weeks"]
    }
    assert counted["claude-code"] == {"sessions": 1, "reminders": 1, "shown": 1}
    assert counted["codex-cli"] == {"sessions": 1, "searches": 1, "reads": 1, "shown": 1, "opened": 1}
    assert (stats["live"], stats["never_shown"]) == (2, 1)
    assert home.json("status")["usage"] == stats["weeks"]
    assert re.search(r"this week, codex-cli +1 session, 1 search, 1 read, 1 shown, 1 opened\n", home.ok("status").out)
    assert home.json("stats", "--forget")["weeks"] == []
    assert never in {result["observation_id"] for result in home.json("list")["results"]}
