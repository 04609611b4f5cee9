"""One embedder for the whole process, which is left alone for a while after it failed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from kioku_mesh.embedders.choice import Resting, _Rest, opened
from kioku_mesh.embedders.given import Choice, Numbers
from kioku_mesh.store.meaning import Fault


class Moody:
    """Fails while it is told to; counts how often it is asked."""

    at_home, at_once, made_by = True, 3, "moody"

    def __init__(self) -> None:
        self.asked, self.fails = 0, True

    def query(self, text: str) -> Numbers:
        self.asked += 1
        if self.fails:
            raise Fault("it fails")
        return [float(len(text)), 1.0]

    def passages(self, texts: Sequence[str], local: bool) -> list[Numbers | None]:  # noqa: ARG002
        return [self.query(text) for text in texts]


def test_a_dead_one_is_not_asked_at_every_turn() -> None:
    """The next question is answered at once, with the reason and when it is asked again."""
    moody = Moody()
    resting = Resting(moody, "moody")
    for told in ("^it fails$", r"^it fails; it is asked again in (29|30) s$", "asked again"):
        with pytest.raises(Fault, match=told):
            resting.query("x")
    assert moody.asked == 1
    assert resting.why == "it fails"


def test_memories_do_not_wait_for_questions() -> None:
    """A question has little time, a memory much: one may fail where the other works, and then both do."""
    moody = Moody()
    resting = Resting(moody, "moody")
    with pytest.raises(Fault):
        resting.query("x")
    moody.fails = False
    assert resting.passages(["xy"], False) == [[2.0, 1.0]]
    assert resting.query("xyz") == [3.0, 1.0]
    assert resting.why == ""


def test_the_rest_grows_up_to_a_bound() -> None:
    """Each failure in a row makes it twice as long."""
    rest, pauses = _Rest(1.0, 5.0), []

    def fail() -> None:
        raise Fault("no")

    for _ in range(5):
        pauses.append(rest._pause)
        rest._until = 0.0
        with pytest.raises(Fault):
            rest.of(fail)
    assert pauses == [1.0, 2.0, 4.0, 5.0, 5.0]
    rest.end()
    assert rest._pause == 1.0


def test_equal_settings_are_one_embedder() -> None:
    """A server opens a memory for each of its callers; a model is loaded once."""
    one = Choice("http://127.0.0.1:9/v1", "http", "http://127.0.0.1:9/v1", "tiny")
    assert opened(one) is opened(one._replace())
    assert opened(one) is not opened(one._replace(model="other"))
    assert opened(one).made_by != opened(one._replace(model="other")).made_by
    assert opened(one).made_by == opened(one._replace(query="query:", key="k")).made_by
    with pytest.raises(Fault, match="no address"):
        opened(one._replace(place="http://:1/v1"))
