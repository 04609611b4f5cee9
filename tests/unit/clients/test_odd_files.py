"""Files of all sorts, as people and programs write them: our entry goes in and out, and nothing else changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kioku_mesh.clients import edit, ledger, rewriting
from kioku_mesh.clients.edit import Damaged, Unfit
from kioku_mesh.clients.rewriting import Part
from kioku_mesh.config import Config
from kioku_mesh.errors import BadInput
from support import needs

from .oddities import ENTRY, FILES, KINDS, Kind, kind_of, name_of

BOM = "\ufeff"


@pytest.fixture
def computer_config(computer) -> Config:
    return computer.config()


def text_of(path: Path) -> str:
    return path.read_bytes().decode().removeprefix(BOM)


def part_of(kind: Kind, file: Path, *changes: Any) -> Part:
    def holds(data: Any) -> bool:
        return "kioku-mesh" in str(data)

    return Part("test", "server kioku-mesh", str(file), kind.form, changes or (kind.change(),), holds)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_put_in_and_taken_back(tmp_path, computer_config, path):
    """After writing, the file says what it said and our entry; after taking back it is byte for byte what it was."""
    kind, file = kind_of(path), tmp_path / path.name
    file.write_bytes(path.read_bytes())
    assert rewriting.rewrite(computer_config, part_of(kind, file))
    put = file.read_bytes()
    assert put != path.read_bytes()
    assert put.startswith(BOM.encode()) == path.read_bytes().startswith(BOM.encode())
    assert rewriting.rewrite(computer_config, part_of(kind, file)) is None  # a second time changes nothing
    assert file.read_bytes() == put
    assert rewriting.take_back(computer_config, part_of(kind, file, kind.taken))
    assert file.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nothing_makes_way(path):
    """What was there is there afterwards, in one piece before, within and behind what was put in; only an empty value goes."""
    kind, text = kind_of(path), text_of(path)
    put = edit.revised(kind.form, text, [kind.change()])
    step = ledger.step("x", (b"", text), (b"", put))
    went, came = step.text.strip(), put[step.at : step.at + step.length]
    for empty in ("null", "~", "{}", "[]"):
        went = went.removeprefix(empty).strip()
    assert went in came


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_taken_out_without_the_ledger(path):
    """Where nothing is known of what was there before us, our entry goes and what the file said stays."""
    kind, text = kind_of(path), text_of(path)
    put = edit.revised(kind.form, text, [kind.change()])
    bare = edit.revised(kind.form, put, [kind.taken])
    if edit.revised(kind.form, bare, [kind.taken]) != bare:
        pytest.fail("our entry is still there")
    if has_place(kind, text) and path.name != "blanks_in_braces.json":
        assert bare == text


def has_place(kind: Kind, text: str) -> bool:
    """Whether there are other entries beside ours: then even the layout comes back."""
    data = edit.parse(kind.form, text)
    for key in kind.keys:
        data = (data or {}).get(key)
    return bool(data) and kind.form != "shell"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_changed_meanwhile(tmp_path, computer_config, path):
    """Where somebody else changed the file after us, only our entry goes and their change stays."""
    kind, file = kind_of(path), tmp_path / path.name
    file.write_bytes(path.read_bytes())
    rewriting.rewrite(computer_config, part_of(kind, file))
    entry = {"type": "stdio", "command": "theirs"}
    other = kind._replace(where="theirs", value=entry)
    if kind.form == "markdown":
        other = kind._replace(where="kioku-mesh theirs", value="their rules")
    if callable(kind.where):
        other = kind._replace(where=lambda item: item.get("name") == "theirs", value={"name": "theirs", **entry})
    text = edit.revised(kind.form, rewriting.read(str(file)).text, [other.change()])
    file.write_text(text, encoding="utf-8", newline="")
    rewriting.take_back(computer_config, part_of(kind, file, kind.taken))
    left = rewriting.read(str(file)).text
    assert edit.revised(kind.form, left, [other.change()]) == left
    assert edit.revised(kind.form, left, [kind.taken]) == left
    assert edit.parse(kind.form, left) == edit.parse(
        kind.form, edit.revised(kind.form, text_of(path), [other.change()])
    )


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_replaced(path):
    """Another value in the place of ours is the same text as that value put in at once, but for the look of a line."""
    kind, text = kind_of(path), text_of(path)
    if kind.form == "markdown":
        later = kind.value.replace("Memory", "More")
    else:
        later = {key: value for key, value in kind.value.items() if key not in ("args", "env")} | {"command": "/new"}
    put = edit.revised(kind.form, text, [kind.change()])
    replaced = edit.revised(kind.form, put, [kind.change(later)])
    at_once = edit.revised(kind.form, text, [kind.change(later)])
    assert edit.parse(kind.form, replaced) == edit.parse(kind.form, at_once)
    assert edit.revised(kind.form, replaced, [kind.taken]) == edit.revised(kind.form, put, [kind.taken])


REFUSED = [
    ("json", '{"mcpServers": []}', Unfit, "mcpServers is a list, not a table"),
    ("json", '{"mcpServers": "x"}', Unfit, "mcpServers is a value, not a table"),
    ("json", "[]", Unfit, "the file is a list, not a table"),
    ("json", '{"mcpServers": {}, "mcpServers": {}}', Unfit, "mcpServers is there twice"),
    ("json", '{"mcpServers": {"kioku-mesh": 1, "kioku-mesh": 2}}', Unfit, "kioku-mesh is there twice"),
    ("json", '{\n  "a": 1\n  "b": 2\n}', Damaged, "comma"),
    ("json", "{\n  // no\n}", Damaged, "comment"),
    ("json", '{"a": 1,\n}', Damaged, "comma behind the last"),
    ("json", '{"a": 1', Damaged, "too early"),
    ("json", '{"a": 1} {}', Damaged, "something follows"),
    ("json", "{a: 1}", Damaged, "key in quotes"),
    ("json", '{"a" 1}', Damaged, "colon"),
    ("json", '{"a": "x\ny"}', Damaged, "value"),
    ("json", '{"a": tru}', Damaged, ""),
    ("json", "[" * 100_000, Damaged, "deep"),
    ("jsonc", '{"a": /* never ends }', Damaged, ""),
    ("jsonc", '{"a":,}', Damaged, "value"),
    ("toml", "[mcp_servers\n", Damaged, ""),
    ("toml", "x = 1\nx = 2\n", Damaged, ""),
    ("toml", "[mcp_servers]\na = 1\n[mcp_servers]\n", Damaged, ""),
    ("toml", "mcp_servers = 3\n", Unfit, "mcp_servers is a value"),
    ("toml", "[[mcp_servers]]\nx = 1\n", Unfit, "mcp_servers is a list"),
    ("yaml", "extensions: [a\n", Damaged, ""),
    ("yaml", "a: b: c\n", Damaged, ""),
    ("yaml", "\tx: 1\n", Damaged, ""),
    ("yaml", "---\na: 1\n---\nb: 2\n", Damaged, "document"),
    ("yaml", "extensions:\n  - a\n", Unfit, "extensions is a list"),
    ("yaml", "extensions: on\n", Unfit, "extensions is a value"),
    ("yaml", "extensions:\n  a: {}\nextensions:\n  b: {}\n", Unfit, "twice"),
    ("yaml", "x: &x\n  a: {cmd: y}\nextensions: *x\n", Unfit, "safely"),
    ("yaml_list", "mcpServers:\n  a: {}\n", Unfit, "mcpServers is a table, not a list"),
    ("yaml_list", "mcpServers:\n- name: kioku-mesh\n- name: kioku-mesh\n", Unfit, "2 times"),
    ("markdown", "<!-- kioku-mesh:begin -->\nx\n", Unfit, "once each"),
    ("markdown", "<!-- kioku-mesh:end -->\n<!-- kioku-mesh:begin -->\n", Unfit, "once each"),
    ("shell", "mcp add kioku-mesh --command x\n", Unfit, "outside of our block"),
]


@pytest.mark.parametrize(("folder", "text", "error", "words"), REFUSED)
def test_refused(folder, text, error, words):
    """What is damaged, or cannot take our entry, is refused with what is wrong; a damaged file with the line."""
    kind = KINDS[folder]
    with pytest.raises(Unfit) as caught:
        edit.revised(kind.form, text, [kind.change()])
    assert type(caught.value) is error
    assert words in caught.value.problem
    if error is Damaged and "deep" not in words:
        assert caught.value.line


@pytest.mark.parametrize("depth", [50, 200, 300, 400, 500, 700, 900, 2000, 50_000])
@pytest.mark.parametrize(
    ("folder", "text"),
    [("json", '{"a": %s%s}'), ("jsonc", '{/**/"a": %s%s}'), ("toml", "a = %s%s\n"), ("yaml", "a: %s%s\n")],
)
def test_any_depth(folder, text, depth):
    """However deep a file is nested, it takes our entry or is refused in an orderly way."""
    kind = KINDS[folder]
    try:
        put = edit.revised(kind.form, text % ("[" * depth, "]" * depth), [kind.change()])
    except Unfit as error:
        assert depth > 200
        assert "deep" in error.problem
    else:
        assert "[" * depth + "]" * depth in put


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: &a\n  b: *a\n", "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(8)
)])  # fmt: skip
def test_yaml_that_never_ends(text):
    """Aliases within themselves, and of aliases of aliases, are refused in an orderly way and soon."""
    with pytest.raises(Unfit):
        edit.revised("yaml", text, [KINDS["yaml"].change()])


@needs("posix")
def test_a_path_that_is_no_text(tmp_path, computer_config):
    """A path of bytes that are no UTF-8 is an error, not half a file."""
    kind, file = KINDS["json"], tmp_path / "x.json"
    with pytest.raises(BadInput, match="cannot be written"):
        rewriting.rewrite(computer_config, part_of(kind, file, kind.change({"command": "/caf\udce9/kioku-mesh-mcp"})))
    assert not file.exists()


def test_a_missing_file_is_made_and_goes_again(computer, computer_config):
    """A file that was not there is made with the folders above it, and goes with them; so does a second part in it."""
    file = computer.home / "a" / "b" / "settings.json"
    server, rules = (
        part_of(KINDS["json"], file),
        part_of(KINDS["json"]._replace(keys=("x", "y")), file)._replace(name="hooks"),
    )
    assert rewriting.rewrite(computer_config, server) is None
    rewriting.rewrite(computer_config, rules)
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    rewriting.take_back(
        computer_config,
        rules._replace(changes=(KINDS["json"]._replace(keys=("x", "y")).taken,), holds=lambda data: "x" in data),
    )
    rewriting.take_back(computer_config, server._replace(changes=(KINDS["json"].taken,)))
    assert not (computer.home / "a").exists()
    assert not Path(ledger.path_of(str(file), computer_config.state_dir)).exists()


def test_parts_leave_in_any_order(computer, computer_config):
    """Two parts in a file that was not there leave nothing behind, whichever goes first."""
    file = computer.home / "settings.json"
    first, second = KINDS["json"], KINDS["json"]._replace(keys=("x",))
    rewriting.rewrite(computer_config, part_of(first, file))
    rewriting.rewrite(computer_config, part_of(second, file)._replace(name="hooks"))
    rewriting.take_back(computer_config, part_of(first, file, first.taken))
    assert '"x"' in file.read_text()
    rewriting.take_back(computer_config, part_of(second, file, second.taken)._replace(name="hooks"))
    assert not file.exists()


def test_a_file_that_somebody_uses_stays(computer, computer_config):
    """A file that we made stays when somebody put something into it, without ours and without the table made for it."""
    file = computer.home / "settings.json"
    kind = KINDS["json"]
    rewriting.rewrite(computer_config, part_of(kind, file))
    file.write_text(edit.revised("json", file.read_text(), [kind._replace(keys=(), where="theirs", value=1).change()]))
    rewriting.take_back(computer_config, part_of(kind, file, kind.taken))
    assert file.read_text() == '{\n  "theirs": 1\n}\n'


@pytest.mark.parametrize("text", ["", " \n\t\n", "null", "{}"])
def test_a_file_that_says_nothing(tmp_path, computer_config, text):
    """An empty file, blanks and null take our entry, and come back as they were."""
    file = tmp_path / "x.json"
    file.write_text(text)
    kind = KINDS["json"]
    rewriting.rewrite(computer_config, part_of(kind, file))
    assert edit.parse("json", file.read_text()) == {"mcpServers": {"kioku-mesh": ENTRY}}
    rewriting.take_back(computer_config, part_of(kind, file, kind.taken))
    assert file.read_text() == text
