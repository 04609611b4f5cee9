"""The options of the program."""

from __future__ import annotations

import pytest

from kioku_mesh.errors import BadInput
from kioku_mesh.mcp.main import Options, main, read_options


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], Options()),
        (["--profile", "full"], Options("full")),
        (["--profile=default", "--read-only"], Options("default", True)),
        (["--only-project", "my shop"], Options(None, False, "my shop")),
        (["--only-project=a=b"], Options(None, False, "a=b")),
        (["--read-only", "--only-project=x", "--profile", "full"], Options("full", True, "x")),
    ],
)
def test_options_are_read(arguments: list[str], options: Options) -> None:
    """Each in both spellings, in any order."""
    assert read_options(arguments) == options


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fast"],
        ["serve"],
        ["--profile"],
        ["--profile", "lean"],
        ["--profile="],
        ["--only-project", " "],
        ["--read-only=yes"],
    ],
)
def test_what_is_no_option_is_bad_input(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With a hint, and exit status 2."""
    with pytest.raises(BadInput):
        read_options(arguments)
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "error: " in said.err
    assert "hint: " in said.err


@pytest.mark.parametrize(
    ("argument", "text"), [("--help", "--only-project NAME"), ("-h", "exit status"), ("--version", "kioku-mesh-mcp ")]
)
def test_help_and_version_are_printed(argument: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard output, with exit status 0."""
    assert main([argument]) == 0
    assert text in capsys.readouterr().out
