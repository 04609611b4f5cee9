"""Write the Docker files at the top of the repository from `kioku_mesh.zenohd.docker`. `--check` only says what is stale."""

from __future__ import annotations

import sys
from pathlib import Path

from kioku_mesh.zenohd import docker

ROOT = Path(__file__).resolve().parent.parent


def stale() -> list[str]:
    """The names of the files that are not as they should be."""
    return [name for name, text in docker.files().items() if _current(ROOT / name) != text]


def main(arguments: list[str]) -> int:
    """Exit status 1 if a file was out of date and `--check` was given."""
    for name in (found := stale()):
        if "--check" in arguments:
            print(f"{name} is out of date: python tools/containers.py", file=sys.stderr)
        else:
            (ROOT / name).write_text(docker.files()[name], "utf-8")
            print(f"wrote {name}")
    return 1 if found and "--check" in arguments else 0


def _current(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
