"""Find the targets: list the tables, match them with sections, describe them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeVar

from dynamic_dynamodb.check.conditions import Conditions, Level
from dynamic_dynamodb.check.discovered import NOT_AUTOSCALED, Discovered, MatchedTarget
from dynamic_dynamodb.check.ports import TableList
from dynamic_dynamodb.check.report import Outcome, TargetReport
from dynamic_dynamodb.check.resilience import ENDING, Timeouts, Waits, gather, isolate
from dynamic_dynamodb.config.expressions import MatchBudget
from dynamic_dynamodb.config.sections import describe_slow, match_sections
from dynamic_dynamodb.config.suggestions import find_near_names
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.back_pressure import NOT_SCALED, Index, join_names
from dynamic_dynamodb.scaling.model import Target, value
from dynamic_dynamodb.scaling.reasons import AWS_AUTOSCALED, ON_DEMAND, Code, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor, Future

    from dynamic_dynamodb.check.ports import Autoscaled, Autoscaling, Descriptions, Tables
    from dynamic_dynamodb.config.sections import Matches, Section
    from dynamic_dynamodb.scaling.model import Description

T = TypeVar("T")
_LIST: Final = "the list of tables"
_MOST_SUGGESTED: Final = 20
"""Sections that near names are looked for."""
_AUTOSCALING: Final = "the look-up of what AWS scales itself"
_BOTH: Final = frozenset(Capacity)
UNNAMED: Final = "?"
"""The name of an index whose name is not known."""


@value
class _Answers:
    """AWS's answers in a check, from which `Discovered` follows.

    `listed` is None if there may be more tables; `matches` is then about the tables that sections name, too.
    """

    listed: Sequence[str] | None
    matches: Matches
    descriptions: Descriptions
    autoscaled: Autoscaled | None
    undescribed: frozenset[str] = frozenset()


@dataclass(slots=True)
class Discovery:
    """Looks at the account in each check; what follows from the same answers is worked out once."""

    tables: Tables
    sections: tuple[Section, ...]
    executor: Executor
    autoscaling: Autoscaling | None = None
    waits: Waits = field(default_factory=lambda: Waits.for_lookups(Timeouts()))
    conditions: Conditions = field(default_factory=Conditions)
    matched: tuple[Sequence[str], Matches] | None = None
    last: tuple[_Answers, Discovered] | None = None
    known: dict[str, Mapping[Target, Description]] = field(default_factory=dict)
    replicated: frozenset[str] = frozenset()
    unused: tuple[object, str] | None = None
    place: str = ""
    """What the names of targets begin with, as in `Target`."""

    def find(self, left_out: frozenset[str] = frozenset()) -> Discovered | AwsError:
        """List, match and describe; return AwsError if AWS does not accept the credentials.

        Tables that are `left_out` are not described.
        """
        listing_call = self.executor.submit(isolate, _LIST, self.tables.list_tables)
        autoscaled_call = self.executor.submit(self._find_autoscaled) if self.autoscaling else None
        listing = self._complete_list(self._wait_for_pages(_LIST, listing_call))
        if listing.error is not None and listing.error.is_about_credentials:
            return listing.error
        budget = MatchBudget()
        matches = self._match(listing.names, budget)
        undescribed = left_out & matches.sections.keys()
        names = matches.sections
        if undescribed:
            names = {name: section for name, section in names.items() if name not in undescribed}
        descriptions = self.tables.describe_all(names)
        autoscaled = self._read_autoscaled(autoscaled_call) if autoscaled_call else {}
        listed = None if listing.error else listing.names
        answers = _Answers(listed, matches, descriptions, autoscaled, undescribed)
        if self.last is None or self.last[0] != answers or _has_undecided(self.last[1]):
            self.last = answers, self._evaluate(answers, budget)
        return self.last[1]

    def _evaluate(self, answers: _Answers, budget: MatchBudget) -> Discovered:
        """Pair targets with sections."""
        described: dict[str, Mapping[Target, Description]] = {}
        failed = [
            *_report_undecided((self._name(name), one) for name, one in answers.matches.undecided.items())
        ]
        for name, answer in answers.descriptions.items():
            if _is_ending(answer):
                continue
            if isinstance(answer, AwsError):
                reason = Reason(Code.DESCRIBE_FAILED, str, answer)
                failed.append(
                    TargetReport(
                        self._name(name),
                        Outcome.FAILED,
                        error=answer,
                        skipped=reason,
                        section=answers.matches.sections[name],
                    )
                )
            else:
                described[name] = answer
        sections = answers.matches.sections
        failed += (
            _report_flaw(self._name(name, UNNAMED), flaw, sections[name])
            for name, targets in described.items()
            for flaw in targets[self._name(name)].unnamed
            if sections[name].gsis
        )
        # A table that cannot be described now counts as it was last, or its conditions would come and go.
        self.known = {name: one for name, one in (self.known | described).items() if name in sections}
        indexes = {
            name: _match_indexes(sections[name], targets, budget) for name, targets in self.known.items()
        }
        failed += _report_undecided(
            (self._name(name, index), gsi)
            for name in described
            for index, gsi in indexes[name].undecided.items()
        )
        unused = self._note_odd_indexes(sections, indexes, budget)
        self._note_replicas()
        if answers.listed is not None:
            self._note_unused(answers.matches.unused, unused, answers.listed)
        autoscaled = answers.autoscaled
        matched, skipped = [], []
        for target, section in sorted(self._pair(sections, indexes, described), key=itemgetter(0)):
            description = described[target.table][target]
            if description.flaw:
                failed.append(_report_flaw(target, description.flaw, section))
                continue
            managed = None if autoscaled is None else autoscaled.get(target, NOT_AUTOSCALED)
            one = MatchedTarget(section, description, managed)
            reason_to_skip = _find_reason_to_skip(one)
            if reason_to_skip is None:
                matched.append(one)
            else:
                skipped.append(one.report(Outcome.SKIPPED, reason_to_skip))
        return Discovered(
            tuple(matched),
            tuple(skipped),
            tuple(failed),
            self._list_indexes(indexes),
            answers.listed,
            answers.undescribed,
            is_list_missing=answers.listed is None and self._has_expressions,
            is_autoscaling_unknown=autoscaled is None,
        )

    def _name(self, table: str, index: str = "") -> Target:
        return Target(table, index, self.place)

    def _pair(
        self, sections: Mapping[str, Section], indexes: Mapping[str, Matches], described: Iterable[str]
    ) -> Iterator[tuple[Target, Section]]:
        """Return tables and indexes with their sections."""
        for name in described:
            yield self._name(name), sections[name]
            for index, gsi in indexes[name].sections.items():
                yield self._name(name, index), gsi

    def _list_indexes(self, matches: Mapping[str, Matches]) -> Mapping[str, tuple[Index, ...]]:
        """List the provisioned indexes of each table, and note those without a section."""
        listed = {
            name: tuple(
                Index(description, target.index in matches[name].sections)
                for target, description in targets.items()
                if target.index and not description.is_on_demand
            )
            for name, targets in self.known.items()
        }
        bare = [one.description.target for each in listed.values() for one in each if not one.has_section]
        sentence = f"no section matches {join_names([str(one) for one in sorted(bare)])}: {NOT_SCALED}"
        self.conditions.set("bare", sentence if bare else None, level=Level.INFO)
        return listed

    def _find_autoscaled(self) -> Autoscaled | AwsError:
        if self.autoscaling is None:
            return {}
        return isolate(_AUTOSCALING, self.autoscaling.find_autoscaled)

    def _read_autoscaled(self, call: Future[Autoscaled | AwsError]) -> Autoscaled | None:
        """Return what AWS scales itself; None, with a condition, if that is not known."""
        answer = self._wait_for_pages(_AUTOSCALING, call)
        if not isinstance(answer, AwsError):
            self.conditions.set("autoscaling", None)
            return answer
        if not _is_ending(answer):
            sentence = (
                f"{answer}; nothing is lowered until it is known what AWS scales itself (skip-aws-autoscaled)"
            )
            self.conditions.set("autoscaling", sentence, level=Level.ERROR, error=answer)
        return None

    def _complete_list(self, answer: TableList | AwsError) -> TableList:
        """Return the tables; if the list is not complete, with those that sections name."""
        listing = TableList((), answer) if isinstance(answer, AwsError) else answer
        error = listing.error
        if error is None:
            self.conditions.set("list", None)
            return listing
        if _is_ending(error) or error.is_about_credentials:
            return listing
        if self._has_expressions:
            but = f", but for the {len(listing.names)} listed" if listing.names else ""
            sentence = f"{error}; tables that match an expression are not checked{but}"
            self.conditions.set("list", sentence, level=Level.ERROR, error=error)
        else:
            sentence = f"{error}; using the names in the sections as table names"
            self.conditions.set("list", sentence, error=error)
        return TableList(sorted({*listing.names, *self._plain_names()}), error)

    def _wait_for_pages(self, what: str, call: Future[T | AwsError]) -> T | AwsError:
        """Wait longer than for a straggler: with many tables these are many calls, bounded together."""
        if call.done():
            return call.result()
        (answer,) = gather(what, [call], replace(self.waits, straggling=self.waits.lost))
        return answer

    @property
    def _has_expressions(self) -> bool:
        return any(not section.plain_name for section in self.sections)

    def _plain_names(self) -> Sequence[str]:
        return [section.plain_name for section in self.sections if section.plain_name]

    def _match(self, names: Sequence[str], budget: MatchBudget) -> Matches:
        if self.matched is None or self.matched[0] != names or self.matched[1].undecided:
            self.matched = names, match_sections(self.sections, names, budget)
        return self.matched[1]

    def _note_odd_indexes(
        self, sections: Mapping[str, Section], indexes: Mapping[str, Matches], budget: MatchBudget
    ) -> list[Section]:
        """Note indexes with two sections or with another table's; return index sections without an index."""
        unused: dict[str, Section] = {}
        used: set[str] = set()
        doubled: list[str] = []
        for name, matches in indexes.items():
            unused |= {gsi.title: gsi for gsi in matches.unused}
            used |= {gsi.title for gsi in sections[name].gsis} - {gsi.title for gsi in matches.unused}
            doubled += [
                f"{self._name(name, index)} matches {' and '.join(f'[{gsi.title}]' for gsi in gsis)}"
                for index, gsis in matches.doubled.items()
            ]
        orphans = [
            f"{target} matches [{gsi.title}], but its table belongs to [{sections[target.table].title}]"
            for target, gsi in self._find_orphans(indexes, budget)
        ]
        self.conditions.set("orphans", f"{'; '.join(orphans)}: not checked" if orphans else None)
        self.conditions.set(
            "doubled", f"{'; '.join(doubled)}: the first section applies" if doubled else None
        )
        return [gsi for title, gsi in unused.items() if title not in used]

    def _note_replicas(self) -> None:
        regions = {
            name: ", ".join(targets[self._name(name)].replicas) for name, targets in self.known.items()
        }
        for name in sorted({*regions, *self.replicated}):
            found = regions.get(name, "")
            sentence = (
                f"{name} is a global table, also in {found}: scaling its writes here affects all regions"
            )
            self.conditions.set(f"replicas of {name}", sentence if found else None)
        self.replicated = frozenset(name for name, found in regions.items() if found)

    def _find_orphans(
        self, indexes: Mapping[str, Matches], budget: MatchBudget
    ) -> Iterator[tuple[Target, Section]]:
        """Return indexes without a section that another table's section would match."""
        for name, targets in self.known.items():
            own = indexes[name]
            lonely = [one for one in targets if one.index and one.index not in (own.sections | own.undecided)]
            if not lonely:
                continue
            others = [
                gsi
                for section in self.sections
                if section.gsis and budget.matches(section.expression, name)
                for gsi in section.gsis
            ]
            for target in lonely:
                found = next((gsi for gsi in others if budget.matches(gsi.expression, target.index)), None)
                if found is not None:
                    yield target, found

    def _note_unused(
        self, tables: Sequence[Section], indexes: Sequence[Section], listed: Sequence[str]
    ) -> None:
        """Note sections that match nothing, with the nearest names that there are."""
        index_names = {target.index for targets in self.known.values() for target in targets if target.index}
        given = ([section.title for section in (*tables, *indexes)], listed, index_names)
        if self.unused is not None and self.unused[0] == given:
            sentence = self.unused[1]
        else:  # looking for near names takes long if there are many
            found = [_describe_unused(one, listed) for one in tables[:_MOST_SUGGESTED]]
            found += [_describe_unused(one, sorted(index_names)) for one in indexes[:_MOST_SUGGESTED]]
            found += [f"[{one.title}]" for one in (*tables[_MOST_SUGGESTED:], *indexes[_MOST_SUGGESTED:])]
            sentence = f"nothing matches {', '.join(found)}" if found else ""
            self.unused = given, sentence
        self.conditions.set("unused", sentence or None)


