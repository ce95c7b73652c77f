"""--scheduler with a real Dask cluster: its results are those of local processes, though a worker dies."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree, which
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.replay.tuning import cluster
from tests.end_to_end.program import ROOT, Program
from tests.replay.recordings import DAY, wave
from tests.replay.test_command import NO_AWS, RULES, write_recording
from tests.replay.tuning.test_going_on import wait_for_result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamic_dynamodb.replay.tuning.cluster import Environment
    from tests.emulator import Emulator

DYING_WORKER = Path(__file__).with_name("dying_worker.py")
TABLES = ("orders", "users", "items", "carts")
OPEN = "anyone who reaches a tcp:// scheduler can run code on its workers and on this machine"


@dataclass
class Cluster:
    """A scheduler, and workers that know it from a file."""

    folder: Path
    processes: ExitStack
    flags: tuple[str, ...] = ()

    def start(self, kind: str, *flags: str, until: str) -> subprocess.Popen[str]:
        """Start a scheduler or a worker, and wait until it has written this text to its log."""
        command = [sys.executable, "-m", "dask", kind, "--scheduler-file", "scheduler.json", "--no-dashboard"]
        process = subprocess.Popen(
            [*command, *self.flags, *flags],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.callback(end, process)
        assert process.stderr is not None
        log = ""
        for line in process.stderr:
            log += line
            if until in line:
                return process
        pytest.fail(log)

    def start_worker(self, *flags: str) -> subprocess.Popen[str]:
        """Start a worker of one thread, and wait until the scheduler knows it."""
        return self.start("worker", "--nthreads", "1", "--no-nanny", *flags, until="Registered to")

    @property
    def address(self) -> str:
        """Return the address of the scheduler."""
        address: str = json.loads((self.folder / "scheduler.json").read_text(encoding="utf-8"))["address"]
        return address


def end(process: subprocess.Popen[str]) -> None:
    """End a process."""
    process.kill()
    process.wait()
    assert process.stderr is not None
    process.stderr.close()


@contextmanager
def run_cluster(folder: Path, *flags: str) -> Iterator[Cluster]:
    """Start a scheduler on loopback; it and its workers end with the block."""
    folder.mkdir()
    with ExitStack() as processes:
        made = Cluster(folder, processes, flags)
        made.start("scheduler", "--host", "127.0.0.1", "--port", "0", until="Scheduler at:")
        yield made


@pytest.fixture
def program(emulator: Emulator, tmp_path: Path) -> Program:
    """Return the program with recordings of four tables."""
    folder = tmp_path / "history"
    folder.mkdir()
    for seed, name in enumerate(TABLES):
        write_recording(folder / f"{name}.csv", None, wave(2 * DAY, 5, 40, noise=0.05, seed=seed))
    return Program(emulator, tmp_path, patience_seconds=300)


def test_a_cluster_finds_what_local_processes_find_though_a_worker_is_killed(
    program: Program, tmp_path: Path
) -> None:
    with run_cluster(tmp_path / "dask") as dask:
        dying = dask.start_worker("--preload", str(DYING_WORKER))
        living = dask.start_worker()
        flags = ("--tune", "history", "--tune-output")
        run = program.run(*flags, "cluster.conf", "--scheduler", dask.address, **NO_AWS)
        assert (dying.wait(), living.poll()) == (-signal.SIGKILL, None)
    assert (run.code, run.stderr.count("\n")) == (0, 1)
    assert OPEN in run.stderr
    rmtree(tmp_path / "history" / "tune-results")
    assert program.run(*flags, "local.conf", "--workers", "2", **NO_AWS).code == 0
    written, expected = ((tmp_path / name).read_bytes() for name in ("cluster.conf", "local.conf"))
    assert written == expected


@pytest.mark.skipif(which("openssl") is None, reason="makes the certificate")
def test_a_tls_scheduler_is_used_with_the_certificates_of_dasks_configuration(
    program: Program, tmp_path: Path
) -> None:
    own, foreign = make_certificate(tmp_path / "own"), make_certificate(tmp_path / "foreign")
    kinds = zip(("--tls-ca-file", "--tls-cert", "--tls-key"), own, strict=True)
    flags = ("--protocol", "tls", *(one for kind, file in kinds for one in (kind, str(file))))
    tune = ("--tune", "history/orders.csv", "--scheduler")
    with run_cluster(tmp_path / "dask", *flags) as dask:
        dask.start_worker()
        assert dask.address.startswith("tls://")
        run = program.run(*tune, dask.address, **NO_AWS, DASK_CONFIG=write_dask_config(*own))
        assert (run.code, run.stderr) == (0, "")
        refused = program.run(*tune, dask.address, **NO_AWS, DASK_CONFIG=write_dask_config(*foreign))
    assert (refused.code, refused.stdout) == (1, "")
    assert "cannot be reached: " in refused.stderr
    assert "certificate" in refused.stderr


def make_certificate(folder: Path) -> tuple[Path, Path, Path]:
    """Return the files of a certificate that is its own authority: authority, certificate and key."""
    folder.mkdir()
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, certificate, key


def write_dask_config(authority: Path, certificate: Path, key: Path) -> str:
    """Write Dask's configuration beside a certificate, and return its path."""
    tls = {"ca-file": str(authority), "client": {"cert": str(certificate), "key": str(key)}}
    path = certificate.parent / "distributed.yaml"  # JSON is YAML
    path.write_text(json.dumps({"distributed": {"comm": {"tls": tls}}}), encoding="utf-8")
    return str(path)


