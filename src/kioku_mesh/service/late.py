"""Modules that are imported when they are first used: a process of the command line needs one use case of many."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Late:
    """Stands for a module, named relative to this package."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name, __package__), attribute)
