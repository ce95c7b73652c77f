"""Hold the short help, which fits on a screen: what the program is, and how to begin."""

from __future__ import annotations

from typing import Final

from dynamic_dynamodb import PROGRAM

SHORT_HELP: Final = f"""\
{PROGRAM} raises and lowers the provisioned capacity of DynamoDB
tables and indexes by rules that you write.

Usage: {PROGRAM} -c FILE [flags]

Write a configuration for the tables of a region, and find its mistakes:
  {PROGRAM} --init --init-output my.conf
  {PROGRAM} -c my.conf --check-config

See what would change and why, without changing it:
  {PROGRAM} -c my.conf --dry-run --run-once

Start the daemon, and see how its tables are:
  {PROGRAM} -c my.conf --daemon start
  {PROGRAM} --daemon status

More:
  {PROGRAM} --help    all flags
  man {PROGRAM}       flags, signals, environment, files
"""
