"""An emulator of the AWS services that the product calls, stricter than moto and able to fail on command.

    from tests.emulator import Emulator

    with Emulator() as aws:  # or the fixture `emulator` of tests.emulator.fixtures
        aws.add_table("orders", reads=10, writes=5, gsis={"by-date": (4, 2)})
        aws.put_metrics("orders", consumed_reads=9.5, throttled_reads=3, missing=[1])
        aws.put_metrics("orders", "by-date", consumed_writes=1)
        aws.set_update_seconds(2)
        aws.add_fault(action="UpdateTable", code="ThrottlingException", times=2)
        ...  # run the product with aws.environment() or AWS_ENDPOINT_URL=aws.url
        assert aws.capacities()["orders", None] == (20, 5)
        assert [request.parameters for request in aws.requests("UpdateTable")] == [...]

DynamoDB (ListTables, DescribeTable, UpdateTable, CreateTable, DeleteTable), CloudWatch (GetMetricData and
GetMetricStatistics, Sum only, over JSON or query), Application Auto Scaling (DescribeScalableTargets) and STS
(AssumeRole, GetCallerIdentity) are served here, all else by moto. `control.py` documents the control methods,
`faults.Fault` the faults, `request_log.LoggedRequest` a logged request.
`clients.client()` makes boto3 clients for tests, `asking` has short forms of the calls tests make most.

Accounts are told apart by the access keys of calls. Every key belongs to the default account, 123456789012,
whose regions share everything, unless a control method says otherwise:

    aws.at("111122223333", "eu-west-1").add_table("orders")  # has all control methods of a place
    aws.add_role("arn:aws:iam::111122223333:role/scaling", external_id="example")  # for the default account
    aws.add_user("AKIDOTHER", account="444455556666")
    aws.at("123456789012", "eu-west-1").add_table("orders")  # from now on, this region is separate
    aws.add_fault(kind="hang", account="111122223333", region="eu-west-1", times=None)

As a process of its own: `python -m tests.emulator [--port N]` prints its URL and ends on SIGTERM or SIGINT.
There the control methods are `POST /_control/<method>` with their arguments as a JSON object, moments as
ISO 8601; `capacities` answers {"table": [reads, writes], "table/index": [reads, writes]}. `batch` runs many.
Those of a place are `/_control/111122223333/eu-west-1/<method>`.

Not emulated: signatures, IAM policies, items, creating and deleting indexes, billing mode changes, statistics
other than Sum, metric math. moto's own state (topics) is shared by all emulators of a process.
"""

from tests.emulator.emulator import Emulator
from tests.emulator.faults import Fault
from tests.emulator.request_log import LoggedRequest

__all__ = ["Emulator", "Fault", "LoggedRequest"]
