"""The status: what the program knows after a check, kept in a file for people and programs to read."""
