"""The example file is valid as it is and with all comments removed, and lists every option."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dynamic_dynamodb.config.loader import examine
from dynamic_dynamodb.config.values import parse_value
from dynamic_dynamodb.options import Kind, Option, Scope, options_in

FILE = Path(__file__).parents[2] / "example-dynamic-dynamodb.conf"
SHIPPED = FILE.parent / "dynamic_dynamodb" / "contrib" / FILE.name
TEXT = FILE.read_text(encoding="utf-8")
SWITCHED_OFF = re.compile(r"^#(?=[a-z])", re.MULTILINE)
EVERY_OPTION_AT_ONE_TABLE = "[table: ^my_table$]"
SECTIONS = {
    Scope.GLOBAL: "[global]",
    Scope.LOGGING: "[logging]",
    Scope.TARGET: EVERY_OPTION_AT_ONE_TABLE,
    Scope.SCHEDULE: "[schedule: business-hours]",
    Scope.ACCOUNT: "[account: production]",
}


def body_of(title: str) -> str:
    """Return the text between a section's title and the next one."""
    return re.split(r"^\[", TEXT.split(f"\n{title}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_the_shipped_example_is_a_link_to_the_file() -> None:
    assert SHIPPED.resolve() == FILE


@pytest.mark.parametrize("text", [TEXT, SWITCHED_OFF.sub("", TEXT)], ids=["as it is", "all switched on"])
def test_the_example_can_be_used_without_a_warning(tmp_path: Path, text: str) -> None:
    path = tmp_path / "example.conf"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    result = examine({"config": str(path)}, {})
    assert result.faults == ()
    deprecated = [one for one in result.configuration.warnings if "deprecated" in one]
    assert list(result.configuration.warnings) == deprecated
    assert len(deprecated) == (text != TEXT)


@pytest.mark.parametrize(
    ("title", "option"),
    [
        pytest.param(title, option, id=f"{title} {option.name}")
        for scope, title in SECTIONS.items()
        for option in options_in(scope)
    ],
)
def test_every_option_is_listed_once_with_its_default_or_an_example(title: str, option: Option) -> None:
    found = re.findall(rf"^(#?){option.name}: (.+)$", body_of(title), re.MULTILINE)
    assert len(found) == 1
    mark, text = found[0]
    has_fixed_default = option.default is not None and option.kind is not Kind.MESSAGE_TYPES
    if mark and has_fixed_default:
        assert parse_value(option, text) == option.default


def test_every_option_has_a_comment_above_it() -> None:
    paragraphs = [paragraph.splitlines() for paragraph in TEXT.split("\n\n")]
    with_options = [lines for lines in paragraphs if re.match(r"#?[a-z][a-z-]+:", lines[-1])]
    assert len(with_options) > len(SECTIONS)
    bare = [lines for lines in with_options if not any(line.startswith(("# ", "[")) for line in lines)]
    assert bare == []
