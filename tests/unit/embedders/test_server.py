"""A server of embeddings: whatever it does, the answer is vectors or a Fault, in bounded time."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kioku_mesh.embedders.given import Choice
from kioku_mesh.embedders.line import ANSWER_MAX, Place
from kioku_mesh.embedders.server import AT_ONCE, TEXT_MAX, Server
from kioku_mesh.store.meaning import Fault
from support import embedding
from support.embedding import good, serving, vector

KEY = "sk-very-secret"
SAID = "a memory that nobody else may see"


@pytest.fixture
def there() -> Iterator[embedding.Server]:
    with serving() as made:
        yield made


def asking(there: embedding.Server, seconds: float = 5.0, **said: str) -> Server:
    choice = Choice(there.address, "http", there.address, **said)
    return Server(choice, query_s=seconds, passage_s=seconds)


def test_texts_become_vectors(there: embedding.Server) -> None:
    """In their order, in as few requests as they fit in, with the name of the model and what it wants before a text."""
    texts = [f"text {n}" for n in range(AT_ONCE + 1)]
    server = asking(there, model="tiny", query="search_query:", passage="search_document:", key=KEY)
    assert server.passages(texts, False) == [vector(f"search_document: {text}") for text in texts]
    assert server.query("text 1") == vector("search_query: text 1")
    assert [len(request.body["input"]) for request in there.asked] == [AT_ONCE, 1, 1]
    assert {request.body["model"] for request in there.asked} == {"tiny"}
    assert {(request.path, request.key) for request in there.asked} == {("/v1/embeddings", f"Bearer {KEY}")}


def test_the_order_is_that_of_the_index(there: embedding.Server) -> None:
    """Not the one in which the answers stand."""
    there.answer = lambda texts: (200, {"data": good(texts)[1]["data"][::-1]})
    assert asking(there).passages(["one", "two"], False) == [vector("one"), vector("two")]


def test_a_long_text_is_cut_and_many_characters_are_shared_out(there: embedding.Server) -> None:
    """A request never holds more than a few of the longest texts."""
    asking(there).passages(["x" * (TEXT_MAX + 5)] * 20, False)
    assert {len(text) for text in there.texts} == {TEXT_MAX}
    assert max(len(request.body["input"]) for request in there.asked) == 8


WRONG: dict[str, tuple[Callable[[list[str]], tuple[int, Any]], str]] = {
    "no JSON": (lambda _: (200, b"<html>"), "no list of 1 vectors"),
    "half of it": (lambda texts: (200, json.dumps(good(texts)[1]).encode()[:90]), "no list"),
    "another value": (lambda _: (200, [1, 2]), "no list"),
    "nested without end": (lambda _: (200, b"[" * 200_000), "no list"),
    "bytes": (lambda _: (200, b"\xff\xfe\x00"), "no list"),
    "no vector": (lambda _: (200, {"data": []}), "no list"),
    "one too many": (lambda texts: good([*texts, "more"]), "no list"),
    "texts for numbers": (lambda _: (200, {"data": [{"embedding": ["a", "b"]}]}), "no list"),
    "nowhere": (lambda _: (200, {"data": [{"embedding": [0.0] * 8}]}), "no list"),
    "not finite": (lambda _: (200, b'{"data": [{"embedding": [1.0, NaN]}]}'), "no list"),
    "too long": (lambda _: (200, {"data": [{"embedding": [1.0] * 5000}]}), "vectors of 5,000 numbers"),
    "too short": (lambda _: (200, {"data": [{"embedding": [1.0]}]}), "vectors of 1 numbers"),
    "huge": (lambda _: (200, b" " * (ANSWER_MAX + 1)), "more than 16 MB"),
    "a key": (lambda _: (401, f"bad key {KEY}".encode()), "KIOKU_MESH_EMBEDDER_KEY"),
    "a model": (lambda texts: (404, f"no model, {texts}".encode()), "knows no model tiny"),
    "refused": (lambda texts: (400, f"bad, {texts}".encode()), "is tiny a model for embeddings?"),
    "busy": (lambda _: (503, b""), "is busy (503)"),
}  # fmt: skip


@pytest.mark.parametrize("how", WRONG)
def test_whatever_it_does_wrong_is_told(there: embedding.Server, how: str) -> None:
    """In our words: what it says may quote the key or a memory, and a fault is logged."""
    there.answer, told = WRONG[how]
    server = asking(there, model="tiny", key=KEY)
    for ask in (lambda: server.query(SAID), lambda: server.passages([SAID], False)):
        with pytest.raises(Fault) as found:
            ask()
        assert told in str(found.value)
        assert there.address in str(found.value)
        assert KEY not in str(found.value)
        assert SAID not in str(found.value)


def test_a_model_has_to_be_named(there: embedding.Server) -> None:
    """Where none is and the server refuses, the setting is told."""
    there.answer = lambda _: (400, b"model is required")
    with pytest.raises(Fault, match="set embedder_model"):
        asking(there).query("x")


def test_it_sends_elsewhere_and_is_not_followed(there: embedding.Server) -> None:
    """What is asked stays at the address that somebody named."""
    with serving() as other:
        there.answer = lambda _: (307, b"")
        there.headers = {"Location": f"{other.address}/embeddings"}
        with pytest.raises(Fault, match="sends elsewhere"):
            asking(there).query("x")
        assert other.asked == []


def test_no_proxy_is_asked(there: embedding.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables for other programs move nothing."""
    with serving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        assert asking(there).query("x") == vector("x")
        assert proxy.asked == []


