"""The Price List API: the products of DynamoDB in a region, as JSON texts in pages."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.emulator.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator.state import State
    from tests.emulator.wire import Call

ENDPOINTS = ("us-east-1", "eu-central-1", "ap-south-1")
_MOST_PER_PAGE = 100
_PREFIXES = {"us-east-1": "", "us-west-2": "USW2-", "eu-west-1": "EU-", "eu-central-1": "EUC1-"}
"""How usage types begin, by region; AWS has no rule for them."""
_FREE_HOURS, _FREE_GIGABYTES = "18600", "25"
_STANDARD_VOLUME = "Amazon DynamoDB - Indexed DataStore"

# usage type, product family, other attributes, unit, price in us-east-1, where a free tier ends (or None)
_PRODUCTS: tuple[tuple[str, str, dict[str, str], str, str, str | None], ...] = (
    (
        "ReadCapacityUnit-Hrs",
        "Provisioned IOPS",
        {"group": "DDB-ReadUnits", "operation": "CommittedThroughput"},
        "ReadCapacityUnit-Hrs",
        "0.00013",
        _FREE_HOURS,
    ),
    (
        "WriteCapacityUnit-Hrs",
        "Provisioned IOPS",
        {"group": "DDB-WriteUnits", "operation": "CommittedThroughput"},
        "WriteCapacityUnit-Hrs",
        "0.00065",
        _FREE_HOURS,
    ),
    (
        "ReplWriteCapacityUnit-Hrs",
        "DDB-Operation-ReplicatedWrite",
        {"group": "DDB-ReplicatedWriteUnits", "operation": "CommittedThroughput"},
        "ReplicatedWriteCapacityUnit-Hrs",
        "0.000975",
        _FREE_HOURS,
    ),
    (
        "IA-ReadCapacityUnit-Hrs",
        "Provisioned IOPS",
        {"group": "DDB-ReadUnitsIA", "operation": "CommittedThroughput"},
        "ReadCapacityUnit-Hrs",
        "0.00016",
        None,
    ),
    (
        "IA-WriteCapacityUnit-Hrs",
        "Provisioned IOPS",
        {"group": "DDB-WriteUnitsIA", "operation": "CommittedThroughput"},
        "WriteCapacityUnit-Hrs",
        "0.00081",
        None,
    ),
    (
        "ReadRequestUnits",
        "Amazon DynamoDB PayPerRequest Throughput",
        {"group": "DDB-ReadUnits", "operation": "PayPerRequestThroughput"},
        "ReadRequestUnits",
        "0.000000125",
        None,
    ),
    (
        "WriteRequestUnits",
        "Amazon DynamoDB PayPerRequest Throughput",
        {"group": "DDB-WriteUnits", "operation": "PayPerRequestThroughput"},
        "WriteRequestUnits",
        "0.000000625",
        None,
    ),
    (
        "ReplWriteRequestUnits",
        "Amazon DynamoDB PayPerRequest Throughput",
        {"group": "DDB-ReplicatedWriteUnits", "operation": "PayPerRequestThroughput"},
        "ReplicatedWriteRequestUnits",
        "0.000000625",
        None,
    ),
    (
        "IA-ReadRequestUnits",
        "Amazon DynamoDB PayPerRequest Throughput",
        {"group": "DDB-ReadUnitsIA", "operation": "PayPerRequestThroughput"},
        "ReadRequestUnits",
        "0.000000155",
        None,
    ),
    (
        "IA-WriteRequestUnits",
        "Amazon DynamoDB PayPerRequest Throughput",
        {"group": "DDB-WriteUnitsIA", "operation": "PayPerRequestThroughput"},
        "WriteRequestUnits",
        "0.00000078",
        None,
    ),
    (
        "TimedStorage-ByteHrs",
        "Database Storage",
        {"volumeType": _STANDARD_VOLUME},
        "GB-Mo",
        "0.25",
        _FREE_GIGABYTES,
    ),
    (
        "IA-TimedStorage-ByteHrs",
        "Database Storage",
        {"volumeType": f"{_STANDARD_VOLUME} - IA"},
        "GB-Mo",
        "0.1",
        None,
    ),
    (
        "TimedPITRStorage-ByteHrs",
        "Database Storage",
        {"operation": "PITRBackupStorage"},
        "GB-Mo",
        "0.2",
        None,
    ),
    ("TimedBackupStorage-ByteHrs", "Database Storage", {}, "GB-Mo", "0.1", None),
    ("RestoreDataSize-Bytes", "Amazon DynamoDB Restore Data Size", {}, "GB", "0.15", None),
    ("Streams-Requests", "API Request", {"group": "DDB-StreamsReadRequests"}, "Requests", "0.0000002", None),
)
_WITH_RESERVATIONS = ("ReadCapacityUnit-Hrs", "WriteCapacityUnit-Hrs")


def list_products(region: str, factor: Decimal = Decimal(1)) -> list[dict[str, Any]]:
    """Return the products of DynamoDB in a region, at `factor` times the prices of us-east-1."""
    return list(_build_products(region, factor))


def _build_products(region: str, factor: Decimal) -> Iterator[dict[str, Any]]:
    prefix = _PREFIXES.get(region, f"{''.join(part[0] for part in region.split('-')).upper()}-")
    for number, (usage, family, attributes, unit, dollars, free) in enumerate(_PRODUCTS):
        sku = f"SKU{number:013}"
        tiers = [("0", "Inf", Decimal(dollars) * factor)]
        if free is not None:
            tiers = [("0", free, Decimal(0)), (free, "Inf", Decimal(dollars) * factor)]
        terms = {"OnDemand": _build_terms(sku, "JRTCKXETXF", unit, tiers)}
        if usage in _WITH_RESERVATIONS:
            terms["Reserved"] = _build_terms(sku, "6QCMYABX3D", "Quantity", [("0", "Inf", Decimal(30))])
        yield {
            "product": {
                "productFamily": family,
                "attributes": {
                    "regionCode": region,
                    "servicecode": "AmazonDynamoDB",
                    "servicename": "Amazon DynamoDB",
                    "usagetype": f"{prefix}{usage}",
                    "locationType": "AWS Region",
                    **attributes,
                },
                "sku": sku,
            },
            "serviceCode": "AmazonDynamoDB",
            "terms": terms,
            "version": "20261120000000",
            "publicationDate": "2026-11-20T00:00:00Z",
        }


def _build_terms(sku: str, offer: str, unit: str, tiers: list[tuple[str, str, Decimal]]) -> dict[str, Any]:
    return {
        f"{sku}.{offer}": {
            "priceDimensions": {
                f"{sku}.{offer}.{place}": {
                    "unit": unit,
                    "beginRange": begin,
                    "endRange": end,
                    "description": f"${dollars} per {unit}",
                    "appliesTo": [],
                    "rateCode": f"{sku}.{offer}.{place}",
                    "pricePerUnit": {"USD": f"{dollars:.10f}"},
                }
                for place, (begin, end, dollars) in enumerate(tiers)
            },
            "sku": sku,
            "effectiveDate": "2026-11-01T00:00:00Z",
            "offerTermCode": offer,
            "termAttributes": {},
        }
    }


def serve(state: State, call: Call) -> dict[str, Any]:
    """Answer one call of the Price List API."""
    if call.region not in ENDPOINTS:
        raise ServiceError("UnknownEndpoint", f"the Price List API has no endpoint in {call.region}")
    if call.action != "GetProducts":
        raise ServiceError("UnknownOperationException", f"{call.action} is not emulated")
    given = call.parameters
    if given["ServiceCode"] != "AmazonDynamoDB":
        raise ServiceError("NotFoundException", f"{given['ServiceCode']} is not emulated")
    wanted = {one["Field"]: one["Value"] for one in given.get("Filters", []) if one["Type"] == "TERM_MATCH"}
    region = wanted["regionCode"]
    entries: list[Any] = state.price_list or [
        json.dumps(product)
        for product in list_products(region, state.price_factors.get(region, Decimal(1)))
        if all(product["product"]["attributes"].get(field) == value for field, value in wanted.items())
    ]
    start = int(given.get("NextToken", 0))
    size = min(given.get("MaxResults", _MOST_PER_PAGE), state.settings.products_per_page)
    answer: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": entries[start : start + size]}
    if len(entries) > start + size:
        answer["NextToken"] = str(start + size)
    return answer
