"""Run the program's checks with short timeouts: `python -m tests.end_to_end.impatient`.

The environment variable TIMEOUTS changes single ones: `TIMEOUTS='{"attempt": 60}'`.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from dynamic_dynamodb.aws.account import start_workers
from dynamic_dynamodb.check.resilience import Timeouts
from dynamic_dynamodb.config.flags import parse_command_line
from dynamic_dynamodb.config.sources import ConfigSources
from dynamic_dynamodb.service.service import Service
from dynamic_dynamodb.service.signals import SignalRequests

TIMEOUTS = Timeouts(
    connect=0.5,
    read=0.5,
    attempt=0.6,
    retrying=1.5,
    pages=2.0,
    straggling=1.0,
    budget=2.0,
    credentials=2.0,
    ending=1.0,
)


def main() -> int:
    """Run checks as the command line says, without the control of daemons."""
    sources = ConfigSources(parse_command_line(sys.argv[1:]), dict(os.environ), Path.cwd())
    requests = SignalRequests()
    requests.listen(exit_now=os._exit)
    timeouts = replace(TIMEOUTS, **json.loads(os.environ.get("TIMEOUTS", "{}")))
    with start_workers() as workers:
        service = Service(sources, requests, workers, timeouts=timeouts)
        return int(not service.run(sources.load()))


if __name__ == "__main__":
    sys.exit(main())
