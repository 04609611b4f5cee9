"""What is judged before a save: noise, recalled text."""

from __future__ import annotations

import pytest

from kioku_mesh.service.guards import clean_lines, noise, recalled
from kioku_mesh.service.packing import Entry, entry, pack
from support.observations import AT, observation

LOG = "\n".join(f"2026-01-02 10:00:{n:02} INFO worker {n} started" for n in range(8))
TRACE = "Traceback (most recent call last):\n" + "\n".join(f'  File "/a/b{n}.py", line {n}, in f' for n in range(8))
CODE = "\n".join(f"    total_{n} = compute(total, {n});" for n in range(50))


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "Done.",
        "LGTM!",
        "it works",
        "ok, done",
        "完了",
        "了解です。",
        "好的",
        "완료",
        "TBD",
        "Postgres",
        "👍",
        "https://x.y/z",
        LOG,
        TRACE,
        CODE,
    ],
)
def test_noise_is_named(text: str) -> None:
    """Text that nobody can use later gets a warning that says what to write instead."""
    notice = noise(text)
    assert notice
    assert notice.code == "noise"
    assert ":" in notice.message


@pytest.mark.parametrize(
    "text",
    [
        "Use uv.", "使用uv", "uvを使う", "Port 8443", "We keep SQLite because it needs no server.", "Docs of the API: https://x.y/z, needed for OAuth.",
        "The build fails:\n" + LOG.split("\n")[0] + "\nbecause the cache is stale.\nFix: clear it.\nSeen twice.\nSee ci.yml.",
        "\n".join(f"- step {n}: run the tests and look at the result" for n in range(60)),
    ],
)  # fmt: skip
def test_short_but_useful_is_not_noise(text: str) -> None:
    """Short facts, explained addresses, logs with their meaning and long lists are left alone."""
    assert noise(text) is None


def test_recalled_text_is_known_again() -> None:
    """A block of recall, a single rendered entry and rows of JSON give the ids that they show."""
    one, two = observation(1), observation(2)
    assert recalled(pack([Entry(one), Entry(two)], 2000, AT).text) == (one.observation_id, two.observation_id)
    assert recalled(entry(one, AT)) == (one.observation_id,)
    assert recalled(f'{{"results": [{{"observation_id": "{one.observation_id}", "content": "x"}}]}}') == (
        one.observation_id,
    )
    assert recalled("> " + entry(one, AT)) == (one.observation_id,)


def test_a_quoted_head_inside_a_memory_is_not_its_id() -> None:
    """A memory whose text contains a head line is known by its own id alone."""
    quoting = observation(1, "As said in\n" + entry(observation(2), AT))
    assert recalled(entry(quoting, AT)) == (quoting.observation_id,)


def test_new_text_may_cite() -> None:
    """Naming an id, or quoting a memory shorter than what is said about it, is no recall."""
    assert recalled(f"We changed our mind about id:{'a' * 32}, see there.") == ()
    assert (
        recalled(
            "A long new finding about the parser and its state file, with its reasons. " * 5
            + "\n"
            + entry(observation(), AT)
        )
        == ()
    )
    assert recalled("We keep SQLite.") == ()


def test_clean_lines() -> None:
    """Line ends are made equal and the edges trimmed; nothing inside changes."""
    assert clean_lines("\n\n  a  \r\n\r\n\r\nb\rc \n\n") == "  a  \n\n\nb\nc"
