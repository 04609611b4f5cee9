"""The names others rely on are pinned, and the errors are drawn as they are."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import kioku_mesh
from kioku_mesh import errors
from kioku_mesh.service.memory import Memory

PUBLIC = {"__version__"}
SERVICE = set(
    "save search recall remind get revise delete delete_matching restore purge status brief gc backup backups restore_backup "
    "rebuild embed embed_chosen projects rename_project alias_project delete_project resolve known records import_records tend existing mesh forget_peer withhold release share tidy tidy_plan pending propose accept drop stats close".split()
)
ERROR_CODES = {
    "KiokuError": "internal",
    "BadInput": "bad_input",
    "TooLarge": "too_large",
    "Ambiguous": "ambiguous",
    "NotFound": "not_found",
    "Refused": "refused",
    "SecretFound": "secret_found",
    "StoreError": "store_unreadable",
    "StoreUnwritable": "store_unwritable",
    "StoreNewer": "store_newer",
    "StoreBusy": "store_busy",
    "DiskFull": "disk_full",
    "NotAvailable": "not_available",
    "PeerUnreachable": "peer_unreachable",
    "Sandboxed": "sandboxed",
    "Timeout": "timeout",
    "AnswerLost": "answer_lost",
    "Internal": "internal",
}
BRANCH = re.compile(r"^(?P<indent>[│├└─ ]*)(?P<name>[A-Z]\w+)\s*(?P<code>[a-z_]+)?")


def error_classes() -> dict[str, type[errors.KiokuError]]:
    return {n: c for n, c in vars(errors).items() if inspect.isclass(c) and issubclass(c, errors.KiokuError)}


def drawn() -> dict[str, tuple[str | None, str | None]]:
    """Class -> (its parent, its code) as the tree in the module docstring draws them."""
    tree: dict[str, tuple[str | None, str | None]] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        if not (found := BRANCH.match(line)) or found["name"] not in error_classes():
            continue
        depth = len(found["indent"])
        above = [(d, n) for d, n in above if d < depth]
        tree[found["name"]] = (above[-1][1] if above else None, found["code"])
        above.append((depth, found["name"]))
    return tree


def test_the_public_names_are_these() -> None:
    """Nothing appears in or vanishes from the package's own names unnoticed."""
    tree = ast.parse(Path(kioku_mesh.__file__).read_text("utf-8"))
    bound = {name for node in tree.body for name in names_bound(node)}
    assert {name for name in bound if not name.startswith("_") or name == "__version__"} == PUBLIC


def names_bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "module", "") != "__future__":
        yield from (alias.asname or alias.name for alias in node.names)
    elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        yield from (
            name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
        )


def test_the_methods_of_the_service_are_these() -> None:
    """Every interface is made of these use cases."""
    assert {name for name in vars(Memory) if not name.startswith("_")} == SERVICE


def test_the_error_codes_are_these() -> None:
    """A code never changes, as programs act on it."""
    assert {name: cls.code for name, cls in error_classes().items()} == ERROR_CODES


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Every error is drawn under its parent, with its code where it has one of its own."""
    tree = drawn()
    tree["Internal"] = (tree["Internal"][0], "internal")
    for name, cls in error_classes().items():
        parent = cls.__mro__[1].__name__ if name != "KiokuError" else None
        assert name in tree, f"{name} is not drawn"
        assert tree[name][0] == parent, f"{name} is drawn under {tree[name][0]}, it belongs under {parent}"
        if tree[name][1] and name != "KiokuError":
            assert tree[name][1] == cls.code, f"{name} is drawn with {tree[name][1]}, its code is {cls.code}"
