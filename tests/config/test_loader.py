"""What is written down is in force, and what is wrong with it is said, all at once."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.explain import render_configuration
from dynamic_dynamodb.config.file import read_file
from dynamic_dynamodb.config.loader import Configuration, load
from dynamic_dynamodb.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = "max-provisioned-reads: 500\nmax-provisioned-writes: 500\n"
TABLE = f"[table: ^a$]\n{LIMITS}"
KNOWN_TITLES = "titles are [table: ^my_table$] or [gsi: ^my_index$ table: ^my_table$]"


def read(path: Path, text: str | bytes, **flags: str | bool) -> Configuration:
    """Load a file with this content."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load({"config": str(path), **{name.replace("_", "-"): given for name, given in flags.items()}}, {})


def faults_of(path: Path, text: str | bytes, **flags: str | bool) -> tuple[str, ...]:
    """Load a file that has faults."""
    with pytest.raises(ConfigurationError) as raised:
        read(path, text, **flags)
    return raised.value.faults


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        pytest.param(
            f"{TABLE}reads-upper-threshold: 0\nincrease-reads-with: x\n[tabel: b]\n",
            (
                "section [tabel: b] is unknown: did you mean [table: b]?",
                "[table: ^a$] reads-upper-threshold must be at least 1, got 0",
                "[table: ^a$] increase-reads-with must be a whole number such as 50, got 'x'",
            ),
            id="several at once",
        ),
        pytest.param(
            "[table: a]\nmax-provisoned-reads: 5\n",
            ("[table: a] has no option 'max-provisoned-reads': did you mean max-provisioned-reads?",),
            id="the nearest name",
        ),
        pytest.param(
            "[table: a]\nmin-provisioned-reads: 5\nmax-provisioned-reads: 4\n",
            ("[table: a] min-provisioned-reads 5 is above max-provisioned-reads 4",),
            id="minimum above maximum",
        ),
        pytest.param(
            "[table: a]\nlookback-window-start: 3\n",
            (
                (
                    "[table: a] lookback-period 5 is longer than lookback-window-start 3:"
                    " the window would end in the future; at most 3 is right"
                ),
            ),
            id="a window into the future",
        ),
        pytest.param(
            "[table: (]\n",
            (
                (
                    "[table: (] has the bad regular expression '(':"
                    " missing ), unterminated subpattern at position 0"
                ),
            ),
            id="a bad expression",
        ),
        pytest.param(
            "[table: a]\n[gsi: g table: b]\n",
            ("[gsi: g table: b] belongs to no table: there is no section [table: b]",),
            id="an index without a table section",
        ),
        pytest.param(
            "[global]\n", ("has no table section; [table: ^my_table$] would start one",), id="empty"
        ),
        pytest.param(
            "[table: a]\nreads-lower-threshold: 5\nreads-lower-threshold: 6\n[table:a]\n",
            (
                "line 3: [table: a] reads-lower-threshold is there twice; 2.5.1 took the last one",
                "section [table:a] is there twice, the first time as [table: a]",
            ),
            id="twice",
        ),
        pytest.param(
            "region: x\n[table: a]\nrem\n",
            (
                "line 1: comes before any section; [global] would start one",
                "line 3: 'rem' is not a section, an option or a comment",
            ),
            id="lines that mean nothing",
        ),
        pytest.param(
            "[table: a]\naws-access-key-id: x\n",
            ("[table: a] aws-access-key-id does not belong here, but in [global]",),
            id="an option of another section",
        ),
        pytest.param(
            f"{TABLE}[table: ]\n",
            ("section [table: ] names no table; [table: ^my_table$] would",),
            id="no name",
        ),
    ],
)
def test_every_fault_is_named_with_its_place(path: Path, text: str, faults: tuple[str, ...]) -> None:
    assert faults_of(path, text) == faults


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            f"[global]\nregion: eu-west-1\n[global ]\n{TABLE}",
            "section [global ] is there twice",
            id="a plain section twice",
        ),
        pytest.param(
            f"[global]\naws-secret-access-key wJalrXUtnFEMI\n{TABLE}",
            "line 2: this is not a section, an option or a comment",
            id="a secret without its colon",
        ),
        pytest.param("[table: a]\n\0\n", "is no text file, such as UTF-8", id="NUL bytes"),
        pytest.param(
            f"[table: {'(' * 300}]\n",
            f"[table: {'(' * 53}…] has the bad regular expression '{'(' * 60}…':"
            " missing ), unterminated subpattern at position 299",
            id="a long title",
        ),
        pytest.param(
            "[table: a]\n\x1b[31m: 5\n", "[table: a] has no option '\\x1b[31m'", id="characters for terminals"
        ),
        pytest.param(
            "[table: a\n",
            "line 1: '[table: a' is not a section, an option or a comment",
            id="an open bracket",
        ),
        pytest.param(
            "[table: a]\n" + "nonsense\n" * 60, "there may be more: mend these first", id="no end of faults"
        ),
    ],
)
def test_a_fault_is_named_without_saying_too_much(path: Path, text: str, fault: str) -> None:
    faults = faults_of(path, text)
    assert fault in faults
    assert "wJalr" not in str(faults)
    assert len(faults) < 60


