"""The set-up script of the stack's instance, and its service, run on a copy of this machine.

Stand-ins are what belongs to AWS or to its distribution: aws, cfn-signal, dnf, and systemctl.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb import __version__
from dynamic_dynamodb.config.loader import load
from tests.deploy.contrib import CONTRIB, REPOSITORY
from tests.deploy.stack import REGION, deploy
from tests.end_to_end.account import ALL, RAISED, add_busy
from tests.end_to_end.daemons import wait_until

if TYPE_CHECKING:
    from tests.deploy.host import Host
    from tests.emulator import Emulator
    from tests.end_to_end.program import Run

CONFIGURATION = "/etc/dynamic-dynamodb/dynamic-dynamodb.conf"
KEPT = "/s3/my-bucket/some/path/dynamic-dynamodb.conf"
HOME = "/usr/local/lib/dynamic-dynamodb"
WHEEL = f"dynamic_dynamodb-{__version__}-py3-none-any.whl"
EACH_SECOND = "[global]\ncheck-interval: 1\n" + ALL
BAD = f"{ALL}reads-upper-threshold: lots\n"
AWS = """\
[[ $1 == --region ]] && shift 2
[[ -n ${DENIED-} && "$*" == *$DENIED* ]] && { echo "AccessDenied" >&2; exit 254; }
case "$1 $2" in
"s3api list-objects-v2")
    [[ "$3 $5 $7 $8 $9" == "--bucket --prefix --max-keys 1 --no-paginate" ]]
    found=$(cd "/s3/$4" && find . -path "./$6*" | sort | head -n 1)
    [[ -n $found ]] && echo "${found#./}" || echo None
    ;;
