"""Facts about the place where a store lies: file system, free space, machine, permissions. No SQLite here."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
from contextlib import suppress
from functools import cache

from ..errors import StoreUnwritable

PRIVATE_FOLDER = 0o700
DAMAGED = ".damaged-"  # between the database's name and the time in the name of a kept damaged copy
PRIVATE_FILE = 0o600

# SQLite's write-ahead log is shared memory: it needs one kernel, and locks that hold.
_NETWORK = frozenset((
    "nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs", "fuse.davfs2", "9p",
    "drvfs", "afs", "openafs", "ceph", "fuse.ceph", "glusterfs", "fuse.glusterfs", "lustre", "gpfs", "beegfs", "ocfs2",
    "gfs2", "pvfs2", "orangefs", "coda", "ncpfs", "acfs", "vboxsf", "vmhgfs", "fuse.vmhgfs-fuse", "prl_fs",
    "fuse.sshfs", "fuse.rclone", "rclone", "fuse.s3fs", "fuse.goofys", "fuse.gcsfuse", "fuse.blobfuse",
    "fuse.blobfuse2", "fuse.curlftpfs", "fuse.gvfsd-fuse", "fuse.google-drive-ocamlfuse", "fuse.onedriver",
    "fuse.juicefs", "fuse.mount-s3", "fuse.seaweedfs", "remote",
))  # fmt: skip

# Whatever copies files one by one copies a database and its log at different moments.
_SYNCED = (
    ("Dropbox", r"Dropbox(?: \(.*\))?"),
    ("iCloud Drive", r"Mobile Documents|iCloudDrive|iCloud Drive"),
    ("OneDrive", r"OneDrive(?: ?- ?.*)?"),
    ("Google Drive", r"Google ?Drive(?:-.*)?|My Drive"),
    ("a cloud provider", r"CloudStorage"),
    ("Nextcloud", r"Nextcloud\d*|ownCloud"),
)
_MARKERS = ((".stfolder", "Syncthing"), (".dropbox.cache", "Dropbox"))


def file_system(path: str) -> str:
    """The kind of file system that holds `path` or would, as the system names it; empty when it does not say."""
    path = os.path.realpath(existing(path))
    if sys.platform == "win32":
        return _windows_kind(path)
    if sys.platform == "darwin":
        return _mac_kind(path)
    try:
        with open("/proc/self/mountinfo", "rb") as file:
            return mounted(file.read().decode("utf-8", "surrogateescape"), path)
    except OSError:
        return ""


def mounted(mountinfo: str, path: str) -> str:
    """The kind of file system of the innermost mount around `path`, from the text of Linux's mountinfo."""
    best, kind = -1, ""
    for line in mountinfo.split("\n"):
        mount, _, source = line.partition(" - ")
        fields = mount.split(" ")
        if len(fields) < 5 or not source:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4])
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= best:  # of two mounts on one point the later one is seen
            best, kind = len(point), source.split(" ")[0]
    return kind


def is_network(kind: str) -> bool:
    """True for file systems that other machines or kernels share."""
    return kind.lower() in _NETWORK


def refuse_network(directory: str, kind: str | None = None) -> None:
    """Raises StoreUnwritable for a directory on a network file system, where a store would be damaged.

    `kind`: the kind of file system, if it is known already.
    """
    kind = file_system(directory) if kind is None else kind
    if is_network(kind):
        raise StoreUnwritable(
            f"{directory} is on a network file system ({kind}), where a store would be damaged",
            "choose a folder on a local disk with KIOKU_MESH_STATE_DIR",
            file_system=kind,
        )


def synced_folder(path: str) -> str:
    """The name of the program that copies this folder to other machines; empty if none is seen."""
    folder = os.path.realpath(path)
    for part in re.split(r"[/\\]", folder):
        for name, pattern in _SYNCED:
            if re.fullmatch(pattern, part):
                return name
    while True:
        for marker, name in _MARKERS:
            if os.path.isdir(os.path.join(folder, marker)):
                return name
        parent = os.path.dirname(folder)
        if parent == folder:
            return ""
        folder = parent


def existing(path: str) -> str:
    """`path` or the nearest folder above it that exists."""
    path = os.path.abspath(path)
    while not os.path.exists(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path


def free_bytes(path: str) -> int:
    """Bytes that this user may still write where `path` is or would be. Raises OSError."""
    if sys.platform == "win32":
        import shutil

        return shutil.disk_usage(existing(path)).free
    room = os.statvfs(existing(path))
    return room.f_bavail * room.f_frsize


@cache
def machine_id() -> str:
    """A stable name of this installation of the operating system, hashed; empty when it has none."""
    known = _system_id().strip()
    if not known or known == "uninitialized":
        return ""
    return hashlib.sha256(f"kioku-mesh {known}".encode()).hexdigest()[:32]


def begin(path: str) -> None:
    """An empty file that only its owner may read, in the place of what another process left of one."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))


def prepare(directory: str) -> None:
    """Create the directory for its owner alone; an existing one stays as it is. Raises OSError."""
    if not os.path.isdir(directory):
        os.makedirs(directory, mode=PRIVATE_FOLDER, exist_ok=True)


def protect(path: str) -> None:
    """Make a database and the files beside it private to their owner, as far as they are ours."""
    if sys.platform == "win32":  # the profile folder is private already
        return
    for name in (path, path + "-wal", path + "-shm"):
        with suppress(FileNotFoundError, PermissionError):
            if stat.S_IMODE(os.stat(name).st_mode) != PRIVATE_FILE:
                os.chmod(name, PRIVATE_FILE)


if sys.platform == "win32":

    def _system_id() -> str:
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography") as key:
                return str(winreg.QueryValueEx(key, "MachineGuid")[0])
        except OSError:
            return ""

    def _windows_kind(path: str) -> str:
        import ctypes

        drive = os.path.splitdrive(path)[0]
        if drive.startswith("\\\\"):
            return "remote"
        kind = ctypes.windll.kernel32.GetDriveTypeW(drive + "\\")
        return {2: "removable", 3: "fixed", 4: "remote", 5: "cdrom", 6: "ramdisk"}.get(kind, "")

elif sys.platform == "darwin":

    def _system_id() -> str:
        import ctypes

        name, wait = ctypes.create_string_buffer(16), (ctypes.c_long * 2)(1, 0)
        failed = ctypes.CDLL(None).gethostuuid(name, wait)
        return "" if failed else name.raw.hex()

    def _mac_kind(path: str) -> str:
        import ctypes

        answer = ctypes.create_string_buffer(4096)  # struct statfs: the kind stands at byte 72, 16 bytes long
        libc = ctypes.CDLL(None)
        call = getattr(libc, "statfs$INODE64", None) or libc.statfs
        failed = call(os.fsencode(path), answer)
        return "" if failed else answer.raw[72:88].split(b"\0")[0].decode("ascii", "replace")

else:

    def _system_id() -> str:
        for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
            with suppress(OSError), open(path, encoding="ascii", errors="replace") as file:
                return file.read(200)
        return ""
