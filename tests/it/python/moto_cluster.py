"""Makes a cluster and registers a task definition, as the operator of a schedule does."""

import json
import sys

import boto3

ecs = boto3.client("ecs")
ecs.create_cluster(clusterName="default")
print(ecs.register_task_definition(**json.load(sys.stdin))["taskDefinition"]["taskDefinitionArn"])