def test_nobody_there(there: embedding.Server) -> None:
    """A port at which nobody listens, and a name that stands for nothing."""
    there.stop()
    with pytest.raises(Fault, match="is not reached"):
        asking(there).query("x")
    with pytest.raises(Fault, match=r"is not reached|did not answer"):
        Server(Choice("n", "http", "http://no-such-host.invalid/v1"), query_s=5).query("x")


def test_too_slow(there: embedding.Server) -> None:
    """The answer is waited for no longer than it may take."""
    there.delay = 3.0
    with pytest.raises(Fault, match=r"did not answer within 0\.2 s"):
        asking(there, 0.2).query("x")


def test_byte_by_byte_is_too_slow() -> None:
    """A server that never stops to say a little takes no longer than one that says nothing."""
    over = threading.Event()

    def drip() -> None:
        taken, _ = listening.accept()
        with taken:
            taken.recv(65536)
            taken.sendall(b"HTTP/1.1 200 OK\r\n")
            while not over.wait(0.02):
                try:
                    taken.sendall(b"x")
                except OSError:
                    gone.set()
                    return

    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=drip, daemon=True).start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        with pytest.raises(Fault, match="did not answer within"):
            Server(Choice(address, "http", address), query_s=0.3).query("x")
        assert gone.wait(10), "the connection is still open"
        over.set()


def test_a_server_that_speaks_something_else() -> None:
    """Such as one of another kind on that port."""

    def babble() -> None:
        taken, _ = listening.accept()
        with taken:
            taken.recv(65536)
            taken.sendall(b"220 mail.example.org ESMTP\r\n" * 3)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=babble, daemon=True).start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        with pytest.raises(Fault, match="does not speak HTTP"):
            Server(Choice(address, "http", address), query_s=5).query("x")


def test_a_text_that_is_refused_is_made_shorter_and_then_left(there: embedding.Server) -> None:
    """One that the model cannot take keeps no other from its vector."""

    def picky(texts: list[str]) -> tuple[int, Any]:
        bad = any("poison" in text or len(text) > 2000 for text in texts)
        return (400, b"context too long") if bad else good(texts)

    there.answer = picky
    made = asking(there, model="tiny").passages(["one", "poison", "long " * 800, "two"], False)
    assert made == [vector("one"), None, vector(("long " * 800)[:1000]), vector("two")]


def test_where_a_server_is() -> None:
    """Only a name that means this machine does, whatever else may lead here."""
    assert Place.of("http://127.0.0.1:11434") == Place("http", "127.0.0.1", 11434, "/v1/embeddings", True)
    assert Place.of("https://api.example.org/openai/v1/") == Place("https", "api.example.org", 443, "/openai/v1/embeddings", False)  # fmt: skip
    assert Place.of("http://[::1]:8080/v1/embeddings") == Place("http", "::1", 8080, "/v1/embeddings", True)
    at_home = {"localhost", "LOCALHOST", "127.1.2.3", "[::1]", "[::ffff:127.0.0.1]"}
    elsewhere = {"10.0.0.1", "localhost.example.org", "127.0.0.1.example.org", "0.0.0.0", "[::ffff:10.0.0.1]", "box"}
    assert {host for host in at_home | elsewhere if Place.of(f"http://{host}/v1").at_home} == at_home
    for wrong in ("http://:80/v1", "http://host:x/v1", "http://host:0/v1", "http://host:99999/v1"):
        with pytest.raises(Fault, match="no address of a server"):
            Place.of(wrong)
