"""The Dockerfile as a real builder builds it and a real container runs it, on bases that stand in for those of the internet.

The bases hold what the Dockerfile needs of them: a shell and tools, and the zenohd of tests/zenohd/build; what would be
downloaded is laid into the first. The step that downloads, its digests, the copying and the start are the real ones.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from kioku_mesh.errors import KiokuError
from kioku_mesh.mesh.storage_probe import Visit
from kioku_mesh.zenohd import config, docker
from kioku_mesh.zenohd.fetch import sha256
from kioku_mesh.zenohd.platforms import DEFAULT_VERSION
from support import needs
from support.needs import ZENOHD
from support.residents import until
from support.routers import built, free_port

pytestmark = [pytest.mark.zenohd, needs("buildah", ZENOHD)]

BACKEND = "libzenoh_backend_rocksdb.so"
WGET = '#!/bin/sh\n[ "$1 $2" = "-q -O" ] && cat /backend.zip > "$3"\n'
KEY, PAYLOAD = "mem/log/mesh/n/1", b"kept in a container"


class Builder:
    """buildah with a store of its own, as root without an engine."""

    digest = ""  # of the archive that stands in for the download

    def __init__(self, folder: Path) -> None:
        self._places = ("--root", str(folder / "store"), "--runroot", str(folder / "run"), "--storage-driver", "vfs")

    def command(self, *arguments: str) -> list[str]:
        first, *rest = arguments
        apart = ["--isolation", "chroot"] if first in ("build", "run") else []
        return ["buildah", *self._places, first, *apart, *rest]

    def try_(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, check=False, timeout=300)

    def ok(self, *arguments: str) -> str:
        done = self.try_(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def base(self, name: str, folder: Path) -> None:
        """A folder as an image."""
        (folder.parent / "Containerfile").write_text(f"FROM scratch\nCOPY {folder.name}/ /\n")
        self.ok("build", "--file", str(folder.parent / "Containerfile"), "--tag", name, str(folder.parent))


def lay(folder: Path, files: Sequence[Path | str], at: str = "bin") -> None:
    """Programs and the libraries that they need."""
    (folder / at).mkdir(parents=True, exist_ok=True)
    for path in map(Path, files):
        shutil.copy(path.resolve(), folder / at / path.name)
        said = subprocess.run(["ldd", path.resolve()], capture_output=True, text=True, check=False).stdout
        for library in [word for word in said.split() if word.startswith("/") and Path(word).is_file()]:
            place = folder / library.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path(library).resolve(), place)


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """With both bases."""
    folder = tmp_path_factory.mktemp("bases")
    made = Builder(tmp_path_factory.mktemp("buildah"))
    tools, router = folder / "alpine", folder / "zenoh"
    lay(tools, ["/bin/dash", *filter(None, map(shutil.which, ("cat", "uname", "sha256sum", "unzip")))])
    (tools / "bin" / "dash").rename(tools / "bin" / "sh")
    (tools / "bin" / "wget").write_text(WGET)
    (tools / "bin" / "wget").chmod(0o755)
    (tools / "tmp").mkdir()
    with zipfile.ZipFile(tools / "backend.zip", "w") as packed:
        packed.write(built() / BACKEND, BACKEND)
    lay(router, [built() / "zenohd", built() / "libzenoh_plugin_storage_manager.so"], at=".")
    lay(router / "unused", [built() / BACKEND])
    shutil.copytree(router / "unused" / "lib", router / "lib", dirs_exist_ok=True)
    shutil.rmtree(router / "unused")
    made.base("docker.io/library/alpine:3", tools)
    made.base(f"docker.io/eclipse/zenoh:{DEFAULT_VERSION}", router)
    made.digest = sha256(str(tools / "backend.zip"))
    yield made
    made.try_("rm", "--all")
    made.try_("rmi", "--all", "--force")


def build(builder: Builder, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "Dockerfile").write_text(docker.files()["Dockerfile"])
    return builder.try_(
        "build", "--pull=never", *arguments, "--tag", "hub", "--file", str(folder / "Dockerfile"), str(folder)
    )


def test_another_archive_is_not_built_in(builder: Builder, tmp_path: Path) -> None:
    """One whose digest is not the one that stands in the file ends the build."""
    refused = build(builder, tmp_path)
    assert refused.returncode
    assert "did NOT match" in refused.stdout + refused.stderr


def test_it_is_built_and_keeps_what_it_is_given(builder: Builder, tmp_path: Path) -> None:
    """The image starts by itself with the configuration and the data folder of the compose file; what was written is
    there in the next container."""
    digests = [f"--build-arg=ROCKSDB_SHA256_{machine}={builder.digest}" for machine in ("X86_64", "AARCH64")]
    done = build(builder, tmp_path, *digests)
    assert done.returncode == 0, done.stderr
    image = json.loads(builder.ok("inspect", "--type", "image", "hub"))["OCIv1"]["config"]
    assert (image["Volumes"], image["ExposedPorts"]) == ({"/data": {}}, {"7447/tcp": {}})
    endpoint = f"tcp/127.0.0.1:{free_port()}"
    file, data = tmp_path / config.FILE, tmp_path / "data"
    file.write_text(
        docker.files()[config.FILE].replace("tcp/0.0.0.0:7447", endpoint)
    )  # containers have no network here
    data.mkdir()
    volumes = ["--volume", f"{data}:/data", "--volume", f"{file}:/etc/zenohd.json5:ro"]
    for life in range(2):
        name = builder.ok("from", "--pull=never", "hub")
        whole = builder.command("run", *volumes, name, "--", *image["Entrypoint"], *image["Cmd"])
        with open(tmp_path / "log", "ab") as log:
            process = subprocess.Popen(whole, stdout=log, stderr=log, start_new_session=True)
        try:
            with until(lambda: visit(endpoint)) as router:
                if not life:
                    router.put(KEY, PAYLOAD)
                assert router.settled(KEY, PAYLOAD, 30), (tmp_path / "log").read_text()
        finally:
            process.terminate()
            process.wait(30)


def visit(endpoint: str) -> Visit | None:
    try:
        return Visit(endpoint, 0.5)
    except KiokuError:
        return None
