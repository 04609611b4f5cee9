"""The resident process as a service of the platform: systemd user unit, launchd agent, Windows scheduled task.

Texts are made by pure functions; `install` writes one and has the platform take it up. Doing it again changes nothing
but what is different. Only systemd could be tried out; the others are checked against their formats.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from xml.sax.saxutils import escape

from ..config import Config
from ..errors import NotAvailable
from ..values import NamedTuple
from . import control

UNIT = "kioku-mesh.service"
LABEL = "kioku-mesh.serve"
TASK = "kioku-mesh"
_AGAIN_S = 30  # between two starts of one that fails
_END_S = 20  # longer than the parts are given


_Command = tuple[str, ...]


class Installed(NamedTuple):
    """`path`: the file with `text`; `written`: it was not there like this; `ran`: commands that took it up;
    `left`: commands that did not work here, for a person, and `why`.
    """

    path: str
    text: str
    written: bool
    ran: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    why: str = ""


class _Plan(NamedTuple):
    """`anew`: commands after the file was written; `again`: those that do when it was there already."""

    path: str
    text: str
    encoding: str
    anew: tuple[_Command, ...]
    again: tuple[_Command, ...]


def install(config: Config, platform: str = sys.platform, dry_run: bool = False) -> Installed:
    """Have the platform run the resident process for this user, now and after each login.

    With `dry_run` nothing is written or run: `left` has the commands. Raises NotAvailable on other platforms.
    """
    plan = _plan(config, platform)
    written = _read(plan) != plan.text
    if dry_run:
        return Installed(plan.path, plan.text, written, left=tuple(map(_shown, plan.anew if written else plan.again)))
    if written:
        _write(plan)
        return _taken_up(plan, plan.anew, config, written)
    again = _taken_up(plan, plan.again, config, written)
    return _taken_up(plan, plan.anew, config, written) if again.left else again


def _taken_up(plan: _Plan, commands: tuple[_Command, ...], config: Config, written: bool) -> Installed:
    shown = tuple(map(_shown, commands))
    for number, command in enumerate(commands):
        why = _run(command, config)
        if why:
            return Installed(plan.path, plan.text, written, shown[:number], shown[number:], why)
    return Installed(plan.path, plan.text, written, shown)


def _plan(config: Config, platform: str) -> _Plan:
    kinds = {"linux": _systemd_plan, "darwin": _launchd_plan, "win32": _task_plan}
    if platform not in kinds:
        raise NotAvailable(
            f"there is no service file for {platform}", "have your system start `kioku-mesh serve --foreground`"
        )
    return kinds[platform](config, control.command(config, "--replace"))


def beside(config: Config, name: str, text: str, dry_run: bool = False) -> Installed:
    """Have systemd run another service of this user: `text` under `name`. Raises NotAvailable without systemd."""
    if sys.platform != "linux":
        raise NotAvailable(f"there is no service file of this kind for {sys.platform}", "start it by hand")
    plan = _systemd_unit(config, name, text)
    written = _read(plan) != plan.text
    if dry_run:
        return Installed(plan.path, plan.text, written, left=tuple(map(_shown, plan.anew)))
    if written:
        _write(plan)
    return _taken_up(plan, plan.anew if written else plan.again, config, written)


def _systemd_plan(config: Config, command: Sequence[str]) -> _Plan:
    return _systemd_unit(config, UNIT, systemd(command))


def _systemd_unit(config: Config, name: str, text: str) -> _Plan:
    base = config.environ.get("XDG_CONFIG_HOME", "").strip()
    folder = os.path.join(base if os.path.isabs(base) else os.path.join(config.home, ".config"), "systemd", "user")
    ask = ("systemctl", "--user")
    anew = ((*ask, "daemon-reload"), (*ask, "enable", name), (*ask, "restart", name))
    return _Plan(os.path.join(folder, name), text, "utf-8", anew, ((*ask, "enable", "--now", name),))


def _launchd_plan(config: Config, command: Sequence[str]) -> _Plan:
    path = os.path.join(config.home, "Library", "LaunchAgents", f"{LABEL}.plist")
    person = f"gui/{os.getuid() if hasattr(os, 'getuid') else 0}"
    anew = (("launchctl", "bootout", f"{person}/{LABEL}"), ("launchctl", "bootstrap", person, path))
    return _Plan(path, launchd(command), "utf-8", anew, (("launchctl", "kickstart", f"{person}/{LABEL}"),))


def _task_plan(config: Config, command: Sequence[str]) -> _Plan:
    path = os.path.join(config.config_dir, f"{TASK}-task.xml")
    who = "\\".join(filter(None, (config.environ.get(name, "") for name in ("USERDOMAIN", "USERNAME"))))
    begin = ("schtasks", "/Run", "/TN", TASK)
    anew = (("schtasks", "/Create", "/TN", TASK, "/XML", path, "/F"), begin)
    return _Plan(path, task(command, who), "utf-16", anew, (begin,))


# --- texts


def systemd(command: Sequence[str]) -> str:
    """A user unit. A start that fails, or that makes room for a newer version, is followed by another one."""
    return f"""\
