"""--replay through the real command: its output, the input it refuses, and its exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.replay.recordings.manifest import MANIFEST, Entry, Manifest
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.scaling.usage import MINUTE
from tests.end_to_end.program import Program
from tests.replay.pages import Page, read_page
from tests.replay.recordings import DAY, START, spikes, wave

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator import Emulator

RULES = """\
[global]
check-interval: 60
[default_options]
lookback-window-start: 5
lookback-period: 5
reads-upper-threshold: {threshold}
writes-upper-threshold: 80
throttled-reads-upper-threshold: 1
num-read-checks-before-scale-down: 30
max-provisioned-reads: 400
max-provisioned-writes: 100
[table: ^orders$]
[gsi: .* table: ^orders$]
"""
NO_AWS = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": None}


@pytest.fixture
def program(emulator: Emulator, tmp_path: Path) -> Program:
    """Return the program with a recording of a table, and one of its index."""
    made = Program(emulator, tmp_path)
    made.write(RULES.format(threshold=80), "a.conf")
    made.write(RULES.format(threshold=50), "b.conf")
    folder = tmp_path / "history"
    folder.mkdir()
    write_recording(folder / "orders.csv", wave(DAY, 5, 120), spikes(DAY))
    write_recording(folder / "orders@by-date.csv", None, wave(DAY, 5, 50))
    return made


def write_recording(path: Path, reads: list[float] | None, writes: list[float]) -> None:
    """Write a recording; without reads, their column is blank."""
    lines = ["timestamp,consumed_reads,consumed_writes"]
    for minute, one in enumerate(writes):
        stamp = f"{START + minute * MINUTE:%Y-%m-%dT%H:%M:%SZ}"
        lines.append(f"{stamp},{'' if reads is None else reads[minute]},{one}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


ROWS = (
    "this configuration",
    "b.conf",
    "AWS target tracking 70 %",
    "AWS target tracking 80 %",
    "AWS target tracking 90 %",
    "on-demand",
    "best fixed value",
    "lower bound",
)


def test_the_table_compares_each_target_and_all(program: Program) -> None:
    run = program.run("-c", "a.conf", "--replay", "history", "--compare", "b.conf", **NO_AWS)
    assert (run.code, run.stderr) == (0, "")
    blocks = run.stdout.split("\n\n")
    assert blocks[0].startswith(
        "physics ideal, billing hour-max; dollars per 30 days, at the prices of us-east-1 in November 2024\n"
        "hour-max bills every hour"
    )
    heads = [block.splitlines()[0].partition(": ")[0] for block in blocks[1:]]
    assert heads == ["orders", "orders/by-date", "all 2 targets"]
    assert all("$ hour-max  $ prorated  $ watching  $ total  throttled" in block for block in blocks[1:])
    for block in blocks[1:]:
        names = [line.strip() for line in block.splitlines() if line.startswith("  ") and "%" in line]
        assert [name for name in ROWS if any(line.startswith(name) for line in names)] == list(ROWS)
    assert "warning: reads were not recorded: they are left out of decisions and cost" in blocks[2]
    assert "best fixed value -/" in blocks[2]
    assert re.search(r"cheapest option (that throttles at most|within that limit)", blocks[3])


def test_json_has_the_verdicts_of_the_table(program: Program) -> None:
    run = program.run("-c", "a.conf", "--replay", "history", "--format", "json", **NO_AWS)
    shown = program.run("-c", "a.conf", "--replay", "history", **NO_AWS)
    answer = json.loads(run.stdout)
    lines = " ".join(shown.stdout.split())
    for verdict in [answer["verdict"], *(target["verdict"] for target in answer["targets"])]:
        sentences = re.split(r"(?<=[.]) (?=[A-Z])", verdict)
        assert len(sentences) == 3
        assert all(f"- {sentence}" in lines for sentence in sentences)


def test_json_and_csv_hold_the_same_figures(program: Program) -> None:
    as_json = program.run("-c", "a.conf", "--replay", "history", "--format", "json", **NO_AWS)
    as_csv = program.run("-c", "a.conf", "--replay", "history", "--format", "csv", **NO_AWS)
    assert (as_json.code, as_csv.code) == (0, 0)
    answer = json.loads(as_json.stdout)
    assert answer["allowed_throttled_percent"] == 0.1
    rows = list(csv.DictReader(io.StringIO(as_csv.stdout)))
    assert len(rows) == 3 * 7
    in_json = [row for target in answer["targets"] for row in target["rows"]] + answer["total"]
    for row, other in zip(rows, in_json, strict=True):
        expected = {name: "" if one is None else str(one) for name, one in other.items()}
        assert {name: text for name, text in row.items() if name not in ("table", "index")} == expected
    ours = answer["targets"][0]["rows"][0]
    assert len(answer["targets"][0]["changes"]) == ours["updates"]
    change = answer["targets"][0]["changes"][0]
    side = change.get("reads") or change["writes"]
    assert side["from"] != side["to"]
    assert side["reasons"]
    for row in in_json:
        for bill in ("hour_max", "prorated"):
            total = row[f"cost_{bill}"] + row["watching"]
            assert row[f"total_{bill}"] == pytest.approx(total, abs=1e-5)
        if row["name"] != "lower bound":
            for capacity in ("reads", "writes"):
                served = row[f"served_{capacity}"] + row[f"throttled_{capacity}"]
                assert served == pytest.approx(row[f"demand_{capacity}"])


def test_the_report_begins_with_a_table_of_all_targets(program: Program) -> None:
    run = program.run("-c", "a.conf", "--replay", "history", "--report", "out.html", **NO_AWS)
    assert run.code == 0
    page = read_page((program.folder / "out.html").read_text(encoding="utf-8"))
    assert list(page.details) == re.findall(r"^(orders.*): 1.0 days", run.stdout, re.MULTILINE), "worst first"
    charts = {name: Page(details).tags.count("svg") for name, details in page.details.items()}
    assert charts == {"orders": 2 * 4, "orders/by-date": 4}, "a chart, its axes and lanes for each side"
    assert page.tags.count("table") == 2
    assert "svg" not in page.tags, "charts are drawn when a target is opened"
    titles = ("$&nbsp;hour&#8209;max", "$&nbsp;watching", "$&nbsp;total, hour&#8209;max")
    for text in (page.text, *page.details.values()):
        for title in titles:
            assert text.count(f'<th scope="col">{title}</th>') == 1


def test_the_report_of_one_target_needs_no_click(program: Program) -> None:
    run = program.run("-c", "a.conf", "--replay", "history/orders.csv", "--report", "out.html", **NO_AWS)
    assert run.code == 0
    page = read_page((program.folder / "out.html").read_text(encoding="utf-8"))
    assert page.details == {}
    assert page.tags.count("svg") == 2 * 4
    assert len(page.text) < 200_000


def test_only_the_worst_of_many_targets_are_printed(program: Program) -> None:
    for number in range(11):
        load = wave(240, 5, 50 + 10 * number)
        write_recording(program.folder / "history" / f"orders@index-{number}.csv", None, load)
    flags = ("-c", "a.conf", "--replay", "history")
    few, complete = program.run(*flags, **NO_AWS).stdout, program.run(*flags, "--all", **NO_AWS).stdout
    head, worst, total = few.split("\n\n")
    first, titles, *lines = worst.splitlines()
    assert first == "the 10 worst of 13 targets; --all shows every target in full"
    assert titles.split("  ")[-1].strip() == "warnings"
    assert total.startswith("all 13 targets\n")
    heads = [block.partition(": ")[0] for block in complete.split("\n\n")]
    assert [line.split()[0] for line in lines] == heads[1:11], "in the same order"
    assert len(heads) == 1 + 13 + 1
    assert (head, total) == (complete.split("\n\n")[0], complete[complete.index("all 13 targets") :])


def test_all_requires_something_to_show_or_record(program: Program) -> None:
    run = program.run("-c", "a.conf", "--all", "--run-once", **NO_AWS)
    assert (run.code, run.stdout) == (2, "")
    assert "--all requires --record or --replay" in run.stderr
    alone = program.run("--replay", "history", "--all", **NO_AWS)
    assert (alone.code, alone.stdout) == (2, "")
    assert "nothing to do: set --config FILE" in alone.stderr


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        pytest.param("throttled>90%", 0, id="no-throttling-to-speak-of"),
        pytest.param("throttled>=0%", 1, id="throttling"),
        pytest.param("throttled>90%,cost>0.01", 1, id="second-of-two"),
        pytest.param("utilization<100", 1, id="utilization"),
        pytest.param("updates>100000", 0, id="updates"),
    ],
)
def test_the_exit_code_is_1_if_a_condition_holds(program: Program, condition: str, code: int) -> None:
    run = program.run("-c", "a.conf", "--replay", "history/orders.csv", "--fail-if", condition, **NO_AWS)
    assert run.code == code
    last = condition.rpartition(",")[2]
    assert run.stderr == (f"dynamic-dynamodb: {last} holds for orders\n" if code else "")


PRICES = ("read-capacity", "write-capacity", "read-requests", "write-requests")


@pytest.mark.parametrize("format_", ["table", "json", "csv"])
@pytest.mark.parametrize("is_recorded", [True, False])
def test_prices_of_another_region_are_a_warning_in_all_formats(
    program: Program, format_: str, *, is_recorded: bool
) -> None:
    flags = ["-c", "a.conf", "--replay", "history", "--format", format_, "--report", "out.html"]
    if is_recorded:
        entries = {"orders": Entry(Target("orders")), "orders@by-date": Entry(Target("orders", "by-date"))}
        text = Manifest("eu-west-1", entries=entries).write()
        program.write(text, f"history/{MANIFEST}")
    else:
        flags += ["--region", "eu-west-1"]
    expected = (
        "prices are those of us-east-1, but the recording is from eu-west-1: set"
        " --price-read-capacity, --price-write-capacity, --price-read-requests, --price-write-requests,"
        " or record again with the permission pricing:GetProducts"
    )

    run = program.run(*flags, **NO_AWS)

    if format_ == "csv":
        assert f"dynamic-dynamodb: {expected}" in run.stderr.splitlines()
    elif format_ == "json":
        assert json.loads(run.stdout)["warnings"] == [expected]
    else:
        assert f"warning: {expected}" in run.stdout.splitlines()
    assert f"<li>P{expected[1:]}.</li>" in (program.folder / "out.html").read_text(encoding="utf-8")

    some = program.run(*flags, "--price-read-capacity", "0.00013", **NO_AWS)
    assert "from eu-west-1: set --price-write-capacity, --price-read-requests" in some.stdout + some.stderr
    given = [text for name in PRICES for text in (f"--price-{name}", "0.5")]
    silent = program.run(*flags, *given, **NO_AWS)
    assert "prices are those of" not in silent.stdout + silent.stderr


def test_the_priced_region_needs_no_warning(program: Program) -> None:
    run = program.run("-c", "a.conf", "--replay", "history", **NO_AWS)
    assert "prices are those of" not in run.stdout


def test_a_report_replaces_a_report_and_keeps_its_mode(program: Program) -> None:
    path = program.folder / "out.html"
    flags = ("-c", "a.conf", "--replay", "history/orders.csv", "--report", "out.html")
    assert program.run(*flags, **NO_AWS).code == 0
    first = path.read_text(encoding="utf-8")
    path.write_text("<!DOCTYPE html>old", encoding="utf-8")
    path.chmod(0o640)
    assert program.run(*flags, **NO_AWS).code == 0
    assert path.read_text(encoding="utf-8") == first
    assert path.stat().st_mode & 0o777 == 0o640
    assert not list(program.folder.glob(".dynamic-dynamodb*"))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        pytest.param(os.mkfifo, "is not a regular file", id="a pipe without a reader"),
        pytest.param(Path.mkdir, "is not a regular file", id="a directory"),
        pytest.param(
            lambda path: path.symlink_to("/dev/full"),
            "cannot be written: it is a symbolic link",
            id="a device",
        ),
        pytest.param(
            lambda path: path.symlink_to(path.with_name("a.html")),
            "cannot be written: it is a symbolic link",
            id="a link",
        ),
    ],
)
def test_a_report_is_not_written_through_a_link(
    program: Program, make: Callable[[Path], None], expected: str
) -> None:
    (program.folder / "a.html").write_text("<!DOCTYPE html>", encoding="utf-8")
    make(program.folder / "x.html")
    run = program.run("-c", "a.conf", "--replay", "history", "--report", "x.html", **NO_AWS)
    assert (run.code, run.stdout) == (2, "")
    assert f"--report {program.folder / 'x.html'} {expected}" in run.stderr
    assert (program.folder / "a.html").read_text(encoding="utf-8") == "<!DOCTYPE html>"


@pytest.mark.parametrize("device", ["/dev/null", "/dev/full"])
def test_a_report_is_not_written_to_a_device(program: Program, device: str) -> None:
    run = program.run("-c", "a.conf", "--replay", "history", "--report", device, **NO_AWS)
    assert (run.code, run.stdout) == (2, "")
    assert f"--report {device} is not a regular file" in run.stderr


HISTORY = ("--replay", "history")
REFUSED = {
    "report-alone": (("--report", "x.html"), "--report requires --replay or --tune"),
    "days-alone": (("--days", "3"), "--days requires --record"),
    "two-tasks": (("--record", "x", *HISTORY), "--record and --replay exclude each other"),
    "daemon": (("--daemon", "start", *HISTORY), "--daemon and --replay exclude each other"),
    "days": (("--record", "x", "--days", "16"), "--days must be at most 15, got 16"),
    "format": ((*HISTORY, "--format", "xml"), "--format must be one of table, json, csv, got 'xml'"),
    "billing": ((*HISTORY, "--billing", "x"), "--billing must be one of hour-max, prorated, got 'x'"),
    "price": ((*HISTORY, "--price-read-capacity", "-1"), "--price-read-capacity must be at least 0, got -1"),
    "physics": ((*HISTORY, "--physics", "newton"), "such as slow,retry=0.5, got 'newton'"),
    "constant": ((*HISTORY, "--physics", "retry=2"), "--physics retry must be a share from 0 to 1, got '2'"),
    "condition": ((*HISTORY, "--fail-if", "x"), "such as throttled>0.1%, got 'x'"),
    "unit": ((*HISTORY, "--fail-if", "cost>5%"), "cost is not a percentage: remove the % from 'cost>5%'"),
    "share": (
        (*HISTORY, "--fail-if", "throttled>200%"),
        "--fail-if throttled is a share of the demand: no more than 100 % in 'throttled>200%'",
    ),
    "start": ((*HISTORY, "--start", "5"), "the reads and writes to start with, such as 100,50"),
    "report": ((*HISTORY, "--report", "no/x.html"), "no is not a writable directory"),
    "report-over-history": (
        (*HISTORY, "--report", "history/orders.csv"),
        "exists and is not a report; refusing to overwrite it",
    ),
    "report-over-rules": (
        (*HISTORY, "--report", "a.conf"),
        "exists and is not a report; refusing to overwrite it",
    ),
    "long-name": (("--replay", "x" * 5000), "cannot be read: File name too long"),
    "as": (
        ("--replay", "history/orders.csv", "--as", "a/b/c"),
        "--as must be TABLE or TABLE/INDEX such as orders/by-date, got 'a/b/c'",
    ),
    "as-short": (
        ("--replay", "history/orders.csv", "--as", "t"),
        "--as must be TABLE or TABLE/INDEX, names of 3 to 255 letters, digits, _, - and .; got 't'",
    ),
    "as-half": (
        ("--replay", "history/orders.csv", "--as", "orders/"),
        "--as must be TABLE or TABLE/INDEX such as orders/by-date, got 'orders/'",
    ),
    "compare": ((*HISTORY, "--compare", "no.conf"), "no.conf cannot be used:"),
    "no-history": (("--replay", "nowhere"), "nowhere does not exist: create a recording with --record DIR"),
    "no-section": (
        ("--replay", "history/orders.csv", "--as", "users"),
        "has no section for any recorded target: users",
    ),
}


@pytest.mark.parametrize(("flags", "expected"), REFUSED.values(), ids=REFUSED)
def test_invalid_flags_are_refused_with_a_message(
    program: Program, flags: tuple[str, ...], expected: str
) -> None:
    run = program.run("-c", "a.conf", *flags, **NO_AWS)
    assert run.code == 2
    assert run.stdout == ""
    assert expected in run.stderr


def test_compare_requires_a_configuration_file(program: Program) -> None:
    run = program.run("-t", "orders", "--replay", "history", "--compare", "b.conf", **NO_AWS)
    assert (run.code, run.stdout) == (2, "")
    assert "--compare requires --config FILE, the configuration to compare with" in run.stderr


def test_flags_alone_can_be_replayed(program: Program) -> None:
    flags = ("--table-name", "^orders$", "--max-provisioned-reads", "90", "--max-provisioned-writes", "90")
    run = program.run(
        *flags, "--replay", "history/orders.csv", "--physics", "slow,retry=0.5", "--start", "10,10", **NO_AWS
    )
    assert run.code == 0
    assert run.stdout.startswith("physics slow,retry=0.5, billing hour-max; ")
