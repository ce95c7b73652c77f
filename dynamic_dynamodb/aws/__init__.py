"""Calls to AWS: the only package that imports botocore."""
