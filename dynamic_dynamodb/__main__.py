"""Let `python -m dynamic_dynamodb` be the command."""

import sys

from dynamic_dynamodb.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
