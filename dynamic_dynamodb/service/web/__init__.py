"""Serve the status over HTTP, read-only: see `application.Application` for how to add a path."""
