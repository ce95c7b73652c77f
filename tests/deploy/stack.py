"""The template, deployed in moto's CloudFormation."""

from __future__ import annotations

import base64
import json
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3

from tests.deploy.contrib import TEMPLATE, read

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "us-east-1"
"""moto returns the zones of this region for any other."""
PARAMETERS = {"S3Bucket": "s3://my-bucket/some/path/", "S3BucketRegion": "eu-west-1"}
_ACCOUNT = "123456789012"


@lru_cache
def _session() -> Any:
    return boto3.Session("AKIDTESTS", "secret", region_name=REGION)


@lru_cache
def client(service: str) -> Any:
    """Return a client for use while a stack exists; created once, because EC2's takes long."""
    return _session().client(service)


@dataclass(frozen=True)
class Stack:
    """A stack as moto has made it."""

    parameters: dict[str, str]
    resources: dict[str, str]
    outputs: dict[str, str]

    @property
    def instances(self) -> list[dict[str, Any]]:
        found = client("ec2").describe_instances()["Reservations"]
        return [instance for reservation in found for instance in reservation["Instances"]]

    @property
    def launch_template(self) -> dict[str, Any]:
        """Return the newest version of the launch template, without user data."""
        return {name: each for name, each in self._launch_template().items() if name != "UserData"}

    @property
    def user_data(self) -> str:
        return base64.b64decode(self._launch_template()["UserData"]).decode()

    @property
    def group(self) -> dict[str, Any]:
        groups = client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        assert len(groups) == 1
        return dict(groups[0])

    @property
    def open_ports(self) -> list[tuple[int, str]]:
        """Return the ports that the security group opens, each with its addresses."""
        groups = client("ec2").describe_security_groups(GroupIds=[self.resources["SecurityGroup"]])
        opened = groups["SecurityGroups"][0]["IpPermissions"]
        return [(each["FromPort"], block["CidrIp"]) for each in opened for block in each["IpRanges"]]

    def properties(self, resource: str) -> dict[str, Any]:
        """Resolve the properties of a resource in the template: moto does not return all of them."""
        from moto.cloudformation.models import cloudformation_backends  # noqa: PLC0415 - moto loads slowly
        from moto.cloudformation.parsing import clean_json  # noqa: PLC0415 - the same

        stack = next(iter(cloudformation_backends[_ACCOUNT][REGION].stacks.values()))
        given = json.loads(read(TEMPLATE))["Resources"][resource]["Properties"]
        return {name: _leave_out(each) for name, each in clean_json(given, stack.resource_map).items()}

    def statements(self) -> dict[str, dict[str, Any]]:
        """Return the statements of the role's policies by name."""
        policies = [*self.properties("Role")["Policies"]]
        if "ScalingPermissions" in self.resources:
            policies.append(self.properties("ScalingPermissions"))
        listed = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
        named = {each["Sid"]: each for each in listed}
        assert len(named) == len(listed)
        return named

    def _launch_template(self) -> dict[str, Any]:
        versions = client("ec2").describe_launch_template_versions(
            LaunchTemplateId=self.resources["LaunchTemplate"], Versions=["$Latest"]
        )
        return dict(versions["LaunchTemplateVersions"][0]["LaunchTemplateData"])


def _leave_out(found: Any) -> Any:
    """Remove AWS::NoValue from a list, as CloudFormation does and moto does not."""
    return [each for each in found if each is not None] if isinstance(found, list) else found


@contextmanager
def deploy(*, in_own_vpc: bool = False, **parameters: str) -> Iterator[Stack]:
    """Deploy the template with these parameters and the two required ones."""
    from moto import mock_aws  # noqa: PLC0415 - moto loads slowly

    given = PARAMETERS | parameters
    with mock_aws(), warnings.catch_warnings():
        if "KeyPair" in given:
            client("ec2").create_key_pair(KeyName=given["KeyPair"])
        if in_own_vpc:
            given |= _make_vpc(client("ec2"))
        cloudformation = client("cloudformation")
        cloudformation.create_stack(
            StackName="scaling",
            TemplateBody=read(TEMPLATE),
            Parameters=[{"ParameterKey": name, "ParameterValue": text} for name, text in given.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        stack = cloudformation.describe_stacks(StackName="scaling")["Stacks"][0]
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        resources = cloudformation.describe_stack_resources(StackName="scaling")["StackResources"]
        yield Stack(
            given,
            # moto also lists resources whose condition is false, but without an id.
            {
                each["LogicalResourceId"]: each["PhysicalResourceId"]
                for each in resources
                if "LogicalResourceId" in each
            },
            {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]},
        )


def _make_vpc(ec2: Any) -> dict[str, str]:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    return {"Vpc": vpc, "Subnets": subnet}
