"""Keep the program running: one check after the other, once or as a daemon."""

from __future__ import annotations

import logging
from typing import Final

LOGGER_NAME: Final = "dynamic-dynamodb"
LOGGER: Final = logging.getLogger(LOGGER_NAME)