@pytest.mark.parametrize("flag", ["table-name", "region", "instance"])
def test_an_empty_flag_is_a_fault(path: Path, flag: str) -> None:
    (fault,) = faults_of(path, TABLE, **{flag.replace("-", "_"): ""})
    assert fault == f"--{flag} is empty: give it something, or leave it out"


def test_an_expression_that_python_may_read_otherwise_one_day_is_no_warning_on_the_screen(path: Path) -> None:
    (only,) = read(path, f"[table: [[a]x]\n{LIMITS}").sections
    assert only.expression.pattern.match("ax")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file or directory"):
        load({"config": str(tmp_path / "none.conf")}, {})


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        pytest.param(
            "[table: a]\nmax-provisioned-reads: 5\n",
            "[table: a] has no max-provisioned-writes: it may spend without limit",
            id="no maximum",
        ),
        pytest.param(
            f"{TABLE}reads-lower-threshold: 95\n",
            "[table: ^a$] reads-lower-threshold 95 is not below reads-upper-threshold 90",
            id="crossed thresholds",
        ),
        pytest.param(
            f"{TABLE}sns-topic-arn: t\n",
            "[table: ^a$] has an sns-topic-arn but no sns-message-types: nothing is published",
            id="a topic without types",
        ),
        pytest.param(
            f"{TABLE}sns-message-types: scale-up\n",
            "[table: ^a$] has sns-message-types but no sns-topic-arn: nothing is published",
            id="types without a topic",
        ),
        pytest.param(
            f"{TABLE}sns-topic-arn: t\nsns-message-types: scale-up, throughput-alarm\n",
            "[table: ^a$] sns-message-types: throughput-alarm never had an effect;"
            " high-throughput-alarm, low-throughput-alarm would",
            id="an obsolete type",
        ),
        pytest.param(
            f"{TABLE}disable-reads-up-scaling: true\n",
            "[table: ^a$] disable-reads-up-scaling never had an effect; enable-reads-up-scaling would",
            id="an obsolete option",
        ),
        pytest.param(
            f"{TABLE}throttled-writes-lower-threshold: 5\n",
            "[table: ^a$] throttled-writes-lower-threshold never had an effect in any version: leave it out",
            id="an option that no version knew",
        ),
        pytest.param(
            f"{TABLE}enable-reads-autoscaling: true\n",
            "deprecated, still working: enable-reads-autoscaling"
            " (use enable-reads-up-scaling and enable-reads-down-scaling)",
            id="a deprecated option",
        ),
        pytest.param(
            f"{TABLE}maintenance-windows: 00:00-00:00\n",
            "[table: ^a$] maintenance-windows: a window whose start is its end is one minute long",
            id="a window of a minute",
        ),
        pytest.param(
            f"{TABLE}circuit-breaker-timeout: 500\n",
            "[table: ^a$] circuit-breaker-timeout has no effect without a circuit-breaker-url here"
            " or in [global]",
            id="a timeout alone",
        ),
        pytest.param(
            f"{TABLE}sns-topic-arn: scaling\nsns-message-types: scale-up\n",
            "[table: ^a$] sns-topic-arn 'scaling' is no ARN of a topic, such as"
            " arn:aws:sns:us-east-1:123456789012:my_topic",
            id="a topic's name",
        ),
        pytest.param(
            f"{TABLE}writes-lower-alarm-threshold: 5\n",
            "[table: ^a$] writes-lower-alarm-threshold has no effect without low-throughput-alarm"
            " in sns-message-types",
            id="an alarm that nobody gets",
        ),
        pytest.param(
            f"[table: .*]\n{LIMITS}[table: ^abc$]\n{LIMITS}",
            "[table: ^abc$] is not used for abc: [table: .*] comes first and matches it too",
            id="a section that comes too late",
        ),
        pytest.param(
            f"{TABLE}[gsi: ^by table: ^a$]\n{LIMITS}[gsi: ^by-date$ table: ^a$]\n{LIMITS}",
            "[gsi: ^by-date$ table: ^a$] is not used for by-date: [gsi: ^by table: ^a$] comes first"
            " and matches it too",
            id="an index's section that comes too late",
        ),
        pytest.param(
            f"[DEFAULT]\nreads-lower-threshold: 7\n{TABLE}",
            "[DEFAULT] applies to every section; [default_options] is meant for targets",
            id="[DEFAULT]",
        ),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(path: Path, text: str, warning: str) -> None:
    assert warning in read(path, text).warnings


