"""List the regions that botocore knows, without loading botocore, which takes most of the time of a start."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Final

_ENDS_OF_NO_REGION: Final = "-global"
"""How names end in botocore's list that stand for a whole partition."""


def list_regions() -> tuple[str, ...]:
    """Return the regions of all partitions; none if this botocore keeps them elsewhere."""
    package = find_spec("botocore")
    if package is None or package.origin is None:
        return ()
    try:
        text = Path(package.origin).with_name("data").joinpath("partitions.json").read_text(encoding="utf-8")
        names = [name for partition in json.loads(text)["partitions"] for name in partition["regions"]]
    except (OSError, ValueError, LookupError, TypeError):
        return ()
    return tuple(name for name in names if not name.endswith(_ENDS_OF_NO_REGION))