def _describe_unused(section: Section, names: Sequence[str]) -> str:
    near = find_near_names(section.expression.text, names)
    return f"[{section.title}] (did you mean {' or '.join(near)}?)" if near else f"[{section.title}]"


def _is_ending(answer: object) -> bool:
    """Return whether there is no answer because the program is stopping."""
    return isinstance(answer, AwsError) and answer.code == ENDING


def _match_indexes(section: Section, targets: Iterable[Target], budget: MatchBudget) -> Matches:
    return match_sections(section.gsis, (target.index for target in targets if target.index), budget)


def _report_undecided(undecided: Iterable[tuple[Target, Section]]) -> Iterator[TargetReport]:
    for target, section in undecided:
        reason = Reason(Code.MATCHING_TIMED_OUT, describe_slow(section))
        yield TargetReport(target, Outcome.FAILED, skipped=reason, section=section)


def _has_undecided(found: Discovered) -> bool:
    return any(one.skipped and one.skipped.code is Code.MATCHING_TIMED_OUT for one in found.failed)


def _report_flaw(target: Target, flaw: str, section: Section) -> TargetReport:
    """Report a target whose description cannot be used."""
    reason = Reason(Code.DESCRIBE_FAILED, flaw)
    return TargetReport(target, Outcome.FAILED, skipped=reason, section=section)


def _find_reason_to_skip(matched: MatchedTarget) -> Reason | None:
    """Return why a target must not be scaled, by AWS's description of it; None if it may be."""
    if matched.description.is_on_demand:
        return ON_DEMAND
    if matched.autoscaled == _BOTH:
        return AWS_AUTOSCALED
    return None