def test_a_careful_file_has_no_warning(path: Path) -> None:
    assert read(path, TABLE).warnings == ()


def test_a_file_with_keys_that_others_can_read_is_a_warning(path: Path) -> None:
    text = f"[global]\naws-access-key-id: AK\naws-secret-access-key-id: SK\n{TABLE}"
    path.touch(mode=0o644)
    assert read(path, text).warnings == (
        f"{path} holds AWS keys and can be read by other users: chmod 600 {path}",
    )
    path.chmod(0o600)
    assert read(path, text).warnings == ()


def test_a_secret_on_the_command_line_is_a_warning(path: Path) -> None:
    flags = {"aws_access_key_id": "AK", "aws_secret_access_key": "wJalrXUtnFEMI"}
    assert read(path, TABLE, **flags).warnings == (
        (
            "--aws-secret-access-key can be read by everyone on this host, for example with ps: use a role,"
            " AWS_PROFILE or AWS_SECRET_ACCESS_KEY, or a configuration file with mode 600"
        ),
    )


@pytest.mark.parametrize(
    ("environment", "is_said"),
    [
        ({"AWS_REGION": "eu-west-1"}, True),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, True),
        ({"AWS_REGION": "us-east-1"}, False),
    ],
)
def test_another_region_in_the_environment_is_said(
    path: Path,
    environment: dict[str, str],
    is_said: bool,  # noqa: FBT001 - a case
) -> None:
    path.write_text(TABLE)
    warnings = load({"config": str(path)}, environment).warnings
    assert (warnings != ()) == is_said


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        pytest.param(
            "[table: a]\n  x: 1\n   more\n  y: 2\n  x: 3\n",
            ("line 5: [table: a] x is there twice; 2.5.1 took the last one",),
            id="an option again, indented as the others",
        ),
        pytest.param(
            "[table: a]\nx: 1\n\n x: 2\n# more\n x: 3\n",
            (),
            id="neither an empty line nor a comment ends a value",
        ),
        pytest.param(
            "[global]\naws-secret-access-key:\nwJalrXUtnFEMI\n",
            ("line 3: this is not a section, an option or a comment",),
            id="what may be a key is not quoted",
        ),
        pytest.param(
            "[table: a]\nrubbish\n[table: a]\n[table: b]\nx: 1\nx: 1\n: x\n",
            (
                "line 2: 'rubbish' is not a section, an option or a comment",
                "line 3: section [table: a] is there twice",
                "line 6: [table: b] x is there twice; 2.5.1 took the last one",
                "line 7: ': x' is not a section, an option or a comment",
            ),
            id="in the order of the lines",
        ),
    ],
)
def test_lines_that_cannot_be_are_named_by_number(path: Path, text: str, faults: tuple[str, ...]) -> None:
    path.write_text(text)
    assert tuple(read_file(path).faults) == faults


