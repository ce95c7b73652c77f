"""A file is read as 2.5.1 read it, and every line that cannot be read is a fault."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.file import read_file
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.errors import ConfigurationError
from tests.config.files import LIMITS, TABLE, faults_of, read

if TYPE_CHECKING:
    from pathlib import Path

KNOWN_TITLES = "write [table: ^my_table$] or [gsi: ^my_index$ table: ^my_table$]"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        pytest.param(
            "[table: a]\n  x: 1\n   more\n  y: 2\n  x: 3\n",
            ("line 5: [table: a] x is defined twice, first in line 2: keep one; 2.5.1 used the last",),
            id="an option again, indented as the others",
        ),
        pytest.param(
            "[table: a]\n  x: 1\nx: 2\n more\n",
            ("line 3: [table: a] x is defined twice, first in line 2: keep one; 2.5.1 used the last",),
            id="an option again that takes several lines",
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
                "line 3: section [table: a] is defined twice, first in line 1: keep one",
                "line 6: [table: b] x is defined twice, first in line 5: keep one; 2.5.1 used the last",
                "line 7: ': x' is not a section, an option or a comment",
            ),
            id="in the order of the lines",
        ),
    ],
)
def test_lines_that_cannot_be_read_are_faults_with_their_number(
    path: Path, text: str, faults: tuple[str, ...]
) -> None:
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
        ("[shedule: nights]", "did you mean [schedule: nights]?"),
        ("[Schedules: nights]", "did you mean [schedule: nights]?"),
        ("[schedule]", "did you mean [schedule: business-hours]?"),
        (
            "[^a$]",
            (
                "write [global], [logging], [default_options], [table: ^my_table$]"
                " or [gsi: ^my_index$ table: ^my_table$]"
            ),
        ),
    ],
)
def test_an_unknown_title_is_a_fault_with_a_suggestion(path: Path, title: str, end: str) -> None:
    assert faults_of(path, f"{TABLE}{title}\n") == (f"line 4: section {title} is unknown: {end}",)


@pytest.mark.parametrize(
    ("title", "end"),
    [
        ("[table: ^a$ gsi: ^i$]", "did you mean [gsi: ^i$ table: ^a$]?"),
        ("[table: ^a$ gis : ^i$]", "did you mean [gsi: ^i$ table: ^a$]?"),
        ("[gsi: ^i$ table: ^a$ tabel: ^b$]", KNOWN_TITLES),
        ("[table: table: ^a$]", KNOWN_TITLES),
        ("[table: ^b$ during Mon]", "did you mean [table: ^b$ during: Mon]?"),
        ("[table: ^b$ durng: Mon]", "did you mean [table: ^b$ during: Mon]?"),
        ("[table: ^b$ dring Mon]", "did you mean [table: ^b$ during: Mon]?"),
        ("[gsi: ^i$ table: ^a$ Durng : Mon]", "did you mean [gsi: ^i$ table: ^a$ during: Mon]?"),
        (
            "[table: ^b$ during: Mon-Fri 07:30-20:30]",
            "write [table: ^b$ during: business-hours], and the times in [schedule: business-hours]",
        ),
        (
            "[table: ^b$ during Mon-Fri 07:30-20:30]",
            "write [table: ^my_table$ during: business-hours], and the times in [schedule: business-hours]",
        ),
        (
            "[gsi: ^i$ table: ^b$ during:]",
            (
                "write [gsi: ^i$ table: ^b$ during: business-hours],"
                " and the times in [schedule: business-hours]"
            ),
        ),
        (
            "[table: ^b$ during]",
            "write [table: ^my_table$ during: business-hours], and the times in [schedule: business-hours]",
        ),
        (
            "[schedule: my hours]",
            (
                "the name of a schedule has letters, digits, dots, hyphens and underscores, such as"
                " [schedule: business-hours]"
            ),
        ),
    ],
)
def test_a_title_word_within_an_expression_is_a_fault(path: Path, title: str, end: str) -> None:
    assert faults_of(path, f"{TABLE}{title}\n") == (f"line 4: section {title} cannot be read: {end}",)


@pytest.mark.parametrize("title", ["table: users, orders", "table: ^my[ _]table$", "gsi: by date table: ^a$"])
def test_an_expression_with_a_space_is_a_warning(path: Path, title: str) -> None:
    assert read(path, f"{TABLE}[{title}]\n{LIMITS}").warnings == (
        (
            f"line 4: [{title}] contains a space, which no table or index has in its name:"
            " write an expression such as ^(users|orders)$ to match several names"
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
def test_a_misspelt_title_word_is_a_fault_without_a_colon_too(path: Path, title: str) -> None:
    (fault,) = faults_of(path, f"{title}\n{LIMITS}")
    assert fault.startswith(f"line 1: section {title} cannot be read: ")


@pytest.mark.parametrize("name", ["table", "gsi", "during"])
def test_a_table_may_be_named_like_a_title_word(path: Path, name: str) -> None:
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


def test_an_option_indented_below_another_is_a_fault(path: Path) -> None:
    (fault,) = faults_of(path, f"{TABLE}sns-topic-arn: t\n  reads-upper-threshold: 50\n")
    assert fault == (
        "line 4: [table: ^a$] sns-topic-arn continues on an indented line:"
        " start each option at the beginning of its line"
    )


def test_a_pipe_without_a_writer_is_read_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ConfigurationError, match="has no table section"):
        load({"config": str(pipe)}, {})


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
def test_lines_are_read_as_in_2_5_1(path: Path, line: str, key: str, expected: object) -> None:
    assert read(path, f"{TABLE}{line}\n").sections[0].options[key] == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"\xef\xbb\xbf" + TABLE.encode(), id="a byte order mark"),
        pytest.param(TABLE.encode().replace(b"\n", b"\r\n"), id="CRLF line ends"),
        pytest.param(b"# \xe5\xe4\xf6\n" + TABLE.encode(), id="another encoding"),
        pytest.param(f"[table:   ^a$ ] # why\n{LIMITS}".encode(), id="spaces and a comment in the header"),
    ],
)
def test_files_of_other_systems_and_encodings_are_read(path: Path, text: bytes) -> None:
    assert [section.title for section in read(path, text).sections] == ["table: ^a$"]


def test_names_may_contain_brackets_and_colons(path: Path) -> None:
    text = f"[table: ^[ab](?:c|d)$]\n{LIMITS}[gsi:^g[12]$   table:^[ab](?:c|d)$]\n{LIMITS}"
    (section,) = read(path, text).sections
    assert section.expression.pattern.match("ac")
    assert section.gsis[0].expression.pattern.match("g1")
