"""Send an update again without what AWS refuses, so that one resource never blocks another's raise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.errors import AwsError, Limit
from dynamic_dynamodb.scaling.model import ACTIVE, Description, Target
from dynamic_dynamodb.scaling.table_update import TableUpdate

if TYPE_CHECKING:
    from dynamic_dynamodb.scaling.decision import Decision

RESOURCE_IN_USE: Final = "ResourceInUseException"
ONE_RESOURCE_AT_FAULT: Final = frozenset(
    {"ValidationException", "ResourceNotFoundException", RESOURCE_IN_USE}
)
"""Refusals that may concern a single resource of a call."""

_NO_DECREASES: Final = frozenset({Limit.DECREASES, Limit.UNKNOWN})

Send = Callable[[TableUpdate], None]
Describe = Callable[[str], Mapping[Target, Description]]


@dataclass(slots=True)
class UpdateResult:
    """The decisions that AWS applied, as they were sent, and the refusals of the others."""

    applied: dict[Target, Decision] = field(default_factory=dict)
    refused: dict[Target, AwsError] = field(default_factory=dict)

    def is_failure(self, decision: Decision) -> bool:
        """Return whether more was refused than decreases that AWS does not allow now."""
        refusal = self.refused.get(decision.target)
        if refusal is None or decision.target in self.applied:
            return False
        return refusal.limit is None or decision.is_raise


def apply_update(update: TableUpdate, send: Send, describe: Describe) -> UpdateResult:
    """Send an update; after a refusal, send what AWS may still accept of it.

    - LimitExceededException because of decreases, or without a reason: send the raises only.
    - LimitExceededException because of too many updates at once: `send` has waited; try nothing more.
    - One of several resources may be missing or busy: describe the table again, and send what is possible.
    - That is refused too, or a capacity is above AWS's maximum: send all resources but one, then each alone.

    All but one go first, because AWS accepts no second update of a table while the first is in progress:
    once one resource is being changed, the others wait for the next check.
    """
    updater = _Updater(send, describe)
    updater.apply(update)
    return updater.result


@dataclass(slots=True)
class _Updater:
    """Sends the parts of one update, and collects what AWS applied and refused."""

    send: Send
    describe: Describe
    result: UpdateResult = field(default_factory=UpdateResult)

    def apply(self, update: TableUpdate) -> None:
        refusal = self._try(update)
        if refusal is not None and refusal.limit in _NO_DECREASES:
            update = update.raises_only()
            refusal = self._try(update) if update.decisions else None
        if refusal is None or len(update.decisions) == 1 or refusal.limit is Limit.AT_ONCE:
            return
        if refusal.code in ONE_RESOURCE_AT_FAULT:
            update = self._leave_out_impossible(update)
            if self._try_at_least_raises(update) is None:
                return
        if _may_be_of_one(refusal):
            self._apply_in_parts(update)

    def _apply_in_parts(self, update: TableUpdate) -> None:
        if len(update.decisions) > 2:  # noqa: PLR2004 - of two, all but one are one by one
            for each in update.all_but_one():
                refusal = self._try_at_least_raises(each)
                if refusal is None or not _may_be_of_one(refusal):
                    return
        for each in update.one_by_one():
            refusal = self._try_at_least_raises(each)
            if refusal is not None and self._is_ours(refusal):
                return

    def _try_at_least_raises(self, update: TableUpdate) -> AwsError | None:
        """Send an update; if AWS allows no decreases now, send it again without them."""
        refusal = self._try(update) if update.decisions else None
        if refusal is None or refusal.limit not in _NO_DECREASES:
            return refusal
        reduced = update.raises_only()
        if not reduced.decisions or reduced == update:
            return refusal
        return self._try(reduced)

    def _try(self, update: TableUpdate) -> AwsError | None:
        try:
            self.send(update)
        except AwsError as error:
            if not (error.is_answer_lost and self._was_applied(update)):
                refused = {decision.target: error for decision in update.decisions}
                # An earlier refusal of a resource says more than that its table is busy with our own update.
                self.result.refused |= (refused | self.result.refused) if self._is_ours(error) else refused
                return error
        self.result.applied.update({decision.target: decision for decision in update.decisions})
        return None

    def _is_ours(self, refusal: AwsError) -> bool:
        """Return whether a table is only busy with the update that it has just accepted from us."""
        return bool(self.result.applied) and refusal.code == RESOURCE_IN_USE

    def _was_applied(self, update: TableUpdate) -> bool:
        """Return whether AWS applied an update whose response was lost: it is in progress, or done.

        After an applied part, the table is UPDATING either way; an index has a status of its own.
        """
        is_first = not self.result.applied
        try:
            found = self.describe(update.table)
        except AwsError:
            return False
        descriptions = [found.get(decision.target) for decision in update.decisions]
        return all(
            description is not None
            and not description.flaw
            and (
                description.provisioned == decision.proposed
                or (description.status != ACTIVE and (is_first or bool(description.target.index)))
            )
            for description, decision in zip(descriptions, update.decisions, strict=True)
        )

    def _leave_out_impossible(self, update: TableUpdate) -> TableUpdate:
        try:
            return update.still_possible(self.describe(update.table))
        except AwsError:
            return TableUpdate(update.table, ())  # the refusal in the result says more


def _may_be_of_one(refusal: AwsError) -> bool:
    """Return whether a refusal may concern a single resource of a call."""
    return refusal.code in ONE_RESOURCE_AT_FAULT or refusal.limit is not None
