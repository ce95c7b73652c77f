"""A copy of this machine to install services on; it is discarded at the end, with everything written to it.

A namespace of mounts puts an overlay over the root directory, and a namespace of processes ends what was
left running. Its network is this machine's, so that it reaches the emulator.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.deploy.contrib import REPOSITORY
from tests.end_to_end.program import PATIENCE_SECONDS, Run

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOLD = """\
set -e
mkdir layers root
mount -t tmpfs tmpfs layers
mkdir layers/upper layers/work
mount -t overlay overlay -o lowerdir=/,upperdir="$PWD/layers/upper",workdir="$PWD/layers/work" root
for own_file_system in "$@"; do
    mkdir -p "root$own_file_system"
    mount --rbind "$own_file_system" "root$own_file_system"
done
mount -t proc proc root/proc
mount --rbind /dev root/dev
mount -t tmpfs tmpfs root/run
echo ready
exec sleep infinity
"""
_POLL_SECONDS = 0.01
STUBS = "/stubs"
NEEDED = (REPOSITORY, Path(sys.prefix), Path(sys.base_prefix))
"""What the program under test is made of: its source, its environment, its Python."""


@dataclass(frozen=True)
class Host:
    """A copy of this machine; `variables` are the environment of its processes."""

    pid: int
    root: Path
    variables: dict[str, str] = field(default_factory=dict)

    def write(self, path: str, content: str | bytes, mode: int = 0o644) -> None:
        """Write a file there."""
        write = 'mkdir -p "$(dirname "$0")" && cat >"$0" && chmod "$1" "$0"'
        put = content.encode() if isinstance(content, str) else content
        self.run("sh", "-c", write, path, f"{mode:o}", put=put)

    def read(self, path: str) -> str:
        """Read a file there."""
        return self.must_run("cat", path).stdout

    def stub(self, name: str, script: str) -> None:
        """Replace a command with a script that first records its call."""
        note = f'#!/bin/bash\nset -eu\nprintf "%s\\n" "{name} $*" >>{STUBS}/calls\n'
        self.write(f"{STUBS}/{name}", note + script, 0o755)
        self.run("sh", "-c", f"touch {STUBS}/calls && chmod 666 {STUBS}/calls")  # services are not root

    def calls(self) -> list[str]:
        """Return the calls of stubs, in their order."""
        return self.run("cat", f"{STUBS}/calls").stdout.splitlines()

    def run(self, *command: str, put: bytes = b"") -> Run:
        """Run a command there as root."""
        enter = ["nsenter", "--target", str(self.pid), "--mount", "--pid", "chroot", str(self.root)]
        ended = subprocess.run(
            [*enter, *command],
            env={"PATH": f"{STUBS}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **self.variables},
            cwd="/",
            input=put,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return Run(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    def must_run(self, *command: str) -> Run:
        """Run a command there that must succeed."""
        run = self.run(*command)
        assert run.code == 0, run
        return run


@contextmanager
def start_host(folder: Path) -> Iterator[Host]:
    """Start a copy whose changes are kept in a folder; it ends, with all its processes, with the context."""
    unshare = shutil.which("unshare")
    if unshare is None:
        raise RuntimeError("unshare is needed to copy this machine: apt-get install util-linux")
    holder = subprocess.Popen(
        [unshare, "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _HOLD, "sh", *_list_apart()],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        if holder.stdout.readline() != "ready\n":
            raise RuntimeError("this machine cannot be copied: it must allow mounts of overlay")
        yield Host(_find_child(holder.pid), folder / "root")
    finally:
        holder.kill()
        holder.communicate()


def _list_apart() -> list[str]:
    """List the needed directories on other file systems, which the overlay does not include."""
    return [str(path) for path in NEEDED if path.stat().st_dev != Path("/").stat().st_dev]


def _find_child(pid: int) -> int:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
        if children:
            return int(children[0])
        time.sleep(_POLL_SECONDS)
    raise TimeoutError("the copy of this machine has not started")
