"""The systemd user unit that keeps zenohd running."""

from __future__ import annotations

NAME = "kioku-mesh-zenohd.service"


def text(program: str, file: str) -> str:
    """The unit for a zenohd at `program` with the configuration `file`."""
    return f"""[Unit]
Description=Zenoh router and storage for kioku-mesh
After=network-online.target
Wants=network-online.target

[Service]
ExecStart={_quoted(program)} -c {_quoted(file)}
Environment=RUST_LOG=warn
Restart=always
RestartSec=2
UMask=0077
NoNewPrivileges=yes

[Install]
WantedBy=default.target
"""


def _quoted(path: str) -> str:
    """A path as systemd reads it: its specifiers and variables are taken literally."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'
