"""Let tools that know only setup.py build the package; pyproject.toml says everything."""

from setuptools import setup

setup()
