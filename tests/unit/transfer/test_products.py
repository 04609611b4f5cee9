"""Taking in what other products remember: everything of it, each once, as it was meant there."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kioku_mesh.clock import to_iso
from kioku_mesh.errors import BadInput, NotFound
from kioku_mesh.model import Draft, Filter, Observation, Query
from kioku_mesh.service.memory import Memory
from kioku_mesh.store.store import Store
from kioku_mesh.transfer.products import Brought, Wish, take
from kioku_mesh.transfer.sources import SOURCES
from support import imports, stores

KINDS = [name for name, source in SOURCES.items() if source.read and source.usual]
WHOLE = {"mesh": 8, "server-memory": 6, "claude-mem": 5, "engram": 5, "basic-memory": 6, "claude-code": 3}


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    """Of somebody whose home has everything in its usual place."""
    with Memory(Store(str(tmp_path / "s"), host="desk"), stores.settings(tmp_path / "s"), stores.AGENT) as opened:
        imports.furnish(tmp_path / "s")
        yield opened


def taken(memory: Memory, kind: str, path: Path | None = None, **wish: Any) -> Brought:
    return take(memory, kind, str(path) if path else None, Wish(**wish), lambda _done: None)


def outcome(report: Brought) -> tuple[int, ...]:
    return report.added, report.known, report.revised, report.conflicts, report.failed


def shown(memory: Memory, *states: str) -> dict[str, Observation]:
    """Content -> memory."""
    found = memory.search(Query(where=Filter(states=states or ("live",)), limit=1000)).results
    return {hit.observation.content: hit.observation for hit in found}


@pytest.mark.parametrize("kind", KINDS)
def test_everything_is_taken_once_and_the_dry_run_says_so(memory: Memory, tmp_path: Path, kind: str) -> None:
    """The plan is what happens; again, everything is known; of the source not a byte changes, nor lies anything beside it."""
    before = imports.tree(tmp_path / "s")
    plan = taken(memory, kind, dry_run=True)
    assert outcome(plan) == (WHOLE[kind], 0, 0, 0, 0)
    assert shown(memory) == {}
    assert [row.subject for row in plan.preview] != []
    report = taken(memory, kind)
    assert report._replace(dry_run=True) == plan
    assert len(shown(memory, "live", "superseded")) == WHOLE[kind]
    assert outcome(taken(memory, kind)) == (0, WHOLE[kind], 0, 0, 0)
    assert {name: kept for name, kept in imports.tree(tmp_path / "s").items() if name in before} == before
    beside = imports.tree(tmp_path / "s").keys() - before.keys()
    assert {name for name in beside if "/" in name} == set()


@pytest.mark.parametrize("kind", KINDS)
def test_where_it_comes_from_is_kept(memory: Memory, kind: str) -> None:
    """Each memory says which source it is from and what names it there, and which agent saved it, as far as that is known."""
    known = {"mesh": {"codex-cli", "cursor"}, "claude-mem": {"claude-code"}, "claude-code": {"claude-code"}}
    taken(memory, kind)
    for each in shown(memory, "live", "superseded").values():
        assert each.references[0].startswith(f"{kind}:")
        assert each.client_id in known.get(kind, {kind})
        assert each.agent_family == each.client_id.partition("-")[0] or each.agent_family == kind


def test_mesh(memory: Memory) -> None:
    """Namespaces are projects, but for the one for everything; private stays private; what is over or held back is told."""
    report = taken(memory, "mesh")
    assert report.found == {
        "bug": 1, "config": 1, "context": 1, "decision": 1, "fact": 2, "preference": 1, "process": 1,
    }  # fmt: skip
    assert report.projects == {"": 1, "shop": 7}
    assert report.skipped == {
        "goals and tasks, which are no memories": 1, "held back by Mesh until somebody approves them": 1, "past their time": 1,
    }  # fmt: skip
    live = shown(memory)
    decision = live["Uploads are retried 3 times, then the lease is given back"]
    assert (decision.agent_family, decision.project, decision.tags) == ("codex", "shop", ("uploads", "lease"))
    assert live["Only on this machine: staging listens on port 5433"].visibility == "local"
    assert live["Freeze of the branch until the release is out"].expires_at
    assert live["The gateway answers 502 while a deployment is under way"].tags == ("gateway", "error")
    assert "env://DEPLOY_KEY" in live["Where the deploy key is"].references
    assert live["Answers are in British English"].project is None
    assert "Tests run with two workers" not in live


def test_an_export_of_mesh_is_its_database(memory: Memory, tmp_path: Path) -> None:
    """What was imported from the one is known from the other."""
    taken(memory, "mesh")
    export = imports.copied("mesh_export.json", tmp_path / "shop.json")
    report = taken(memory, "mesh", export)
    assert outcome(report) == (0, 6, 0, 0, 0)
    assert report.skipped["private ones that Mesh does not export"] >= 1


def test_what_mesh_has_encrypted_is_named(memory: Memory, tmp_path: Path) -> None:
    """It is not taken for text, and the reader hears what to do."""
    sealed = imports.unpacked("mesh_sealed", tmp_path / "mesh_sealed.db")
    report = taken(memory, "mesh", sealed)
    assert outcome(report) == (0, 0, 0, 0, 1)
    assert "mesh-export" in report.errors[0].message
    with pytest.raises(BadInput, match="is encrypted"):
        taken(memory, "mesh", imports.copied("mesh_export_sealed.json", tmp_path / "sealed.json"))


def test_the_memory_server(memory: Memory) -> None:
    """An observation says of what it is, and is left as it stands where it says so itself."""
    taken(memory, "server-memory")
    live = shown(memory)
    assert "Upload gateway retries 3 times" in live
    assert live["Upload gateway: 担当は Kim"].tags == ("service",)
    assert live["Storage lease: concept"].memory_type == "fact"
    relation = live["Upload gateway depends_on Storage lease"]
    assert relation.references == ("server-memory:Upload gateway", "server-memory:Storage lease")


def test_a_graph_as_the_server_answers_it(memory: Memory, tmp_path: Path) -> None:
    """One object with entities and relations is the same as a line for each."""
    taken(memory, "server-memory")
    items = [json.loads(line) for line in (imports.GOLDEN / "server_memory.jsonl").read_text().splitlines()]
    graph = {"entities": [each for each in items if each["type"] == "entity"]}
    graph["relations"] = [each for each in items if each["type"] == "relation"]
    (tmp_path / "graph.json").write_text(json.dumps(graph))
    assert outcome(taken(memory, "server-memory", tmp_path / "graph.json")) == (0, 6, 0, 0, 0)


def test_claude_mem(memory: Memory) -> None:
    """Title, subtitle, narrative and facts each have their place; sessions and files are those of the client."""
    report = taken(memory, "claude-mem")
    assert report.skipped == {"prompts, which are no memories": 2}
    found = {each.subject: each for each in shown(memory).values()}
    bug = found["Uploads failed behind the proxy"]
    assert bug.content.startswith("client_max_body_size was missing.\n\nIt is set to 50m now.")
    assert bug.content.endswith("- nginx 1.27 is in front\n- the limit was 1 MB")
    assert (bug.memory_type, bug.summary) == ("bug", "The proxy cut bodies above 1 MB")
    assert bug.tags == ("problem-solution", "gotcha", "bugfix")
    assert bug.source_files == ("deploy/nginx.conf", "deploy/README.md")
    assert (bug.agent_family, bug.session_id) == ("claude", "8d3f0000-0000-4000-8000-000000000001")
    assert bug.created_at == 1760000000000 * 1000
    assert found["リトライは三回"].content == "三回で十分。"
    assert found["Only a title"].content == "Only a title"
    assert {each.memory_type for each in found.values()} == {"bug", "decision", "fact", "result", "summary"}


def test_engram(memory: Memory, tmp_path: Path) -> None:
    """What it judged superseded is; what it deleted is not taken. Its export is its database."""
    report = taken(memory, "engram")
    assert report.skipped == {"deleted there": 1, "prompts, which are no memories": 1}
    live, old = shown(memory), shown(memory, "superseded")
    assert set(old) == {"The lease of the gateway lasts 30 seconds."}
    newer = live["The lease of the gateway lasts 60 seconds now."]
    assert newer.supersedes == (old["The lease of the gateway lasts 30 seconds."].observation_id,)
    assert newer.memory_type == "decision"
    assert newer.tags == ("architecture",)
    assert live["コミットメッセージは英語で書く。"].project == "blog"
    bug = next(each for each in live.values() if each.memory_type == "bug")
    assert bug.tags == ("bug/upload-limit", "bugfix")
    assert bug.created_at < int(bug.stamp.partition(".")[0])  # it was changed since
    export = imports.copied("engram_export.json", tmp_path / "export.json")
    assert outcome(taken(memory, "engram", export)) == (0, 5, 0, 0, 0)


def test_basic_memory(memory: Memory) -> None:
    """Observations are memories with their category and tags; what else a note says is one; code and tasks stay in it."""
    taken(memory, "basic-memory")
    live = shown(memory)
    decision = live["Upload retries: Uploads are retried 3 times #uploads #net (measured in May)"]
    assert (decision.memory_type, decision.tags) == ("decision", ("uploads", "net"))
    assert live["Storage lease: Give it back after the last retry"].memory_type == "instruction"
    rest = next(each for each in live.values() if each.subject == "Upload retries")
    assert "## Observations" in rest.content
    assert "- [ ] a task" in rest.content
    assert "exponential" not in rest.content
    assert rest.references == ("basic-memory:main/net/upload-retries", "[[Storage lease]]", "[[Upload gateway]]")
    assert live["見出しのない文章。\n\n```sh\n# no heading\n- [x] no observation\n```"].subject == "覚え書き"
    assert {each.project for each in live.values()} == {None}


def test_claude_code(memory: Memory, tmp_path: Path) -> None:
    """Types, descriptions and sessions of its memory files; the index is passed over; a folder that is there names the project."""
    report = taken(memory, "claude-code")
    assert report.skipped == {"lists of the other files (MEMORY.md)": 1}
    found = {each.subject: each for each in shown(memory).values()}
    limit = found["upload-limit"]
    assert (limit.memory_type, limit.summary) == ("context", "the proxy cuts bodies above 50 MB")
    assert limit.session_id == "8d3f0000-0000-4000-8000-000000000001"
    assert "[[how-kim-works]]" in limit.references
    assert found["how-kim-works"].memory_type == "preference"
    assert found["What the reviewer has learnt"].tags == ("reviewer",)
    there = tmp_path / "s" / "src" / "my-shop"
    there.mkdir(parents=True)
    slug = "".join(sign if sign.isalnum() else "-" for sign in str(there))
    other = tmp_path / "s" / ".claude" / "projects" / slug / "memory"
    shutil.copytree(other.parents[1] / "-home-kim-src-my-shop" / "memory", other)
    assert taken(memory, "claude-code", other).projects == {"my-shop": 2}


def test_the_sections_of_a_named_claude_md(memory: Memory, tmp_path: Path) -> None:
    """Each is an instruction; our own rules in it, and headings without a text, are none."""
    home = tmp_path / "s"
    report = taken(memory, "claude-code", home / ".claude" / "CLAUDE.md")
    assert report.found == {"instruction": 2}
    assert {(each.subject, each.project) for each in shown(memory).values()} == {
        ("How to work here", None), ("Style", None),
    }  # fmt: skip


def test_markdown_files(memory: Memory, tmp_path: Path) -> None:
    """A file is a memory, with what its front matter says; hidden folders are not looked into, links not followed."""
    notes = tmp_path / "s" / "notes2"
    (notes / ".obsidian").mkdir(parents=True)
    (notes / ".obsidian" / "x.md").write_text("hidden")
    (notes / "empty.md").write_text("---\ntitle: nothing\n---\n\n")
    (notes / "a.md").write_bytes(
        b"\xef\xbb\xbf---\r\ntitle: Ports\r\ntags: [staging, 'ports, old']\r\ntype: Guide\r\ndate: 2025-05-01\r\nstatus: done\r\n---\r\n"
        b"See [[Lease|the lease]].\r\n"
    )
    (notes / "b.md").write_text("---\nbroken: [\n---\ntext")
    (notes / "c.md").write_bytes(b"\xff\xfe")
    if hasattr(os, "symlink"):
        (notes / "d.md").symlink_to(notes / "a.md")
    report = taken(memory, "markdown", notes)
    assert outcome(report) == (2, 0, 0, 0, 1)
    assert report.skipped == {"empty files": 1, "links to files elsewhere": 1}
    assert report.errors[0].key == "~/notes2/c.md"
    assert any("status" in note.message for note in report.notes)
    live = shown(memory)
    ports = live["See [[Lease|the lease]]."]
    assert (ports.subject, ports.tags, ports.project) == ("Ports", ("staging", "ports, old", "guide"), "notes2")
    assert ports.references == ("markdown:~/notes2/a.md", "[[Lease]]")
    assert to_iso(ports.created_at) == "2025-05-01T00:00:00Z"
    assert live["---\nbroken: [\n---\ntext"].subject == "b"


def test_projects_of_basic_memory(memory: Memory, tmp_path: Path) -> None:
    """All that are set up are read, by name but for the usual one; one that is not here is told."""
    home = tmp_path / "s"
    work = home / "work notes"
    work.mkdir()
    (work / "a.md").write_text("- [config] port 5433")
    (home / "empty").mkdir()
    projects = {
        "main": {"path": str(home / "notes")},
        "work": str(work),
        "old": str(home / "gone"),
        "new": str(home / "empty"),
    }
    settings = {"projects": projects, "default_project": "main"}
    (home / ".basic-memory" / "config.json").write_text(json.dumps(settings))
    report = taken(memory, "basic-memory")
    assert report.projects == {"": 6, "work": 1}
    assert report.skipped == {"projects without a note on this machine": 2}
    assert outcome(taken(memory, "basic-memory", work)) == (0, 1, 0, 0, 0)


def test_a_folder_that_cannot_be_read_is_named(memory: Memory, tmp_path: Path) -> None:
    """What is beside it is taken."""
    notes = tmp_path / "s" / "notes2"
    (notes / "closed").mkdir(parents=True)
    (notes / "a.md").write_text("text")
    (notes / "closed").chmod(0)
    report = taken(memory, "markdown", notes)
    (notes / "closed").chmod(0o700)
    expected = (1, 0, 0, 0, 0) if os.geteuid() == 0 else (1, 0, 0, 0, 1)  # root reads everything
    assert outcome(report) == expected


def test_a_file_is_the_same_note_whichever_folder_is_named(memory: Memory, tmp_path: Path) -> None:
    """In a repository it is named from its top; elsewhere from home."""
    repository = tmp_path / "s" / "src" / "shop"
    (repository / ".git").mkdir(parents=True)
    (repository / "docs").mkdir()
    (repository / "docs" / "a.md").write_text("one")
    assert outcome(taken(memory, "markdown", repository / "docs")) == (1, 0, 0, 0, 0)
    assert outcome(taken(memory, "markdown", repository)) == (0, 1, 0, 0, 0)
    assert outcome(taken(memory, "markdown", repository / "docs" / "a.md")) == (0, 1, 0, 0, 0)
    assert shown(memory)["one"].references == ("markdown:shop/docs/a.md",)


def test_what_has_grown_and_changed(memory: Memory, tmp_path: Path) -> None:
    """Only what is new is added; a changed text supersedes the one that was imported, and nothing else."""
    taken(memory, "mesh")
    path = tmp_path / "s" / ".mesh" / "mesh_shop.db"
    with sqlite3.connect(path) as db:
        db.execute("UPDATE memories SET content = 'Tests run with six workers' WHERE memory_type = 'process'")
        db.execute(
            "INSERT INTO memories SELECT 'new-one', namespace, 'One more', confidence, 'fact', source_agent, tags, created_at,"
            " updated_at, accessed_at, 0, NULL, NULL, 1, NULL, embedding_model, trust_tier, 0, NULL FROM memories LIMIT 1"
        )
    db.close()
    plan = taken(memory, "mesh", dry_run=True)
    report = taken(memory, "mesh")
    assert outcome(report) == outcome(plan) == (2, 7, 1, 0, 0)
    live = shown(memory)
    assert "Tests run with four workers" not in live
    old = shown(memory, "superseded")["Tests run with four workers"]
    assert live["Tests run with six workers"].supersedes == (old.observation_id,)
    assert live["One more"].visibility == "local"
    assert outcome(taken(memory, "mesh")) == (0, 9, 0, 0, 0)


def test_a_revision_made_here_is_not_lost(memory: Memory, tmp_path: Path) -> None:
    """Both it and the new text of the source are there, as a conflict for somebody to settle."""
    taken(memory, "basic-memory")
    note = next(each for each in shown(memory).values() if each.subject == "Upload retries")
    memory.revise(note.observation_id, Draft(content="What I made of it"))
    file = tmp_path / "s" / "notes" / "net" / "Upload retries.md"
    file.write_text(file.read_text().replace("Why we retry.", "Why we retry, and how often."))
    assert outcome(taken(memory, "basic-memory")) == (1, 5, 1, 0, 0)
    live = shown(memory)
    assert live["What I made of it"].conflicts_with
    assert any("how often" in content for content in live)


def test_what_was_deleted_here_stays_deleted(memory: Memory) -> None:
    """An import is no restore."""
    taken(memory, "server-memory")
    gone = shown(memory)["Kim: prefers tabs"]
    memory.delete([gone.observation_id])
    assert outcome(taken(memory, "server-memory")) == (0, 6, 0, 0, 0)
    assert "Kim: prefers tabs" not in shown(memory)


def test_another_default_visibility_makes_nothing_twice(memory: Memory, tmp_path: Path) -> None:
    """What is here keeps the visibility that it has."""
    taken(memory, "server-memory")
    private = Memory(memory.store, stores.settings(tmp_path / "s", default_visibility="user"), stores.AGENT)
    assert outcome(taken(private, "server-memory")) == (0, 6, 0, 0, 0)


def test_secrets_are_treated_as_in_a_save(memory: Memory, tmp_path: Path) -> None:
    """One that is always refused is reported and not taken; the others are taken with a note, or refused if asked."""
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    key = "AKIA" + "QWERTYUIOPASDFGH"
    (tmp_path / "a.md").write_text(f"the token is {token}")
    (tmp_path / "b.md").write_text(f"the root key is {key}")
    report = taken(memory, "markdown", tmp_path / "a.md")
    assert outcome(report) == (1, 0, 0, 0, 0)
    assert token not in str(report.notes)
    assert [note.code for note in report.notes] == ["secret_found"]
    report = taken(memory, "markdown", tmp_path / "b.md")
    assert outcome(report) == (0, 0, 0, 0, 1)
    assert report.errors[0].code == "secret_found"
    assert key not in report.errors[0].message
    (tmp_path / "c.md").write_text(f"another token is {token}")
    (tmp_path / "s-config").mkdir(exist_ok=True)
    (tmp_path / "s-config" / "config.toml").write_text('save.secrets = "block"\n')
    blocking = Memory(memory.store, stores.settings(tmp_path / "s"), stores.AGENT)
    assert outcome(taken(blocking, "markdown", tmp_path / "c.md")) == (0, 0, 0, 0, 1)


def test_nothing_is_cut(memory: Memory, tmp_path: Path) -> None:
    """What a field cannot hold stands in the text; a text that is too large is reported, not shortened."""
    title, tags = "long " * 100, ", ".join(f"t{n}" for n in range(60))
    (tmp_path / "a.md").write_text(f"---\ntitle: {title}\ndescription: {'wide ' * 1000}\ntags: {tags}\n---\ntext")
    (tmp_path / "b.md").write_text("x" * 300_000)
    (tmp_path / "c.md").write_text("nul \0 character")
    report = taken(memory, "markdown", tmp_path / "a.md")
    assert [note.code for note in report.notes] == ["adjusted"]
    (content,) = shown(memory)
    assert content == f"{title.strip()}\n\n{('wide ' * 1000).strip()}\n\ntext"
    assert [error.code for error in taken(memory, "markdown", tmp_path / "b.md").errors] == ["too_large"]
    assert [error.code for error in taken(memory, "markdown", tmp_path / "c.md").errors] == ["bad_input"]


def test_bad_entries_stop_nothing_but_all_or_nothing(memory: Memory, tmp_path: Path) -> None:
    """They are named by their place; with all or nothing, nothing is taken."""
    lines = (imports.GOLDEN / "server_memory.jsonl").read_bytes()
    broken = b'{"type":"entity","name":"x"}\n{"type":\n[1]\n{"type":"relation","from":"a"}\n\xff\n{"type":"later"}\n'
    file = tmp_path / "memory.jsonl"
    file.write_bytes(broken + lines)
    report = taken(memory, "server-memory", file, all_or_nothing=True)
    assert outcome(report) == (0, 0, 0, 0, 6)
    assert shown(memory) == {}
    report = taken(memory, "server-memory", file)
    assert outcome(report) == (6, 0, 0, 0, 6)
    assert [error.key for error in report.errors] == [f"line {n}" for n in range(1, 7)]


def test_a_row_that_cannot_be_read_is_named(memory: Memory, tmp_path: Path) -> None:
    """Bytes that are no text spoil their own row."""
    path = tmp_path / "s" / ".claude-mem" / "claude-mem.db"
    with sqlite3.connect(path) as db:
        db.execute("UPDATE observations SET narrative = CAST(x'ff41' AS TEXT) WHERE id = 2")
    db.close()
    report = taken(memory, "claude-mem")
    assert (report.added, report.failed) == (4, 1)
    assert report.errors[0].key == "claude-mem.db, observations, row 2"


def test_one_damaged_namespace_does_not_stop_the_others(memory: Memory, tmp_path: Path) -> None:
    """It is named; alone it is an error."""
    bad = tmp_path / "s" / ".mesh" / "mesh_bad.db"
    bad.write_bytes(b"SQLite format 3\0" + b"x" * 4096)
    report = taken(memory, "mesh")
    assert (report.added, report.failed) == (8, 1)
    assert report.errors[0].key == "mesh_bad.db"
    with pytest.raises(BadInput, match="cannot read"):
        taken(memory, "mesh", bad)


@pytest.mark.parametrize(
    ("kind", "name"), [("claude-mem", ".claude-mem/claude-mem.db"), ("mesh", ".mesh/mesh_shop.db")]
)
def test_a_damaged_page(memory: Memory, tmp_path: Path, kind: str, name: str) -> None:
    """Whichever it is: what can be read is planned, what cannot is named, or the file is refused."""
    file = tmp_path / "s" / name
    good = file.read_bytes()
    lost, late = 0, 0  # `late`: damage that shows when memories have been taken already
    for page in range(len(good) // 4096):
        for filling in (b"\0", b"\xa5"):
            file.write_bytes(good[: page * 4096] + filling * 4096 + good[(page + 1) * 4096 :])
            try:
                report = taken(memory, kind, file, dry_run=True)
            except BadInput as error:
                lost += 1
                assert error.hint
            else:
                lost += report.failed > 0
                late += str(file) in [error.key for error in report.errors]
    assert lost > 3
    assert late


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff\xfe\x00", b"SQLite format 3\0" + b"\x01" * 600], ids=repr)
def test_a_file_of_something_else_is_refused(memory: Memory, tmp_path: Path, kind: str, data: bytes) -> None:
    """The error says what was expected; where any text is a note, it is one."""
    file = tmp_path / "config.json"
    file.write_bytes(data)
    if kind == "claude-code" or (kind == "server-memory" and not data):
        taken(memory, kind, file)
        return
    with pytest.raises(BadInput) as error:
        taken(memory, kind, file)
    assert str(file) in error.value.message
    assert error.value.hint


@pytest.mark.parametrize("kind", KINDS)
def test_one_product_is_not_taken_for_another(memory: Memory, tmp_path: Path, kind: str) -> None:
    """The databases of the others are refused."""
    databases = {"mesh": ".mesh/mesh_shop.db", "claude-mem": ".claude-mem/claude-mem.db", "engram": ".engram/engram.db"}
    for other, name in databases.items():
        if kind in databases and other != kind:
            with pytest.raises(BadInput, match="is not a database of"):
                taken(memory, kind, tmp_path / "s" / name)


@pytest.mark.parametrize("kind", [*KINDS, "markdown"])
def test_nothing_there_is_an_error(memory: Memory, tmp_path: Path, kind: str) -> None:
    """At a place that is named, and in the usual place."""
    with pytest.raises(NotFound):
        taken(memory, kind, tmp_path / "nowhere")
    empty = Memory(memory.store, stores.settings(tmp_path / "empty"), stores.AGENT)
    with pytest.raises(BadInput if kind == "markdown" else NotFound):
        taken(empty, kind)
    with pytest.raises(BadInput, match="stdin"):
        take(memory, kind, "-", Wish(), lambda _done: None)


def test_into_another_project(memory: Memory) -> None:
    """Whatever the source says."""
    assert taken(memory, "engram", project="everything").projects == {"everything": 5}
    assert {each.project for each in shown(memory).values()} == {"everything"}


def test_every_source_is_documented() -> None:
    """With the place where it is looked for."""
    page = (Path(__file__).parents[3] / "docs" / "guide" / "coming-from.md").read_text()
    table = page[page.index("| `--from` |") : page.index("Anywhere else")]
    for name, source in SOURCES.items():
        assert f"`{name}`" in table
        for place in source.usual:
            assert (
                place.startswith(".npm")
                or f"`~/{place.removesuffix('/claude-mem.db').removesuffix('/engram.db')}`" in table
            )
