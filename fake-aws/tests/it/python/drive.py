"""Drives the fake through boto3 and asserts on what comes back; leaves no rule behind."""

import json

import boto3
from botocore.exceptions import ClientError

ACCOUNT = "210987654321"
REGION = "eu-central-1"

events = boto3.client("events")
ecs = boto3.client("ecs")
logs = boto3.client("logs")
sts = boto3.client("sts")


def refused(call, code, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        assert error.response["ResponseMetadata"]["RequestId"]
        return error
    raise AssertionError(f"{code} expected")


identity = sts.get_caller_identity()
assert identity["Account"] == ACCOUNT, identity
assert identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/test", identity

# Rules, targets, tags.
for number in range(5):
    rule = events.put_rule(
        Name=f"job-{number}",
        ScheduleExpression="cron(0 10 * * ? *)",
        Description="nightly",
        State="ENABLED",
        Tags=[{"Key": "owner", "Value": "us"}],
    )
    assert rule["RuleArn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/job-{number}"
pages = list(events.get_paginator("list_rules").paginate(NamePrefix="job-"))
assert [len(page["Rules"]) for page in pages] == [2, 2, 1], pages
described = events.describe_rule(Name="job-0")
assert described["ScheduleExpression"] == "cron(0 10 * * ? *)", described
assert described["CreatedBy"] == ACCOUNT

target = {
    "Id": "worker",
    "Arn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/jobs",
    "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/ecsEventsRole",
    "InputTransformer": {
        "InputPathsMap": {"t": "$.time"},
        "InputTemplate": '{"containerOverrides":[{"name":"worker","environment":'
        '[{"name":"SCHEDULED_TIME","value":<t>}]}]}',
    },
    "EcsParameters": {
        "TaskDefinitionArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/worker",
        "TaskCount": 1,
        "LaunchType": "FARGATE",
        "NetworkConfiguration": {
            "awsvpcConfiguration": {"Subnets": ["subnet-1"], "AssignPublicIp": "ENABLED"}
        },
        "EnableExecuteCommand": False,
        "Tags": [{"Key": "a", "Value": "b"}],
    },
    "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 3600},
    "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:letters"},
}
function = {"Id": "f", "Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f", "Input": "{}"}
queue = {"Id": "q", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "InputPath": "$.detail"}
put = events.put_targets(Rule="job-0", Targets=[target, function, queue])
assert put["FailedEntryCount"] == 0 and put["FailedEntries"] == [], put
pages = list(events.get_paginator("list_targets_by_rule").paginate(Rule="job-0"))
assert len(pages) == 2, pages
targets = {t["Id"]: t for page in pages for t in page["Targets"]}
assert targets == {"worker": target, "f": function, "q": queue}, targets

arn = described["Arn"]
events.tag_resource(ResourceARN=arn, Tags=[{"Key": "x", "Value": "1"}])
events.untag_resource(ResourceARN=arn, TagKeys=["owner"])
assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "x", "Value": "1"}]
events.disable_rule(Name="job-0")
assert events.describe_rule(Name="job-0")["State"] == "DISABLED"
events.enable_rule(Name="job-0")

refused(events.describe_rule, "ResourceNotFoundException", Name="none")
refused(events.delete_rule, "ValidationException", Name="job-0")
refused(events.put_rule, "ValidationException", Name="x", ScheduleExpression="rate(1 days)")
try:
    events.put_targets(Rule="none", Targets=[function])
except events.exceptions.ResourceNotFoundException as error:
    assert "Rule none does not exist" in str(error)

assert events.remove_targets(Rule="job-0", Ids=["worker", "f", "q"])["FailedEntryCount"] == 0
for number in range(5):
    events.delete_rule(Name=f"job-{number}")

# Tasks.
clusters = ecs.describe_clusters(clusters=["jobs", "none"])
assert clusters["clusters"][0]["status"] == "ACTIVE", clusters
assert clusters["failures"][0]["reason"] == "MISSING", clusters
definition = ecs.describe_task_definition(taskDefinition="worker", include=["TAGS"])
assert definition["taskDefinition"]["revision"] == 1
assert definition["taskDefinition"]["registeredAt"].year >= 2026
assert definition["tags"] == [{"key": "team", "value": "data"}]

wanted = dict(
    cluster="jobs",
    taskDefinition="worker",
    launchType="FARGATE",
    count=3,
    startedBy="drive",
    networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    overrides={"containerOverrides": [{"name": "worker", "command": ["run"]}]},
)
run = ecs.run_task(**wanted)
assert len(run["tasks"]) == 3 and run["failures"] == [], run
arns = [task["taskArn"] for task in run["tasks"]]
waiter = ecs.get_waiter("tasks_stopped")
waiter.wait(cluster="jobs", tasks=arns, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
task = ecs.describe_tasks(cluster="jobs", tasks=arns)["tasks"][0]
assert task["stopCode"] == "EssentialContainerExited", task
assert task["createdAt"] <= task["startedAt"] <= task["stoppedAt"], task
codes = {container["name"]: container["exitCode"] for container in task["containers"]}
assert codes == {"daemon": 0, "worker": 0}, codes
listed = ecs.get_paginator("list_tasks").paginate(
    cluster="jobs", family="worker", desiredStatus="STOPPED"
)
assert [arn for page in listed for arn in page["taskArns"]] == arns
assert ecs.stop_task(cluster="jobs", task=arns[0])["task"]["lastStatus"] == "STOPPED"

refused(ecs.run_task, "InvalidParameterException", **{**wanted, "networkConfiguration": {}})
refused(ecs.run_task, "ClusterNotFoundException", **{**wanted, "cluster": "none"})
refused(ecs.describe_task_definition, "ClientException", taskDefinition="none")

# Logs.
stream = f"run/worker/{arns[0].rsplit('/', 1)[1]}"
source = dict(logGroupName="/ecs/worker", logStreamName=stream, startFromHead=True)
lines, token = [], None
while True:
    more = {"nextToken": token} if token else {}
    page = logs.get_log_events(**source, **more)
    lines += [event["message"] for event in page["events"]]
    if page["nextForwardToken"] == token:
        break
    token = page["nextForwardToken"]
assert lines == ["one", "two", "three"], lines
refused(
    logs.get_log_events, "ResourceNotFoundException", logGroupName="/ecs/worker", logStreamName="x"
)

print(json.dumps({"lines": lines}))
