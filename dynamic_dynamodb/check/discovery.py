"""Find out which targets there are: list the tables, match them with sections, describe them."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeVar

from dynamic_dynamodb.check.announcements import Announcer
from dynamic_dynamodb.check.ports import TableList
from dynamic_dynamodb.check.report import Outcome, TargetReport
from dynamic_dynamodb.check.resilience import ENDING, Timeouts, Waits, gather, isolate
from dynamic_dynamodb.config.expressions import MatchBudget
from dynamic_dynamodb.config.sections import describe_slow, match_sections
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.back_pressure import NOT_SCALED, Index, join_names
from dynamic_dynamodb.scaling.model import Target, value
from dynamic_dynamodb.scaling.reasons import AWS_AUTOSCALED, ON_DEMAND, Code, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor, Future

    from dynamic_dynamodb.check.ports import Autoscaled, Autoscaling, Counts, Descriptions, Tables
    from dynamic_dynamodb.config.sections import Matches, Section
    from dynamic_dynamodb.scaling.model import Description

T = TypeVar("T")
_LIST: Final = "the list of tables"
_AUTOSCALING: Final = "the look-up of what AWS scales itself"
NOT_AUTOSCALED: Final[frozenset[Capacity]] = frozenset()
_BOTH: Final = frozenset(Capacity)
UNNAMED: Final = "?"
"""Stands for an index whose name is not known."""


@value
class MatchedTarget:
    """A target that a section speaks of, as AWS describes it now.

    `autoscaled` says which of its capacities AWS scales itself; None that this could not be found out.
    """

    section: Section
    description: Description
    autoscaled: frozenset[Capacity] | None = NOT_AUTOSCALED

    @property
    def target(self) -> Target:
        """Name it."""
        return self.description.target


@value
class Discovered:
    """What there is to check, what must not be decided on, and what could not be had.

    `indexes` are the provisioned ones of each table, with a section or without.
    """

    subjects: tuple[MatchedTarget, ...]
    skipped: tuple[TargetReport, ...]
    failed: tuple[TargetReport, ...]
    indexes: Mapping[str, tuple[Index, ...]]
    is_list_missing: bool = False
    is_autoscaling_unknown: bool = False


@value
class _Answers:
    """What AWS said in a check: all that `Discovered` comes of.

    `sections` is for the tables that it listed, and those that sections name if there may be more.
    """

    is_listed: bool
    sections: Matches
    descriptions: Descriptions
    autoscaled: Autoscaled | None


@dataclass(slots=True)
class Discovery:
    """Look at the account anew in each check; what stays the same is said once, and worked out once."""

    tables: Tables
    sections: tuple[Section, ...]
    counts: Counts
    executor: Executor
    autoscaling: Autoscaling | None = None
    waits: Waits = field(default_factory=lambda: Waits.for_lookups(Timeouts()))
    announcer: Announcer = field(default_factory=Announcer)
    matched: tuple[Sequence[str], Matches] | None = None
    last: tuple[_Answers, Discovered] | None = None
    known: dict[str, Mapping[Target, Description]] = field(default_factory=dict)
    replicated: frozenset[str] = frozenset()

    def find(self) -> Discovered:
        """List, match and describe; raise AwsError without credentials that AWS takes."""
        listed = self.executor.submit(isolate, _LIST, self.tables.list_tables)
        asked = self.executor.submit(self._find_autoscaled) if self.autoscaling else None
        listing = self._hear_of_tables(listed)
        budget = MatchBudget(time.perf_counter)
        matches = self._match(listing.names, budget)
        descriptions = self.tables.describe_all(matches.sections)
        autoscaled = self._hear_of_autoscaled(asked) if asked else {}
        answers = _Answers(listing.error is None, matches, descriptions, autoscaled)
        if self.last is None or self.last[0] != answers or _has_undecided(self.last[1]):
            self.last = answers, self._sum_up(answers, budget)
        return self.last[1]

    def _sum_up(self, answers: _Answers, budget: MatchBudget) -> Discovered:
        """Pair targets with sections; AWS seldom says anything new of them."""
        described: dict[str, Mapping[Target, Description]] = {}
        failed = list(
            _report_undecided((Target(name), one) for name, one in answers.sections.undecided.items())
        )
        for name, answer in answers.descriptions.items():
            if _is_ending(answer):
                continue
            if isinstance(answer, AwsError):
                reason = Reason(Code.DESCRIBE_FAILED, str, answer)
                failed.append(TargetReport(Target(name), Outcome.FAILED, skipped=reason))
            else:
                described[name] = answer
        sections = answers.sections.sections
        failed += (
            _report_flaw(Target(name, UNNAMED), flaw)
            for name, targets in described.items()
            for flaw in targets[Target(name)].unnamed
            if sections[name].gsis
        )
        # What cannot be described now is for warnings as it was last, or they would come again and again.
        self.known = {name: one for name, one in (self.known | described).items() if name in sections}
        indexes = {
            name: _match_indexes(sections[name], targets, budget) for name, targets in self.known.items()
        }
        failed += _report_undecided(
            (Target(name, index), gsi) for name in described for index, gsi in indexes[name].undecided.items()
        )
        unused = self._warn_of_indexes(sections, indexes, budget)
        self._warn_of_replicas()
        if answers.is_listed:
            self._warn_of_unused((*answers.sections.unused, *unused))
        autoscaled = answers.autoscaled
        subjects, skipped = [], []
        for target, section in sorted(_pair(sections, indexes, described), key=itemgetter(0)):
            if flaw := described[target.table][target].flaw:
                failed.append(_report_flaw(target, flaw))
                continue
            taken = None if autoscaled is None else autoscaled.get(target, NOT_AUTOSCALED)
            subject = MatchedTarget(section, described[target.table][target], taken)
            reason_to_skip = _find_reason_to_skip(subject)
            if reason_to_skip is None:
                subjects.append(subject)
            else:
                skipped.append(TargetReport(target, Outcome.SKIPPED, skipped=reason_to_skip))
        return Discovered(
            tuple(subjects),
            tuple(skipped),
            tuple(failed),
            self._list_indexes(indexes),
            is_list_missing=not answers.is_listed and self._has_expressions,
            is_autoscaling_unknown=autoscaled is None,
        )

    def _list_indexes(self, matches: Mapping[str, Matches]) -> Mapping[str, tuple[Index, ...]]:
        """List the indexes of each table, and say which of them no section is for."""
        listed = {
            name: tuple(
                Index(description, target.index in matches[name].sections)
                for target, description in targets.items()
                if target.index and not description.is_on_demand
            )
            for name, targets in self.known.items()
        }
        bare = [one.description.target for each in listed.values() for one in each if not one.has_section]
        said = f"no section matches {join_names([str(one) for one in sorted(bare)])}: {NOT_SCALED}"
        self.announcer.say("bare", said if bare else "", level=logging.INFO)
        return listed

    def _find_autoscaled(self) -> Autoscaled | AwsError:
        if self.autoscaling is None:
            return {}
        return isolate(_AUTOSCALING, self.autoscaling.find_autoscaled)

    def _hear_of_autoscaled(self, asked: Future[Autoscaled | AwsError]) -> Autoscaled | None:
        """Give what AWS scales itself; None, and say so, if that is not known."""
        answer = self._wait_for_pages(_AUTOSCALING, asked)
        is_unknown = isinstance(answer, AwsError)
        said = f"{answer}; skip-aws-autoscaled cannot be kept: nothing is lowered until it can"
        if not _is_ending(answer):
            self.announcer.say("autoscaling", said if is_unknown else "", level=logging.ERROR)
        return None if isinstance(answer, AwsError) else answer

    def _hear_of_tables(self, listed: Future[TableList | AwsError]) -> TableList:
        """Give the tables; if there may be more, with those whose names are sections'.

        Raises AwsError if AWS would take no other call.
        """
        answer = self._wait_for_pages(_LIST, listed)
        listing = TableList((), answer) if isinstance(answer, AwsError) else answer
        if listing.error is None:
            self.announcer.say("list", "")
            self.counts.keep_only(listing.names)
            return listing
        if _is_ending(listing.error):
            return listing
        if listing.error.is_about_credentials:
            raise listing.error
        if self._has_expressions:
            but = f", but for the {len(listing.names)} listed" if listing.names else ""
            lost = f"tables that are named by an expression are not checked{but}"
            self.announcer.say("list", f"{listing.error}; {lost}", level=logging.ERROR)
        else:
            self.announcer.say("list", f"{listing.error}; taking the sections' names for the tables'")
        return TableList(sorted({*listing.names, *self._plain_names()}), listing.error)

    def _wait_for_pages(self, what: str, asked: Future[T | AwsError]) -> T | AwsError:
        """Wait longer than for a straggler: with many tables these are many calls, bounded together."""
        if asked.done():
            return asked.result()
        (answer,) = gather(what, [asked], replace(self.waits, straggling=self.waits.lost))
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

    def _warn_of_indexes(
        self, sections: Mapping[str, Section], indexes: Mapping[str, Matches], budget: MatchBudget
    ) -> list[Section]:
        """Warn of indexes with two sections or with another's, and give the index sections without any."""
        unused: dict[str, Section] = {}
        used: set[str] = set()
        doubled: list[str] = []
        for name, matches in indexes.items():
            unused |= {gsi.title: gsi for gsi in matches.unused}
            used |= {gsi.title for gsi in sections[name].gsis} - {gsi.title for gsi in matches.unused}
            doubled += [
                f"{Target(name, index)} matches {' and '.join(f'[{gsi.title}]' for gsi in gsis)}"
                for index, gsis in matches.doubled.items()
            ]
        orphans = [
            f"{target} matches [{gsi.title}], but its table belongs to [{sections[target.table].title}]"
            for target, gsi in self._find_orphans(indexes, budget)
        ]
        self.announcer.say("orphans", f"{'; '.join(orphans)}: not checked" if orphans else "")
        self.announcer.say("doubled", f"{'; '.join(doubled)}: the first counts" if doubled else "")
        return [gsi for title, gsi in unused.items() if title not in used]

    def _warn_of_replicas(self) -> None:
        regions = {name: ", ".join(targets[Target(name)].replicas) for name, targets in self.known.items()}
        for name in sorted({*regions, *self.replicated}):
            found = regions.get(name, "")
            said = f"{name} is a global table, also in {found}: the usage here sets the writes of all"
            self.announcer.say(f"replicas of {name}", said if found else "")
        self.replicated = frozenset(name for name, found in regions.items() if found)

    def _find_orphans(
        self, indexes: Mapping[str, Matches], budget: MatchBudget
    ) -> Iterator[tuple[Target, Section]]:
        """Give indexes without a section, with one that would match if their table were not another's."""
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

    def _warn_of_unused(self, sections: Sequence[Section]) -> None:
        titles = ", ".join(f"[{section.title}]" for section in sections)
        self.announcer.say("unused", f"nothing matches {titles}" if titles else "")


