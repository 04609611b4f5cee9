"""What is judged before a save: noise, recalled text, near-duplicates."""

from __future__ import annotations

import pytest

from kioku_mesh.service.guards import clean_lines, near_duplicate, noise, normal, recalled
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


SAME = [
    ("We use SQLite as the store.", "we use  SQLite as our store"),
    ("Always run the tests before pushing to main.", "Run tests before pushing to main"),
    ("認証トークンの有効期限は三十分にする", "認証トークンの有効期限は、三十分にします。"),
    ("Ｕｓｅ ｕｖ for environments", "Use uv for environments"),
]
DIFFERENT = [
    ("The timeout is 30 seconds", "The timeout is 60 seconds"),
    ("Do not use tabs in the sources", "Do use tabs in the sources"),
    ("Enable the cache in production", "Disable the cache in production"),
    ("foo_bar fails on start", "foo_baz fails on start"),
    (
        "The staging database runs in Frankfurt on Postgres with daily backups",
        "The production database runs in Frankfurt on Postgres with daily backups",
    ),
    ("module A replaces module B in the parser", "module B replaces module A in the parser"),
    ("See src/a.py for the reason", "See src/b.py for the reason"),
    ("認証トークンの有効期限は三十分", "認証トークンの有効期限は六十分"),
    ("キャッシュを使う", "キャッシュを使わない"),
    ("我们使用SQLite存储数据", "我们不使用SQLite存储数据"),
    ("설정은 파일에 둔다", "설정은 파일에 두지 않는다"),
    ("Use uv", "Use uv for all environments of every project, and pin its version in the lock file"),
    ("!!!", "???"),
]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_near_duplicates(a: str, b: str) -> None:
    """Equal but for small words, inflection, width and case."""
    assert near_duplicate(a, b)
    assert near_duplicate(b, a)


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_similar_words_but_another_meaning(a: str, b: str) -> None:
    """Another number, name, negation, opposite, order or exchanged word is another memory."""
    assert not near_duplicate(a, b)
    assert not near_duplicate(b, a)


def test_normal() -> None:
    """Width, case and blanks make no difference."""
    assert normal(" Ｋeep\n  SQLite ") == normal("keep sqlite") == "keep sqlite"


def test_clean_lines() -> None:
    """Line ends are made equal and the edges trimmed; nothing inside changes."""
    assert clean_lines("\n\n  a  \r\n\r\n\r\nb\rc \n\n") == "  a  \n\n\nb\nc"
