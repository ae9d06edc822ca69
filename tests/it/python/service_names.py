"""The names and types on the service map of the last hour, as boto3 reads them."""

import datetime

import boto3

now = datetime.datetime.now(datetime.timezone.utc)
window = {"StartTime": now - datetime.timedelta(hours=1), "EndTime": now + datetime.timedelta(seconds=1)}
pages = boto3.client("xray").get_paginator("get_service_graph").paginate(**window)
for service in (service for page in pages for service in page["Services"]):
    edges = ",".join(str(edge["ReferenceId"]) for edge in service["Edges"])
    print(service["Name"], service.get("Type", "-"), service["State"], len(edges) > 0)
