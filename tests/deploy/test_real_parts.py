"""The script that installs Chromium and Prometheus installs what is missing, and starts no service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.deploy.contrib import REPOSITORY

if TYPE_CHECKING:
    from tests.deploy.host import Host

SCRIPT: Final = str(REPOSITORY / ".ci" / "install-real-parts")
POLICY: Final = "/usr/sbin/policy-rc.d"
PARTS: Final = ("chromium", "chromedriver", "prometheus", "promtool")
INSTALL: Final = (
    "apt-get install -qq --yes --no-install-recommends chromium chromium-driver prometheus, services: 101"
)
APT: Final = f"""
[ "$1" = install ] || exit 0
status=0
{POLICY} prometheus start || status=$?
sed -i "$ s/$/, services: $status/" /stubs/calls
for part in {" ".join(PARTS)}; do touch "/usr/local/bin/$part"; chmod 755 "/usr/local/bin/$part"; done
"""


@pytest.fixture
def bare(host: Host) -> Host:
    """Return a host without the parts, whose package manager is a stub."""
    for part in PARTS:
        host.must_run("sh", "-c", f'for one in $(which -a {part}); do rm -f "$one"; done')
    host.must_run("rm", "-f", POLICY)
    host.stub("apt-get", APT)
    return host


def test_missing_parts_are_installed_while_services_may_not_start(bare: Host) -> None:
    bare.must_run(SCRIPT)
    assert bare.calls() == ["apt-get update -qq", INSTALL]
    assert bare.run("test", "-e", POLICY).code == 1


def test_parts_that_are_there_are_not_installed_again(bare: Host) -> None:
    bare.must_run(SCRIPT)
    bare.must_run(SCRIPT)
    assert len(bare.calls()) == 2


def test_a_policy_of_the_host_stays(bare: Host) -> None:
    bare.write(POLICY, "#!/bin/sh\nexit 101\n# its own\n", 0o755)
    bare.must_run(SCRIPT)
    assert bare.read(POLICY).endswith("# its own\n")


def test_a_failed_installation_fails_and_leaves_no_policy(bare: Host) -> None:
    bare.stub("apt-get", '[ "$1" = update ]')
    assert bare.run(SCRIPT).code != 0
    assert bare.run("test", "-e", POLICY).code == 1
