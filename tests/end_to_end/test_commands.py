"""Commands about a configuration need no AWS, print to stdout, and have exit codes for scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.conformance.vectors import read_vectors

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

GOOD = """\
[default_options]
max-provisioned-writes: 400
[table: ^orders$]
max-provisioned-reads: 500
always-decrease-rw-together: true
[gsi: .* table: ^orders$]
"""
QUIET = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
"""Nothing listens there: calls to AWS fail."""


def test_check_config_prints_warnings_and_differences(emulator: Emulator, program: Program) -> None:
    path = program.write(GOOD)
    run = program.run("-c", path, "--check-config", **QUIET)
    assert (run.code, run.stderr) == (0, "")
    assert run.stdout.splitlines() == [
        (
            "warning: line 6: [gsi: .* table: ^orders$] has no max-provisioned-reads:"
            " reads, and their cost, can grow without limit"
        ),
        (
            "notice: without max-provisioned-reads or max-provisioned-writes there is no limit;"
            " 2.5.1 refused to start: [gsi: .* table: ^orders$]"
        ),
        (
            "notice: always-decrease-rw-together waits until both sides can be lowered,"
            " or the other one cannot be; 2.5.1 lowered one while the other stayed: [table: ^orders$]"
        ),
        f"{path} can be used: 1 table section, 1 index section, 1 warning, 2 notices",
    ]
    assert emulator.requests() == []


@pytest.mark.parametrize("flag", ["--check-config", "--explain=orders", "--print-iam-policy", "--run-once"])
def test_every_command_exits_with_2_on_faults(program: Program, flag: str) -> None:
    path = program.write("[table: ^orders$]\nmax-provisoned-reads: 5\nreads-upper-threshold: 0\n")
    run = program.run("-c", path, flag, **QUIET)
    assert run.code == 2
    assert run.stderr.splitlines() == [
        f"dynamic-dynamodb: {path} cannot be used:",
        (
            "  line 2: [table: ^orders$] has no option 'max-provisoned-reads':"
            " did you mean max-provisioned-reads?"
        ),
        "  line 3: [table: ^orders$] reads-upper-threshold must be at least 1, got 0",
    ]


def test_check_config_prints_warnings_with_faults(program: Program) -> None:
    path = program.write(
        "[global]\naws-access-key-id: AK\n[table: ^orders$]\n"
        "sns-topic-arn: arn:aws:sns:us-east-1:123456789012:t\n"
        "max-provisioned-reads: 5\nmax-provisioned-writes: 5\n"
    )
    run = program.run("-c", path, "--check-config", **QUIET)
    assert run.code == 2
    assert run.stdout.splitlines() == [
        (
            "warning: line 4: [table: ^orders$] has an sns-topic-arn but no sns-message-types: nothing is"
            " published; set types such as scale-up, scale-down"
        )
    ]
    assert "aws-secret-access-key is missing" in run.stderr


def test_faults_beyond_a_readable_number_are_counted(program: Program) -> None:
    path = program.write("[table: ^orders$]\n" + "".join(f"x{number}: 1\n" for number in range(250)))
    run = program.run("-c", path, "--check-config", **QUIET)
    lines = run.stderr.splitlines()
    assert (run.code, len(lines), lines[-1]) == (2, 102, "  … and 150 more")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("log-config-file: /nowhere/logging.conf", "log-config-file /nowhere/logging.conf"),
        ("log-file: /nowhere/a.log", "log-file /nowhere/a.log"),
        ("log-file: ~nobody-at-all/a.log", "log-file ~nobody-at-all/a.log"),
    ],
)
def test_check_config_refuses_what_a_run_would_refuse(program: Program, line: str, name: str) -> None:
    path = program.write(f"{GOOD}[logging]\n{line}\n")
    run = program.run("-c", path, "--check-config", **QUIET)
    assert run.code == 2
    assert f"  line 8: {name}" in run.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("arguments", [("--help",), ("--explain", "t\u2026"), ("--check-config",)])
def test_no_line_is_lost_in_an_old_locale(
    program: Program, encoding: str, arguments: tuple[str, ...]
) -> None:
    path = program.write(f"{GOOD}[table: ^{'x' * 80}$]\nmax-provisioned-reads: 5\n")
    run = program.run("-c", path, *arguments, PYTHONIOENCODING=encoding, **QUIET)
    assert (run.code, run.stderr) == (0, "")
    assert run.stdout


def test_an_unknown_flag_is_named_without_its_value(program: Program) -> None:
    run = program.run("--aws-secret-key", "wJalrXUtnFEMI", "--password=wJalrXUtnFEMI", **QUIET)
    assert run.code == 2
    assert run.stderr.splitlines()[-1] == (
        "dynamic-dynamodb: error: unrecognized arguments:"
        " --aws-secret-key (did you mean --aws-secret-access-key?) --password"
    )


def test_faults_in_flags_are_not_attributed_to_the_file(program: Program) -> None:
    run = program.run("-c", program.write(GOOD), "--check-config", "--instance", "a b", **QUIET)
    assert run.stderr.splitlines() == [
        "dynamic-dynamodb: the command line cannot be used:",
        "  --instance must be a name such as default, got 'a b'",
    ]


def test_a_query_does_not_stop_a_daemon(program: Program) -> None:
    run = program.run("-c", program.write(GOOD), "--check-config", "--daemon", "stop", **QUIET)
    assert run.code == 0
    assert "can be used" in run.stdout
    assert "not running" not in run.stdout


@pytest.mark.parametrize("name", ["orders/by-date", "orders:by-date", "orders@by-date"])
def test_explain_includes_check_config(program: Program, name: str) -> None:
    run = program.run("-c", program.write(GOOD), "--explain", name, **QUIET)
    assert run.code == 0
    assert "can be used" in run.stdout
    assert "orders/by-date: [gsi: .* table: ^orders$]" in run.stdout.splitlines()
    assert any(
        line.split() == ["max-provisioned-writes", "400", "units", "[default_options]"]
        for line in run.stdout.splitlines()
    )


def test_print_iam_policy_is_json(program: Program) -> None:
    run = program.run("-c", program.write(GOOD), "--print-iam-policy", **QUIET)
    assert (run.code, run.stderr) == (0, "")
    assert json.loads(run.stdout)["Statement"][1]["Resource"] == ["arn:aws:dynamodb:us-east-1:*:table/orders"]


def test_a_policy_too_long_for_iam_is_a_warning(program: Program) -> None:
    sections = "".join(f"[table: ^table_number_{number}$]\n" for number in range(200))
    run = program.run("-c", program.write(sections), "--print-iam-policy", **QUIET)
    assert run.code == 0
    assert "a managed policy at most 6144" in run.stderr


ROLE = "[account: production]\nrole-arn: arn:aws:iam::111122223333:role/scaling\nregions: us-east-1\n"


def test_print_iam_policy_of_accounts_says_what_to_replace(program: Program) -> None:
    run = program.run("-c", program.write(f"{ROLE}{GOOD}"), "--print-iam-policy", **QUIET)
    assert run.code == 0
    assert run.stderr == (
        "dynamic-dynamodb: replace ID-OF-THE-PROGRAMS-ACCOUNT in each trust-policy with the id of the account"
        " that the program's own credentials are for: `aws sts get-caller-identity` shows it\n"
    )
    printed = json.loads(run.stdout)
    assert list(printed) == ["program", "accounts"]
    assert "ID-OF-THE-PROGRAMS-ACCOUNT" in str(printed["accounts"]["production"]["trust-policy"])


def test_each_policy_of_accounts_has_the_limit_of_iam_for_itself(program: Program) -> None:
    tables = "".join(f"[table: ^table_number_{number}$]\n" for number in range(45))
    staging = ROLE.replace("production", "staging").replace("111122223333", "444455556666")
    long = "".join(f"[table: ^staging_{number}$]\naccounts: staging\n" for number in range(60))
    for sections, said in ((tables, []), (tables + long, ["the policy of staging has "])):
        run = program.run("-c", program.write(f"{ROLE}{staging}{sections}"), "--print-iam-policy", **QUIET)
        found = [line for line in run.stderr.splitlines() if "a managed policy at most 6144" in line]
        assert [line.removeprefix("dynamic-dynamodb: ")[: len(said[0])] for line in found] == said


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh"])
def test_print_completion_needs_no_file(program: Program, shell: str) -> None:
    run = program.run("--print-completion", shell, **QUIET)
    assert (run.code, run.stderr) == (0, "")
    assert "check-config" in run.stdout


def test_print_example_prints_a_usable_file(program: Program) -> None:
    printed = program.run("--print-example", **QUIET)
    assert (printed.code, printed.stderr) == (0, "")
    run = program.run("-c", program.write(printed.stdout), "--check-config", **QUIET)
    assert run.code == 0
    assert " 0 warnings" in run.stdout


def test_an_unknown_shell_is_a_fault(program: Program) -> None:
    run = program.run("--print-completion", "cmd", **QUIET)
    assert run.code == 2
    assert "--print-completion must be one of bash, zsh, fish, tcsh, got 'cmd'" in run.stderr


@pytest.mark.parametrize(
    "vector",
    [vector for vector in read_vectors("cli") if vector["needs"] == "account" and vector["expected"]],
)
def test_old_command_lines_work_on_an_account(
    emulator: Emulator, program: Program, vector: dict[str, object]
) -> None:
    environment, expected = dict(vector["env"]), dict(vector["expected"])  # type: ignore[call-overload]  # JSON
    for table in json.loads(environment.get("ACCOUNT_TABLES", "[]")):
        emulator.add_table(table, reads=10, writes=10)
        emulator.put_metrics(table, consumed_reads=0, consumed_writes=0)
    arguments = [str(one).replace("<EMPTY_DIR>", str(program.folder)) for one in vector["argv"]]  # type: ignore[attr-defined]  # JSON
    run = program.run(*arguments)
    assert run.code == expected["exit_status"], run.stdout + run.stderr
    for fault in expected.get("faults", ()):
        assert fault.split()[-1] in run.stderr