[Unit]
Description=kioku-mesh: one memory for every coding agent
StartLimitIntervalSec=0

[Service]
ExecStart={_systemd_line(command)}
Restart=on-failure
RestartSec={_AGAIN_S}
TimeoutStopSec={_END_S}
UMask=0077

[Install]
WantedBy=default.target
"""


def _systemd_line(command: Sequence[str]) -> str:
    """The program is taken as it stands but for specifiers, and may hold no quotes; `env` finds one that does."""
    program, *rest = command if not set(command[0]) & set("\\\"'") else ("/usr/bin/env", *command)
    words = [_systemd_word(program), *(_systemd_word(word).replace("$", "$$") for word in rest)]
    return " ".join(words)


def _systemd_word(text: str) -> str:
    for special, plain in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%")):
        text = text.replace(special, plain)
    return f'"{text}"'


def launchd(command: Sequence[str]) -> str:
    """A property list for ~/Library/LaunchAgents."""
    words = "".join(f"\t\t<string>{escape(word)}</string>\n" for word in command)
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
\t<key>Label</key>
\t<string>{LABEL}</string>
\t<key>ProgramArguments</key>
\t<array>
{words}\t</array>
\t<key>RunAtLoad</key>
\t<true/>
\t<key>KeepAlive</key>
\t<dict>
\t\t<key>SuccessfulExit</key>
\t\t<false/>
\t</dict>
\t<key>ThrottleInterval</key>
\t<integer>{_AGAIN_S}</integer>
\t<key>ExitTimeOut</key>
\t<integer>{_END_S}</integer>
\t<key>ProcessType</key>
\t<string>Background</string>
\t<key>Umask</key>
\t<integer>{0o077}</integer>
</dict>
</plist>
"""


def task(command: Sequence[str], who: str) -> str:
    """A scheduled task of one user, started at login. Elements stand in the order that the schema wants."""
    import subprocess

    program, *rest = command
    windowless = program[: -len("python.exe")] + "pythonw.exe" if program.lower().endswith("python.exe") else program
    user = f"\n      <UserId>{escape(who)}</UserId>" if who else ""
    return f"""\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>kioku-mesh: one memory for every coding agent</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>{user}
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">{user}
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>999</Count>
    </RestartOnFailure>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Hidden>true</Hidden>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{escape(windowless)}</Command>
      <Arguments>{escape(subprocess.list2cmdline(rest))}</Arguments>
    </Exec>
  </Actions>
</Task>
"""


# --- taking it up


def _read(plan: _Plan) -> str:
    try:
        with open(plan.path, encoding=plan.encoding, newline="") as file:
            return file.read()
    except (OSError, UnicodeError):
        return ""


def _write(plan: _Plan) -> None:
    begun = f"{plan.path}.{os.getpid()}.tmp"
    try:
        os.makedirs(os.path.dirname(plan.path), exist_ok=True)
        with open(begun, "w", encoding=plan.encoding, newline="") as file:
            file.write(plan.text)
        os.replace(begun, plan.path)
    except OSError as error:
        raise NotAvailable(f"{plan.path} cannot be written: {error.strerror}", "look at its permissions") from None


def _run(command: Sequence[str], config: Config) -> str:
    """Why it did not work; empty when it did."""
    import subprocess

    try:
        done = subprocess.run(
            command, env=dict(config.environ), stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]}: {getattr(error, 'strerror', None) or 'no answer'}"
    if done.returncode == 0 or command[1] == "bootout":  # nothing to take out is fine
        return ""
    said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
    return said[-1] if said else f"{command[0]} exited {done.returncode}"


def _shown(command: Sequence[str]) -> str:
    import shlex

    return shlex.join(command)
