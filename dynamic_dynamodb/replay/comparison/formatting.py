"""Write dollars and shares as text."""

from __future__ import annotations

from math import floor, log10
from typing import Final

_MOST_DECIMALS: Final = 9


def format_dollars(dollars: float) -> str:
    """Return an amount of money as text."""
    return f"${dollars:,.2f}"


def format_percent(percent: float) -> str:
    """Return a share as text, with two decimals, or with its first digit if it is very small."""
    if percent == 0:
        return "0 %"
    first_digit = floor(log10(float(f"{percent:.1g}")))
    return f"{percent:.{max(2, -first_digit)}f} %"


def format_percent_above(percent: float, limit: float) -> str:
    """Return a share that is above a limit with enough decimals to show that it is."""
    text = format_percent(percent)
    return format_distinctly(percent, limit)[0] if float(text.removesuffix(" %")) <= limit else text


def format_distinctly(one: float, other: float) -> tuple[str, str]:
    """Return two shares in whole percent, or with as many decimals as it takes to tell them apart."""
    digits = 0
    while one != other and f"{one:.{digits}f}" == f"{other:.{digits}f}" and digits < _MOST_DECIMALS:
        digits += 1
    return f"{one:.{digits}f} %", f"{other:.{digits}f} %"
