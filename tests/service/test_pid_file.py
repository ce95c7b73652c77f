"""A pid file that cannot be written is named in the error, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FULL_DISK = """\
import os, resource, sys
from pathlib import Path
from dynamic_dynamodb.service.pid_file import PidFile, PidFileError
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
path = Path(sys.argv[1])
before = os.listdir("/proc/self/fd")
for _ in range(3):
    try:
        PidFile(path, "default").acquire()
    except PidFileError as error:
        print(error)
print(path.exists(), len(os.listdir("/proc/self/fd")) - len(before))
"""


def test_a_full_disk_leaves_no_file_and_no_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "default.pid"
    command = (sys.executable, "-c", FULL_DISK, str(path))
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    *said, last = run.stdout.splitlines()
    assert said == [f"{path} cannot be written: File too large: free disk space, or use --pid-file-dir"] * 3
    assert last == "False 0"
