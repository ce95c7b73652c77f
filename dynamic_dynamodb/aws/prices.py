"""Ask the Price List API what DynamoDB costs in a region."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.parsing import read_token
from dynamic_dynamodb.aws.permissions import GET_PRODUCTS
from dynamic_dynamodb.scaling.costs import PRICE_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dynamic_dynamodb.aws.client import AwsClient

_ENDPOINTS: Final = {"eu": "eu-central-1", "ap": "ap-south-1"}
"""The nearest endpoint of the API by the beginning of a region's name; us-east-1 for all others."""
_MOST_DOLLARS: Final = 1_000.0
"""More than a unit, a million requests or a gigabyte costs anywhere."""
_CURRENCY: Final = "USD"
_MILLION: Final = 1_000_000
_USAGE_TYPE: Final = re.compile(
    r"(?:(?!IA-)[A-Z]+[0-9]*-)?(?P<class>IA-)?"
    r"(?P<what>ReadCapacityUnit-Hrs|WriteCapacityUnit-Hrs|ReadRequestUnits|WriteRequestUnits|TimedStorage-ByteHrs)"
)
"""A usage type, such as `EUC1-IA-ReadRequestUnits`: region, class of the table, and what is used.

Other products, such as replicated writes, backups and streams, do not match.
"""
_KEYS: Final = {
    "ReadCapacityUnit-Hrs": ("read_capacity", 1),
    "WriteCapacityUnit-Hrs": ("write_capacity", 1),
    "ReadRequestUnits": ("read_requests", _MILLION),
    "WriteRequestUnits": ("write_requests", _MILLION),
    "TimedStorage-ByteHrs": ("storage", 1),
}
"""The key of a price, and for how many of what AWS prices it is."""


def find_endpoint(region: str) -> str:
    """Return the region of the endpoint that serves the prices of a region (Billing, Price List API)."""
    return _ENDPOINTS.get(region.partition("-")[0], "us-east-1")


class PriceList:
    """The Price List API."""

    def __init__(self, client: AwsClient) -> None:
        """Keep the client; nothing is called yet."""
        self._client = client

    def find_prices(self, region: str) -> dict[str, float]:
        """Return the prices of a region in dollars, by the keys of PRICE_KEYS; raise AwsError.

        They are for a unit for an hour, a million request units, and a gigabyte for a month. A price that is
        missing, malformed, free or ambiguous is left out.
        """
        pages = self._client.call_for_pages(
            GET_PRODUCTS,
            "get_products",
            lambda answer: (list(_read_page(answer, region)), read_token(answer)),
            "NextToken",
            ServiceCode="AmazonDynamoDB",
            Filters=[{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}],
        )
        found: dict[str, set[float]] = {}
        for page in pages:
            for key, dollars in page:
                found.setdefault(key, set()).add(dollars)
        return {key: min(found[key]) for key in PRICE_KEYS if len(found.get(key, ())) == 1}


def _read_page(answer: Mapping[str, Any], region: str) -> Iterator[tuple[str, float]]:
    for entry in answer["PriceList"]:
        with suppress(ValueError, LookupError, TypeError, AttributeError, RecursionError):
            yield _read_product(json.loads(entry), region)


def _read_product(entry: Mapping[str, Any], region: str) -> tuple[str, float]:
    """Return the key and the price of a product; raise one of several errors if it is malformed."""
    attributes = entry["product"]["attributes"]
    match = _USAGE_TYPE.fullmatch(attributes["usagetype"])
    if match is None or attributes.get("regionCode", region) != region:
        raise LookupError
    key, units = _KEYS[match["what"]]
    dollars = _find_first_charge(entry["terms"]["OnDemand"]) * units
    if not 0 < dollars <= _MOST_DOLLARS:
        raise ValueError
    return f"{'ia_' if match['class'] else ''}{key}", dollars


def _find_first_charge(terms: Mapping[str, Any]) -> float:
    """Return the dollars of the lowest tier that is not free; raise ValueError if there is none."""
    tiers = [
        (float(tier["beginRange"]), float(tier["pricePerUnit"][_CURRENCY]))
        for term in terms.values()
        for tier in term["priceDimensions"].values()
    ]
    return min(tier for tier in tiers if tier[1] != 0)[1]
