"""The emulator starts, stops and resets cleanly, logs requests, and can be controlled over HTTP."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.emulator import Emulator
from tests.emulator.clients import client

pytest_plugins = ["tests.emulator.fixtures"]

ROOT = Path(__file__).parents[3]


def control(url: str, method: str, **arguments: Any) -> Any:
    body = json.dumps(arguments).encode()
    request = urllib.request.Request(f"{url}/_control/{method}", body, method="POST")  # noqa: S310 - always http
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
        return json.load(answer)


def test_an_emulator_leaves_no_thread_behind() -> None:
    before = set(threading.enumerate())
    with Emulator() as emulator:
        emulator.add_table("orders")
        emulator.add_fault(action="DescribeTable", kind="hang")
        waiting = threading.Thread(target=_describe_quietly, args=(emulator,))
        waiting.start()
        client(emulator, "dynamodb").list_tables()
        emulator.wait_for_requests("DescribeTable", ended=False)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    waiting.join()
    assert set(threading.enumerate()) <= before


def _describe_quietly(emulator: Emulator) -> None:
    with pytest.raises(Exception, match="Connection was closed"):
        client(emulator, "dynamodb").describe_table(TableName="orders")


def test_an_emulator_which_is_not_started_has_no_url() -> None:
    with pytest.raises(RuntimeError, match="not started"):
        _ = Emulator().url


def test_two_emulators_keep_their_tables_apart(emulator: Emulator) -> None:
    emulator.add_table("orders")
    with Emulator() as other:
        assert client(other, "dynamodb").list_tables()["TableNames"] == []
    assert client(emulator, "dynamodb").list_tables()["TableNames"] == ["orders"]


def test_a_reset_restores_an_empty_account(emulator: Emulator) -> None:
    emulator.add_table("orders")
    emulator.add_topic("alerts")
    emulator.set_pages(tables=1)
    emulator.set_clock("2031-05-07T12:00:00Z")
    client(emulator, "dynamodb").list_tables()
    emulator.reset()
    assert emulator.capacities() == {}
    assert emulator.requests() == []
    assert abs((emulator.now() - datetime.now(timezone.utc)).total_seconds()) < 5
    assert client(emulator, "sns").list_topics()["Topics"] == []


def test_a_reset_is_fast(emulator: Emulator) -> None:
    for number in range(200):
        emulator.put_metrics(f"table-{number}", consumed_reads=1)
    durations = []
    for _ in range(5):
        started = time.perf_counter()
        emulator.reset()
        durations.append(time.perf_counter() - started)
    assert min(durations) < 0.02


def test_an_sdk_with_the_environment_calls_the_emulator(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    boto3.Session().client("dynamodb").list_tables()
    (logged,) = emulator.requests()
    assert (logged.access_key, logged.region) == ("AKIDEMULATOR", "us-east-1")


def test_the_log_holds_every_request(emulator: Emulator) -> None:
    emulator.add_table("orders")
    dynamodb = client(emulator, "dynamodb", region="eu-west-1")
    dynamodb.list_tables()
    wanted = {"ReadCapacityUnits": 20, "WriteCapacityUnits": 5}
    dynamodb.update_table(TableName="orders", ProvisionedThroughput=wanted)
    with pytest.raises(ClientError):
        dynamodb.update_table(TableName="orders", ProvisionedThroughput=wanted)
    first, second, third = emulator.requests()
    assert (first.number, first.service, first.action, first.parameters) == (1, "dynamodb", "ListTables", {})
    assert second.parameters == {"TableName": "orders", "ProvisionedThroughput": wanted}
    assert (second.status, second.error, second.applied) == (200, None, True)
    assert (third.status, third.error, third.applied) == (400, "ValidationException", False)
    assert (first.access_key, first.region, first.protocol) == ("AKIDTESTS", "eu-west-1", "json")
    assert first.connection == second.connection == third.connection
    assert first.ended is not None
    assert first.started <= first.ended <= second.started
    assert "Boto3" in first.user_agent
    assert [logged.number for logged in emulator.requests("UpdateTable")] == [2, 3]


def test_requests_can_be_awaited(emulator: Emulator) -> None:
    dynamodb = client(emulator, "dynamodb")
    caller = threading.Timer(0.02, dynamodb.list_tables)
    caller.start()
    (logged,) = emulator.wait_for_requests("ListTables")
    assert logged.ended is not None
    caller.join()
    with pytest.raises(TimeoutError, match="1 of 2 requests ListTables"):
        emulator.wait_for_requests("ListTables", count=2, seconds=0.01)


def test_control_methods_are_reachable_over_http(emulator: Emulator) -> None:
    control(emulator.url, "add_table", name="orders", reads=7, gsis={"by_date": [2, 3]})
    control(emulator.url, "put_series", table="orders", sums={"2031-05-07T12:00:00Z": 5})
    control(emulator.url, "add_fault", code="Throttling")
    with pytest.raises(ClientError, match="Rate exceeded"):
        client(emulator, "dynamodb").list_tables()
    assert control(emulator.url, "capacities") == {"orders": [7, 5], "orders/by_date": [2, 3]}
    (logged,) = control(emulator.url, "requests", action="ListTables")
    assert (logged["number"], logged["status"], logged["faults"]) == (1, 400, ["error"])
    assert datetime.fromisoformat(logged["started"]).tzinfo is not None


def test_many_control_methods_go_in_one_batch(emulator: Emulator) -> None:
    calls = [{"method": "add_table", "arguments": {"name": f"table-{number}"}} for number in range(3)]
    control(emulator.url, "batch", calls=calls)
    assert len(emulator.capacities()) == 3


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        ("destroy", {}, "there is no control method 'destroy'"),
        ("_table", {"name": "x"}, "there is no control method '_table'"),
        ("add_table", {"nam": "x"}, "unexpected keyword argument 'nam'"),
        ("set_status", {"table": "x", "status": "ACTIVE"}, "Table: x not found"),
    ],
)
def test_a_bad_control_call_is_refused(
    emulator: Emulator, method: str, arguments: dict[str, str], message: str
) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        control(emulator.url, method, **arguments)
    with caught.value as answer:
        assert answer.code == 400
        assert message in json.load(answer)["error"]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_emulator_runs_as_a_process_of_its_own(stop: signal.Signals) -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.emulator"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        control(url, "add_table", name="orders")
        assert control(url, "capacities") == {"orders": [5, 5]}
        process.send_signal(stop)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")


def test_a_request_that_is_cut_off_is_no_request(emulator: Emulator) -> None:
    host, port = emulator.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = "POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\nContent-Length: 9\r\n\r\n"
        connection.sendall(f"{head}{{".encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert emulator.requests() == []
