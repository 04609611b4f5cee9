"""The rules of the house. Each takes all modules of src/kioku_mesh and yields what breaks it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence

from .source import OWN, Module, Problem, cycles, functions, imports, prose, within

# From the bottom up: a part may import from lines above it here, and from itself.
TIERS = (
    ("errors", "patterns", "values"),
    ("ids", "clock", "endpoints"),
    ("model",),
    ("results", "seen"),
    ("text", "wire", "options", "repository", "settings"),
    ("folders", "interfaces", "sources"),
    ("config",),
    ("store",),
    ("search", "embedders"),
    ("service", "mesh"),
    ("clients", "hooks", "serve", "transfer", "zenohd"),
    ("doctor",),
    ("app",),
    ("cli", "mcp"),
)
RANKS = {unit: rank for rank, units in enumerate(TIERS) for unit in units}
IMPORTERS = {
    "apsw": {"store", "transfer.databases"},  # the files of other products, read only
    "click": {"cli"},
    "zenoh": {"mesh"},
    "numpy": {"embedders"},
    "onnxruntime": {"embedders"},
    "tokenizers": {"embedders"},
    "yaml": {"settings", "clients"},
    "tomllib": {"settings", "clients"},
}
HEAVY = {
    "argparse", "asyncio", "concurrent", "dataclasses", "datetime", "email", "http", "importlib.metadata", "importlib.resources",
    "inspect", "logging", "multiprocessing", "pathlib", "secrets", "shutil", "ssl", "statistics", "subprocess",
    "tempfile", "tomllib", "unittest", "urllib", "uuid",
}  # fmt: skip
VAGUE_WORDS = re.compile(r"(?:^|_)(?:manager|helper|handler|processor)s?(?:_|$)")
VAGUE_NAMES = {"util", "utils", "common", "core", "base", "misc"}
DIARY = re.compile(r"\b(?:TODO|FIXME|XXX|HACK|WIP|phase|milestone|sprint|ticket|issue #?\d+)\b", re.IGNORECASE)
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb"}
FILE_LINES = 320
FUNCTION_LINES = 60


def layers(modules: Sequence[Module]) -> Iterator[Problem]:
    """Imports go downwards only, and adapters never import each other."""
    for module in modules:
        if module.unit and module.unit not in RANKS:
            yield module.problem(1, f"{module.unit} has no place in the layers (TIERS)")
            continue
        for found in imports(module):
            for target in _own(found.targets):
                if not _downwards(module, target):
                    yield module.problem(found.node, f"{module.unit or OWN} must not import {target}", found.inside)


def _downwards(module: Module, target: str) -> bool:
    unit = target.split(".")[1]
    if unit == "__version__":
        return True
    if module.name.endswith(".__main__"):  # the entry of a process: nobody imports it
        return RANKS.get(unit, 99) <= RANKS["app"]
    if not module.unit:
        return False  # the package itself stays free to import: whoever imports a part runs it first
    return unit == module.unit or RANKS.get(unit, 99) < RANKS[module.unit]


def outside_libraries(modules: Sequence[Module]) -> Iterator[Problem]:
    """Each library from outside has one part that imports it; a single module beside it is named in full."""
    for module in modules:
        for found in imports(module):
            for library in {target.split(".")[0] for target in found.targets} - {OWN}:
                allowed = IMPORTERS.get(library, set() if library not in sys.stdlib_module_names else None)
                if allowed is not None and allowed.isdisjoint((module.unit, module.name.removeprefix(f"{OWN}."))):
                    who = " and ".join(sorted(allowed)) or "nobody"
                    yield module.problem(found.node, f"only {who} may import {library}", found.inside)


def late_own_imports(modules: Sequence[Module]) -> Iterator[Problem]:
    """Our own modules are imported at the top of a file."""
    for module in modules:
        for found in imports(module):
            if found.inside and _own(found.targets):
                yield module.problem(found.node, "imports our own modules inside a function", found.inside)
        for node, inside in within(module):
            if isinstance(node, ast.Call) and _name(node.func) in ("__import__", "import_module"):
                yield module.problem(node, "an import by name escapes these rules", inside)


def _name(function: ast.expr) -> str:
    """The last part of what is called."""
    return getattr(function, "attr", getattr(function, "id", ""))


def import_cycles(modules: Sequence[Module]) -> Iterator[Problem]:
    """No module reaches itself through imports."""
    names = {module.name for module in modules}
    graph = {module.name: set(_edges(module, names)) for module in modules}
    by_name = {module.name: module for module in modules}
    for ring in cycles(graph):
        yield by_name[ring[0]].problem(1, f"import cycle: {' <-> '.join(ring)}")


def _edges(module: Module, names: set[str]) -> Iterator[str]:
    for found in imports(module):
        if found.inside or found.typing_only:
            continue
        for target in _own(found.targets):
            name = target if target in names else target.rpartition(".")[0]
            if name in names and name not in (module.name, OWN):
                yield name


def heavy_imports(modules: Sequence[Module]) -> Iterator[Problem]:
    """Libraries that cost start-up time are imported in the function that needs them."""
    for module in modules:
        for found in imports(module):
            if not found.inside and not found.typing_only:
                for target in filter(is_heavy, found.targets):
                    yield module.problem(found.node, f"{target} slows down every start")


def is_heavy(name: str) -> bool:
    """Whether a dotted name is a heavy library or something in one."""
    return any(f"{name}.".startswith(f"{library}.") for library in HEAVY)


def broad_excepts(modules: Sequence[Module]) -> Iterator[Problem]:
    """Only the edge of a process may catch everything; to tidy up and raise it again is not to catch it."""
    for module in modules:
        for node, inside in within(module):
            if isinstance(node, ast.ExceptHandler) and _catches_all(node) and not _raises_again(node):
                yield module.problem(node, "catches everything; name what can fail", inside)


def _catches_all(handler: ast.ExceptHandler) -> bool:
    names = {name.id for name in ast.walk(handler.type or handler) if isinstance(name, ast.Name)}
    return handler.type is None or bool(names & {"Exception", "BaseException"})


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def global_statements(modules: Sequence[Module]) -> Iterator[Problem]:
    """State has an owner."""
    for module in modules:
        for node, inside in within(module):
            if isinstance(node, ast.Global):
                yield module.problem(node, "global statement", inside)


def environment(modules: Sequence[Module]) -> Iterator[Problem]:
    """Only config.py reads the environment."""
    for module in modules:
        if module.unit == "config":
            continue
        for node, inside in within(module):
            if _names_environment(node):
                yield module.problem(node, "reads the environment; settings come from config.py", inside)


def _names_environment(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom) and node.module == "os":
        return any(alias.name in ENVIRONMENT for alias in node.names)
    return isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT and ast.unparse(node.value) == "os"


def vague_names(modules: Sequence[Module]) -> Iterator[Problem]:
    """A name says what a thing is."""
    for module in modules:
        last = module.name.rpartition(".")[2]
        if _vague(last):
            yield module.problem(1, f"{last} says nothing about what it is")
        for node in ast.walk(module.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and _vague(node.name):
                yield module.problem(node, f"{node.name} says nothing about what it is")


def _vague(name: str) -> bool:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return bool(VAGUE_WORDS.search(snake)) or snake.strip("_") in VAGUE_NAMES


def diary_words(modules: Sequence[Module]) -> Iterator[Problem]:
    """Comments explain the code, not how it is being written."""
    for module in modules:
        for line, text in prose(module):
            if word := DIARY.search(text):
                yield module.problem(line, f"{word.group()!r} does not belong in a comment")


def docstrings(modules: Sequence[Module]) -> Iterator[Problem]:
    """Every file says in a sentence or two what it is for."""
    for module in modules:
        if module.text.strip() and not ast.get_docstring(module.tree):
            yield module.problem(1, "has no module docstring")


def file_sizes(modules: Sequence[Module]) -> Iterator[Problem]:
    """A file fits into a head."""
    for module in modules:
        lines = module.text.count("\n")
        if lines > FILE_LINES:
            yield module.problem(lines, f"{lines} lines (at most {FILE_LINES})")


def function_sizes(modules: Sequence[Module]) -> Iterator[Problem]:
    """A function fits on a screen."""
    for module in modules:
        for function in functions(module):
            lines = (function.end_lineno or 0) - function.lineno + 1
            if lines > FUNCTION_LINES:
                message = f"{lines} lines in {function.name} (at most {FUNCTION_LINES})"
                yield module.problem(function, message, function)


def _own(targets: Sequence[str]) -> list[str]:
    return [target for target in targets if target.split(".")[0] == OWN and target != OWN]


RULES = (
    layers, outside_libraries, late_own_imports, import_cycles, heavy_imports, broad_excepts, global_statements,
    environment, vague_names, diary_words, docstrings, file_sizes, function_sizes,
)  # fmt: skip
