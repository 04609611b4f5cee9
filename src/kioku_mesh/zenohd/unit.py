"""The systemd user unit that keeps zenohd running."""

from __future__ import annotations

from ..config import Config
from . import config as configuration
from . import install

NAME = "kioku-mesh-zenohd.service"


def of(config: Config) -> str:
    """The unit for the zenohd of this machine. Raises NotAvailable where there is none."""
    return text(install.program_of(config), configuration.file_of(config))


def text(program: str, file: str) -> str:
    """The unit for a zenohd at `program` with the configuration `file`."""
    return f"""[Unit]
Description=Zenoh router and storage for kioku-mesh
StartLimitIntervalSec=0

[Service]
ExecStart={_line(program, file)}
Environment=RUST_LOG=warn
Restart=always
RestartSec=2
UMask=0077
NoNewPrivileges=yes

[Install]
WantedBy=default.target
"""


def _line(program: str, file: str) -> str:
    """The program is taken as it stands but for specifiers, and may hold no quotes; `env` finds one that does."""
    quoted = set(program) & set("\\\"'")
    rest = [_word(word).replace("$", "$$") for word in (*([program] if quoted else []), "-c", file)]
    return " ".join([_word("/usr/bin/env" if quoted else program), *rest])


def _word(text: str) -> str:
    for special, plain in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%")):
        text = text.replace(special, plain)
    return f'"{text}"'