"s3 cp")
    [[ $3 == --only-show-errors ]]
    shift 3
    [[ $1 == --region ]] && shift 2
    from=${1/s3:\\/\\//\\/s3\\/} to=${2/s3:\\/\\//\\/s3\\/}
    [[ $to == */ ]] && to=$to${from##*/}
    rm -f "$to"
    cat "$from" >"$to"
    ;;
*) exit 2 ;;
esac
"""


@pytest.fixture
def instance(installed: Host) -> Host:
    """Return a host with an empty bucket, and what an instance of Amazon Linux has."""
    packages = next(Path(entry) for entry in sys.path if entry.endswith("site-packages"))
    installed.must_run("rm", "/usr/local/bin/dynamic-dynamodb")
    installed.must_run("userdel", "dynamic-dynamodb")
    installed.must_run("mkdir", "-p", "/s3/my-bucket/some/path")
    installed.must_run("chmod", "777", "/s3/my-bucket/some/path")
    installed.write("/var/log/cloud-init-output.log", "Collecting\nno such package\n")
    # The wheel is installed without its dependencies, which it uses from the tests' environment.
    settings = installed.read("/etc/default/dynamic-dynamodb") + f"PYTHONPATH={packages}\n"
    installed.write("/etc/default/dynamic-dynamodb", settings)
    pip = {"PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_IGNORE_INSTALLED": "1"}
    installed.variables.update({"PYTHONPATH": str(packages), **pip})
    installed.stub("dnf", "")
    installed.stub("cfn-signal", "")
    installed.stub("python3.11", f'exec {sys.executable} "$@"\n')
    installed.stub("aws", AWS)
    # Red Hat's service(8), and Amazon's, runs the init script if there is one, systemd or not.
    installed.stub("service", 'exec env -i PATH="$PATH" "/etc/init.d/$1" "${@:2}"\n')
    systemctl = Path(__file__).with_name("systemctl.py")
    installed.stub("systemctl", f'exec {sys.executable} {systemctl} "$@"\n')
    return installed


def set_up(instance: Host) -> Run:
    """Set up an installed program as a service, as the last line of the user data does."""
    instance.must_run("mkdir", "-p", f"{HOME}/bin")
    launcher = f'#!/bin/sh\nexec {sys.executable} -m dynamic_dynamodb "$@"\n'
    instance.write(f"{HOME}/bin/dynamic-dynamodb", launcher, 0o755)
    return instance.run(
        "sh", str(CONTRIB / "ec2" / "set-up"), "s3://my-bucket/some/path/", "eu-west-1", "us-west-2"
    )


def service(instance: Host, *words: str) -> Run:
    return instance.run("service", "dynamic-dynamodb", *words)


@pytest.fixture
def systemd(instance: Host) -> Host:
    """Return an instance that looks as if systemd runs."""
    instance.must_run("mkdir", "-p", "/run/systemd/system")
    return instance


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Build the package once."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(REPOSITORY / "dynamic_dynamodb", folder / "dynamic_dynamodb")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, folder)
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder / "dist"), str(folder)]
    subprocess.run(build, check=True, capture_output=True)
    return (folder / "dist" / WHEEL).read_bytes()


def keep(instance: Host, text: str) -> None:
    """Store a configuration in the bucket."""
    instance.write(KEPT, text)


def signals(instance: Host) -> list[str]:
    return [call for call in instance.calls() if call.startswith("cfn-signal")]


@pytest.mark.parametrize("package", [f"dynamic-dynamodb=={__version__}", f"s3://wheels/{WHEEL}"])
def test_the_user_data_sets_up_a_running_service(
    systemd: Host, emulator: Emulator, wheel: bytes, package: str
) -> None:
    add_busy(emulator)
    systemd.write(f"/s3/wheels/{WHEEL}", wheel)
    systemd.variables["PIP_FIND_LINKS"] = "/s3/wheels"  # the package index
    keep(systemd, EACH_SECOND)
    with deploy(Package=package) as stack:
        run = systemd.run("bash", "-c", stack.user_data)
    assert run.code == 0, run
    assert "dnf install --assumeyes python3.11 /usr/sbin/service" in systemd.calls()
    flags = f"--stack scaling --resource AutoScalingGroup --region {REGION}"
    assert signals(systemd) == [f"cfn-signal --exit-code 0 {flags}"]
    assert service(systemd, "status").code == 0
    emulator.wait_for_requests("UpdateTable")
    assert service(systemd, "stop").code == 0
    assert emulator.capacities() == {("busy", None): RAISED}
    assert systemd.must_run("stat", "-c", "%a %U %G", CONFIGURATION).stdout == "640 root dynamic-dynamodb\n"
    assert systemd.read(CONFIGURATION) == EACH_SECOND


@pytest.mark.parametrize(("dnf", "code"), [("exit 3\n", 3), ("", 1)], ids=["no Python", "no such package"])
def test_a_failure_is_signalled_to_the_stack(instance: Host, dnf: str, code: int) -> None:
    instance.stub("dnf", dnf)
    with deploy() as stack:
        assert instance.run("bash", "-c", stack.user_data).code == code
    assert [signal.split(" --stack")[0] for signal in signals(instance)] == [f"cfn-signal --exit-code {code}"]


def test_without_a_configuration_the_example_is_installed_and_uploaded(systemd: Host, tmp_path: Path) -> None:
    systemd.write(f"{KEPT}.bak", EACH_SECOND)  # its key begins with the same text
    run = set_up(systemd)
    assert run.code == 0, run
    assert "installed the example configuration, with region us-west-2" in run.stdout
    installed = systemd.read(CONFIGURATION)
    (tmp_path / "installed.conf").write_text(installed, encoding="utf-8")
    assert load({"config": str(tmp_path / "installed.conf")}, {}).global_options["region"] == "us-west-2"
    assert systemd.read(KEPT) == installed
    assert service(systemd, "status").code == 0


@pytest.mark.parametrize(
    ("denied", "message"),
    [
        ("list-objects", "cannot list my-bucket: is it a bucket in eu-west-1"),
        ("errors s3", "cannot read s3://my-bucket/some/path/dynamic-dynamodb.conf"),
        ("conf s3", "cannot write s3://my-bucket/some/path/dynamic-dynamodb.conf"),
    ],
    ids=["list", "get", "put"],
)
def test_denied_access_to_the_bucket_fails_the_set_up(systemd: Host, denied: str, message: str) -> None:
    keep(systemd, EACH_SECOND)
    systemd.variables["DENIED"] = denied
    run = set_up(systemd)
    assert run.code != 0
    assert message in run.stderr
    assert service(systemd, "status").code != 0


def test_a_configuration_with_errors_fails_the_set_up_and_is_not_changed(systemd: Host) -> None:
    keep(systemd, BAD)
    run = set_up(systemd)
    assert run.code != 0
    assert "reads-upper-threshold" in run.stdout + run.stderr
    assert systemd.read(KEPT) == BAD


@pytest.fixture
def running(systemd: Host) -> Host:
    """Return an instance with the service running by a configuration from the bucket."""
    keep(systemd, EACH_SECOND)
    assert set_up(systemd).code == 0
    return systemd


EDITED = EACH_SECOND + "lookback-period: 6\n"


@pytest.mark.parametrize("command", ["restart", "reload"])
def test_an_edited_configuration_is_uploaded_when_the_service_uses_it(running: Host, command: str) -> None:
    running.write(CONFIGURATION, EDITED, 0o640)
    assert service(running, command).code == 0
    assert running.read(KEPT) == EDITED


def test_a_dry_run_uploads_nothing_and_changes_nothing(running: Host, emulator: Emulator) -> None:
    service(running, "stop")
    add_busy(emulator)
    before = emulator.capacities()
    running.write(CONFIGURATION, EDITED, 0o640)
    assert service(running, "start", "--dry-run").code == 0
    wait_until(lambda: "busy: would be updated" in running.read("/journal"), "a check of a dry run")
    assert "dry run: configuration not uploaded" in running.read("/journal")
    assert (running.read(KEPT), emulator.capacities()) == (EACH_SECOND, before)
    assert service(running, "restart").code == 0
    emulator.wait_for_requests("UpdateTable")
    assert running.read(KEPT) == EDITED


def test_an_edit_with_errors_is_neither_uploaded_nor_used(running: Host) -> None:
    running.write(CONFIGURATION, BAD, 0o640)
    for command in ("reload", "restart"):
        run = service(running, command)
        assert (run.code, "reads-upper-threshold" in run.stderr) == (6, True)
        assert service(running, "status").code == 0
    assert running.read(KEPT) == EACH_SECOND


def test_systemctl_neither_uploads_nor_starts_an_edit_with_errors(running: Host) -> None:
    running.write(CONFIGURATION, BAD, 0o640)
    assert running.run("systemctl", "reload", "dynamic-dynamodb").code == 1
    assert service(running, "status").code == 0
    assert running.run("systemctl", "restart", "dynamic-dynamodb").code == 1
    assert service(running, "status").code == 3
    journal = running.read("/journal")
    assert "dynamic-dynamodb.conf has errors: not uploaded" in journal
    assert "reads-upper-threshold" in journal
    assert running.read(KEPT) == EACH_SECOND


def test_the_configuration_in_the_bucket_can_be_fetched(running: Host) -> None:
    keep(running, EDITED)
    assert running.run("dynamic-dynamodb-s3", "fetch").code == 0
    assert (running.read(CONFIGURATION), running.read(f"{CONFIGURATION}.before")) == (EDITED, EACH_SECOND)


def test_the_service_runs_if_access_to_the_bucket_is_denied_later(running: Host) -> None:
    settings = running.read("/etc/default/dynamic-dynamodb")
    running.write("/etc/default/dynamic-dynamodb", f"{settings}DENIED=conf?s3\n")
    assert service(running, "restart").code == 0
    assert "a replacement instance would get an older configuration" in running.read("/journal")
    assert service(running, "status").code == 0
