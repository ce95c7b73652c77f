"""The same table in two regions of an account, busy in one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.emulator import Emulator

ACCOUNT = "123456789012"
EAST, WEST = "us-east-1", "eu-west-1"
BOTH = f"[global]\nregions: {EAST}, {WEST}\ncheck-interval: 1\n"


def add_orders(emulator: Emulator) -> None:
    """Put a busy table into the east, and an idle one of the same name into the west."""
    for region, reads in ((EAST, 19), (WEST, 10)):
        place = emulator.at(ACCOUNT, region)
        place.add_table("orders", reads=20, writes=20)
        place.put_metrics("orders", consumed_reads=reads, consumed_writes=10)
