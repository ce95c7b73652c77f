"""Lead each request through the log, the faults and its service to an answer."""

from __future__ import annotations

import copy
import json
import sys
import traceback
from email.utils import format_datetime
from typing import TYPE_CHECKING

from tests.emulator import autoscaling, cloudwatch, dynamodb, passthrough, pricing, sns, sts
from tests.emulator.control import Control
from tests.emulator.control_answers import json_answer
from tests.emulator.errors import ServiceError
from tests.emulator.fault_effects import (
    answer_instead,
    begin_again,
    damage,
    promise_another,
    spoil_results,
    write_raw,
)
from tests.emulator.faults import ANSWER_KINDS, BEFORE_KINDS, ENDLESS_PAGES, RESULT_KINDS
from tests.emulator.protocols import protocol_of
from tests.emulator.wire import Answer, Call, Delivery, RawRequest, Scope, action_of

if TYPE_CHECKING:
    from datetime import datetime

    from tests.emulator.faults import Taken
    from tests.emulator.identities import Identity
    from tests.emulator.request_log import LoggedRequest
    from tests.emulator.state import State

_OWN_SERVICES = {
    "application-autoscaling": autoscaling.serve,
    "dynamodb": dynamodb.serve,
    "monitoring": cloudwatch.serve,
    "pricing": pricing.serve,
}
_OK = 200
_DAMAGES = frozenset({"cut_body", "short_body"})


class Dispatcher(Control):
    """Answer requests as AWS does."""

    def answer(self, raw: RawRequest) -> Answer:
        """Answer one request; a mistake of the emulator itself shows as the error EmulatorMistake."""
        state = self._state
        scope = Scope.of(raw.headers)
        protocol = protocol_of(scope.service, raw.headers)
        try:
            call = _decode(raw, scope, state.identities.find(scope.access_key))
        except (ValueError, KeyError) as error:
            return protocol.encode_error(
                ServiceError("SerializationException", f"cannot read the request: {error}")
            )
        taken = state.faults.take(call)
        logged = state.log.begin(call, [fault.kind for fault in taken.faults])
        try:
            answer = self._with_faults(state, call, taken, logged)
        except ServiceError as error:
            logged.error = error.code
            answer = protocol.encode_error(error)
        except Exception:  # noqa: BLE001 - the client gets an answer whatever is wrong here
            mistake = traceback.format_exc()
            sys.stderr.write(mistake)
            logged.error = "EmulatorMistake"
            answer = protocol.encode_error(ServiceError("EmulatorMistake", mistake, 500))
        _date(answer, state.clock.now(), taken)
        answered = answer.delivery in (Delivery.WHOLE, Delivery.SHORT)
        state.log.end(logged, answer.status if answered else None)
        return answer

    def _with_faults(self, state: State, call: Call, taken: Taken, logged: LoggedRequest) -> Answer:
        for fault in taken.faults:
            if fault.kind == "control":
                self.run(fault.method, fault.arguments)
            elif fault.kind in BEFORE_KINDS:
                taken.wait(fault.seconds)
        answering = next((fault for fault in taken.faults if fault.kind in ANSWER_KINDS), None)
        if answering is None:
            return self._serve(state, call, taken, logged)
        if answering.kind in _DAMAGES:
            return damage(answering, self._serve(state, call, taken, logged))
        if answering.applied:
            self._serve(state, call, taken, logged)
        return answer_instead(answering, call, taken)

    def _serve(self, state: State, call: Call, taken: Taken, logged: LoggedRequest) -> Answer:
        sts.check_sender(call, state.clock.now())
        service = _OWN_SERVICES.get(call.service)
        if call.service == "sts" and call.action in sts.ACTIONS:
            service = sts.serve
        if service is None:
            if call.service == "sns":
                sns.check(call, state.identities.topics_open_to)
            answer = passthrough.forward(call.raw)
            if call.service == "sns":
                answer = sns.correct(answer)
            logged.applied = answer.status == _OK
            return answer
        is_endless = any(fault.kind == ENDLESS_PAGES for fault in taken.faults)
        if is_endless:
            begin_again(call)
        with self._lock:
            place = state.find(call.identity.account, call.region)
            result = copy.deepcopy(service(place, call)) if taken.faults else service(place, call)
        logged.applied = True
        if is_endless:
            promise_another(call, result)
        for fault in taken.faults:
            if fault.kind in RESULT_KINDS:
                spoil_results(fault, call, result)
        answer = call.protocol.encode(call.action, result)
        for fault in taken.faults:
            answer = write_raw(fault, answer)
        return answer

    def control(self, method: str, body: bytes) -> Answer:
        """Run a control method that arrived over HTTP."""
        try:
            result = self.run(method, json.loads(body or b"{}"))
        except (ValueError, TypeError, TimeoutError, ServiceError) as error:
            return json_answer(400, {"error": str(error)})
        return json_answer(_OK, result)


def _date(answer: Answer, now: datetime, taken: Taken) -> None:
    """Set the header Date of an answer, unless a fault changes it."""
    answer.headers["Date"] = format_datetime(now.replace(microsecond=0), usegmt=True)
    for fault in taken.faults:
        if fault.kind == "date":
            answer.headers["Date"] = fault.value
    if answer.headers["Date"] is None:
        del answer.headers["Date"]


def _decode(raw: RawRequest, scope: Scope, identity: Identity) -> Call:
    protocol = protocol_of(scope.service, raw.headers)
    parameters = protocol.decode(raw.body)
    action = action_of(raw, parameters)
    parameters.pop("Action", None)
    parameters.pop("Version", None)
    service = scope.service
    return Call(service, action, parameters, scope.region, scope.access_key, identity, protocol, raw)
