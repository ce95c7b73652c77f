"""Carry an update through AWS's refusals, so that one resource's fault loses no other's raise."""

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
"""Refusals that may concern one resource of a call only."""

Send = Callable[[TableUpdate], None]
Describe = Callable[[str], Mapping[Target, Description]]


@dataclass(slots=True)
class UpdateResult:
    """What became of an update: the decisions that AWS took, trimmed as sent, and the refusals."""

    applied: dict[Target, Decision] = field(default_factory=dict)
    refused: dict[Target, AwsError] = field(default_factory=dict)

    def is_failure(self, decision: Decision) -> bool:
        """Tell whether a refusal lost more than decreases that AWS does not allow now."""
        refusal = self.refused.get(decision.target)
        if refusal is None or decision.target in self.applied:
            return False
        return refusal.limit is None or decision.is_raise


def apply_update(update: TableUpdate, send: Send, describe: Describe) -> UpdateResult:
    """Send an update, then whatever of it AWS may still take after a refusal.

    LimitExceededException because of decreases, or for no reason given: once more with raises only;
    because of too many updates at once: that has been waited for, and nothing more is tried.
    Other refusals of a call that changes several resources: if one of them may not be there, or not
    ready, the table is described again, and what is still possible is sent again; and if that is refused
    too, or a capacity is beyond AWS's maximum, all but one, and at last each resource on its own.
    All but one go first, because AWS takes no second call while a first is under way: once one resource
    is being changed, the others have to wait for the next check.
    """
    result = UpdateResult()
    _apply(update, send, describe, result)
    return result


def _apply(update: TableUpdate, send: Send, describe: Describe, result: UpdateResult) -> None:
    refusal = _send(update, send, describe, result)
    if refusal is not None and refusal.limit in (Limit.DECREASES, Limit.UNKNOWN):
        update = update.raises_only()
        refusal = _send(update, send, describe, result) if update.decisions else None
    if refusal is None or len(update.decisions) == 1 or refusal.limit is Limit.AT_ONCE:
        return
    if refusal.code in ONE_RESOURCE_AT_FAULT:
        update = _leave_out_impossible(update, describe)
        if _send_raises_at_least(update, send, describe, result) is None:
            return
    if _may_be_of_one(refusal):
        _apply_in_parts(update, send, describe, result)


def _apply_in_parts(update: TableUpdate, send: Send, describe: Describe, result: UpdateResult) -> None:
    if len(update.decisions) > 2:  # noqa: PLR2004 - of two, all but one are one by one
        for each in update.all_but_one():
            refusal = _send_raises_at_least(each, send, describe, result)
            if refusal is None or not _may_be_of_one(refusal):
                return
    for each in update.one_by_one():
        refusal = _send_raises_at_least(each, send, describe, result)
        if refusal is not None and _is_ours(refusal, result):
            return


def _may_be_of_one(refusal: AwsError) -> bool:
    """Tell whether a refusal may concern one resource of a call only."""
    return refusal.code in ONE_RESOURCE_AT_FAULT or refusal.limit is not None


def _send_raises_at_least(
    update: TableUpdate, send: Send, describe: Describe, result: UpdateResult
) -> AwsError | None:
    """Send what there is to send; if AWS takes no decreases now, again without those."""
    refusal = _send(update, send, describe, result) if update.decisions else None
    if refusal is None or refusal.limit not in (Limit.DECREASES, Limit.UNKNOWN):
        return refusal
    reduced = update.raises_only()
    if not reduced.decisions or reduced == update:
        return refusal
    return _send(reduced, send, describe, result)


def _send(update: TableUpdate, send: Send, describe: Describe, result: UpdateResult) -> AwsError | None:
    try:
        send(update)
    except AwsError as error:
        # Once an update was taken, the table is busy with that, which says nothing of this one.
        is_first = not result.applied
        if not (error.is_answer_lost and _was_taken(update, describe, is_first=is_first)):
            refused = {decision.target: error for decision in update.decisions}
            # What AWS said before of a resource says more than that its table is busy with our own change.
            result.refused |= (refused | result.refused) if _is_ours(error, result) else refused
            return error
    result.applied.update({decision.target: decision for decision in update.decisions})
    return None


def _is_ours(refusal: AwsError, result: UpdateResult) -> bool:
    """Tell whether a table is busy with what it has just taken of us, which says nothing of the rest."""
    return bool(result.applied) and refusal.code == RESOURCE_IN_USE


def _was_taken(update: TableUpdate, describe: Describe, *, is_first: bool) -> bool:
    """Look whether AWS took an update whose answer was lost: it is under way, or done.

    An index tells by its own status, as its table is busy with any change of any index.
    """
    try:
        found = describe(update.table)
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


def _leave_out_impossible(update: TableUpdate, describe: Describe) -> TableUpdate:
    try:
        return update.still_possible(describe(update.table))
    except AwsError:
        return TableUpdate(update.table, ())  # the refusal is already in the result and says more
