"""Raise and lower the provisioned capacity of DynamoDB tables and indexes by written rules."""

from typing import Final

__version__: Final = "3.0.0"
PROGRAM: Final = "dynamic-dynamodb"
VERSION_LINE: Final = f"Dynamic DynamoDB version: {__version__}"
"""What `--version` prints."""
