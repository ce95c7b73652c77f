"""The account that a replay is made in, and the checks through it."""
