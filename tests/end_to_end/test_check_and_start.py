"""`--check-config` reports the same faults and warnings as a start, for every file of these tests."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from dynamic_dynamodb.cli.main import main
from dynamic_dynamodb.config.regions import list_regions
from dynamic_dynamodb.config.sources import ConfigSources
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.service.logs import LogSettings, set_up_logging, shut_down_logging
from tests.conformance.vectors import read_vectors
from tests.end_to_end.account import LIMITS, add_busy
from tests.end_to_end.test_log_config_file import EXAMPLE as LOG_CONFIG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

ROOT: Final = Path(__file__).parents[2]
INI: Final = re.compile(r"^```ini\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OF_A_CHECK: Final = ("nothing matches", "not published")
"""How warnings begin that only AWS gives cause for."""
TABLE: Final = f"[table: ^busy$]\n{LIMITS}"


def list_texts() -> Iterator[tuple[str, str]]:
    """Yield the files of the conformance vectors, of the documentation, and the example."""
    for vector in read_vectors("config"):
        if vector["conf"] is not None:
            yield vector["id"], vector["conf"]
    for page in sorted((ROOT / "docs").glob("*.md")):
        for number, found in enumerate(INI.findall(page.read_text(encoding="utf-8"))):
            yield f"{page.name} {number}", found
    yield "example", (ROOT / "example-dynamic-dynamodb.conf").read_text(encoding="utf-8")


@pytest.fixture
def logging_restored() -> Iterator[None]:
    yield
    shut_down_logging()


def start(sources: ConfigSources) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the faults and warnings of a start, up to its first call to AWS."""
    try:
        configuration = sources.load()
        settings = LogSettings(sources.find_path, is_dry_run=False)
        set_up_logging(configuration.logging_options, settings)
    except ConfigurationError as error:
        return error.faults, sources.examine().configuration.warnings
    return (), configuration.warnings


@pytest.mark.usefixtures("logging_restored")
def test_a_check_and_a_start_agree_on_every_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path, texts = tmp_path / "any.conf", dict(list_texts())
    assert len(texts) > 200
    for name, text in texts.items():
        path.write_bytes(text.encode())
        code = main(["-c", str(path), "--check-config"])
        said = capfd.readouterr()
        sources = ConfigSources({"config": str(path)}, dict(os.environ), tmp_path)
        faults = tuple(line.strip() for line in said.err.splitlines()[1:])
        warnings = tuple(
            line.removeprefix("warning: ") for line in said.out.splitlines() if "warning: " in line
        )
        assert (faults, warnings) == start(sources), name
        assert code == (2 if faults else 0), name


ODD: Final = {
    "log-config-file is garbage": ("[logging]\nlog-config-file: garbage.conf\n", True),
    "log-config-file is missing": ("[logging]\nlog-config-file: none.conf\n", True),
    "log-config-file names no directory": ("[logging]\nlog-config-file: nowhere.conf\n", True),
    "log-config-file is a pipe": ("[logging]\nlog-config-file: pipe\n", True),
    "log-config-file is fine": ("[logging]\nlog-config-file: fine.conf\n", False),
    "log-file is a directory": ("[logging]\nlog-file: .\n", True),
    "log-file is in no directory": ("[logging]\nlog-file: none/x.log\n", True),
    "log-file is a pipe": ("[logging]\nlog-file: pipe\n", True),
    "log-file is fine": ("[logging]\nlog-file: x.log\n", False),
    "a region without a dash": ("[global]\nregion: us-east1\n", False),
    "a zone for a region": ("[global]\nregion: us-east-1a\n", False),
    "a region that may come": ("[global]\nregion: us-west-3\n", False),
    "a topic of another region": (
        f"{TABLE}sns-message-types: scale-up\nsns-topic-arn: arn:aws:sns:eu-west-1:123456789012:x\n",
        False,
    ),
    "a FIFO topic": (
        f"{TABLE}sns-message-types: scale-up\nsns-topic-arn: arn:aws:sns:us-east-1:123456789012:x.fifo\n",
        False,
    ),
    "a state-file in a file": ("[global]\nstate-file: fine.conf/state\n", False),
    "a state-file that is not ours": ("[global]\nstate-file: garbage.conf\n", False),
    "a key twice": (f"{TABLE}increase-consumed-reads-scale: {{1: 2, 1: 3}}\n", True),
    "an expression with a space": (f"[table: ^a b$]\n{LIMITS}", False),
    "an expression that explodes": (f"[table: ^(a|aa)+$]\n{LIMITS}", False),
    "a title of a later version": (f"[table: ^a$ during: Mon-Fri]\n{LIMITS}", True),
}


@pytest.mark.parametrize("text", [text for text, _ in ODD.values()], ids=ODD)
def test_a_check_and_a_real_start_agree_on_odd_files(
    emulator: Emulator, program: Program, text: str, request: pytest.FixtureRequest
) -> None:
    add_busy(emulator)
    (program.folder / "garbage.conf").write_text("garbage\n")
    (program.folder / "fine.conf").write_text(LOG_CONFIG)
    (program.folder / "nowhere.conf").write_text(LOG_CONFIG.replace("configured.log", "none/x.log"))
    os.mkfifo(program.folder / "pipe")
    is_fault = ODD[request.node.callspec.id][1]
    text = text if "[table: ^busy$]" in text else f"{text}{TABLE}"
    before = set(program.folder.iterdir())
    checked = program.run("-c", program.write(text), "--check-config")
    assert set(program.folder.iterdir()) - before <= {program.folder / "dynamic-dynamodb.conf"}
    started = program.check(text)
    assert checked.code == (2 if is_fault else 0), checked.stderr
    assert (started.code == 2) == is_fault, started.stderr
    assert checked.stderr == started.stderr
    warned = [line.removeprefix("warning: ") for line in checked.stdout.splitlines() if "warning: " in line]
    assert sorted(warned) == sorted(one for one in started.warnings if not one.startswith(OF_A_CHECK))


@pytest.mark.parametrize(
    ("region", "warned"),
    [
        ("us-east1", "region us-east1 is unknown to the installed botocore: did you mean us-east-1?"),
        ("us-east-1a", "region us-east-1a is unknown to the installed botocore: did you mean us-east-1?"),
        (
            "us-west",
            "region us-west is unknown to the installed botocore: did you mean us-west-1 or us-west-2?",
        ),
        ("eu-wset-1", "region eu-wset-1 is unknown to the installed botocore: did you mean eu-west-1?"),
        ("mars-1", "region mars-1 is unknown to the installed botocore"),
        ("aws-global", "region aws-global is unknown to the installed botocore"),
    ],
)
def test_a_region_that_is_unknown_is_a_warning(tmp_path: Path, region: str, warned: str) -> None:
    flags = {"table-name": "t", "max-provisioned-reads": "1", "max-provisioned-writes": "1", "region": region}
    assert ConfigSources(flags, {}, tmp_path).load().warnings == (warned,)


@pytest.mark.parametrize(
    "region", ["us-east-1", "eu-central-2", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"]
)
def test_the_regions_of_all_partitions_are_known(region: str) -> None:
    assert region in list_regions()
