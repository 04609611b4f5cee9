"""An embedder that somebody chose: what is found by it alone, what happens when it fails, and what it is never told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import support
from support import Home, embedding, encoder, needs, residents
from support.embedding import good, serving
from support.hosts import network

SAID = (
    "crates of cloves are stored in the cellar",
    "invoices are rounded to whole cents since last year",
    "the wallaby escaped over the northern fence",
    "uploads are tried again three times and then parked",
    "the stele in the yard is cleaned with soft brushes",
)
# Shares no word with the memory that answers it, and the built-in table does not know of it either.
ASKED = {"zanzibar": 0, "quokka": 2, "obelisk": 4}


@pytest.fixture
def server() -> Iterator[embedding.Server]:
    with serving() as made:
        yield made


@pytest.fixture
def told(home: Home) -> list[str]:
    return [home.save(text) for text in SAID]


def choose(home: Home, name: str, **settings: str) -> None:
    """Take this embedder, and have it make all vectors."""
    for key, value in {"": name, **settings}.items():
        home.ok("config", "set", f"embedder{'_' * bool(key)}{key}", value)
    home.ok("gc", "--yes")


def notes(found: dict[str, Any]) -> dict[str, str]:
    """What limited the answer, beside how sure it is."""
    return {note["code"]: note["message"] for note in found["notes"] if note["code"] != "weak_answer"}


def ids(found: dict[str, Any]) -> list[str]:
    return [each["observation_id"] for each in found["results"]]


def both(home: Home, question: str, **options: Any) -> dict[str, Any]:
    """The answer of the command line, which is that of the tools."""
    found: dict[str, Any] = home.json("search", question, "--limit", "8", **options)
    with home.agent(**options) as agent:
        answered = agent.call("search_memory", query=question, max_tokens=6000)["structuredContent"]
    assert ids(answered) == ids(found)
    assert answered.get("notes", []) == [note["message"] for note in found["notes"]]
    assert answered.get("verdict") == found.get("verdict")
    return found


def test_found_by_it_alone(home: Home, told: list[str], server: embedding.Server) -> None:
    """By every way to ask; and --explain says who told the cosine. Before, nothing led there."""
    for question, at in ASKED.items():
        assert ids(both(home, question))[:1] != [told[at]]
    choose(home, server.address)
    for question, at in ASKED.items():
        found = both(home, question)
        assert ids(found)[0] == told[at]
        assert notes(found) == {}
        (first, *_) = home.json("search", question, "--explain")["results"]
        assert first["explain"]["embedder"] == server.address
        assert first["explain"]["meaning"] > 0.3
        assert SAID[at] in home.ok("recall", question).out
        with home.agent() as agent:
            assert SAID[at] in support.text_of(agent.call("recall_context", task=question))


def test_words_are_as_good_as_before(home: Home, told: list[str], server: embedding.Server) -> None:
    """What is asked for by its words comes first, whatever the embedder thinks."""
    choose(home, server.address)
    for at, text in enumerate(SAID):
        assert ids(both(home, text))[0] == told[at]
    asked = len(server.asked)
    for arguments in (("cloves", "--mode", "and"), ("cloves", "--mode", "exact"), (), ("--", "-cloves")):
        home.ok("search", *arguments)
    assert len(server.asked) == asked, "meaning does not count there"


def test_a_prompt_is_put_to_nobody(home: Home, told: list[str], server: embedding.Server) -> None:
    """What a hook looks for, without anybody having asked, it finds by the built-in vectors."""
    choose(home, server.address)
    asked = len(server.asked)
    said = json.dumps({"session_id": "s", "prompt": SAID[1], "hook_event_name": "UserPromptSubmit"})
    assert "invoices" in home.ok("hook", "prompt", "--client", "claude-code", input=said).out
    assert len(server.asked) == asked
    assert told


FAILURES: dict[str, Callable[[list[str]], tuple[int, Any]]] = {
    "did not answer within 1.5 s": good,  # slowly
    "no list of 1 vectors": lambda _: (200, b"<html>surprise"),
    "wants another key (401)": lambda _: (401, b""),
    "more than 16 MB": lambda _: (200, b" " * (17 << 20)),
    "sends elsewhere (302)": lambda _: (302, b""),
    "vectors of 12 numbers now": lambda texts: (200, {"data": [{"embedding": [1.0] * 12} for _ in texts]}),
    "is not reached": good,  # stopped
}


def test_whatever_fails_the_built_in_vectors_answer(home: Home, told: list[str], server: embedding.Server) -> None:
    """The same answers as without it, and a note says why; a save and a look at the state do not mind."""
    question = "rounding mistakes in the amounts of bills"
    before = ids(home.json("search", question))
    choose(home, server.address)
    for reason, answer in FAILURES.items():
        server.answer = answer
        server.delay = 3.0 if "within" in reason else 0.0
        if "reached" in reason:
            server.stop()
        found = both(home, question)
        assert ids(found) == before
        assert reason in notes(found)["embedder_failed"]
        assert reason in home.ok("recall", question).out
    home.save("saved while it was down")
    assert home.json("status")["meaning"]["embedder"]["made"] == len(told)


def test_a_save_asks_nobody(home: Home, server: embedding.Server) -> None:
    """Its vector is made later; until then it takes part by its built-in one."""
    home.save(SAID[0])
    choose(home, server.address)
    asked = len(server.asked)
    fresh = home.save("invoices are rounded up since yesterday")
    assert len(server.asked) == asked
    found = both(home, "mistakes by rounding the amounts of bills")
    assert ids(found)[0] == fresh
    assert notes(found) == {}
    home.ok("gc", "--yes")
    assert any("since yesterday" in text for text in server.texts)


def test_while_they_are_made_the_built_in_vectors_answer(home: Home, server: embedding.Server) -> None:
    """A store of which the embedder knows too little says so, and asks it nothing."""
    lines = home.work / "lines.jsonl"
    lines.write_text("".join(json.dumps({"content": f"Note {n}: {SAID[n % 5]}."}) + "\n" for n in range(150)))
    home.ok("import", str(lines))
    home.ok("config", "set", "embedder", server.address)
    found = both(home, "zanzibar")
    assert "150 memories have no vector" in notes(found)["embedder_waiting"]
    assert server.asked == []
    assert home.json("status")["meaning"]["embedder"] == {
        "name": server.address, "model": "", "made": 0, "of": 150, "used": False, "takes_local": True, "fault": "",
    }  # fmt: skip
    assert f"{server.address}: 0 of 150 memories; searches go without it yet" in home.ok("status").out
    home.ok("rebuild", "--vectors")
    assert "cloves" in both(home, "zanzibar")["results"][0]["content"]
    assert f"{server.address}: 150 of 150 memories\n" in home.ok("status").out


def test_an_import_brings_them_along(home: Home, server: embedding.Server) -> None:
    """By the command that takes the memories in; when the embedder fails, everything is there all the same."""
    home.ok("config", "set", "embedder", server.address)
    lines = home.work / "lines.jsonl"
    lines.write_text("".join(json.dumps({"content": text}) + "\n" for text in SAID))
    home.ok("import", str(lines))
    assert "cloves" in both(home, "zanzibar")["results"][0]["content"]
    server.answer = lambda _: (503, b"")
    lines.write_text(json.dumps({"content": "one more"}) + "\n")
    assert "is busy (503)" in home.ok("import", str(lines)).err
    assert home.json("status")["meaning"]["embedder"]["made"] == len(SAID)


def test_another_model_makes_all_anew(home: Home, told: list[str], server: embedding.Server) -> None:
    """Vectors of two models are never compared; what comes before a question is no other model."""
    choose(home, server.address, model="one")
    home.ok("config", "set", "embedder_query", "zanzibar")
    assert ids(both(home, "of an old sort"))[0] == told[0]
    home.ok("config", "set", "embedder_model", "two")
    assert "embedder_waiting" in notes(both(home, "zanzibar"))
    sent = len(server.texts)
    home.ok("gc", "--yes")
    assert len(server.texts) >= sent + len(told)
    assert notes(both(home, "zanzibar")) == {}


def test_back_to_the_built_in_table(home: Home, told: list[str], server: embedding.Server) -> None:
    """The vectors of the other are forgotten, and it is asked nothing more."""
    choose(home, server.address)
    assert home.json("status")["meaning"]["embedder"]["made"] == len(told)
    asked = len(server.asked)
    home.ok("config", "unset", "embedder")
    assert notes(both(home, "zanzibar")) == {}
    assert "embedder" not in home.json("status")["meaning"]
    home.ok("gc", "--yes")
    home.ok("config", "set", "embedder", server.address)
    assert home.json("status")["meaning"]["embedder"]["made"] == 0
    assert len(server.asked) == asked


def test_the_resident_process_makes_them(home: Home, told: list[str], server: embedding.Server) -> None:
    """In the background, without a command; what it cannot do it says, and goes on when it can."""
    server.answer = lambda _: (503, b"")
    home.ok("config", "set", "embedder", server.address)
    home.ok("serve")
    try:
        residents.until(lambda: "is busy (503)" in home.json("status")["serve"]["error"])
        assert "is busy (503)" in home.ok("status").out
    finally:
        residents.end(home)
    server.answer = good
    home.ok("serve")
    try:
        residents.until(lambda: home.json("status")["meaning"]["embedder"]["made"] == len(told))
        late = home.save("a second quokka came with the first")
        residents.until(lambda: home.json("status")["meaning"]["embedder"]["made"] == len(told) + 1)
    finally:
        residents.end(home)
    assert {told[2], late} == set(ids(both(home, "wallaby"))[:2])


def test_the_key_is_in_the_environment_alone(home: Home, told: list[str], server: embedding.Server) -> None:
    """It goes to the server, and is shown nowhere, whatever fails."""
    key = "sk-shown-nowhere"
    env = home.env(embedder_key=key)
    home.ok("config", "set", "embedder", server.address)
    home.ok("gc", "--yes", env=env)
    assert ids(home.json("search", "zanzibar", env=env))[0] == told[0]
    assert {request.key for request in server.asked} == {f"Bearer {key}"}
    server.answer = lambda _: (401, key.encode())
    for command in (("search", "zanzibar"), ("status",), ("doctor",), ("config", "list"), ("gc", "--yes")):
        for form in ((), ("--json",)):
            done = home.run(*command, *form, env=env)
            assert key not in done.out + done.err
    assert "embedder_key" not in home.ok("config", "list").out
    for path in (*home.state.rglob("*"), *home.config.rglob("*")):
        assert not path.is_file() or key.encode() not in path.read_bytes()


def test_a_repository_chooses_nothing(home: Home, told: list[str], server: embedding.Server) -> None:
    """Its file comes with code of others; the setting counts where its owner wrote it, and the file is complained of."""
    (home.work / ".kioku-mesh.toml").write_text(f'embedder = "{server.address}"\nembedder_model = "theirs"\n')
    home.json("search", "zanzibar")
    home.ok("gc", "--yes")
    assert home.json("config", "get", "embedder")["value"] == "builtin"
    assert server.asked == []
    (check,) = home.run("doctor", "--check", "config", "--json").json()["checks"]
    assert "'embedder' is not a setting that stands here" in check["summary"]
    assert told


def test_doctor_looks_at_it(home: Home, told: list[str], server: embedding.Server) -> None:
    """Whether it answers, with what, for how many; and what to do when it does not."""

    def check() -> dict[str, Any]:
        (found,) = home.run("doctor", "--check", "embedder", "--json").json()["checks"]
        return dict(found)

    assert (check()["status"], check()["summary"]) == ("pass", "the table of the package")
    home.ok("config", "set", "embedder", server.address)
    assert check()["summary"].startswith("answers; 0 of 5 memories, the others are made in the background")
    choose(home, server.address, model="tiny")
    assert check()["summary"] == "answers; it knows 5 memories"
    assert check()["details"] == {
        "embedder": server.address,
        "model": "tiny",
        "size": embedding.SIZE,
        "made": 5,
        "of": 5,
    }
    server.delay = 2.0
    assert (check()["status"], check()["summary"][:21]) == ("warn", "too slow for searches")
    server.delay = 0.0
    server.answer = lambda texts: (200, {"data": [{"embedding": [1.0] * 12} for _ in texts]})
    assert check()["hint"] == "`kioku-mesh rebuild --vectors`"
    home.ok("rebuild", "--vectors")
    assert check()["details"]["size"] == 12
    server.stop()
    assert check()["status"] == "warn"
    assert "is not reached" in check()["summary"]
    assert "config set embedder builtin" in check()["hint"]
    assert told


def test_a_sentence_encoder_in_a_folder(home: Home, told: list[str], tmp_path: Path) -> None:
    """The same without a server; and where the folder is gone, the built-in vectors answer."""
    folder = encoder.make(tmp_path / "model")
    choose(home, f"onnx:{folder}")
    found = both(home, "zanzibar")
    assert ids(found)[0] == told[0]
    assert notes(found) == {}
    assert home.json("doctor", "--check", "embedder")["ok"]
    local = home.save("my own quokka", "--visibility", "local")
    home.ok("gc", "--yes")
    assert home.json("status")["meaning"]["embedder"]["made"] == len(told) + 1
    assert local in ids(both(home, "wallaby"))[:2]
    folder.rename(tmp_path / "elsewhere")
    found = both(home, "zanzibar")
    assert f"there is no folder {folder}" in notes(found)["embedder_failed"]
    assert f"there is no folder {folder}" in home.ok("status").out


def test_wrong_settings_are_refused(home: Home) -> None:
    """With what would be right; what was written is shown as it was written."""
    for wrong in ("openai", "onnx:", "onnx:model", "http:", "ftp://x/v1", "http://", "http://me:secret@x/v1", "http://x/v1?key=1"):  # fmt: skip
        done = home.run("config", "set", "embedder", wrong, status=2)
        assert "it must be builtin, onnx:FOLDER" in done.err
    for right in ("builtin", "onnx:~/model", "http://localhost:1234/v1", "http:https://api.example.org/v1"):
        home.ok("config", "set", "embedder", right)
        assert home.ok("config", "get", "embedder").out.strip() == right


class TestElsewhere:
    """A server on another machine: what is `local` stays here."""

    @pytest.fixture
    def lan(self, tmp_path: Path) -> Iterator[tuple[Home, str, Path]]:
        """A machine, the address of a server on another one, and the log of what that was told."""
        log = tmp_path / "asked.jsonl"
        log.touch()
        with network(tmp_path) as made:
            home, other = made.host("desk"), made.host("server")
            command = [*other.prefix, sys.executable, "-m", "support.embedding", other.address, str(log)]
            tests = str(Path(embedding.__file__).parents[1])
            path = os.pathsep.join((tests, str(Path(tests).parent / "tools"), other.env()["PYTHONPATH"]))
            running = subprocess.Popen(command, env=other.env() | {"PYTHONPATH": path}, stdout=subprocess.PIPE)
            assert running.stdout
            try:
                yield home, f"http://{other.address}:{int(running.stdout.readline())}/v1", log
            finally:
                running.kill()
                running.wait()
                running.stdout.close()

    @needs("network namespaces")
    def test_what_is_local_is_never_sent_there(self, lan: tuple[Home, str, Path]) -> None:
        """By no command and not in the background, before or after it is chosen; everything else is, and is found by it."""
        home, address, log = lan
        shared = home.save(SAID[0])
        own = home.save("my secret quokka lives behind the shed", "--visibility", "local")
        choose(home, address)
        late = home.save("a second secret under the floor", "--visibility", "local")
        home.ok("serve")
        try:
            visible = home.save(SAID[2])
            residents.until(lambda: home.json("status")["meaning"]["embedder"]["made"] == 2)
        finally:
            residents.end(home)
        home.ok("gc", "--yes")
        home.ok("rebuild", "--vectors")
        found = both(home, "zanzibar")
        assert (ids(found)[0], notes(found)) == (shared, {})
        assert ids(both(home, "secret under the floor"))[0] == late
        state = home.json("status")["meaning"]["embedder"]
        assert (state["made"], state["of"], state["used"], state["takes_local"]) == (2, 2, True, False)
        assert "is sent there" in home.json("doctor", "--check", "embedder")["checks"][0]["summary"]
        sent = log.read_text()
        assert "cloves" in sent
        assert "wallaby" in sent
        assert "shed" not in sent
        assert "second" not in sent
        assert {own, visible} <= set(ids(home.json("list")))

    @needs("network namespaces")
    def test_a_name_of_this_machine_that_leads_elsewhere(self, lan: tuple[Home, str, Path]) -> None:
        """`localhost` in a hosts file that points to another machine: the connection is what counts."""
        home, address, log = lan
        home.save("my secret quokka lives behind the shed", "--visibility", "local")
        home.save(SAID[0])
        hosts = Path("/etc/netns") / home.prefix[-1]
        hosts.mkdir(parents=True)
        try:
            (hosts / "hosts").write_text(f"{address.split('/')[2].split(':')[0]} localhost\n")
            home.ok("config", "set", "embedder", f"http://localhost:{address.rpartition(':')[2]}")
            assert "what is local does not leave it" in home.ok("gc", "--yes").err
        finally:
            (hosts / "hosts").unlink()
            hosts.rmdir()
        assert "shed" not in log.read_text()