@pytest.mark.parametrize(
    ("title", "end"),
    [
        ("[GLOBAL]", "did you mean [global]?"),
        ("[TABLE: ^a$]", "did you mean [table: ^a$]?"),
        ("[table ^a$]", "did you mean [table: ^a$]?"),
        ("[gsi: ^i$]", "did you mean [gsi: ^i$ table: ^my_table$]?"),
        ("[tables: ^a$]", "did you mean [table: ^a$]?"),
        ("[gsis: ^i$ table: ^a$]", "did you mean [gsi: ^i$ table: ^a$]?"),
        ("[gsi: ^i$ tabel: ^a$]", "did you mean [gsi: ^i$ table: ^a$]?"),
        ("[gsi: ^i$ table ^a$]", "did you mean [gsi: ^i$ table: ^a$]?"),
        ("[default]", "did you mean [default_options]?"),
        (
            "[^a$]",
            (
                "known are [global], [logging], [default_options], [table: ^my_table$]"
                " and [gsi: ^my_index$ table: ^my_table$]"
            ),
        ),
    ],
)
def test_an_unknown_title_is_answered_with_what_was_meant(path: Path, title: str, end: str) -> None:
    assert faults_of(path, f"{TABLE}{title}\n") == (f"section {title} is unknown: {end}",)


@pytest.mark.parametrize(
    ("title", "end"),
    [
        ("[table: ^a$ gsi: ^i$]", "did you mean [gsi: ^i$ table: ^a$]?"),
        ("[table: ^a$ gis : ^i$]", "did you mean [gsi: ^i$ table: ^a$]?"),
        ("[gsi: ^i$ table: ^a$ tabel: ^b$]", KNOWN_TITLES),
        ("[table: table: ^a$]", KNOWN_TITLES),
        ("[table: ^b$ during: Mon-Fri]", "during is not known to this version"),
        ("[table: ^b$ during Mon-Fri 07:30-20:30]", "during is not known to this version"),
        ("[gsi: ^i$ table: ^a$ Durng : Mon]", "during is not known to this version"),
    ],
)
def test_a_word_of_titles_within_an_expression_is_a_fault(path: Path, title: str, end: str) -> None:
    assert faults_of(path, f"{TABLE}{title}\n") == (f"section {title} cannot be read: {end}",)


@pytest.mark.parametrize("title", ["table: users, orders", "table: ^my[ _]table$", "gsi: by date table: ^a$"])
def test_an_expression_with_a_space_is_a_warning(path: Path, title: str) -> None:
    assert read(path, f"{TABLE}[{title}]\n{LIMITS}").warnings == (
        (
            f"[{title}] has a space in an expression, and no name has one:"
            " an expression such as ^(users|orders)$ stands for several names"
        ),
    )


@pytest.mark.parametrize("title", ["[table : ^x$]", "[ table :^x$ ]", "[\ttable:  ^x$]", "[table:^x$]"])
def test_spaces_in_the_title_of_a_table_do_not_matter(path: Path, title: str) -> None:
    assert [one.title for one in read(path, f"{title}\n{LIMITS}").sections] == ["table: ^x$"]


@pytest.mark.parametrize("title", ["[gsi : x table : y]", "[gsi:x table:y]", "[  gsi :x \t table:   y ]"])
def test_spaces_in_the_title_of_an_index_do_not_matter(path: Path, title: str) -> None:
    (table,) = read(path, f"[table: y]\n{LIMITS}{title}\n{LIMITS}").sections
    assert [gsi.title for gsi in table.gsis] == ["gsi: x table: y"]


@pytest.mark.parametrize("title", ["[table: ^x$ gis ^y$]", "[table: ^x$ tabel ^y$]", "[table: my tables]"])
def test_a_word_near_those_of_titles_is_a_fault_without_a_colon_too(path: Path, title: str) -> None:
    (fault,) = faults_of(path, f"{title}\n{LIMITS}")
    assert fault.startswith(f"section {title} cannot be read: ")


@pytest.mark.parametrize("name", ["table", "gsi", "during"])
def test_a_table_may_be_called_like_a_word_of_titles(path: Path, name: str) -> None:
    (table,) = read(path, f"[table: {name}]\n{LIMITS}[gsi: {name} table: {name}]\n{LIMITS}").sections
    assert [table.expression.text, table.gsis[0].expression.text] == [name, name]


@pytest.mark.parametrize(
    ("line", "key", "expected"),
    [
        (
            "increase-consumed-reads-scale: {50: 5,\n# more\n\n  90: 10}",
            "increase_consumed_reads_scale",
            {50: 5, 90: 10},
        ),
        (
            "maintenance-windows: 10:00-11:00,\n\n  12:00-13:00",
            "maintenance_windows",
            "10:00-11:00,\n\n12:00-13:00",
        ),
        ('sns-topic-arn: ""', "sns_topic_arn", None),
    ],
)
def test_values_may_take_several_lines_or_be_empty(path: Path, line: str, key: str, expected: object) -> None:
    assert read(path, f"{TABLE}{line}\n").sections[0].options[key] == expected


