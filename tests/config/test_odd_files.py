"""Any file is either read or refused with readable faults; `make fuzz` tries many more files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dynamic_dynamodb.cli.configuration import COMMANDS
from dynamic_dynamodb.config.sources import ConfigSources
from dynamic_dynamodb.options import OPTIONS

FILES: Final = int(os.environ.get("FUZZ_FILES", "500"))
LONGEST_LINE_CHARACTERS: Final = 500
SECRET: Final = "wJalrXUtnFEMIK7MDENG"

NAMES = st.sampled_from([name for option in OPTIONS for name in (option.name, *option.aliases)])
PATTERNS = st.sampled_from(
    [
        "^orders$",
        ".*",
        "^(a|b)",
        "(",
        "[a",
        "*",
        "a{9}{9}",
        "(?P<x>a)(?P<x>b)",
        "^a$ # why",
        "a]b:c",
        "x" * 300,
        "",
    ]
)
ODD_TEXTS = st.one_of(
    st.sampled_from(
        [
            "", "0", "-1", "1e999", "nan", "9" * 400, "true", "{0: 5}", "{" * 200, "{1: {}}", "22:00-6:00",
            "25:00-26:00", "a, b, c", "scale-up,,scale-up", "http://u:p@[bad", "https://user:pw@example.com/",
            f"http://user:{SECRET}@example.com:99999/", "%(x)s", "$HOME", "\x1b[31m", "\ud800", "ä", "\u2028",
        ]
    ),
    st.integers().map(str),
    st.floats().map(str),
    st.text(max_size=30),
    st.text(min_size=100, max_size=300),
)  # fmt: skip
TITLES = st.one_of(
    st.sampled_from(
        ["[global]", "[logging]", "[default_options]", "[DEFAULT]", "[table: ]", "[tables: a]", "[", "[]"]
    ),
    PATTERNS.map("[table: {}]".format),
    st.sampled_from(
        [
            "[account: a]\nregions: us-east-1",
            "[account: b]\nrole-arn: arn:aws:iam::111122223333:role/b\nregions: eu-west-1, us-east-1",
            "[table: ^orders$]\naccounts: a",
            "[table: ^orders$]\nregions: eu-west-1",
            "[gsi: ^by-date$ table: ^orders$]\nregions: us-east-1",
            "[schedule: s]\ntimes: *",
            "[table: ^orders$ during: s]\naccounts: b",
            "[table: ^orders$ during: s]\nregions: us-east-1",
        ]
    ),
    st.builds("[gsi: {} table: {}]".format, PATTERNS, PATTERNS),
    ODD_TEXTS.map("[{}]".format),
)
OPTION_LINES = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", " ", "\t"]),
    NAMES,
    st.sampled_from([":", "=", ": ", " = ", ""]),
    ODD_TEXTS,
)
SECRET_LINES = st.sampled_from(
    [
        f"aws-secret-access-key: {SECRET}",
        f"aws-secret-access-key {SECRET}",
        f" aws-secret-access-key-id={SECRET}",
    ]
)
LINES = st.one_of(
    OPTION_LINES, OPTION_LINES, TITLES, SECRET_LINES, ODD_TEXTS, st.just(f"[table: ^t$]\n{'x: 1' * 3}")
)
STRUCTURED = st.lists(LINES, max_size=25).map(
    lambda lines: "\n".join(lines).encode("utf-8", errors="surrogatepass")
)
FILE_CONTENTS = st.one_of(STRUCTURED, STRUCTURED, st.binary(max_size=300))
ENDINGS = st.sampled_from([b"", b"\n", b"\r\n", b"\xff\xfe", b"\0"])


@settings(
    max_examples=FILES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@example(f" aws-secret-access-key-id={SECRET}".encode())
@example(f"[http://user:{SECRET}@example.com:99999/]".encode())
@example(f"[global]\ncircuit-breaker-url:\n aws-secret-access-key-id={SECRET}".encode())
@given(st.tuples(FILE_CONTENTS, ENDINGS).map(b"".join))
def test_any_file_is_read_or_refused_in_readable_lines(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "odd.conf"
        path.write_bytes(content)
        flags = {"config": str(path), "explain": "orders/by-date"}
        result = COMMANDS["explain"](ConfigSources(flags, {}, Path(folder)))
    lines = [*result.text.splitlines(), *result.faults]
    assert lines
    for line in lines:
        assert line.isprintable(), line
        assert len(line) <= LONGEST_LINE_CHARACTERS, line
        assert SECRET not in line