def test_a_recording_that_workers_cannot_see_is_refused(program: Program, tmp_path: Path) -> None:
    with run_cluster(tmp_path / "dask") as dask:
        dask.start_worker()
        (tmp_path / "history").rename(tmp_path / "elsewhere")
        # Both share a machine: a path below /proc/self leads each process to its own directory.
        (tmp_path / "history").symlink_to("/proc/self/cwd/elsewhere")
        run = program.run("--tune", "history/orders.csv", "--scheduler", dask.address, **NO_AWS)
    assert run.code == 1
    assert "cannot read " in run.stderr
    assert "No such file or directory; all workers must see the recordings at the same path" in run.stderr


def test_a_scheduler_that_is_lost_leaves_results_to_go_on_with(program: Program, tmp_path: Path) -> None:
    with run_cluster(tmp_path / "dask") as dask:
        dask.start_worker()
        flags = ("--tune", "history", "--scheduler", dask.address)
        with program.start(RULES.format(threshold=80), *flags, **NO_AWS) as running:
            wait_for_result(tmp_path / "history")
            dask.processes.close()
            run = running.end(seconds=program.patience_seconds)
    assert (run.code, run.stdout) == (1, "")
    assert "of 4 targets are kept; run the same command again to go on" in run.stderr
    assert f"--scheduler {dask.address}: the connection was lost" in run.stderr


@pytest.mark.parametrize(
    ("flags", "code", "fault"),
    [
        pytest.param(
            ("--scheduler", "tcp://127.0.0.1:9"),
            1,
            "--scheduler tcp://127.0.0.1:9 cannot be reached: (Connection refused|Timed out .*);"
            " check the address, and that `dask scheduler` runs there",
            id="nothing-there",
        ),
        pytest.param(
            ("--scheduler", "tls://127.0.0.1:9"),
            1,
            r"cannot be reached: there are no certificates; .* the certificates in distributed\.comm\.tls",
            id="tls",
        ),
        pytest.param(
            ("--scheduler", "localhost:8786"),
            2,
            "--scheduler must be an address such as tls://10.0.0.5:8786, got 'localhost:8786'",
            id="no-scheme",
        ),
        pytest.param(
            ("--scheduler", "tcp://127.0.0.1:9", "--workers", "2"),
            2,
            "--workers and --scheduler exclude each other",
            id="workers",
        ),
    ],
)
def test_a_cluster_that_cannot_be_used_is_a_sentence(
    program: Program, flags: tuple[str, ...], code: int, fault: str
) -> None:
    run = program.run("--tune", "history", *flags, **NO_AWS)
    assert (run.code, run.stdout) == (code, "")
    assert re.search(fault, run.stderr)


def test_without_dask_the_sentence_names_the_command_to_install_it(program: Program, tmp_path: Path) -> None:
    package = tmp_path / "without" / "distributed"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('No module named distributed')", encoding="utf-8")
    path = f"{package.parent}:{ROOT}"
    flags = ("--tune", "history", "--scheduler", "tls://127.0.0.1:9")
    run = program.run(*flags, **NO_AWS, PYTHONPATH=path)
    assert run.code == 1
    assert "--scheduler requires Dask" in run.stderr
    assert run.stderr.endswith(": pip install 'dynamic-dynamodb[cluster]'\n")
    assert program.run("--version", **NO_AWS, PYTHONPATH=path).code == 0


OWN = cluster.examine()


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        pytest.param(OWN, "", id="same"),
        pytest.param(
            OWN._replace(program="2.9.9"),
            f"w has dynamic-dynamodb 2.9.9, and this is {OWN.program}: install the same version",
            id="program",
        ),
        pytest.param(
            OWN._replace(python="3.9"),
            f"w has Python 3.9, and this is {OWN.python}: use the same version",
            id="python",
        ),
        pytest.param(
            ModuleNotFoundError("No module named 'dynamic_dynamodb'"),
            "w cannot run dynamic-dynamodb (No module named 'dynamic_dynamodb'):"
            f" install dynamic-dynamodb[cluster] {OWN.program} there",
            id="missing",
        ),
    ],
)
def test_what_differs_on_a_worker_is_named(found: Environment | Exception, fault: str) -> None:
    assert list(cluster.find_faults({"w": found})) == ([fault] if fault else [])


def test_a_worker_with_another_version_refuses_a_task() -> None:
    with pytest.raises(ValueError, match=r"its worker has dynamic-dynamodb .*, not 2\.9\.9"):
        cluster.tune_remotely(b"", "2.9.9")
