"""`tidy` as a person or a script starts it: the plan, keys, consent, what changes meanwhile, and a kill in between."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from support import Home, needs

OLD, NEW = "The gateway listens on port 8080", "The gateway listens on port 9090"
GROUPS = 120


def plan(home: Home, *arguments: str, **options: Any) -> list[dict[str, Any]]:
    return list(home.json("tidy", *arguments, **options)["groups"])


def states(home: Home) -> dict[str, str]:
    """id -> state of all that there is."""
    found = home.json("list", "--include", "superseded,deleted,expired", "-n", "1000")["results"]
    return {each["observation_id"]: each["state"] for each in found}


def test_from_the_plan_to_the_undoing(home: Home) -> None:
    """Without a terminal the plan; a key with consent; then it is gone, and a deletion brings it back."""
    ids = [home.save("認証トークンの有効期限は三十分にする"), home.save("認証トークンの有効期限は、30分にします。")]
    (group,) = plan(home)
    assert group["kind"] == "duplicates"
    shown = home.ok("tidy").out
    assert group["key"] in shown
    assert all(id_[:12] in shown for id_ in ids)
    refused = home.run("tidy", group["key"], "--json", status=1)
    assert refused.error()["code"] == "refused"
    assert set(states(home).values()) == {"live"}
    (settled,) = home.json("tidy", group["key"], "--yes")["settled"]
    assert states(home) == {settled["observation_id"]: "live"} | dict.fromkeys(ids, "superseded")
    assert home.ok("tidy").out.startswith("nothing to tidy")
    home.ok("delete", settled["observation_id"])
    assert [each["key"] for each in plan(home)] == [group["key"]]


def test_values_are_settled_by_key_alone(home: Home) -> None:
    """--yes leaves them; --keep says which holds."""
    old, new = home.save(OLD), home.save(NEW)
    assert home.json("tidy", "--yes") == {"settled": [], "left": [plan(home)[0]["key"]], "notes": []}
    (group,) = plan(home, "--kind", "contradictions")
    assert group["keep"] == new
    home.ok("tidy", group["key"], "--keep", old[:8], "--yes")
    (live,) = (id_ for id_, state in states(home).items() if state == "live")
    assert home.json("get", live)["results"][0]["content"] == OLD


def test_what_changed_since_it_was_listed_is_refused(home: Home) -> None:
    """And so is a key that never was; both before anything is done."""
    home.save(OLD)
    new = home.save(NEW)
    for text in ("Ask Marek for the keys", "ask Marek for keys!"):
        home.save(text)
    keys = [each["key"] for each in plan(home)]
    home.ok("revise", new, "The gateway listens on port 7070")
    before = states(home)
    for given in (keys, [keys[0], "0123456789"]):
        told = home.run("tidy", *given, "--yes", "--json", status=3).error()
        assert told["code"] == "not_found"
        assert "nothing was done" in told["message"]
    assert states(home) == before
    assert home.run("tidy", "--kind", "nonsense", status=2).out == ""


@needs("posix")
def test_a_kill_between_groups_leaves_each_whole(home: Home) -> None:
    """Each is as it was or settled; the next run settles the rest, and no text is lost."""
    lines = []
    for number in range(GROUPS):
        text = f"Worker {number} of the shop keeps its ledger in vault-{number}.db"
        lines += [{"content": each, "project": "shop"} for each in (text, f"{text}.")]
    home.ok("import", "-", input="".join(json.dumps(each) + "\n" for each in lines))
    home.ok("gc", "--yes")
    assert len(plan(home)) == GROUPS
    killed = home.start("tidy", "--yes", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 30
    while "superseded" not in states(home).values() and time.monotonic() < end:
        pass
    killed.send_signal(signal.SIGKILL)
    killed.wait(30)
    found = list(states(home).values())
    settled = found.count("superseded") // 2
    assert 0 < settled <= GROUPS
    assert (found.count("superseded"), found.count("live")) == (2 * settled, 2 * (GROUPS - settled) + settled)
    assert len(home.json("tidy", "--yes")["settled"]) == GROUPS - settled
    assert sorted(states(home).values()) == ["live"] * GROUPS + ["superseded"] * 2 * GROUPS
    assert home.run("doctor", "--deep", "--json").status in (0, 1)


@pytest.fixture
def top(home: Home) -> Path:
    """A repository with two files."""
    folder = home.work / "shop"
    folder.mkdir()
    for name in ("lease.py", "vault.py"):
        (folder / name).write_text(f"{name}\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "x")
    return folder


@needs("git")
def test_memories_of_files_that_are_gone_are_stale(home: Home, top: Path) -> None:
    """When all of their files are; deleted by key alone, older revisions with them, and all of it restored."""
    first = home.save("The lease is 30 s", "--file", "lease.py", cwd=top)
    lease = home.json("revise", first, "Leases last half a minute", cwd=top)["observation_id"]
    both = home.save("Marek wrote lease and vault", "--file", "lease.py", "--file", "vault.py", cwd=top)
    git(top, "rm", "-q", "lease.py")
    git(top, "commit", "-q", "-m", "y")
    (group,) = plan(home, cwd=top)
    assert (group["kind"], group["keep"], group["sure"]) == ("stale", None, False)
    assert "lease.py" in group["why"]
    assert [each["observation_id"] for each in group["members"]] == [lease]
    assert home.json("tidy", "--yes", cwd=top)["settled"] == []
    (settled,) = home.json("tidy", group["key"], "--yes", cwd=top)["settled"]
    assert settled["deleted"] == [lease, first]
    assert states(home) == {lease: "deleted", first: "deleted", both: "live"}
    assert home.json("get", lease)["results"][0]["deleted_reason"] == group["why"]
    home.ok("restore", lease)
    assert states(home) == {lease: "live", first: "superseded", both: "live"}


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=kim", "-c", "user.email=kim@example.com")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@needs("git")
def test_a_merged_memory_tells_what_its_files_were(home: Home, top: Path) -> None:
    """As far as the one tells whose text it has; it changes with them."""
    home.save("The lease and the vault belong to Marek", "--file", "lease.py", cwd=top)
    home.save("Lease and vault belong to Marek.", "--file", "vault.py", cwd=top)
    (settled,) = home.json("tidy", "--yes", cwd=top)["settled"]
    (merged,) = home.json("get", settled["observation_id"], cwd=top)["results"]
    assert merged["source_files"] == ["lease.py", "vault.py"]
    assert [bool(each) for each in merged["file_hashes"]] == [True, False]
    (top / "lease.py").write_text("another\n")
    (merged,) = home.json("get", settled["observation_id"], cwd=top)["results"]
    assert merged["changed_files"] == ["lease.py"]


def test_a_process_of_one_project_sees_its_groups_alone(home: Home) -> None:
    """As it sees its memories alone."""
    home.save("Ask Marek for the keys", "-p", "shop")
    home.save("ask Marek for keys!", "-p", "shop")
    assert plan(home, env=home.env(only_project="site")) == []
    assert len(plan(home, env=home.env(only_project="shop"))) == len(plan(home)) == 1
