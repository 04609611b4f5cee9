"""The syntax of notes: what is read out of a Markdown text, and that the rest of it stays."""

from __future__ import annotations

import pytest

from kioku_mesh.transfer import notes
from kioku_mesh.transfer.notes import Observation


@pytest.mark.parametrize(
    ("written", "fields", "body", "title"),
    [
        ("text", {}, "text", ""),
        ("---\ntitle: a\n---\n# b\n", {"title": "a"}, "# b", "a"),
        ("---\na: 1\n---", {"a": "1"}, "", ""),
        ("---\n---\n# b #\n", {}, "# b #", "b"),
        ("\ufeff---\r\na: [x, y]\r\n---\r\nb\r\n", {"a": ["x", "y"]}, "b", ""),
        ("---\na: [\n---\nb", {}, "---\na: [\n---\nb", ""),
        ("---\n- a\n---\nb", {}, "---\n- a\n---\nb", ""),
        ("---\nno end\n# t", {}, "---\nno end\n# t", "t"),
        ("text\n---\na: 1\n---\n", {}, "text\n---\na: 1\n---", ""),
        ("```\n# no\n```\n# yes", {}, "```\n# no\n```\n# yes", "yes"),
        ("## second", {}, "## second", ""),
    ],
)
def test_front_matter_and_title(written: str, fields: dict[str, object], body: str, title: str) -> None:
    """Front matter that cannot be read is text."""
    assert notes.parse(written) == (fields, body, title)


def test_links_and_tags() -> None:
    """Each once; without what a link shows or where in a note it leads; a colour or a number is no tag."""
    assert notes.links("[[a]] [[b|c]] [[d#e]] [[a]] [[]] [x](y) ![[f]]") == ("[[a]]", "[[b]]", "[[d]]", "[[f]]")
    assert notes.tags("#a b#c (#d/e) #1 ## #日本, #f-g #a") == ("a", "d/e", "日本", "f-g")


NOTE = """# Title

- [decision] one #tag
  goes on
    - deeper
- [x] a task
- [-] another
- [link](there)
- [[wiki]]
- [ref]: there
* [Sub type] two
## Empty
- [fact] three

## Kept
```
- [fact] code
```
## Also empty before
"""


def test_observations() -> None:
    """With what is indented below; not tasks, links or code. A heading goes with what stood under it, and only then."""
    found, rest = notes.observations(NOTE)
    assert found == [
        Observation("decision", "one #tag\n  goes on\n    - deeper"), Observation("Sub type", "two"), Observation("fact", "three"),
    ]  # fmt: skip
    assert "## Empty" not in rest
    assert "## Also empty before" in rest
    assert "- [fact] code" in rest
    for kept in ("- [x] a task", "- [-] another", "- [link](there)", "- [[wiki]]", "- [ref]: there"):
        assert kept in rest


def test_a_note_of_observations_alone_leaves_nothing() -> None:
    """Headings say nothing by themselves; and a text without observations is left as it is."""
    assert notes.observations("# T\n\n## O\n- [a] b\n\n## R\n") == ([Observation("a", "b")], "")
    assert notes.observations("# T\n\n\n\ntext") == ([], "# T\n\n\n\ntext")


def test_sections() -> None:
    """Below headings of the first two levels; code has none."""
    assert notes.sections("top\n# A\na\n### deep\n## B ##\n```\n# no\n```\n## C\n") == [
        ("", "top"), ("A", "a\n### deep"), ("B", "```\n# no\n```"),
    ]  # fmt: skip