def test_an_option_that_is_indented_into_another_is_a_fault(path: Path) -> None:
    (fault,) = faults_of(path, f"{TABLE}sns-topic-arn: t\n  reads-upper-threshold: 50\n")
    assert fault == (
        "[table: ^a$] sns-topic-arn goes on in a second line, which is indented:"
        " begin each option at the start of its line"
    )


def test_a_pipe_that_nobody_writes_into_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ConfigurationError, match="has no table section"):
        load({"config": str(pipe)}, {})


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

    def test_an_index_takes_nothing_from_its_table(self, path: Path) -> None:
        text = (
            "[default_options]\nincrease-reads-with: 7\n"
            f"{TABLE}reads-lower-threshold: 44\n[gsi: g table: ^a$]\n{LIMITS}"
        )
        (gsi,) = read(path, text).sections[0].gsis
        assert (gsi.options["reads_lower_threshold"], gsi.options["increase_reads_with"]) == (30, 7)

    def test_a_flag_beats_the_file(self, path: Path) -> None:
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

    def test_a_scaling_flag_without_table_name_is_named(self, path: Path) -> None:
        assert read(path, TABLE, increase_reads_with="7").warnings == (
            "--increase-reads-with without --table-name has no effect: the file's sections decide",
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

    def test_an_index_takes_no_timeout_from_its_table(self, path: Path) -> None:
        text = (
            "[global]\ncircuit-breaker-url: http://global/\ncircuit-breaker-timeout: 2000\n"
            f"{TABLE}{_TIMEOUT}[gsi: g table: ^a$]\n{LIMITS}[gsi: h table: ^a$]\n{LIMITS}{_TIMEOUT}"
        )
        found = [gsi.circuit_breaker for gsi in read(path, text).sections[0].gsis]
        assert [(breaker.url, breaker.timeout_ms) for breaker in found if breaker] == [
            ("http://global/", 2000),
            ("http://global/", 500),
        ]


@pytest.mark.parametrize(
    ("line", "key", "expected"),
    [
        ("reads-lower-threshold: 12 ; a comment", "reads_lower_threshold", 12),
        ("sns-topic-arn = a;b ; a comment", "sns_topic_arn", "a;b"),
        ("sns-topic-arn: a #b", "sns_topic_arn", "a #b"),
        ("sns-topic-arn: a%(x)s%%", "sns_topic_arn", "a%(x)s%%"),
        ("reads-lower-threshold=12", "reads_lower_threshold", 12),
        ("reads-lower-threshold:\t12", "reads_lower_threshold", 12),
    ],
)
def test_lines_are_read_as_before(path: Path, line: str, key: str, expected: object) -> None:
    assert read(path, f"{TABLE}{line}\n").sections[0].options[key] == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"\xef\xbb\xbf" + TABLE.encode(), id="a byte order mark"),
        pytest.param(TABLE.encode().replace(b"\n", b"\r\n"), id="lines of another system"),
        pytest.param(b"# \xe5\xe4\xf6\n" + TABLE.encode(), id="another encoding"),
        pytest.param(f"[table:   ^a$ ] # why\n{LIMITS}".encode(), id="spaces and a comment in the header"),
    ],
)
def test_a_file_may_come_from_anywhere(path: Path, text: bytes) -> None:
    assert [section.title for section in read(path, text).sections] == ["table: ^a$"]


def test_names_may_hold_brackets_and_colons(path: Path) -> None:
    text = f"[table: ^[ab](?:c|d)$]\n{LIMITS}[gsi:^g[12]$   table:^[ab](?:c|d)$]\n{LIMITS}"
    (section,) = read(path, text).sections
    assert section.expression.pattern.match("ac")
    assert section.gsis[0].expression.pattern.match("g1")


def test_secrets_are_not_shown(path: Path) -> None:
    text = f"[global]\naws-access-key-id: AK\naws-secret-access-key: SK\n{TABLE}circuit-breaker-url: http://u:pw@h/\n"
    shown = render_configuration(read(path, text))
    assert "SK" not in shown
    assert "pw@" not in shown
    assert json.loads(shown)["global"]["aws_access_key_id"] == "AK"
