"""The figures of a soak, their limits, and a table of both."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the summary; without a limit it is only shown."""

    name: str
    measured: float
    limit: float | None = None
    at_least: float | None = None

    @property
    def is_broken(self) -> bool:
        too_much = self.limit is not None and self.measured > self.limit
        too_little = self.at_least is not None and self.measured < self.at_least
        return too_much or too_little

    def __str__(self) -> str:
        bounds = [
            f"{word} {bound:g}"
            for word, bound in (("at least", self.at_least), ("at most", self.limit))
            if bound is not None
        ]
        verdict = "" if not bounds else "BROKEN" if self.is_broken else "ok"
        return f"{self.name:<44}{self.measured:>10.6g}  {', '.join(bounds):<24}{verdict}".rstrip()


def render(figures: list[Figure]) -> str:
    """Return the table."""
    return "\n".join(map(str, figures))
