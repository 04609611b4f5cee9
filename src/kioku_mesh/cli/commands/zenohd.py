"""`zenohd install`, `config`, `status` and `docker`."""

from __future__ import annotations

import click

from ... import config as settings
from ...zenohd import config as configuration
from ...zenohd import docker, install, status, unit
from ...zenohd.config import Written
from ...zenohd.docker import Made
from ...zenohd.install import Installed
from ...zenohd.platforms import DEFAULT_VERSION
from ...zenohd.status import Status
from .. import options, output

BIN_DIR = click.option("--bin-dir", type=click.Path(), metavar="DIR", help="Where it is installed.")
SCOPE = options.many("--scope", "scopes", metavar="SCOPE", help="Store this too: mesh, user/NAME, team/NAME.")
YES = {True: "yes", False: "NO", None: "not known"}


@click.group(no_args_is_help=False)
def zenohd() -> None:
    """A real zenohd with RocksDB, for an always-on hub."""


@zenohd.command("install")
@click.option("--version", metavar="X", help=f"Which ({DEFAULT_VERSION}).")
@BIN_DIR
@click.option("--from", "origin", type=click.Path(), metavar="DIR|FILE", help="From here instead of the internet.")
@options.many("--sha256", "digests", metavar="HEX", help="What an archive must have, once for each.")
@options.as_json
def install_(
    version: str | None, bin_dir: str | None, origin: str | None, digests: tuple[str, ...], as_json: bool
) -> None:
    """Install zenohd, its storage manager and the RocksDB backend.

    Every archive is held against a SHA-256: a built-in one, that of --sha256, that of SHA256SUMS in the folder of
    --from, or that which the release itself names. What was interrupted is continued.
    """
    done = install.install(
        settings.load(), version=version, folder=bin_dir, origin=origin, digests=digests, say=output.note
    )
    output.show(done, as_json, installed)


def installed(done: Installed) -> str:
    state = "installed already" if done.status == "already_installed" else "installed"
    lines = [f"zenohd {done.version} ({done.target}): {state} in {done.folder}"]
    lines += [f"  {row.name}: SHA-256 as said by: {row.by}" for row in done.verified]
    lines.append(f"self-test: {done.self_test.status.replace('_', ' ')} ({done.self_test.message})")
    if not done.on_path:
        lines.append(f"to have it on PATH: {done.path_line}")
    return "\n".join(map(output.one_line, lines[:1])) + "\n" + "\n".join(lines[1:])


@zenohd.command("config")
@SCOPE
@options.many("--drop", metavar="SCOPE", help="Store this no longer; its data stays on disk.")
@click.option("--print", "only_print", is_flag=True, help="Show the file, write nothing.")
@click.option("--unit", "only_unit", is_flag=True, help="Show the systemd unit, write nothing.")
@click.option("--force", is_flag=True, help="Also over a file that was changed by hand.")
@options.as_json
def config_(
    scopes: tuple[str, ...], drop: tuple[str, ...], only_print: bool, only_unit: bool, force: bool, as_json: bool
) -> None:
    """Write zenohd.json5 for the scopes of this machine.

    Doing it again adds what is missing, and says when zenohd has to be restarted.
    """
    loaded = settings.load()
    if only_print or only_unit:
        file = configuration.file_of(loaded)
        shown = configuration.text(configuration.settings_of(loaded, scopes))
        if only_unit:
            shown = unit.of(loaded)
        output.show({"file": unit.NAME if only_unit else file, "text": shown}, as_json, lambda row: row["text"])
        return
    output.show(configuration.write(loaded, scopes, drop, force), as_json, written)


def written(done: Written) -> str:
    states = {"created": "written", "changed": "changed", "current": "is as it should be"}
    lines = [f"{done.file}: {states[done.status]}", f"stores: {', '.join(done.scopes)}", f"data: {done.data}"]
    lines.append(f"listens: {', '.join(done.listen)}")
    if done.status == "changed":
        lines += [
            f"{what}: {', '.join(scopes)}"
            for what, scopes in (("added", done.added), ("removed", done.removed))
            if scopes
        ]
    if done.restart:
        lines.append("restart zenohd: it reads its configuration when it starts")
    if done.engine != "zenohd":
        lines.append("this machine itself does not use it: kioku-mesh init --engine zenohd changes that")
    return "\n".join(map(output.one_line, lines))


@zenohd.command("status")
@BIN_DIR
@options.as_json
def status_(bin_dir: str | None, as_json: bool) -> int:
    """Whether zenohd is here, runs, and keeps what it is given.

    Exit status: 0 it runs and keeps what it is given, 1 not.
    """
    found = status.status(settings.load(tolerant=True), bin_dir)
    output.show(found, as_json, described)
    return 0 if found.running and found.persists and not found.problems else 1


def described(found: Status) -> str:
    here = f"{found.version} in {found.folder}" if found.version else f"not in {found.folder}"
    runs = YES[found.running] + (f", version {found.router_version}" if found.router_version else "")
    lines = [
        f"installed: {here}",
        f"config: {found.config} ({found.config_state.replace('_', ' ')})",
        f"runs: {runs} ({', '.join(found.listen)})",
        f"persistent: {YES[found.persists]}",
    ]
    lines += [f"  {row.key}  {row.volume}  {row.state}  {row.folder}" for row in found.storages]
    lines += [f"problem: {problem}" for problem in found.problems]
    return "\n".join(output.one_line(line) if not line.startswith(" ") else line for line in lines)


@zenohd.command("docker")
@click.argument("folder", type=click.Path(), default=".")
@SCOPE
@click.option("--force", is_flag=True, help="Also over files that are different.")
@options.as_json
def docker_(folder: str, scopes: tuple[str, ...], force: bool, as_json: bool) -> None:
    """Write Dockerfile, docker-compose.yaml and zenohd.json5 into FOLDER."""
    output.show(docker.write(settings.load(), folder, scopes, force), as_json, made)


def made(done: Made) -> str:
    lines = [f"{path}: {state}" for path, state in done.files.items()]
    return "\n".join([*map(output.one_line, lines), f"start it there with: {docker.START}"])
