"""Makes the stack of deploy/aws/template.yaml in ministack, whose container runs this once it answers."""

import os
from pathlib import Path

import boto3

stacks = boto3.client("cloudformation")
stacks.create_stack(
    StackName="orders",
    TemplateBody=Path(os.environ["MINISTACK_INIT_SCRIPT_DIR"], "template.yaml").read_text(),
    Parameters=[{"ParameterKey": "Sender", "ParameterValue": "orders@example.com"}],
    Capabilities=["CAPABILITY_NAMED_IAM"],
)
waiter = stacks.get_waiter("stack_create_complete")
waiter.wait(StackName="orders", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
