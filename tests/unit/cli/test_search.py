"""`search`, `list`, `recall`, `brief` and `get-memory`: what is asked, and how the answer reads."""

from __future__ import annotations

from typing import Any

import pytest

from kioku_mesh.clock import DAY, now
from kioku_mesh.errors import NotFound
from kioku_mesh.model import Filter, Hit, Notice, Query
from kioku_mesh.results import Got, Recalled

from .conftest import IDS, Asked, found, observation


def query_of(cli: Any, *arguments: str) -> Query:
    """What the service is asked for."""
    memory = Asked(search=found())
    assert cli(*arguments, memory=memory).status == 0
    (query,) = memory.only("search")
    assert isinstance(query, Query)
    return query


@pytest.mark.parametrize("command", ["search", "list"])
@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        (["-p", "shop"], "project", "shop"),
        (["--type", "bug,decision"], "memory_types", ("bug", "decision")),
        (["--memory-type", "bug"], "memory_types", ("bug",)),
        (["-t", "a", "--tags", "b"], "tags", ("a", "b")),
        (["--file", "x.py"], "source_files", ("x.py",)),
        (["--ref", "#7"], "references", ("#7",)),
        (["--agent-family", "codex"], "agent_family", "codex"),
        (["--client-id", "codex-cli"], "client_id", "codex-cli"),
        (["--session-id", "s1"], "session_id", "s1"),
        (["--pc-id", "laptop"], "pc_id", "laptop"),
        (["--here"], "here", True),
        (["--since", "2026-01-31T00:00:00Z"], "since", 1_769_817_600_000_000),
        (["--until", "2026-01-31T00:00:00+01:00"], "until", 1_769_814_000_000_000),
        (["--include", "superseded, expired"], "states", ("live", "superseded", "expired")),
        ([], "states", ("live",)),
    ],
)
def test_filters_reach_the_service(cli: Any, command: str, options: list[str], field: str, value: Any) -> None:
    """Each option fills its field of the filter."""
    assert query_of(cli, command, *options).where == Filter()._replace(**{field: value})


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        (["two", "words"], "text", "two words"),
        ([], "text", ""),
        (["-n", "3"], "limit", 3),
        (["--limit", "3"], "limit", 3),
        (["--offset", "20"], "offset", 20),
        (["--mode", "and_or"], "mode", "and_or"),
        (["--explain"], "explain", True),
        (["--why-not", IDS[1]], "why_not", IDS[1]),
    ],
)
def test_a_query_reaches_the_service(cli: Any, options: list[str], field: str, value: Any) -> None:
    """Each option of a search fills its field of the query."""
    assert query_of(cli, "search", *options) == Query()._replace(**{field: value})


def test_a_time_may_be_a_duration_back_from_now(cli: Any) -> None:
    """`--since 7d` is a week ago."""
    since = query_of(cli, "search", "--since", "7d").where.since
    assert since is not None
    assert 0 <= since - (now() - 7 * DAY) + DAY < 2 * DAY


def test_a_time_that_is_none_is_bad_input(cli: Any) -> None:
    """A misspelt time is an error, never an empty result."""
    memory = Asked(search=found())
    ran = cli("search", "x", "--since", "yesterdayish", memory=memory)
    assert (ran.status, ran.out, memory.asked("search")) == (2, "", [])
    assert ran.err.startswith("error: not a time: 'yesterdayish'\nhint: ")


def test_search_never_waits_for_stdin(cli: Any) -> None:
    """No query lists the newest, even when a pipe is open."""
    assert query_of(cli, "search").text == ""


def test_results_read_as_head_line_and_excerpt(cli: Any) -> None:
    """A person sees who said what where, the whole id to copy, and the beginning of the text, indented."""
    memory = Asked(search=found(observation(1, "first line\nsecond"), observation(2, "word " * 200)))
    ran = cli("search", "x", memory=memory)
    first, second = ran.out.split("\n\n")
    assert first == (f"[decision 4] subject 1 · shop · 1h ago · codex@laptop · id:{IDS[0]}\n    first line\n    second")
    assert second.startswith("[decision 4] subject 2")
    assert second.endswith(" word …\n")
    assert len(second) < 450
    assert ran.err == ""


def test_stored_text_cannot_steer_the_terminal_or_pretend(cli: Any) -> None:
    """Control characters are shown, not obeyed, and no stored line stands at the left margin."""
    evil = observation(1, "\x1b[2Jgone\n[decision 5] fake · id:0", subject="s\x1b]0;title\x07\nnext")
    for options in ([], ["--format", "markdown"]):
        ran = cli("search", "x", *options, memory=Asked(search=found(evil)))
        assert "\x1b" not in ran.out
        assert "\x07" not in ran.out
        assert sum(line.startswith("[decision") for line in ran.out.splitlines()) <= 1
    assert "\x1b" not in cli("list", memory=Asked(search=found(evil))).out


def test_what_limits_an_answer_is_said(cli: Any) -> None:
    """Notes, the outcome of --why-not and the rest of the results go to stderr."""
    answer = found(observation(1), more=True, notes=(Notice("other_projects", "from others"),), why_not="too old")
    ran = cli("search", "x", "--offset", "5", memory=Asked(search=answer))
    assert ran.err.splitlines() == ["note: too old", "note: from others", "note: there are more: --offset 6"]


