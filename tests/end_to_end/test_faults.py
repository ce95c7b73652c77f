"""Whatever fails at AWS, other tables are scaled and nothing is lowered for lack of data."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import BEFORE, actions, add_busy, add_idle, everywhere, updates
from tests.end_to_end.fault_cases import ONE_TABLE, PASSING, WHOLE_SERVICE, Case

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
CASES = (*PASSING, *ONE_TABLE, *WHOLE_SERVICE)


def _add_account(emulator: Emulator) -> None:
    add_busy(emulator)
    add_idle(emulator)
    emulator.add_table("sick", reads=100, writes=100, gsis={"by-date": (100, 100)})
    emulator.put_metrics("sick", consumed_reads=95, consumed_writes=95)
    emulator.put_metrics("sick", "by-date", consumed_reads=10, consumed_writes=10)


@pytest.mark.parametrize("case", CASES, ids=[case.fault for case in CASES])
def test_a_failure_affects_no_more_than_the_page_on_faults_says(
    emulator: Emulator, impatient: Program, case: Case
) -> None:
    _add_account(emulator)
    for method, arguments in case.setup:
        emulator.run(method, arguments)
    topic = emulator.add_topic("changes") if case.has_topic else ""
    for rule in case.rules:
        emulator.add_fault(**rule)
    publishing = (f"sns-topic-arn: {topic}", "sns-message-types: scale-up") if topic else ()
    lines = ["[global]", *case.options, everywhere(*publishing)]
    run = impatient.check("\n".join(lines))
    expected = {
        ("busy", None): case.busy,
        ("idle", None): case.idle,
        ("sick", None): case.sick,
        ("sick", "by-date"): case.index,
    }
    found = {target: units for target, units in emulator.capacities().items() if target[0] != "vast"}
    assert found == {target: units for target, units in expected.items() if units is not None}
    assert run.code == case.code
    assert any(case.said in line for line in run.log), run.stdout
    calls = Counter(actions(emulator))
    assert all(calls[action] <= most for action, most in case.most_calls.items()), calls


def test_the_page_on_faults_lists_each_case() -> None:
    text = PAGE.read_text(encoding="utf-8")
    section = text.partition("\n## Faults of AWS\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1].strip() for line in section.splitlines() if "|" in line]
    assert [row for row in rows if row not in ("fault", "---")] == [case.fault for case in CASES]


def test_a_failure_of_a_decrease_never_prevents_a_raise(emulator: Emulator, impatient: Program) -> None:
    _add_account(emulator)
    emulator.set_decreases("sick", "by-date", today=3)
    # Another decrease of the index between our look and our call: the budget is used up now.
    emulator.add_fault(
        kind="control",
        action="UpdateTable",
        table="sick",
        method="set_decreases",
        arguments={"table": "sick", "index": "by-date", "today": 4},
    )
    run = impatient.check(everywhere())
    assert run.code == 0
    sent = [call for call in updates(emulator) if call[0] == "sick"]
    assert sent == [("sick", (150, 150), {"by-date": (50, 50)}), ("sick", (150, 150), {})]
    assert emulator.capacities()["sick", "by-date"] == BEFORE
