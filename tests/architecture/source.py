"""Python files as the rules see them: names, imports, functions, prose."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

OWN = "kioku_mesh"
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Problem(NamedTuple):
    """`key` names the place without a line number, so that an exception for it survives edits above it."""

    key: str
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class Module(NamedTuple):
    """One file. `name` is dotted and starts with kioku_mesh; `path` is relative to src/kioku_mesh."""

    name: str
    path: str
    text: str
    tree: ast.Module

    @property
    def unit(self) -> str:
        """The part of the product it belongs to: "store" for store/log.py; "" for the package itself."""
        return [*self.name.split("."), ""][1]

    def problem(self, node: ast.AST | int, message: str, inside: Function | None = None) -> Problem:
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return Problem(f"{self.path}::{inside.name}" if inside else self.path, self.path, line, message)


class Import(NamedTuple):
    """`targets` are dotted names of modules, or of names in modules; `inside` is the function around it."""

    node: ast.Import | ast.ImportFrom
    targets: tuple[str, ...]
    inside: Function | None
    typing_only: bool


def parse(path: str, text: str) -> Module:
    """A module from its path below src/kioku_mesh and its text."""
    name = ".".join((OWN, *path.removesuffix(".py").split("/"))).removesuffix(".__init__")
    return Module(name, path, text, ast.parse(text, path))


def read(folder: Path) -> list[Module]:
    return [parse(p.relative_to(folder).as_posix(), p.read_text("utf-8")) for p in sorted(folder.rglob("*.py"))]


@cache
def imports(module: Module) -> tuple[Import, ...]:
    """Every import of a module, own ones as absolute names."""
    return tuple(
        _import(module, *found) for found in _walked(module) if isinstance(found[0], (ast.Import, ast.ImportFrom))
    )


def _import(module: Module, node: ast.AST, inside: Function | None, typing_only: bool) -> Import:
    if isinstance(node, ast.ImportFrom):
        base = _absolute(module, node)
        return Import(node, tuple(f"{base}.{alias.name}" for alias in node.names), inside, typing_only)
    assert isinstance(node, ast.Import)
    return Import(node, tuple(alias.name for alias in node.names), inside, typing_only)


def functions(module: Module) -> Iterator[Function]:
    return (node for node in ast.walk(module.tree) if isinstance(node, Function))


def within(module: Module) -> Iterator[tuple[ast.AST, Function | None]]:
    """Every node with the innermost function around it."""
    return ((node, inside) for node, inside, _ in _walked(module))


def prose(module: Module) -> Iterator[tuple[int, str]]:
    """Comments and docstrings, with the line where they begin."""
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.Module, ast.ClassDef, *Function.__args__)) and ast.get_docstring(node):
            yield node.body[0].lineno, ast.get_docstring(node) or ""


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that reach each other."""
    reach = {name: _reachable(name, graph) for name in graph}
    rings = {tuple(sorted(b for b in reach[a] if a in reach[b])) for a in graph if a in reach[a]}
    return [list(ring) for ring in sorted(rings)]


def _reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(graph[start])
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(graph.get(name, ()))
    return found


@cache
def _walked(module: Module) -> tuple[tuple[ast.AST, Function | None, bool], ...]:
    """Every node in the order of the text, with the function around it and whether it is for type checkers only."""
    found: list[tuple[ast.AST, Function | None, bool]] = []
    todo: list[tuple[ast.AST, Function | None, bool]] = [(module.tree, None, False)]
    while todo:
        node, inside, typing_only = todo.pop()
        found.append((node, inside, typing_only))
        below = node if isinstance(node, Function) else inside
        guarded = typing_only or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        todo += [(child, below, guarded) for child in reversed(list(ast.iter_child_nodes(node)))]
    return tuple(found)


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.name.split(".")
    if not module.path.endswith("__init__.py"):
        package = package[:-1]
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])
