"""The running program: once, or as a daemon."""
