"""Everything in the repository is written for its readers: no diary, no machine of ours, no index host."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from .rules import DIARY

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("src", "tests", "tools", "bench", "docs", "lock", ".ci", ".github")
TEXTS = (".py", ".md", ".sh", ".toml", ".yml", ".yaml", ".txt", ".in", "")
PLACES = re.compile("/wor[k]/|/roo[t]/|pypi[.]org|pythonhosted[.]|registry[.]npmjs|npmjs[.]com")


def texts() -> list[Path]:
    files = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        files += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    skipped = {"__pycache__", "node_modules", "architecture", ".git"}
    return [path for path in files if path.suffix in TEXTS and not skipped & set(path.parts)]


def lines_with(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    found = []
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
            if match := pattern.search(line):
                found.append(f"{path.relative_to(ROOT).as_posix()}:{number}: {match.group()}")
    return found


def test_no_machine_and_no_index_is_named() -> None:
    """Nothing in the repository depends on the machine it was written on or on one package index."""
    assert lines_with(PLACES, texts()) == []


def test_documentation_is_no_diary() -> None:
    """Pages and scripts describe what is, not how it came about."""
    pages = [path for path in texts() if path.suffix in (".md", ".sh", ".yml", "") and path.name != "CHANGELOG.md"]
    assert lines_with(DIARY, pages) == []


def test_every_test_says_what_it_proves() -> None:
    """Each test function has a docstring."""
    silent = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node):
                silent.append(f"{path.relative_to(ROOT).as_posix()}:{node.lineno}: {node.name}")
    assert silent == []


def test_nothing_of_ours_is_patched() -> None:
    """Tests pass things in; they do not replace what they test."""
    patched = re.compile(r"unittest\.mock|from unittest import mock|monkeypatch\.setattr\(\"kioku_mesh|\bpatch\(")
    tests = [path for path in texts() if path.is_relative_to(ROOT / "tests") and path.suffix == ".py"]
    assert lines_with(patched, tests) == []
