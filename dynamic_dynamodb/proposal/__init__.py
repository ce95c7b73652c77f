"""Propose the first configuration for an account."""
