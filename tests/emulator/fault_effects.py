"""Effects of faults: answers in place of the service, and changed results."""

from __future__ import annotations

import copy
import json
import uuid
from typing import TYPE_CHECKING, Any

from tests.emulator.cloudwatch import metric_key
from tests.emulator.errors import KNOWN_ERRORS, ServiceError, denied_message
from tests.emulator.faults import LEFT_OUT, ONCE_MORE, PAGE_TOKENS
from tests.emulator.metrics import INDEX_DIMENSION, TABLE_DIMENSION, MetricKey
from tests.emulator.tables import table_arn
from tests.emulator.wire import Answer, Delivery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.emulator.faults import Fault, Taken
    from tests.emulator.wire import Call

_PERMISSION_PREFIXES = {"monitoring": "cloudwatch"}
_RAW = '"@raw@"'
_HTML = b"<!DOCTYPE html><html><head><title>Service</title></head><body><h1>It works!</h1></body></html>"


def answer_instead(fault: Fault, call: Call, taken: Taken) -> Answer:
    """Return the answer of a fault that needs no ordinary answer, or raise its error."""
    if fault.kind == "reset":
        return Answer(0, delivery=Delivery.RESET)
    if fault.kind == "hang":
        taken.wait(fault.seconds)
        return Answer(0, delivery=Delivery.CLOSE)
    if fault.kind == "drip":
        headers = {"Content-Type": "application/x-amz-json-1.0"}
        return Answer(200, b" ", headers, Delivery.DRIP, pause=lambda: not taken.wait(fault.seconds or 0.05))
    if fault.kind == "html":
        return Answer(fault.status or 200, _HTML, {"Content-Type": "text/html"})
    raise _error(fault, call)


def damage(fault: Fault, answer: Answer) -> Answer:
    """Remove the second half of the body of an ordinary answer."""
    if fault.kind == "short_body":
        return Answer(answer.status, answer.body, answer.headers, Delivery.SHORT)
    # With the checksum the client would detect the damage.
    headers = {name: value for name, value in answer.headers.items() if name != "x-amz-crc32"}
    return Answer(answer.status, answer.body[: len(answer.body) // 2], headers)


def spoil_results(fault: Fault, call: Call, result: dict[str, Any]) -> None:
    """Change an answer, or the chosen results of a GetMetricData answer."""
    if fault.kind == "odd" and (fault.table is None or call.action != "GetMetricData"):
        _put(result, fault.path, fault)
        return
    chosen = {
        query["Id"]
        for query in call.parameters.get("MetricDataQueries", [])
        if _chooses(fault, metric_key(query["MetricStat"]["Metric"]))
    }
    results = result["MetricDataResults"]
    if fault.kind == "missing_results":
        result["MetricDataResults"] = [found for found in results if found["Id"] not in chosen]
        return
    if fault.kind == "odd":
        # From the end, as results may be taken away or come twice; other rules may have spoilt some.
        for place, found in reversed([*enumerate(results)]):
            if isinstance(found, dict) and str(found.get("Id")) in chosen:
                _put(results, (place, *fault.path), fault)
        return
    result["MetricDataResults"] = [
        _with_status(fault, found) if found["Id"] in chosen else found for found in results
    ]


def begin_again(call: Call) -> None:
    """Make a call request the first page, whichever it requests."""
    asked, _ = PAGE_TOKENS[call.action]
    call.parameters.pop(asked, None)


def promise_another(call: Call, result: dict[str, Any]) -> None:
    """Add a new token of a next page to a result."""
    _, following = PAGE_TOKENS[call.action]
    result[following] = str(uuid.uuid4())


def write_raw(fault: Fault, answer: Answer) -> Answer:
    """Put the raw text of a fault where its mark stands."""
    if fault.raw is None:
        return answer
    headers = {name: value for name, value in answer.headers.items() if name != "x-amz-crc32"}
    return Answer(answer.status, answer.body.replace(_RAW.encode(), fault.raw.encode()), headers)


def _put(content: Any, path: Sequence[str | int], fault: Fault) -> None:
    *way, last = path
    for step in way:
        content = content[step]
    if fault.value == LEFT_OUT:
        content.pop(last, *(() if isinstance(content, list) else (None,)))
    elif fault.value == ONCE_MORE:
        content.insert(last, copy.deepcopy(content[last]))
    else:
        content[last] = json.loads(_RAW) if fault.raw is not None else fault.value


def _error(fault: Fault, call: Call) -> ServiceError:
    status, text = KNOWN_ERRORS.get(fault.code, (400, fault.code))
    table = str(call.parameters.get("TableName", ""))
    message = fault.message if fault.message is not None else text
    if message == "{denied}":
        prefix = _PERMISSION_PREFIXES.get(call.service, call.service)
        account, given = call.identity.account, call.parameters
        resource = given.get("TopicArn", given.get("RoleArn"))
        if table:
            resource = table_arn(table, call.region, account)
        message = denied_message(call.identity.arn, f"{prefix}:{call.action}", resource)
    message = message.replace("{token}", call.headers.get("x-amz-security-token", ""))
    bare = fault.kind == "bare_error"
    return ServiceError(
        fault.code, None if bare else message.replace("{table}", table), fault.status or status
    )


def _chooses(fault: Fault, key: MetricKey) -> bool:
    dimensions = dict(key.dimensions)
    return (
        fault.table in (None, dimensions.get(TABLE_DIMENSION))
        and fault.index in (None, dimensions.get(INDEX_DIMENSION))
        and fault.metric in (None, key.metric)
    )


def _with_status(fault: Fault, found: dict[str, Any]) -> dict[str, Any]:
    count = 0
    if fault.metric_status == "PartialData":
        count = len(found["Values"]) // 2 if fault.keep is None else fault.keep
    return found | {
        "StatusCode": fault.metric_status,
        "Timestamps": found["Timestamps"][:count],
        "Values": found["Values"][:count],
        "Messages": [{"Code": fault.metric_status, "Value": f"The emulator answered {fault.metric_status}."}],
    }