def _is_ending(answer: object) -> bool:
    """Tell whether there is no answer because the program is ending, which says nothing of AWS."""
    return isinstance(answer, AwsError) and answer.code == ENDING


def _match_indexes(section: Section, targets: Iterable[Target], budget: MatchBudget) -> Matches:
    return match_sections(section.gsis, (target.index for target in targets if target.index), budget)


def _report_undecided(undecided: Iterable[tuple[Target, Section]]) -> Iterator[TargetReport]:
    for target, section in undecided:
        reason = Reason(Code.MATCHING_TIMED_OUT, describe_slow(section))
        yield TargetReport(target, Outcome.FAILED, skipped=reason)


def _has_undecided(found: Discovered) -> bool:
    return any(one.skipped and one.skipped.code is Code.MATCHING_TIMED_OUT for one in found.failed)


def _pair(
    sections: Mapping[str, Section], indexes: Mapping[str, Matches], described: Iterable[str]
) -> Iterator[tuple[Target, Section]]:
    """Give tables and indexes with their sections."""
    for name in described:
        yield Target(name), sections[name]
        for index, gsi in indexes[name].sections.items():
            yield Target(name, index), gsi


def _report_flaw(target: Target, flaw: str) -> TargetReport:
    """Report a target that AWS describes in a way that cannot be used."""
    return TargetReport(target, Outcome.FAILED, skipped=Reason(Code.DESCRIBE_FAILED, flaw))


def _find_reason_to_skip(subject: MatchedTarget) -> Reason | None:
    """Tell why a target is not ours to scale, as far as AWS says so."""
    if subject.description.is_on_demand:
        return ON_DEMAND
    if subject.autoscaled == _BOTH:
        return AWS_AUTOSCALED
    return None
