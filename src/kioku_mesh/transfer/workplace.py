"""What a folder of files is called: the same name on every machine that has it."""

from __future__ import annotations

import os

from .. import repository
from ..values import NamedTuple


class Workplace(NamedTuple):
    """`project`: what a memory of it belongs to. `top`: the folder that files are named from; `prefix`: what its own name is."""

    project: str
    top: str
    prefix: str

    def name(self, file: str) -> str:
        """How a file in it is called, wherever the folder lies and whatever was asked for."""
        return self.prefix + "/".join(os.path.relpath(file, self.top).split(os.sep))


def around(folder: str, home: str) -> Workplace:
    """The repository that a folder is in; else the folder, its files named from home."""
    found = repository.find(folder, (home, os.path.realpath(home)) if home else ())
    if found:
        name, top = found
        return Workplace(name, top, f"{name}/")
    project = os.path.basename(folder)
    if home and (folder == home or folder.startswith(home + os.sep)):
        return Workplace(project, home, "~/")
    return Workplace(project, os.path.abspath(os.sep), "/")
