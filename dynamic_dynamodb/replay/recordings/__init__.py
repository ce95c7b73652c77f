"""Recordings: read from files, and recorded from CloudWatch into files."""
