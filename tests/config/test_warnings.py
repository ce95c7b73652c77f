"""A valid configuration that is probably a mistake has warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.loader import examine, load
from tests.config.files import LIMITS, TABLE, read

if TYPE_CHECKING:
    from pathlib import Path


ARN = "arn:aws:sns:us-east-1:123456789012:scaling"


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        pytest.param(
            "[table: a]\nmax-provisioned-reads: 5\n",
            "line 1: [table: a] has no max-provisioned-writes: writes, and their cost, can grow without"
            " limit",
            id="no maximum",
        ),
        pytest.param(
            f"{TABLE}reads-lower-threshold: 95\n",
            "line 4: [table: ^a$] reads-lower-threshold 95 is not below reads-upper-threshold 90:"
            " set them apart, such as 30 and 90",
            id="crossed thresholds",
        ),
        pytest.param(
            f"{TABLE}sns-topic-arn: t\n",
            "line 4: [table: ^a$] has an sns-topic-arn but no sns-message-types: nothing is published;"
            " set types such as scale-up, scale-down",
            id="a topic without types",
        ),
        pytest.param(
            f"{TABLE}sns-message-types: scale-up\n",
            "line 4: [table: ^a$] has sns-message-types but no sns-topic-arn: nothing is published;"
            " set a topic ARN such as arn:aws:sns:us-east-1:123456789012:my_topic",
            id="types without a topic",
        ),
        pytest.param(
            f"{TABLE}sns-topic-arn: t\nsns-message-types: recovery\n",
            "line 5: [table: ^a$] sns-message-types: recovery has no effect without failure, because only"
            " what was reported as failed is reported as recovered",
            id="recoveries without failures",
        ),
        pytest.param(
            f"[global]\nsns-topic-arn: t\n{TABLE}",
            "line 2: [global] has an sns-topic-arn but no sns-message-types: nothing is published;"
            " set types such as failure, recovery",
            id="a topic for all without types",
        ),
        pytest.param(
            f"[global]\nsns-message-types: failure\n{TABLE}",
            "line 2: [global] has sns-message-types but no sns-topic-arn: nothing is published;"
            " set a topic ARN such as arn:aws:sns:us-east-1:123456789012:my_topic",
            id="types for all without a topic",
        ),
        pytest.param(
            f"[global]\nsns-topic-arn: scaling\nsns-message-types: failure\n{TABLE}",
            "line 2: [global] sns-topic-arn 'scaling' is not a topic ARN such as"
            " arn:aws:sns:us-east-1:123456789012:my_topic",
            id="a topic for all that is not an ARN",
        ),
        pytest.param(
            "[global]\nsns-topic-arn: arn:aws:sns:us-east-1:123456789012:t.fifo\n"
            f"sns-message-types: failure\n{TABLE}",
            "line 2: [global] sns-topic-arn is a FIFO topic: messages are published to standard topics only",
            id="a FIFO topic for all",
        ),
        pytest.param(
            "[global]\nsns-topic-arn: arn:aws:sns:eu-west-1:123456789012:t\n"
            f"sns-message-types: failure\n{TABLE}",
            "line 2: [global] sns-topic-arn is in eu-west-1, but region is us-east-1: messages are not"
            " published",
            id="a topic for all in another region",
        ),
        pytest.param(
            f"[global]\nsns-topic-arn: t\nsns-message-types: failure, scale-up\n{TABLE}",
            "line 3: [global] sns-message-types: scale-up has no effect here:"
            " set it in [default_options], or in the section of a table or an index",
            id="changes for all",
        ),
        pytest.param(
            f"{TABLE}sns-topic-arn: t\nsns-message-types: scale-up, throughput-alarm\n",
            "line 5: [table: ^a$] sns-message-types: throughput-alarm has never had an effect: use"
            " high-throughput-alarm, low-throughput-alarm",
            id="an obsolete type",
        ),
        pytest.param(
            f"{TABLE}disable-reads-up-scaling: true\n",
            "line 4: [table: ^a$] disable-reads-up-scaling has never had an effect: use"
            " enable-reads-up-scaling",
            id="an obsolete option",
        ),
        pytest.param(
            f"{TABLE}throttled-writes-lower-threshold: 5\n",
            "line 4: [table: ^a$] throttled-writes-lower-threshold has never had an effect: remove it",
            id="an option that no version knew",
        ),
        pytest.param(
            f"{TABLE}enable-reads-autoscaling: true\n",
            "deprecated options, which still work: enable-reads-autoscaling"
            " (use enable-reads-up-scaling and enable-reads-down-scaling)",
            id="a deprecated option",
        ),
        pytest.param(
            f"{TABLE}maintenance-windows: 00:00-00:00\n",
            "line 4: [table: ^a$] maintenance-windows: a window whose start is its end lasts one minute",
            id="a window of a minute",
        ),
        pytest.param(
            f"{TABLE}lookback-window-start: 3\nlookback-period: 3\n",
            "line 4: [table: ^a$] lookback-window-start 3: CloudWatch publishes minutes up to three"
            " minutes late,"
            " so the window may hold no known minute, and nothing is decided then; use at least 5",
            id="a window that begins too late",
        ),
        pytest.param(
            f"[global]\ncheck-interval: 600\n{TABLE}decrease-late-in-hour: true\n",
            "line 6: [table: ^a$] decrease-late-in-hour with check-interval 600: some hours have no check"
            " in their last minutes, and nothing is lowered then; use at most 300",
            id="too few checks for the end of an hour",
        ),
        pytest.param(
            f"{TABLE}decrease-late-in-hour: true\nmaintenance-windows: 22:00-22:55, 01:10-01:20\n",
            "line 5: [table: ^a$] maintenance-windows never meet minutes 56 to 59 of an hour, and"
            " decrease-late-in-hour lowers capacity only late in the hour: let a window last until a full"
            " hour, such as 22:00-23:59",
            id="windows without the end of an hour",
        ),
        pytest.param(
            f"{TABLE}decrease-late-in-hour: true\nenable-reads-down-scaling: false\n"
            "enable-writes-down-scaling: false\n",
            "line 4: [table: ^a$] decrease-late-in-hour has no effect while decreases are off",
            id="late decreases that are off",
        ),
        pytest.param(
            f"{TABLE}decrease-lookback-period: 30\n",
            "line 4: [table: ^a$] decrease-lookback-period has no effect without reads-target-utilization or"
            " writes-target-utilization",
            id="a period for a target that is not set",
        ),
        pytest.param(
            f"[global]\nquiet-check-interval: 1800\n{TABLE}",
            "line 2: [global] quiet-check-interval 1800: a spike of a quiet table or index is seen up to"
            " 1800 seconds"
            " late, and may be throttled until then; use at most 1200 unless that does not matter",
            id="quiet tables that are looked at too rarely",
        ),
        pytest.param(
            f"{TABLE}circuit-breaker-timeout: 500\n",
            "line 4: [table: ^a$] circuit-breaker-timeout has no effect without a circuit-breaker-url here"
            " or in [global]",
            id="a timeout alone",
        ),
        pytest.param(
            f"{TABLE}sns-topic-arn: scaling\nsns-message-types: scale-up\n",
            "line 4: [table: ^a$] sns-topic-arn 'scaling' is not a topic ARN such as"
            " arn:aws:sns:us-east-1:123456789012:my_topic",
            id="a topic's name",
        ),
        pytest.param(
            f"{TABLE}writes-lower-alarm-threshold: 5\n",
            "line 4: [table: ^a$] writes-lower-alarm-threshold has no effect without low-throughput-alarm"
            " in sns-message-types",
            id="an alarm that is not published",
        ),
        pytest.param(
            f"[table: .*]\n{LIMITS}[table: ^abc$]\n{LIMITS}",
            "line 4: [table: ^abc$] is not used for abc: [table: .*] comes first and matches it too",
            id="a section that comes too late",
        ),
        pytest.param(
            f"{TABLE}[gsi: ^by table: ^a$]\n{LIMITS}[gsi: ^by-date$ table: ^a$]\n{LIMITS}",
            "line 7: [gsi: ^by-date$ table: ^a$] is not used for by-date: [gsi: ^by table: ^a$] comes first"
            " and matches it too",
            id="an index's section that comes too late",
        ),
        pytest.param(
            f"[DEFAULT]\nreads-lower-threshold: 7\n{TABLE}",
            "[DEFAULT] applies to every section: use [default_options] for tables and indexes",
            id="[DEFAULT]",
        ),
    ],
)
def test_a_value_that_is_probably_a_mistake_is_a_warning(path: Path, text: str, warning: str) -> None:
    assert warning in read(path, text).warnings


def test_a_complete_section_has_no_warning(path: Path) -> None:
    assert read(path, TABLE).warnings == ()


@pytest.mark.parametrize(
    "places",
    [
        pytest.param("[global]\nregions: us-east-1, eu-west-1\n", id="several regions"),
        pytest.param(
            "[account: a]\nrole-arn: arn:aws:iam::111122223333:role/r\nregions: us-east-1\n[global]\n",
            id="an account with a role",
        ),
    ],
)
def test_a_topic_may_be_in_any_region_where_sns_is_called_there(path: Path, places: str) -> None:
    topic = "sns-topic-arn: arn:aws:sns:sa-east-1:123456789012:t\nsns-message-types: failure\n"
    assert read(path, f"{places}{topic}{TABLE}{topic}").warnings == ()


def test_a_file_with_keys_that_other_users_can_read_is_a_warning(path: Path) -> None:
    text = f"[global]\naws-access-key-id: AK\naws-secret-access-key-id: SK\n{TABLE}"
    path.touch(mode=0o644)
    assert read(path, text).warnings == (
        f"{path} contains AWS keys and other users can read it: run chmod 600 {path}",
    )
    path.chmod(0o600)
    assert read(path, text).warnings == ()


def test_a_secret_on_the_command_line_is_a_warning(path: Path) -> None:
    flags = {"aws_access_key_id": "AK", "aws_secret_access_key": "wJalrXUtnFEMI"}
    assert read(path, TABLE, **flags).warnings == (
        (
            "--aws-secret-access-key is visible to every user of this host, for example in ps: use a role,"
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
def test_another_region_in_the_environment_is_a_warning(
    path: Path,
    environment: dict[str, str],
    is_said: bool,  # noqa: FBT001 - a case
) -> None:
    path.write_text(TABLE)
    warnings = load({"config": str(path)}, environment).warnings
    assert (warnings != ()) == is_said


def test_a_target_of_a_capacity_that_is_not_scaled_has_no_effect(path: Path) -> None:
    text = f"{TABLE}reads-target-utilization: 80\nenable-reads-autoscaling: false\n"
    assert (
        "line 4: [table: ^a$] reads-target-utilization has no effect while enable-reads-autoscaling is off"
        in read(path, text).warnings
    )


def test_an_option_with_a_fault_has_no_warning_about_its_default(path: Path) -> None:
    path.write_text(
        "[default_options]\nmax-provisioned-reads: many\nwrites-lower-threshold: low\n"
        "[table: ^a$]\nmax-provisioned-writes: 5\nwrites-upper-threshold: 20\n"
    )
    result = examine({"config": str(path)}, {})
    assert len(result.faults) == 2
    assert result.configuration.warnings == ()


def test_an_index_may_have_another_target_than_the_defaults(path: Path) -> None:
    text = (
        f"[default_options]\n{LIMITS}reads-target-utilization: 85\nlookback-window-start: 5\n"
        "[table: ^a$]\n[gsi: ^b$ table: ^a$]\nreads-target-utilization: 60\n"
    )
    (table,) = read(path, text).sections
    assert [one.typed.capacities.reads.target_utilization for one in (table, *table.gsis)] == [85, 60]


def test_a_topic_of_every_section_has_no_warnings_of_its_own_about_global(tmp_path: Path) -> None:
    text = f"[DEFAULT]\nsns-topic-arn: {ARN}\nsns-message-types: scale-up\n[global]\n{TABLE}"
    assert [one for one in read(tmp_path / "conf", text).warnings if "sns" in one] == []
