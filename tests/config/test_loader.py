"""Options take effect from every place in its order, and all faults are reported at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.explain import render_configuration
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.errors import ConfigurationError
from tests.config.files import LIMITS, TABLE, faults_of, read

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        pytest.param(
            f"{TABLE}reads-upper-threshold: 0\nincrease-reads-with: x\n[tabel: b]\n",
            (
                "line 4: [table: ^a$] reads-upper-threshold must be at least 1, got 0",
                "line 5: [table: ^a$] increase-reads-with must be a whole number such as 50, got 'x'",
                "line 6: section [tabel: b] is unknown: did you mean [table: b]?",
            ),
            id="several at once",
        ),
        pytest.param(
            "[table: a]\nmax-provisoned-reads: 5\n",
            ("line 2: [table: a] has no option 'max-provisoned-reads': did you mean max-provisioned-reads?",),
            id="the nearest name",
        ),
        pytest.param(
            "[table: a]\nmin-provisioned-reads: 5\nmax-provisioned-reads: 4\n",
            (
                (
                    "line 2: [table: a] min-provisioned-reads 5 is above max-provisioned-reads 4:"
                    " lower the minimum or raise the maximum"
                ),
            ),
            id="minimum above maximum",
        ),
        pytest.param(
            "[table: a]\nlookback-window-start: 3\n",
            (
                (
                    "line 2: [table: a] lookback-period 5 is longer than lookback-window-start 3:"
                    " the window would end in the future; use at most 3"
                ),
            ),
            id="a look-back window that ends in the future",
        ),
        pytest.param(
            "[table: a]\nreads-target-utilization: 95\n",
            (
                (
                    "line 2: [table: a] reads-target-utilization 95 is not above reads-lower-threshold 30"
                    " and at most reads-upper-threshold 90: use thresholds such as 85 and 100"
                ),
            ),
            id="a target above its upper threshold",
        ),
        pytest.param(
            "[table: a]\nreads-target-utilization: 10\n",
            (
                (
                    "line 2: [table: a] reads-target-utilization 10 is not above reads-lower-threshold 30"
                    " and at most reads-upper-threshold 90: use thresholds such as 1 and 20"
                ),
            ),
            id="the lowest target",
        ),
        pytest.param(
            "[table: a]\nwrites-target-utilization: 30\n",
            (
                (
                    "line 2: [table: a] writes-target-utilization 30 is not above writes-lower-threshold"
                    " 30 and at most writes-upper-threshold 90: use thresholds such as 20 and 40"
                ),
            ),
            id="a target at its lower threshold",
        ),
        pytest.param(
            "[table: a]\nwrites-target-utilization: 60\ndecrease-lookback-period: 10\n",
            (
                (
                    "line 3: [table: a] decrease-lookback-period 10 is shorter than lookback-window-start 15:"
                    " a decrease must look back on the look-back window too; use at least 15"
                ),
            ),
            id="a decrease that looks back less than the window",
        ),
        pytest.param(
            "[global]\nquiet-check-interval: 200\n[table: a]\n",
            (
                (
                    "line 2: [global] quiet-check-interval 200 is shorter than check-interval 300:"
                    " use at least 300, or leave it out"
                ),
            ),
            id="quiet tables looked at more often than others",
        ),
        pytest.param(
            "[global]\ncheck-interval: 7200\nquiet-check-interval: 3600\n[table: a]\n",
            ("line 3: [global] quiet-check-interval 3600 is shorter than check-interval 7200: leave it out",),
            id="a check interval that leaves no value for quiet tables",
        ),
        pytest.param(
            "[table: a]\nwrites-target-utilization: 60\nlookback-window-start: 200\n",
            (
                (
                    "line 3: [table: a] decrease-lookback-period 15 is shorter than lookback-window-start"
                    " 200: a decrease must look back on the look-back window too; use a lookback-window-start"
                    " of at most 180"
                ),
            ),
            id="a look-back window before the longest period of a decrease",
        ),
        pytest.param(
            "[table: a]\nwrites-target-utilization: 60\ndecrease-lookback-period: 181\n",
            ("line 3: [table: a] decrease-lookback-period must be at most 180, got 181",),
            id="a decrease that looks back too far",
        ),
        pytest.param(
            "[table: a]\nlookback-window-start: 21601\n",
            ("line 2: [table: a] lookback-window-start must be at most 21600, got 21601",),
            id="a look-back window beyond CloudWatch's minutes",
        ),
        pytest.param(
            "[table: a]\nreads-target-utilization: 101\nwrites-target-utilization: 9\n",
            (
                "line 2: [table: a] reads-target-utilization must be at most 100, got 101",
                "line 3: [table: a] writes-target-utilization must be at least 10, got 9",
            ),
            id="targets out of range",
        ),
        pytest.param(
            "[table: a]\nreads-upper-threshold: ninety\nreads-target-utilization: 95\n"
            "max-provisioned-writes: many\nmin-provisioned-writes: 2\n",
            (
                "line 2: [table: a] reads-upper-threshold must be a number such as 90 or 33.3, got 'ninety'",
                "line 4: [table: a] max-provisioned-writes must be a whole number such as 50, got 'many'",
            ),
            id="faults whose defaults lead to no further ones",
        ),
        pytest.param(
            "[table: (]\n",
            (
                (
                    "line 1: [table: (] '(' is not a valid regular expression:"
                    " missing ), unterminated subpattern at position 0"
                ),
            ),
            id="an invalid expression",
        ),
        pytest.param(
            "[table: a]\n[gsi: g table: b]\n",
            ("line 2: [gsi: g table: b] has no table section: add [table: b]",),
            id="an index without a table section",
        ),
        pytest.param(
            "[table: a]\n[gsi: g table: b]\nmax-provisioned-reads: 5x\nmin-provisoned-writes: 5\n",
            (
                "line 2: [gsi: g table: b] has no table section: add [table: b]",
                "line 3: [gsi: g table: b] max-provisioned-reads must be a whole number such as 50, got '5x'",
                (
                    "line 4: [gsi: g table: b] has no option 'min-provisoned-writes':"
                    " did you mean min-provisioned-writes?"
                ),
            ),
            id="the options of an index without a table section",
        ),
        pytest.param(
            "[global]\n", ("has no table section: add one, such as [table: ^my_table$]",), id="empty"
        ),
        pytest.param(
            "[table: a]\nreads-lower-threshold: 5\nreads-lower-threshold: 6\n[table:a]\n",
            (
                (
                    "line 3: [table: a] reads-lower-threshold is defined twice, first in line 2:"
                    " keep one; 2.5.1 used the last"
                ),
                "line 4: section [table:a] is defined twice, first as [table: a]: keep one",
            ),
            id="twice",
        ),
        pytest.param(
            "region: x\n[table: a]\nrem\n",
            (
                "line 1: comes before the first section: put it under one, such as [global]",
                "line 3: 'rem' is not a section, an option or a comment",
            ),
            id="lines that cannot be read",
        ),
        pytest.param(
            "[table: a]\naws-access-key-id: x\n",
            ("line 2: [table: a] aws-access-key-id belongs in [global]",),
            id="an option of another section",
        ),
        pytest.param(
            f"{TABLE}[table: ]\n",
            ("line 4: section [table: ] names no table: write [table: ^my_table$]",),
            id="no name",
        ),
    ],
)
def test_every_fault_names_its_place(path: Path, text: str, faults: tuple[str, ...]) -> None:
    assert faults_of(path, text) == faults


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            f"[global]\nregion: eu-west-1\n[global ]\n{TABLE}",
            "line 3: section [global ] is defined twice: keep one",
            id="a plain section twice",
        ),
        pytest.param(
            f"[global]\naws-secret-access-key wJalrXUtnFEMI\n{TABLE}",
            "line 2: this is not a section, an option or a comment",
            id="a secret without its colon",
        ),
        pytest.param("[table: a]\n\0\n", "is not a UTF-8 text file", id="NUL bytes"),
        pytest.param(
            f"[table: {'(' * 300}]\n",
            f"line 1: [table: {'(' * 53}…] '{'(' * 60}…' is not a valid regular expression:"
            " missing ), unterminated subpattern at position 299",
            id="a long title",
        ),
        pytest.param(
            "[table: a]\n\x1b[31m: 5\n",
            "line 2: [table: a] has no option '\\x1b[31m'",
            id="control characters",
        ),
        pytest.param(
            "[table: a\n",
            "line 1: '[table: a' is not a section, an option or a comment",
            id="an open bracket",
        ),
        pytest.param(
            "[table: a]\n" + "nonsense\n" * 60, "there may be more: fix these first", id="too many faults"
        ),
    ],
)
def test_a_fault_is_short_and_shows_no_secret(path: Path, text: str, fault: str) -> None:
    faults = faults_of(path, text)
    assert fault in faults
    assert "wJalr" not in str(faults)
    assert len(faults) < 60


@pytest.mark.parametrize("flag", ["table-name", "region", "instance"])
def test_an_empty_flag_is_a_fault(path: Path, flag: str) -> None:
    (fault,) = faults_of(path, TABLE, **{flag.replace("-", "_"): ""})
    assert fault == f"--{flag} is empty: give it a value, or leave it out"


def test_a_future_warning_of_python_about_an_expression_is_not_shown(path: Path) -> None:
    (only,) = read(path, f"[table: [[a]x]\n{LIMITS}").sections
    assert only.expression.pattern.match("ax")


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file or directory"):
        load({"config": str(tmp_path / "none.conf")}, {})


_URL = "circuit-breaker-url: http://own/\n"
_TIMEOUT = "circuit-breaker-timeout: 500\n"


class TestPrecedence:
    def test_own_section_then_default_then_default_options_then_built_in(self, path: Path) -> None:
        texts = (
            "[DEFAULT]\nreads-upper-threshold: 71\nwrites-upper-threshold: 72\n"
            "[default_options]\nreads-upper-threshold: 61\nincrease-reads-with: 62\n"
            f"{TABLE}writes-upper-threshold: 81\n"
        )
        options = read(path, texts).sections[0].options
        names = (
            "reads_upper_threshold",
            "writes_upper_threshold",
            "increase_reads_with",
            "increase_writes_with",
        )
        assert [options[name] for name in names] == [71, 81, 62, 50]

    def test_an_index_inherits_nothing_from_its_table(self, path: Path) -> None:
        text = (
            "[default_options]\nincrease-reads-with: 7\n"
            f"{TABLE}reads-lower-threshold: 44\n[gsi: g table: ^a$]\n{LIMITS}"
        )
        (gsi,) = read(path, text).sections[0].gsis
        assert (gsi.options["reads_lower_threshold"], gsi.options["increase_reads_with"]) == (30, 7)

    def test_a_flag_overrides_the_file(self, path: Path) -> None:
        loaded = read(path, f"[global]\nregion: eu-west-1\ncheck-interval: 60\n{TABLE}", region="eu-north-1")
        assert (loaded.global_options["region"], loaded.global_options["check_interval"]) == (
            "eu-north-1",
            60,
        )

    def test_table_name_takes_flags_only(self, path: Path) -> None:
        text = f"[default_options]\nreads-upper-threshold: 61\n{TABLE}"
        (section,) = read(path, text, table_name="b", increase_reads_with="7").sections
        assert section.expression.text == "b"
        assert (section.options["increase_reads_with"], section.options["reads_upper_threshold"]) == (7, 90)

    def test_a_scaling_flag_without_table_name_is_a_warning(self, path: Path) -> None:
        assert read(path, TABLE, increase_reads_with="7").warnings == (
            "--increase-reads-with has no effect without --table-name: the sections of the file apply",
        )

    @pytest.mark.parametrize(
        ("sections", "expected"),
        [
            pytest.param(f"{TABLE}", ("http://global/", 2000), id="nothing of its own"),
            pytest.param(f"{TABLE}{_TIMEOUT}", ("http://global/", 500), id="a timeout of its own"),
            pytest.param(f"{TABLE}{_URL}", ("http://own/", 10_000), id="a URL of its own"),
            pytest.param(f"{TABLE}{_URL}{_TIMEOUT}", ("http://own/", 500), id="both of its own"),
            pytest.param(
                f"[default_options]\n{_TIMEOUT}{TABLE}",
                ("http://global/", 500),
                id="a timeout for all targets",
            ),
            pytest.param(
                f"[default_options]\n{_TIMEOUT}{TABLE}{_URL}",
                ("http://own/", 500),
                id="a URL of its own only",
            ),
        ],
    )
    def test_url_and_timeout_of_a_breaker_override_the_global_ones(
        self, path: Path, sections: str, expected: tuple[str, float]
    ) -> None:
        text = "[global]\ncircuit-breaker-url: http://global/\ncircuit-breaker-timeout: 2000\n"
        loaded = read(path, text + sections)
        breaker = loaded.sections[0].circuit_breaker
        assert (breaker and (breaker.url, breaker.timeout_ms), loaded.warnings) == (expected, ())

    def test_an_index_inherits_no_timeout_from_its_table(self, path: Path) -> None:
        text = (
            "[global]\ncircuit-breaker-url: http://global/\ncircuit-breaker-timeout: 2000\n"
            f"{TABLE}{_TIMEOUT}[gsi: g table: ^a$]\n{LIMITS}[gsi: h table: ^a$]\n{LIMITS}{_TIMEOUT}"
        )
        found = [gsi.circuit_breaker for gsi in read(path, text).sections[0].gsis]
        assert [(breaker.url, breaker.timeout_ms) for breaker in found if breaker] == [
            ("http://global/", 2000),
            ("http://global/", 500),
        ]


def test_secrets_are_not_shown(path: Path) -> None:
    text = f"[global]\naws-access-key-id: AK\naws-secret-access-key: SK\n{TABLE}circuit-breaker-url: http://u:pw@h/\n"
    shown = render_configuration(read(path, text))
    assert "SK" not in shown
    assert "pw@" not in shown
    assert json.loads(shown)["global"]["aws_access_key_id"] == "AK"
