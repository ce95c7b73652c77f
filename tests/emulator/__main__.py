"""Run the emulator as a process of its own: it prints its URL and serves until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import signal

from tests.emulator.emulator import Emulator


def main() -> None:
    """Serve on the port of the command line until a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m tests.emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any free one)")
    arguments = parser.parse_args()
    signals = {signal.SIGTERM, signal.SIGINT}
    # Blocked before any thread exists, so that sigwait() in this thread is the only one to get them.
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with Emulator(arguments.port) as emulator:
        print(emulator.url, flush=True)  # noqa: T201 - the caller reads the URL here
        signal.sigwait(signals)


if __name__ == "__main__":
    main()
