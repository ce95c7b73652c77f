"""Arguments in, exit code out: the only package that prints or exits.

Imports stand inside functions where a command would otherwise wait for what it does not use. boto3 takes most
of the time of a start: --version, --help, --check-config, --replay and --daemon stop never import it.
"""
