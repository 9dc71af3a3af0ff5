"""deploy/aws/template.yaml as a stack in a ministack that enforces IAM, and keys for its policies."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import uuid4

import boto3
from botocore.config import Config

from local_stack.probes import LOCALHOST, free_port, http_get
from local_stack.processes import Process
from local_stack.programs import ROOT, clean_environment
from tests.support.waiting import wait_for

TEMPLATE: Final = ROOT / "deploy" / "aws" / "template.yaml"
_REGION: Final = "us-east-1"

Statement = dict[str, Any]


class Key(NamedTuple):
    id: str
    secret: str


class Cloud:
    """An account in which one may do what policies say. `outputs` are those of the template's stack."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.outputs: dict[str, str] = {}

    def client(self, service: str) -> Any:
        """As the owner of the account, who may do everything."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.endpoint,
            region_name=_REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(proxies={}),
        )

    def create(self, **parameters: str) -> None:
        """Make the stack, as `aws cloudformation deploy` does."""
        stacks = self.client("cloudformation")
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        stacks.create_stack(
            StackName="orders",
            TemplateBody=TEMPLATE.read_text(),
            Parameters=given,
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )

        def made() -> Any:
            (stack,) = stacks.describe_stacks(StackName="orders")["Stacks"]
            assert "FAILED" not in stack["StackStatus"] and "ROLLBACK" not in stack["StackStatus"], stack
            return stack if stack["StackStatus"] == "CREATE_COMPLETE" else None

        outputs = wait_for(made, "the stack")["Outputs"]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in outputs}

    def permissions(self, policy: str) -> list[Statement]:
        """What a policy of the template allows, one action on one resource at a time."""
        iam, arn = self.client("iam"), self.outputs[policy]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        return [
            {"Effect": "Allow", "Action": action, "Resource": resource}
            for statement in document["Statement"]
            for action in _listed(statement["Action"])
            for resource in _listed(statement["Resource"])
        ]

    def key(self, permissions: list[Statement]) -> Key:
        """Of a fresh user who may do that and nothing else."""
        iam, name = self.client("iam"), f"user-{uuid4().hex[:12]}"
        iam.create_user(UserName=name)
        document = json.dumps(
            {"Version": "2012-10-17", "Statement": [_as_ministack_asks(p) for p in permissions]}
        )
        iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=document)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return Key(made["AccessKeyId"], made["SecretAccessKey"])

    def settings(self, key: Key) -> dict[str, str]:
        """The application's settings, from the outputs."""
        return {
            "AWS_REGION": self.outputs["AwsRegion"],
            "SQS_QUEUE_URL": self.outputs["SqsQueueUrl"],
            "SES_EMAIL": self.outputs["SesEmail"],
            "SES_CONFIGURATION_SET": self.outputs["SesConfigurationSet"],
            "SES_EVENTS_QUEUE_URL": self.outputs["SesEventsQueueUrl"],
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": key.id,
            "AWS_SECRET_ACCESS_KEY": key.secret,
        }


@contextmanager
def strict_cloud(home: Path) -> Iterator[Cloud]:
    """ministack with AUTH=true."""
    port = free_port()
    own = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": LOCALHOST,
        "MINISTACK_HOST": LOCALHOST,
        "SERVICES": "cloudformation,cloudwatch,iam,sts,ses,sns,sqs",
        "AUTH": "true",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(home),
        "DOCKER_HOST": "unix:///nonexistent",
    }
    command = [sys.executable, "-m", "ministack"]
    process = Process("cloud", command, environment=clean_environment(own), log=home / "cloud.log").start()
    try:
        wait_for(lambda: http_get(port, "/_ministack/health")[0] == 200 or not process.running, "ministack")
        assert process.running, process.output()
        yield Cloud(f"http://{LOCALHOST}:{port}")
    finally:
        process.kill()


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _as_ministack_asks(permission: Statement) -> Statement:
    """Where it deviates from AWS: it asks for an action of its own for each batch call, where AWS asks for
    that of the single one (SQS Developer Guide, "Amazon SQS API permissions"); and it knows no identities."""
    action = permission["Action"]
    if action in ("sqs:SendMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"):
        return {**permission, "Action": [action, f"{action}Batch"]}
    if ":identity/" in permission["Resource"]:
        return {**permission, "Resource": "*"}
    return permission
