"""Any file of a client: our entry goes in and out of it, and what else it says, and how, stays."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kioku_mesh.clients import edit, ledger
from kioku_mesh.clients.edit import TAKEN, Change, Unfit

NAMES = st.sampled_from(
    ["a", "mcpServers", "other", "kioku", "x y", "é", "名", "b.c", "null", "true", "1", "#h", "-", "//"]
)
WORDS = st.text("ab é名{}[],:#'\"/\\*\t&!|>-", max_size=8)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 10**20), st.floats(allow_nan=False, allow_infinity=False), WORDS
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
TABLES = st.dictionaries(NAMES, VALUES, max_size=4)
ENTRY = {"command": "/a b/kioku-mesh-mcp", "args": ["#", "x: y"], "env": {"A": "1", "b": "é\\"}}


@st.composite
def documents(draw: Any) -> dict[str, Any]:
    """What a file says: tables of anything, perhaps with servers."""
    root = draw(TABLES)
    root.pop("mcpServers", None)
    if draw(st.booleans()):
        root["mcpServers"] = draw(st.one_of(st.none(), st.dictionaries(NAMES, VALUES, max_size=3)))
    names = draw(st.permutations(list(root)))
    return {name: root[name] for name in names}


@st.composite
def json_texts(draw: Any, comments: bool) -> str:
    """A document with blanks, line ends and comments wherever they may be."""
    eol = draw(st.sampled_from(["\n", "\r\n"]))
    blanks = ["", " ", "  ", "\t", eol, eol + "  ", eol + "\t\t", eol + eol]
    if comments:
        blanks += ["/* { , */", ' // ] "' + eol, eol + "  // c" + eol, "/**/ "]
    gap = st.sampled_from(blanks)
    trailing = comments and draw(st.booleans())

    def written(value: Any) -> str:
        if isinstance(value, dict):
            members = [
                f"{json.dumps(k, ensure_ascii=draw(st.booleans()))}{draw(gap)}:{draw(gap)}{written(v)}"
                for k, v in value.items()
            ]
        elif isinstance(value, list):
            members = [written(item) for item in value]
        else:
            return json.dumps(value, ensure_ascii=draw(st.booleans()))
        body = ",".join(f"{draw(gap)}{member}{draw(gap)}" for member in members)
        comma = "," + draw(gap) if trailing and members else ""
        left, right = "{}" if isinstance(value, dict) else "[]"
        return left + body + comma + (draw(gap) if not members else "") + right

    return draw(gap) + written(draw(documents())) + draw(gap)


@st.composite
def tidy_json(draw: Any) -> str:
    """A document as programs write it."""
    text = json.dumps(
        draw(documents()), indent=draw(st.sampled_from([None, 1, 2, 4, "\t"])), ensure_ascii=draw(st.booleans())
    )
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))) + draw(st.sampled_from(["", "\n"]))


@st.composite
def yaml_texts(draw: Any) -> str:
    """A document as PyYAML writes it in one of its styles, with comments between the lines of the top level."""
    data = draw(documents())
    text = yaml.safe_dump(
        data, default_flow_style=draw(st.sampled_from([True, False, None])), allow_unicode=draw(st.booleans()),
        indent=draw(st.sampled_from([2, 4])), sort_keys=False, width=draw(st.sampled_from([20, 80])),
        explicit_start=draw(st.booleans()),
    )  # fmt: skip
    remark = draw(st.sampled_from(["", "# c: {\n", "\n\n"]))
    lines = text.splitlines(keepends=True)
    tops = [n for n, line in enumerate(lines) if line[:1].isalpha() and n]
    for n in reversed(tops):
        lines.insert(n, remark)
    text = "".join(lines).removesuffix(draw(st.sampled_from(["", "\n"])))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@st.composite
def toml_texts(draw: Any) -> str:
    """Statements and tables in any order, with comments and odd blanks."""
    eol = draw(st.sampled_from(["\n", "\r\n"]))
    values = st.sampled_from(
        [
            '"x"',
            "'''y'''",
            "1",
            f"[1, # c{eol} 2]",
            "{ a = 1, b = { c = 'd' } }",
            "1979-05-27",
            '"""\n[mcp_servers]\n"""',
        ]
    )
    gap = st.sampled_from(["", eol, "# c [x]" + eol, " \t# d = 1" + eol + eol])
    lines = [f"k{n} = {draw(values)}{eol}{draw(gap)}" for n in range(draw(st.integers(0, 2)))]
    servers = draw(st.sampled_from(["headers", "inline", "dotted", "table", "none"]))
    if servers == "inline":
        lines.append(f"mcp_servers = {{ a = {{ command = 'x' }}, \"b c\" = {{}} }}{eol}")
    elif servers == "dotted":
        lines.append(f"mcp_servers.a.command = {draw(values)}{eol}")
    tables = [f"[t{n}]{eol}{draw(gap)}k = {draw(values)}{eol}{draw(gap)}" for n in range(draw(st.integers(0, 2)))]
    tables += [f"[[list]]{eol}k = {draw(values)}{eol}{draw(gap)}" for _ in range(draw(st.integers(0, 2)))]
    if servers == "headers":
        tables += [
            f"[mcp_servers.s{n}]{draw(st.sampled_from(['', ' # c']))}{eol}command = 'x'{eol}{draw(gap)}"
            for n in range(2)
        ]
    elif servers == "table":
        tables.append(f"[mcp_servers]{eol}a = {{ command = 'x' }}{eol}b.command = 'y'{eol}{draw(gap)}")
    text = "".join([*lines, *draw(st.permutations(tables))])
    return text.removesuffix(draw(st.sampled_from(["", eol])))


@st.composite
def plain_texts(draw: Any) -> str:
    eol = draw(st.sampled_from(["\n", "\r\n"]))
    lines = st.sampled_from(["", "# Head", "text", "<!-- other:begin -->", "  ", "<!-- kioku-mesh:begin --> in a line"])
    return eol.join(draw(st.lists(lines, max_size=6)))


def round_trip(form: str, text: str, keys: tuple[str, ...], value: Any, *, exact: bool = True) -> None:
    """Put in and take out; a text that cannot take our entry safely may be refused, not spoilt."""
    try:
        put = edit.revised(form, text, [Change(keys, "kioku-mesh", value)])
    except Unfit:
        return
    before, data = edit.parse(form, text), edit.parse(form, put)
    assert edit.revised(form, put, [Change(keys, "kioku-mesh", value)]) == put
    step = ledger.step("x", (b"", text), (b"", put))
    assert ledger.reversed_text(put, step) == text
    bare = edit.revised(form, put, [Change(keys, "kioku-mesh", TAKEN)])
    node, old = data, before
    for key in keys:
        node, old = node[key], (old or {}).get(key)
    assert node["kioku-mesh"] == value
    if exact and old:
        assert bare == text
    assert {key: one for key, one in (edit.parse(form, bare) or {}).items() if one} == {
        key: one for key, one in (before or {}).items() if one
    }


@settings(max_examples=300, deadline=None)
@given(tidy_json())
def test_json_of_programs(text: str) -> None:
    """JSON as programs write it comes back byte for byte where there were other entries."""
    round_trip("json", text, ("mcpServers",), ENTRY)


@settings(max_examples=300, deadline=None)
@given(json_texts(comments=False))
def test_json_of_people(text: str) -> None:
    """JSON in any layout says afterwards what it said."""
    round_trip("json", text, ("mcpServers",), ENTRY, exact=False)


@settings(max_examples=300, deadline=None)
@given(json_texts(comments=True))
def test_jsonc(text: str) -> None:
    """JSON with comments and trailing commas anywhere keeps every comment."""
    round_trip("jsonc", text, ("mcpServers",), ENTRY, exact=False)
    try:
        put = edit.revised("jsonc", text, [Change(("mcpServers",), "kioku-mesh", ENTRY)])
        bare = edit.revised("jsonc", put, [Change(("mcpServers",), "kioku-mesh", TAKEN)])
    except Unfit:
        return
    for comment in ("/* { , */", '// ] "', "// c", "/**/"):
        assert put.count(comment) == bare.count(comment) == text.count(comment)


@settings(max_examples=300, deadline=None)
@given(yaml_texts())
def test_yaml(text: str) -> None:
    """YAML in block or flow style comes back byte for byte where there were other entries."""
    round_trip("yaml", text, ("mcpServers",), ENTRY)


@settings(max_examples=300, deadline=None)
@given(toml_texts())
def test_toml(text: str) -> None:
    """TOML with tables, dotted keys and inline tables comes back byte for byte, whether there were entries or not."""
    try:
        edit.parse("toml", text)
    except Unfit:
        return  # the pieces do not go together
    put = edit.revised("toml", text, [Change(("mcp_servers",), "kioku-mesh", ENTRY)])
    assert edit.parse("toml", put)["mcp_servers"]["kioku-mesh"] == ENTRY
    assert edit.revised("toml", put, [Change(("mcp_servers",), "kioku-mesh", TAKEN)]) == text


@settings(max_examples=300, deadline=None)
@given(plain_texts(), st.sampled_from(["markdown", "shell"]))
def test_blocks(text: str, form: str) -> None:
    """A block in Markdown or a shell script goes out as it came in, to the byte."""
    keys, value = ((), "some\nrules") if form == "markdown" else (("mcp",), {"type": "stdio", "command": "/a b"})
    try:
        put = edit.revised(form, text, [Change(keys, "kioku-mesh", value)])
    except Unfit:
        return
    assert edit.revised(form, put, [Change(keys, "kioku-mesh", TAKEN)]) == text


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(edit.FORMATS)), st.text(max_size=60))
def test_anything_at_all(form: str, text: str) -> None:
    """A text that is no such file is refused in an orderly way, or takes our entry and says so."""
    keys, value = {"markdown": ((), "rules"), "shell": (("mcp",), {"type": "stdio", "command": "/a"})}.get(
        form, (("mcpServers",), ENTRY)
    )
    try:
        put = edit.revised(form, text, [Change(keys, "kioku-mesh", value)])
    except Unfit as error:
        assert error.problem
        return
    data = edit.parse(form, put)
    for key in keys:
        data = data[key]
    assert data["kioku-mesh"] == value


@settings(max_examples=200, deadline=None)
@given(tidy_json(), st.lists(st.sampled_from(["server", "hooks", "rules"]), min_size=1, max_size=5))
def test_hooks_in_lists(text: str, names: list[str]) -> None:
    """Items of several lists go in and out again."""
    try:
        put = text
        for name in names:
            put = edit.revised("json", put, [Change(("h", name), lambda item: item == {"c": "ours"}, {"c": "ours"})])
    except Unfit:
        return
    for name in reversed(names):
        put = edit.revised("json", put, [Change(("h", name), lambda item: item == {"c": "ours"}, TAKEN)])
    assert {k: v for k, v in edit.parse("json", put).items() if k != "h"} == {
        k: v for k, v in edit.parse("json", text).items() if k != "h"
    }
