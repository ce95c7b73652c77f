"""The only rooms that know boto3."""
