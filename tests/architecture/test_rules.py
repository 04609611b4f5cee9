"""Each rule can fail: shown on the smallest text that breaks it, beside one that keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from . import rules
from .source import Problem, parse

Rule = Callable[..., Iterable[Problem]]
LONG = "def f():\n" + "    x = 1\n" * 60
PAGE = '"""A page."""\n' * 321

BROKEN: list[tuple[Rule, dict[str, str], str]] = [
    (rules.layers, {"store/log.py": "from ..service.memory import Memory"}, "store/log.py:1: store must not import kioku_mesh.service.memory"),
    (rules.layers, {"cli/main.py": "from kioku_mesh import mcp"}, "cli must not import kioku_mesh.mcp"),
    (rules.layers, {"wire.py": "def f():\n    from .config import load"}, "wire.py:2: wire must not import kioku_mesh.config"),
    (rules.layers, {"__init__.py": "from .model import Draft"}, "kioku_mesh must not import kioku_mesh.model"),
    (rules.layers, {"serve/__main__.py": "from ..cli import main"}, "serve must not import kioku_mesh.cli.main"),
    (rules.layers, {"serve/process.py": "from .. import app"}, "serve must not import kioku_mesh.app"),
    (rules.layers, {"extras.py": ""}, "extras has no place"),
    (rules.outside_libraries, {"service/rules.py": "import apsw"}, "only store and transfer.databases may import apsw"),
    (rules.outside_libraries, {"transfer/lines.py": "import apsw"}, "transfer/lines.py:1: only store"),
    (rules.outside_libraries, {"store/log.py": "def f():\n    import sqlite3, httpx"}, "nobody may import httpx"),
    (rules.outside_libraries, {"doctor/setup.py": "from yaml import safe_load"}, "only clients and settings may import yaml"),
    (rules.late_own_imports, {"app.py": "def f():\n    from .store import Store"}, "app.py:2: imports our own modules"),
    (rules.late_own_imports, {"app.py": "import importlib\nimportlib.import_module('x')"}, "app.py:2: an import by name"),
    (rules.import_cycles, {"text/a.py": "from .b import x", "text/b.py": "from . import a"}, "kioku_mesh.text.a <-> kioku_mesh.text.b"),
    (rules.heavy_imports, {"store/log.py": "from datetime import datetime"}, "store/log.py:1: datetime.datetime slows down"),
    (rules.heavy_imports, {"store/log.py": "import os, urllib.request"}, "urllib.request slows down"),
    (rules.broad_excepts, {"ids.py": "def f():\n    try:\n        pass\n    except Exception:\n        pass"}, "ids.py:4: catches everything"),
    (rules.broad_excepts, {"ids.py": "try:\n    pass\nexcept (OSError, BaseException):\n    pass"}, "ids.py:3: catches everything"),
    (rules.broad_excepts, {"ids.py": "try:\n    pass\nexcept:\n    pass"}, "ids.py:3: catches everything"),
    (rules.global_statements, {"ids.py": "def f():\n    global x\n    x = 1"}, "ids.py:2: global"),
    (rules.environment, {"cli/main.py": "import os\nos.environ['X']"}, "cli/main.py:2: reads the environment"),
    (rules.environment, {"cli/main.py": "from os import getenv"}, "cli/main.py:1: reads the environment"),
    (rules.vague_names, {"store/utils.py": ""}, "utils says nothing"),
    (rules.vague_names, {"store/log.py": "class StoreManager: ..."}, "StoreManager says nothing"),
    (rules.vague_names, {"store/log.py": "def row_helper(): ..."}, "row_helper says nothing"),
    (rules.diary_words, {"ids.py": "x = 1  # TO" + "DO: later"}, "ids.py:1: 'TODO'"),
    (rules.diary_words, {"ids.py": 'def f():\n    """Done in pha' + 'se 2."""'}, "ids.py:2: 'phase'"),
    (rules.docstrings, {"ids.py": "x = 1"}, "ids.py:1: has no module docstring"),
    (rules.file_sizes, {"ids.py": PAGE}, "ids.py:321: 321 lines"),
    (rules.function_sizes, {"ids.py": LONG}, "ids.py:1: 61 lines in f"),
]  # fmt: skip

KEPT = {
    "__init__.py": '"""Names."""\n__version__ = "1"\n',
    "errors.py": '"""Errors."""\n',
    "config.py": '"""Settings."""\nimport os\nHOME = os.environ.get("HOME")\n',
    "store/__init__.py": '"""Store."""\nfrom .log import append\n',
    "store/log.py": '"""Log."""\nimport apsw\nfrom .. import __version__\nfrom ..errors import KiokuError\ndef append():\n    import tempfile\n',
    "transfer/databases.py": '"""Files of another product."""\nimport apsw\n',
    "serve/__main__.py": '"""Entry."""\nfrom .. import app\n',
    "cli/main.py": '"""CLI."""\nimport click\nfrom ..store import append\ntry:\n    x = 1\nexcept (OSError, ValueError):\n    pass\nexcept BaseException:\n    raise\n',
}


@pytest.mark.parametrize(
    ("rule", "files", "expected"), BROKEN, ids=[f"{case[0].__name__}-{n}" for n, case in enumerate(BROKEN)]
)
def test_a_rule_finds_what_breaks_it(rule: Rule, files: dict[str, str], expected: str) -> None:
    """The rule names the place of the break."""
    found = [str(problem) for problem in rule([parse(path, text) for path, text in files.items()])]
    assert len(found) == 1
    assert expected in found[0]


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_a_rule_leaves_good_code_alone(rule: Rule) -> None:
    """The rule says nothing about a small package that keeps it."""
    assert list(rule([parse(path, text) for path, text in KEPT.items()])) == []


def test_every_rule_is_shown_to_fail() -> None:
    """No rule is without a text that breaks it."""
    assert {rule for rule, _, _ in BROKEN} == set(rules.RULES)
