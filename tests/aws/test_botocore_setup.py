"""Clients are made for the services that a configuration uses, with the product's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import botocore
import pytest
from botocore.exceptions import BotoCoreError

from dynamic_dynamodb import __version__
from dynamic_dynamodb.aws.account import list_services
from dynamic_dynamodb.aws.botocore_setup import make_clients
from dynamic_dynamodb.check.resilience import Timeouts
from dynamic_dynamodb.config.loader import load
from tests.aws.fakes import use_keys

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "[table: ^a$]\n"
TOPIC = "sns-topic-arn: arn:aws:sns:us-east-1:123456789012:scaling\n"
TYPES = "sns-message-types: scale-up\n"
LEAST = ["dynamodb", "cloudwatch"]


@pytest.fixture(autouse=True)
def no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep AWS's own files of this machine out of the tests."""
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "nothing"))
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.mark.parametrize(
    ("text", "is_dry_run", "expected"),
    [
        pytest.param(TABLE, False, LEAST, id="the least"),
        pytest.param(TABLE + TOPIC + TYPES, False, [*LEAST, "sns"], id="messages of a table"),
        pytest.param(
            f"{TABLE}[gsi: .* table: ^a$]\n{TOPIC}{TYPES}", False, [*LEAST, "sns"], id="messages of an index"
        ),
        pytest.param(TABLE + TOPIC, False, LEAST, id="a topic without messages"),
        pytest.param(TABLE + TOPIC + TYPES, True, LEAST, id="a dry run, which publishes nothing"),
        pytest.param(
            f"[global]\nskip-aws-autoscaled: true\n{TABLE}",
            False,
            [*LEAST, "application-autoscaling"],
            id="what AWS scales itself",
        ),
    ],
)
def test_a_configuration_has_clients_for_what_it_uses(
    tmp_path: Path, text: str, expected: list[str], *, is_dry_run: bool
) -> None:
    path = tmp_path / "a.conf"
    path.write_text(text, encoding="utf-8")
    flags: dict[str, str | bool] = {"config": str(path), **({"dry-run": True} if is_dry_run else {})}
    configuration = load(flags, {})
    assert list_services(configuration, configuration.places[0]) == dict.fromkeys(expected, "us-east-1")


def test_a_recording_asks_for_prices_at_the_nearest_endpoint_of_the_price_list() -> None:
    flags: dict[str, str | bool] = {"record": "history", "all": True, "region": "eu-north-1"}
    regions = dict.fromkeys([*LEAST, "application-autoscaling"], "eu-north-1")
    configuration = load(flags, {})
    assert list_services(configuration, configuration.places[0]) == {**regions, "pricing": "eu-central-1"}


def test_a_client_has_the_limits_of_its_timeouts_and_no_retries_of_its_own() -> None:
    client = make("dynamodb")["dynamodb"]
    config = client.meta.config
    assert (client.meta.region_name, config.retries["total_max_attempts"]) == ("eu-west-1", 1)
    assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (1.5, 2.5, 7)
    versions = f"Boto3/{boto3.__version__} Botocore/{botocore.__version__}"
    assert config.user_agent == f"dynamic-dynamodb/{__version__} {versions}"


def test_sts_is_called_in_the_region_of_its_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
    assert make("sts")["sts"].meta.endpoint_url == "https://sts.eu-west-1.amazonaws.com"


def test_a_service_that_botocore_does_not_know_is_an_error_of_botocore() -> None:
    with pytest.raises(BotoCoreError, match="nosuchservice"):
        make("nosuchservice")


def make(*services: str) -> dict[str, Any]:
    timeouts = Timeouts(connect=1.5, read=2.5)
    return make_clients(
        dict.fromkeys(services, "eu-west-1"),
        profile=None,
        credential_provider=use_keys(),
        timeouts=timeouts,
        most_connections=7,
    )
