"""Where a store lies: file systems, folders that are copied elsewhere, permissions."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from kioku_mesh.errors import StoreUnwritable
from kioku_mesh.store import places

MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:25 / /home rw - btrfs /dev/sdb rw
31 30 0:30 / /home/kim/net rw master:2 - nfs4 server:/x rw
32 22 0:31 / /mnt/c rw - 9p C:\134 rw,aname=drvfs
33 22 0:32 / /mnt/my\040disk rw - fuse.sshfs host:/ rw
34 33 0:33 / /mnt/my\040disk rw - xfs /dev/sdc rw
35 22 0:34 / broken
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/etc", "ext4"),
        ("/home/kim", "btrfs"),
        ("/home/kim/net", "nfs4"),
        ("/home/kim/net/x/y", "nfs4"),
        ("/home/kim/network", "btrfs"),
        ("/mnt/c/Users", "9p"),
        ("/mnt/my disk/x", "xfs"),
    ],
)
def test_the_innermost_mount_counts(path: str, kind: str) -> None:
    """The mount that holds a path is found, blanks in its name and mounts over mounts included."""
    assert places.mounted(MOUNTS, path) == kind


def test_nothing_is_known_without_mounts() -> None:
    """An empty or foreign table answers nothing instead of something wrong."""
    assert places.mounted("", "/x") == places.mounted("no table\n", "/x") == ""


def test_network_file_systems_are_told_from_local_ones() -> None:
    """What several kernels share is told from what one machine has."""
    for kind in ("nfs", "nfs4", "cifs", "smb3", "9p", "drvfs", "fuse.sshfs", "fuse.rclone", "NFS", "remote", "lustre"):
        assert places.is_network(kind), kind
    for kind in ("ext4", "xfs", "btrfs", "apfs", "overlay", "tmpfs", "fuseblk", "fixed", "zfs", "virtiofs", ""):
        assert not places.is_network(kind), kind


def test_a_local_folder_is_not_refused(tmp_path: Path) -> None:
    """A folder that does not exist yet is judged by the one around it, and the test machine's is accepted."""
    assert places.file_system(str(tmp_path / "a" / "b")) == places.file_system(str(tmp_path)) != ""
    places.refuse_network(str(tmp_path / "a"))


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs Linux")
def test_a_kind_is_asked_of_the_system() -> None:
    """The real table of the system is read."""
    assert places.file_system("/proc/self") == "proc"


def test_a_network_folder_is_refused_with_a_way_out(tmp_path: Path) -> None:
    """The refusal names the file system and the variable that moves the store."""
    with pytest.raises(StoreUnwritable) as error:
        places.refuse_network(str(tmp_path), "nfs4")
    assert "nfs4" in error.value.message
    assert "KIOKU_MESH_STATE_DIR" in error.value.hint


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("Dropbox/kioku", "Dropbox"),
        ("Dropbox (Work)/x", "Dropbox"),
        ("Library/Mobile Documents/com~apple~CloudDocs/x", "iCloud Drive"),
        ("OneDrive - Acme/x", "OneDrive"),
        ("Google Drive/x", "Google Drive"),
        ("Library/CloudStorage/Box-Box/x", "a cloud provider"),
        ("dropbox-client/x", ""),
        ("OneDriveTools/x", ""),
        ("plain/x", ""),
    ],
)
def test_folders_of_synchronising_programs(tmp_path: Path, folder: str, name: str) -> None:
    """The usual folders of programs that copy files to other machines are recognised, similar names are not."""
    assert places.synced_folder(str(tmp_path / folder)) == name


def test_a_syncthing_folder_has_a_marker(tmp_path: Path) -> None:
    """A marker anywhere above the folder gives the program away."""
    (tmp_path / ".stfolder").mkdir()
    assert places.synced_folder(str(tmp_path / "deep" / "er")) == "Syncthing"


def test_free_space_of_a_folder_to_be(tmp_path: Path) -> None:
    """Free space can be asked for before the folder exists."""
    assert places.free_bytes(str(tmp_path / "a" / "b")) > 0


def test_the_machine_has_one_name() -> None:
    """The name of the machine is stable, and no name that the system itself uses."""
    name = places.machine_id()
    assert name == places.machine_id()
    assert name == "" or (len(name) == 32 and int(name, 16) >= 0)
    if os.path.exists("/etc/machine-id"):
        assert name not in Path("/etc/machine-id").read_text().split()


def test_a_new_directory_is_private_and_an_old_one_untouched(tmp_path: Path) -> None:
    """Only what is created gets its permissions from us."""
    new = tmp_path / "a" / "b"
    places.prepare(str(new))
    assert stat.S_IMODE(new.stat().st_mode) == 0o700
    new.chmod(0o755)
    places.prepare(str(new))
    assert stat.S_IMODE(new.stat().st_mode) == 0o755


def test_a_database_and_its_companions_become_private(tmp_path: Path) -> None:
    """The database, its log and its shared memory lose the rights of group and others; missing ones are no error."""
    database, wal = tmp_path / "memory.db", tmp_path / "memory.db-wal"
    for file in (database, wal):
        file.write_bytes(b"")
        file.chmod(0o644)
    places.protect(str(database))
    assert [stat.S_IMODE(file.stat().st_mode) for file in (database, wal)] == [0o600, 0o600]


def test_a_file_in_the_way_is_an_error_of_the_system(tmp_path: Path) -> None:
    """A file where the directory should be is reported by the system's own error."""
    (tmp_path / "state").write_text("")
    with pytest.raises(OSError, match="state"):
        places.prepare(str(tmp_path / "state"))