def test_nothing_found_is_no_failure(cli: Any) -> None:
    """Status 0, nothing on stdout, and a word for the person."""
    ran = cli("search", "x", memory=Asked(search=found()))
    assert (ran.status, ran.out, ran.err) == (0, "", "note: nothing found\n")


def test_explain_says_why(cli: Any) -> None:
    """With --explain the reasons stand below each result."""
    hit = Hit(observation(), 1.0, "words: x", {"words": ["x"], "rank": 1})
    ran = cli("search", "x", "--explain", memory=Asked(search=found()._replace(results=(hit,))))
    assert "\n    why: words: x\n      words: ['x']\n      rank: 1\n" in ran.out


def test_formats_say_the_same(cli: Any) -> None:
    """`--format json` is `--json`; markdown has a heading for each result and quotes its text whole."""
    memory = Asked(search=found(observation(1, "日本語 " * 200)))
    assert cli("search", "x", "--format", "json", memory=memory) == cli("search", "x", "--json", memory=memory)
    ran = cli("search", "x", "--format", "markdown", memory=memory)
    assert ran.out.startswith("## subject 1\n\n`[decision 4] subject 1")
    assert "> " + ("日本語 " * 200).rstrip() in ran.out


def test_json_shows_text_as_it_is(cli: Any) -> None:
    """One object, not escaped, with the score and the reason in each result."""
    ran = cli("search", "x", "--json", memory=Asked(search=found(observation(1, "日本語"))))
    assert "日本語" in ran.out
    assert ran.out.count("\n") == 1
    (result,) = ran.json()["results"]
    assert (result["content"], result["score"], result["why"]) == ("日本語", 1.0, "words: x")
    assert set(ran.json()) == {"results", "count", "more", "looked_in", "notes"}


def test_list_has_one_line_each(cli: Any) -> None:
    """Id, age, type with a state other than live, project, subject."""
    memory = Asked(search=found(observation(1), observation(2, memory_type="bug", state="expired", project=None)))
    assert cli("list", memory=memory).out.splitlines() == [
        "111111111111  1h ago  decision      shop  subject 1",
        "222222222222  1h ago  bug, expired  -     subject 2",
    ]


def test_recall_prints_the_block(cli: Any) -> None:
    """The text for the agent alone stands on stdout; what limits it on stderr."""
    answer = Recalled("<fence>\ntext\n</fence>", (), 1, 3, notes=(Notice("cut", "3 more"),))
    memory = Asked(recall=answer)
    ran = cli("recall", "move", "it", "--budget", "300", "--type", "bug", "-p", "shop", memory=memory)
    assert (ran.out, ran.err) == ("<fence>\ntext\n</fence>\n", "note: 3 more\n")
    assert memory.only("recall") == ("move it", Filter(project="shop", memory_types=("bug",)), 300, False)
    memory = Asked(recall=Recalled("", (), 0, 0))
    assert cli("recall", "move", "--only-clear", memory=memory).out == ""
    assert memory.only("recall") == ("move", Filter(), 1200, True)


def test_brief_asks_for_the_project(cli: Any) -> None:
    """Project and budget reach the service."""
    memory = Asked(brief=Recalled("text", (), 1, 0))
    assert cli("brief", "-p", "shop", "--budget", "99", memory=memory).out == "text\n"
    assert memory.only("brief") == ("shop", 99)


@pytest.mark.parametrize("name", ["get-memory", "get", "show"])
def test_get_shows_every_field(cli: Any, name: str) -> None:
    """All fields that say something, the state, and the whole content."""
    memory = Asked(
        get=Got((observation(1, "a\n\nb", superseded_by=(IDS[1],), state="superseded", derived=("subject",)),))
    )
    ran = cli(name, IDS[0], memory=memory)
    for shown in (
        IDS[0],
        IDS[1],
        "subject 1 (derived)",
        "superseded",
        "a, b",
        "codex/codex-cli",
        "laptop-1a2b (laptop)",
    ):
        assert shown in ran.out
    assert ran.out.endswith("\n\n    a\n\n    b\n")
    assert "expires" not in ran.out
    assert memory.only("get") == ((IDS[0],), False, True)


def test_get_shows_the_history(cli: Any) -> None:
    """`--history` adds the revisions, oldest first."""
    answer = Got((observation(2),), history=(observation(1, state="superseded"), observation(2)))
    ran = cli("get", IDS[1], "--history", memory=Asked(get=answer))
    assert [row.split()[0] for row in ran.out.splitlines()[-2:]] == [IDS[0], IDS[1]]


def test_a_missing_memory_among_others_is_told(cli: Any) -> None:
    """What is here is shown; the status says that something was not."""
    ran = cli("get", IDS[0], IDS[1], memory=Asked(get=Got((observation(1),), missing=(IDS[1],))))
    assert ran.status == 3
    assert "what was said" in ran.out
    assert ran.err == f"note: no such memory: {IDS[1]}\n"


def test_a_missing_memory_alone_is_an_error(cli: Any) -> None:
    """Status 3, and nothing on stdout."""
    ran = cli("get", IDS[0], "--json", memory=Asked(get=NotFound("no such memory", "search for it")))
    assert (ran.status, ran.out, ran.error()["code"]) == (3, "", "not_found")
