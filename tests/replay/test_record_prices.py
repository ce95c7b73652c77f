"""--record keeps the prices of the region in the recording."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.aws.account import open_account, start_workers
from dynamic_dynamodb.aws.prices import find_endpoint
from dynamic_dynamodb.check.resilience import Timeouts, never
from dynamic_dynamodb.config.sources import ConfigSources
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.replay.recordings.manifest import MANIFEST, Entry, Manifest
from dynamic_dynamodb.replay.recordings.recording import RecordedPrices
from dynamic_dynamodb.scaling.costs import PRICE_KEYS
from dynamic_dynamodb.scaling.model import Target
from tests.emulator.pricing import list_products
from tests.end_to_end.program import Program
from tests.replay.recordings import DAY, wave
from tests.replay.test_command import write_recording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.emulator import Emulator

US_EAST_1 = (0.00013, 0.00065, 0.125, 0.625, 0.25, 0.00016, 0.00081, 0.155, 0.78, 0.1)
DENIED = (
    "(allow pricing:GetProducts in the IAM policy); the recording has no prices, and costs are those of"
    " us-east-1"
)


@pytest.fixture
def program(emulator: Emulator, tmp_path: Path) -> Program:
    """Return the program with an account that has a table."""
    emulator.add_table("orders")
    emulator.put_metrics("orders", consumed_reads=4, consumed_writes=1, minutes=30)
    return Program(emulator, tmp_path)


def record(program: Program, region: str = "eu-central-1") -> Any:
    """Record everything in a region."""
    flags = ("--record", "history", "--all", "--days", "1", "--region", region)
    return program.run(*flags, AWS_DEFAULT_REGION=None)


def read_prices(folder: Path) -> Any:
    """Return what the manifest says of prices; None if it says nothing."""
    return json.loads((folder / "history" / MANIFEST).read_text(encoding="utf-8")).get("prices")


@pytest.mark.parametrize("page", [1, 7, 100])
def test_the_prices_of_the_region_are_kept_with_their_day(
    emulator: Emulator, program: Program, tmp_path: Path, page: int
) -> None:
    emulator.set_prices("eu-central-1", "1.2", products_per_page=page)
    run = record(program)
    assert (run.code, run.stderr) == (0, "")
    today = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    prices = read_prices(tmp_path)
    assert prices["day"] == today
    assert list(prices["dollars"]) == list(PRICE_KEYS)
    assert list(prices["dollars"].values()) == pytest.approx([1.2 * one for one in US_EAST_1])
    assert f"prices are those of eu-central-1 on {today}" in run.stdout.splitlines()
    assert {one.region for one in emulator.requests("GetProducts")} == {"eu-central-1"}


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("us-east-1", "us-east-1"),
        ("sa-east-1", "us-east-1"),
        ("eu-north-1", "eu-central-1"),
        ("ap-southeast-7", "ap-south-1"),
        ("me-central-1", "us-east-1"),
    ],
)
def test_the_nearest_endpoint_is_asked(region: str, endpoint: str) -> None:
    assert find_endpoint(region) == endpoint


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param({"code": "AccessDeniedException"}, DENIED, id="denied"),
        pytest.param(
            {"code": "AccessDeniedException", "after": 1},
            "(allow pricing:GetProducts in the IAM policy)",
            id="denied on the second page",
        ),
        pytest.param({"kind": "html", "status": 403}, "pricing:GetProducts failed", id="a proxy's page"),
    ],
)
def test_prices_that_cannot_be_fetched_are_a_warning_and_everything_is_recorded(
    emulator: Emulator, program: Program, tmp_path: Path, fault: dict[str, Any], reason: str
) -> None:
    emulator.set_prices("eu-central-1", "1", products_per_page=5)
    emulator.add_fault(action="GetProducts", times=None, **fault)
    run = record(program)
    assert run.code == 0
    (warning,) = run.stderr.splitlines()
    assert reason in warning
    assert read_prices(tmp_path) is None
    assert (tmp_path / "history" / "orders.csv").exists()


@pytest.mark.parametrize(
    ("path", "value"),
    [pytest.param(["PriceList"], None, id="no list"), pytest.param(["NextToken"], 7, id="odd token")],
)
def test_an_odd_page_of_prices_is_an_error(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: list[str], value: Any
) -> None:
    for name, text in emulator.environment().items():
        monkeypatch.setenv(name, text)
    emulator.set_prices("eu-central-1", "1", products_per_page=5)
    emulator.add_fault(action="GetProducts", kind="odd", path=path, value=value, times=None)
    flags: dict[str, str | bool] = {"record": "history", "all": True, "region": "eu-central-1"}
    configuration = ConfigSources(flags, {}, tmp_path).load()
    with start_workers() as workers:
        # As --record does, but without repeating a call, which takes half a minute.
        account = open_account(configuration, workers, Timeouts(most_attempts=1), never)
        account.prepare()
        with pytest.raises(AwsError, match=r"^pricing:GetProducts failed: "):
            account.prices.find_prices("eu-central-1")


def test_prices_that_cannot_be_fetched_again_stay_as_they_were(
    emulator: Emulator, program: Program, tmp_path: Path
) -> None:
    record(program)
    before = read_prices(tmp_path)
    emulator.add_fault(action="GetProducts", code="AccessDeniedException")
    run = record(program)
    assert run.code == 0
    assert f"; the recording keeps the prices of {before['day']}" in run.stderr
    assert read_prices(tmp_path) == before


def edit(change: Callable[[dict[str, Any]], None], usage: str = "ReadRequestUnits") -> list[Any]:
    """Return a price list in which the product of one usage type is changed."""
    products = list_products("eu-central-1")
    for product in products:
        if product["product"]["attributes"]["usagetype"] == f"EUC1-{usage}":
            change(product)
    return [json.dumps(product) for product in products]


def set_price(dollars: object, currency: str = "USD") -> Callable[[dict[str, Any]], None]:
    """Return what sets the price of a product."""

    def change(product: dict[str, Any]) -> None:
        for term in product["terms"]["OnDemand"].values():
            for tier in term["priceDimensions"].values():
                tier["pricePerUnit"] = {currency: dollars}

    return change


def add_second(price: str) -> list[Any]:
    """Return a price list with a second product of a usage type."""
    second = next(one for one in list_products("eu-central-1") if "EUC1-ReadRequestUnits" in json.dumps(one))
    set_price(price)(second)
    return [json.dumps(second), *edit(lambda _: None)]


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param(edit(lambda product: product.pop("terms")), id="no terms"),
        pytest.param(edit(lambda product: product["terms"].pop("OnDemand")), id="reserved only"),
        pytest.param(edit(lambda product: product.update(product=[])), id="a list in place of a product"),
        pytest.param(edit(set_price("0.0000000000")), id="free"),
        pytest.param(edit(set_price("-1")), id="negative"),
        pytest.param(edit(set_price("NaN")), id="not a number"),
        pytest.param(edit(set_price("1e400")), id="infinite"),
        pytest.param(edit(set_price("99999")), id="absurd"),
        pytest.param(edit(set_price("7.5", "CNY")), id="another currency"),
        pytest.param(edit(set_price(None)), id="null"),
        pytest.param(add_second("0.0000005"), id="two prices"),
        pytest.param(
            [*edit(lambda product: product["product"]["attributes"].update(regionCode="us-east-1"))],
            id="of another region",
        ),
        pytest.param(
            ["{", "7", "[]", "null", '"text"', "", 7, None, {"product": 1}], id="no products at all"
        ),
        pytest.param([""], id="an empty text"),
    ],
)
def test_a_price_list_without_usable_prices_is_a_warning(
    emulator: Emulator, program: Program, tmp_path: Path, entries: list[Any]
) -> None:
    emulator.set_price_list(entries)
    run = record(program)
    assert run.code == 0
    (warning,) = run.stderr.splitlines()
    assert "the Price List API has no price of " in warning
    assert "read requests" in warning
    assert read_prices(tmp_path) is None


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param(["{", 7, None, *edit(lambda _: None)], id="among odd entries"),
        pytest.param(add_second("0.000000125"), id="the same price twice"),
        pytest.param(edit(lambda product: product["product"].pop("sku")), id="without a SKU"),
        pytest.param(edit(set_price(0.000000125)), id="as a number"),
    ],
)
def test_usable_prices_among_odd_entries_are_kept(
    emulator: Emulator, program: Program, tmp_path: Path, entries: list[Any]
) -> None:
    emulator.set_price_list(entries)
    run = record(program)
    assert (run.code, run.stderr) == (0, "")
    assert list(read_prices(tmp_path)["dollars"].values()) == pytest.approx(US_EAST_1)


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_a_region_without_prices_in_dollars_is_a_warning_and_no_call(
    emulator: Emulator, program: Program, tmp_path: Path, region: str
) -> None:
    run = record(program, region)
    assert run.code == 0
    assert f"the Price List API has no prices in dollars for {region}; " in run.stderr
    assert emulator.requests("GetProducts") == []
    assert read_prices(tmp_path) is None


RULES = """\
[global]
region: eu-central-1
[table: ^orders$]
max-provisioned-reads: 9
max-provisioned-writes: 9
"""


def replay(program: Program, *flags: str) -> Any:
    """Replay the recording, and return what the JSON says; nothing calls AWS."""
    path = program.write(RULES)
    run = program.run(
        "-c", path, "--replay", "history", "--format", "json", *flags, AWS_ENDPOINT_URL="http://127.0.0.1:1"
    )
    assert run.code == 0, run.stderr
    return json.loads(run.stdout)


def get_cost(found: Any, name: str = "on-demand") -> float:
    """Return the cost of a row."""
    return next(float(row["cost_hour_max"]) for row in found["total"] if row["name"] == name)


def test_a_replay_uses_the_recorded_prices_and_names_their_region_and_day(
    emulator: Emulator, program: Program, tmp_path: Path
) -> None:
    emulator.set_prices("eu-central-1", "3")
    record(program)
    found = replay(program)
    assert found["prices"] == f"eu-central-1 on {read_prices(tmp_path)['day']}"
    assert found["warnings"] == []
    emulator.add_fault(action="GetProducts", code="AccessDeniedException")
    (tmp_path / "history" / MANIFEST).unlink()
    record(program)
    default = replay(program)
    assert default["prices"] == "us-east-1 in November 2024"
    assert "or record again with the permission pricing:GetProducts" in default["warnings"][0]
    for name in ("on-demand", "this configuration"):
        assert get_cost(found, name) == pytest.approx(3 * get_cost(default, name), rel=1e-4)


def test_a_replay_of_a_region_without_prices_in_dollars_says_which_flags_to_set(program: Program) -> None:
    record(program, "cn-north-1")
    path = program.write(RULES)
    run = program.run("-c", path, "--replay", "history", "--format", "json", "--region", "cn-north-1")
    (warning,) = json.loads(run.stdout)["warnings"]
    assert warning.startswith(
        "prices are those of us-east-1, but the recording is from cn-north-1: set --price-"
    )
    assert warning.endswith("--price-write-requests")


def test_price_flags_take_precedence_over_recorded_prices(emulator: Emulator, program: Program) -> None:
    emulator.set_prices("eu-central-1", "3")
    record(program)
    day = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    some = replay(program, "--price-read-requests", "0.125", "--price-write-requests", "0.625")
    assert some["prices"] == (f"eu-central-1 on {day}, and --price-read-requests, --price-write-requests")
    assert get_cost(replay(program)) == pytest.approx(3 * get_cost(some), rel=1e-4)


def test_a_file_of_a_recording_has_its_prices_too(emulator: Emulator, program: Program) -> None:
    emulator.set_prices("eu-central-1", "3")
    record(program)
    text = program.run("-c", program.write(RULES), "--replay", "history/orders.csv").stdout
    assert ", at the prices of eu-central-1 on " in text.splitlines()[0]


def test_a_report_names_the_prices(program: Program, tmp_path: Path) -> None:
    record(program)
    program.run("-c", program.write(RULES), "--replay", "history", "--report", "out.html")
    text = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert f"at the prices of eu-central-1 on {read_prices(tmp_path)['day']}." in text


def test_tuning_uses_the_recorded_prices_and_names_their_region_and_day(
    program: Program, tmp_path: Path
) -> None:
    load = wave(2 * DAY, 5, 40, noise=0.05)
    header = {}
    for factor in (1, 3):
        folder = tmp_path / f"times{factor}"
        folder.mkdir()
        write_recording(folder / "orders.csv", load, load)
        dollars = {key: factor * one for key, one in zip(PRICE_KEYS, US_EAST_1, strict=True)}
        prices = RecordedPrices("2026-03-16", dollars)
        manifest = Manifest("eu-west-1", "", {"orders": Entry(Target("orders"))}, prices)
        (folder / MANIFEST).write_text(manifest.write(), encoding="utf-8")
        run = program.run("--tune", folder.name, "--workers", "1")
        assert (run.code, run.stderr) == (0, "")
        text = " ".join(run.stdout.replace("#", "").split())
        assert "at the prices of eu-west-1 on 2026-03-16, by the mean of both bills" in text
        header[factor] = [float(one) for one in re.findall(r"on-demand \$([0-9.]+)", text)]
    assert header[3] == pytest.approx([3 * one for one in header[1]], abs=0.02)


def test_no_check_asks_for_prices(emulator: Emulator, program: Program) -> None:
    run = program.check("[table: ^orders$]\nmax-provisioned-reads: 9\nmax-provisioned-writes: 9\n")
    assert run.code == 0
    assert emulator.requests("GetProducts") == []


@pytest.mark.parametrize(
    "prices",
    [
        pytest.param([], id="a list"),
        pytest.param({"day": "2026-03-02"}, id="no dollars"),
        pytest.param({"day": "yesterday", "dollars": dict.fromkeys(PRICE_KEYS, 1.0)}, id="no date"),
        pytest.param({"day": "2026-03-02", "dollars": {"storage": 1.0}}, id="one price"),
        pytest.param({"day": "2026-03-02", "dollars": dict.fromkeys(PRICE_KEYS, 0)}, id="free"),
        pytest.param({"day": "2026-03-02", "dollars": dict.fromkeys(PRICE_KEYS, "1")}, id="texts"),
        pytest.param({"day": "2026-03-02", "dollars": dict.fromkeys(PRICE_KEYS, True)}, id="booleans"),
    ],
)
def test_a_manifest_with_malformed_prices_is_refused(
    program: Program, tmp_path: Path, prices: object
) -> None:
    record(program)
    path = tmp_path / "history" / MANIFEST
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "prices": prices}), encoding="utf-8")
    run = record(program)
    assert (run.code, "is not a manifest of --record: move it away" in run.stderr) == (2, True)


def test_the_products_of_the_emulator_have_a_free_tier_that_is_not_the_price() -> None:
    free = [
        one for one in list_products("us-east-1", Decimal(2)) if '"USD": "0.0000000000"' in json.dumps(one)
    ]
    assert len(free) == 4
