"""Keep the program running: one check after the other, once or as a daemon."""

from __future__ import annotations

import logging
from typing import Final

from dynamic_dynamodb import PROGRAM

LOGGER: Final = logging.getLogger(PROGRAM)
