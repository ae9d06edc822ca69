"""Clients of X-Ray against the one at AWS_ENDPOINT_URL_XRAY: boto3, the AWS CLI, the official SDK with
central sampling, and what Grafana relies on. Usage: xray_clients.py boto3|cli|sdk|grafana GRAPH, where
GRAPH is the vector file whose traces fill the store. Prints what was checked; fails on the first fault.
"""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import boto3
from botocore.exceptions import ClientError

START, END = 1763790000, 1763790100
# What must come comes within this many seconds.
PATIENCE = 60


def until(what, condition):
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"it never came: {what}"
        time.sleep(0.02)
    return found


def refused(code, call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        assert error.response["Error"]["Message"], error
        return error.response
    raise AssertionError(f"{parameters} should be refused with {code}")


def filled(path):
    """A client, the ids of the traces that are in the store, and how many services they have."""
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)
    client = boto3.client("xray")
    for documents in vectors["traces"].values():
        texts = [json.dumps(document) for document in documents]
        answer = client.put_trace_segments(TraceSegmentDocuments=texts)
        assert answer["UnprocessedTraceSegments"] == [], answer
    return client, list(vectors["traces"]), len(vectors["expected_services"])


def paged(client, operation, member, **parameters):
    pages = client.get_paginator(operation).paginate(**parameters)
    return [entry for page in pages for entry in page[member]]


RULE = {
    "RuleName": "mine", "Priority": 10, "FixedRate": 0.25, "ReservoirSize": 5, "Version": 1,
    "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*",
    "ResourceARN": "*",
}  # fmt: skip


def with_boto3(path):
    client, ids, services = filled(path)
    window = {"StartTime": datetime.fromtimestamp(START, timezone.utc), "EndTime": END}

    refusals = client.put_trace_segments(TraceSegmentDocuments=["{}"])["UnprocessedTraceSegments"]
    assert refusals[0]["ErrorCode"].startswith("Missing"), refusals
    record = {"Timestamp": time.time(), "SegmentsReceivedCount": 1, "BackendConnectionErrors": {}}
    client.put_telemetry_records(TelemetryRecords=[record], Hostname="here")

    summaries = paged(client, "get_trace_summaries", "TraceSummaries", **window)
    assert sorted(summary["Id"] for summary in summaries) == sorted(ids)
    traces = paged(client, "batch_get_traces", "Traces", TraceIds=[*ids, "1-00000000-000000000000000000000000"])
    assert [trace["Id"] for trace in traces] == ids
    # The last one is a request of its own, so each page must be asked for.
    many = [*ids, *(f"1-69214cb0-{number:024x}" for number in range(100, 200)), ids[0]]
    unknown = paged(client, "batch_get_traces", "UnprocessedTraceIds", TraceIds=many)
    assert len(unknown) == 100, unknown
    graph = paged(client, "get_service_graph", "Services", **window)
    assert len(graph) == services
    graph = paged(client, "get_trace_graph", "Services", TraceIds=ids)
    assert len(graph) == services

    groups_of(client)
    rules_of(client)
    tags_of(client)
    stubs_of(client, window)
    time_series_of(client, window)
    filters_of(client, window, ids)
    response = refused("InvalidRequestException", client.get_groups, NextToken="of somebody else")
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400


def groups_of(client):
    created = client.create_group(GroupName="mine", FilterExpression="error")["Group"]
    assert created["GroupARN"].endswith(":group/mine"), created
    assert client.get_group(GroupARN=created["GroupARN"])["Group"] == created
    updated = client.update_group(GroupName="mine", InsightsConfiguration={"InsightsEnabled": True})["Group"]
    assert updated["FilterExpression"] == "error" and updated["InsightsConfiguration"]["InsightsEnabled"]
    names = [group["GroupName"] for group in paged(client, "get_groups", "Groups")]
    assert names == ["Default", "mine"], names
    refused("InvalidRequestException", client.create_group, GroupName="Default")
    client.delete_group(GroupName="mine")
    refused("InvalidRequestException", client.get_group, GroupName="mine")


def rules_of(client):
    record = client.create_sampling_rule(SamplingRule=RULE)["SamplingRuleRecord"]
    assert record["SamplingRule"].items() >= RULE.items(), record
    assert datetime.now(timezone.utc) >= record["CreatedAt"] > datetime.fromtimestamp(END, timezone.utc)
    update = {"RuleName": "mine", "FixedRate": 0.5}
    updated = client.update_sampling_rule(SamplingRuleUpdate=update)["SamplingRuleRecord"]
    assert updated["SamplingRule"]["FixedRate"] == 0.5
    records = paged(client, "get_sampling_rules", "SamplingRuleRecords")
    assert [record["SamplingRule"]["RuleName"] for record in records] == ["mine", "Default"]
    report = {"RuleName": "mine", "ClientID": "0123456789abcdef01234567", "Timestamp": time.time()}
    counts = {"RequestCount": 100, "SampledCount": 20, "BorrowCount": 3}
    targets = client.get_sampling_targets(
        SamplingStatisticsDocuments=[report | counts, report | counts | {"RuleName": "none"}],
    )
    target = targets["SamplingTargetDocuments"][0]
    assert (target["ReservoirQuota"], target["FixedRate"], target["Interval"]) == (5, 0.5, 10), target
    assert target["ReservoirQuotaTTL"] > datetime.now(timezone.utc)
    assert targets["LastRuleModification"] == updated["ModifiedAt"]
    assert [unknown["RuleName"] for unknown in targets["UnprocessedStatistics"]] == ["none"]
    summaries = paged(client, "get_sampling_statistic_summaries", "SamplingStatisticSummaries")
    assert [summary.pop("Timestamp").second % 10 for summary in summaries] == [0]
    assert summaries == [{"RuleName": "mine", **counts}], summaries
    assert client.delete_sampling_rule(RuleName="mine")["SamplingRuleRecord"] == updated
    for number in range(25):
        client.create_sampling_rule(SamplingRule=RULE | {"RuleName": f"{number}"})
    refused("RuleLimitExceededException", client.create_sampling_rule, SamplingRule=RULE)
    for number in range(25):
        client.delete_sampling_rule(RuleName=f"{number}")


def tags_of(client):
    arn = client.get_group(GroupName="Default")["Group"]["GroupARN"]
    tags = [{"Key": f"{number:02}", "Value": "a"} for number in range(50)]
    client.tag_resource(ResourceARN=arn, Tags=tags)
    listed = client.get_paginator("list_tags_for_resource").paginate(ResourceARN=arn)
    pages = [page["Tags"] for page in listed]
    assert len(pages) > 1 and sum(pages, []) == tags, pages
    more = [{"Key": "more", "Value": ""}]
    refused("TooManyTagsException", client.tag_resource, ResourceARN=arn, Tags=more)
    client.untag_resource(ResourceARN=arn, TagKeys=[tag["Key"] for tag in tags])
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
    unknown = arn.replace("Default", "none")
    response = refused("ResourceNotFoundException", client.list_tags_for_resource, ResourceARN=unknown)
    assert response["ResourceName"] == unknown, response


def stubs_of(client, window):
    assert client.get_encryption_config()["EncryptionConfig"] == {"Status": "ACTIVE", "Type": "NONE"}
    assert client.get_insight_summaries(**window)["InsightSummaries"] == []
    assert client.get_trace_segment_destination()["Destination"] == "XRay"
    assert client.update_trace_segment_destination(Destination="XRay")["Status"] == "ACTIVE"
    assert client.get_indexing_rules()["IndexingRules"][0]["Name"] == "Default"
    assert paged(client, "list_resource_policies", "ResourcePolicies") == []
    refused("InvalidRequestException", client.put_encryption_config, Type="KMS", KeyId="alias/mine")
    refused("InvalidRequestException", client.start_trace_retrieval, TraceIds=[], **window)


def time_series_of(client, window):
    entries = paged(client, "get_time_series_service_statistics", "TimeSeriesServiceStatistics", **window)
    assert entries
    for entry in entries:
        statistics = entry.get("EdgeSummaryStatistics") or entry["ServiceSummaryStatistics"]
        assert statistics["TotalCount"] > 0 and statistics["TotalResponseTime"] is not None, entry


def filters_of(client, window, ids):
    summaries = paged(client, "get_trace_summaries", "TraceSummaries", FilterExpression="fault = true", **window)
    faults = [summary["Id"] for summary in summaries]
    assert 0 < len(faults) < len(ids) and all(summary["HasFault"] for summary in summaries)
    client.create_group(GroupName="faults", FilterExpression="fault = true")
    graph = paged(client, "get_service_graph", "Services", GroupName="faults", **window)
    assert len(graph) == len(paged(client, "get_trace_graph", "Services", TraceIds=faults))
    client.delete_group(GroupName="faults")
    wrong = {"FilterExpression": "fault =", **window}
    refused("InvalidRequestException", client.get_trace_summaries, **wrong)
    refused("InvalidRequestException", client.create_group, GroupName="wrong", FilterExpression="fault =")


def aws(*args):
    """What `aws xray ARGS` prints, as JSON; None where it prints nothing."""
    command = [sys.executable, "-m", "awscli", "xray", *args]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{args}: {ended.stderr}"
    return json.loads(ended.stdout) if ended.stdout.strip() else None


def with_cli(path):
    _, ids, services = filled(path)
    window = ["--start-time", str(START), "--end-time", str(END)]
    report = {"RuleName": "mine", "ClientID": "0123456789abcdef01234567", "Timestamp": time.time()}
    report |= {"RequestCount": 100, "SampledCount": 20, "BorrowCount": 3}
    many = [*(f"1-69214cb0-{number:024x}" for number in range(100, 200)), *ids]
    record = json.dumps([{"Timestamp": time.time(), "SegmentsSentCount": 1}])

    aws("create-group", "--group-name", "mine", "--filter-expression", "error", "--tags", "Key=a,Value=b")
    aws("create-sampling-rule", "--sampling-rule", json.dumps(RULE))
    # Each is a program that takes its time to start.
    reads = {
        "summaries": ["get-trace-summaries", *window],
        "traces": ["batch-get-traces", "--trace-ids", *many],
        "graph": ["get-service-graph", *window],
        "trace graph": ["get-trace-graph", "--trace-ids", *ids],
        "groups": ["get-groups"],
        "group": ["get-group", "--group-name", "mine"],
        "rules": ["get-sampling-rules"],
        "targets": ["get-sampling-targets", "--sampling-statistics-documents", json.dumps([report])],
        "telemetry": ["put-telemetry-records", "--telemetry-records", record],
        "refusals": ["put-trace-segments", "--trace-segment-documents", "{}"],
        "encryption": ["get-encryption-config"],
    }
    with ThreadPoolExecutor(4) as pool:
        read = dict(zip(reads, pool.map(lambda args: aws(*args), reads.values()), strict=True))
    assert sorted(summary["Id"] for summary in read["summaries"]["TraceSummaries"]) == sorted(ids)
    assert [trace["Id"] for trace in read["traces"]["Traces"]] == ids, "pages were followed"
    # The CLI adds up the traces of all pages, and gives these of the first.
    assert read["traces"]["UnprocessedTraceIds"]
    assert len(read["graph"]["Services"]) == services
    assert len(read["trace graph"]["Services"]) == services
    assert [group["GroupName"] for group in read["groups"]["Groups"]] == ["Default", "mine"]
    assert read["group"]["Group"]["FilterExpression"] == "error"
    rules = [record["SamplingRule"]["RuleName"] for record in read["rules"]["SamplingRuleRecords"]]
    assert rules == ["mine", "Default"]
    assert read["targets"]["SamplingTargetDocuments"][0]["ReservoirQuota"] == 5
    assert read["telemetry"] is None
    assert read["refusals"]["UnprocessedTraceSegments"][0]["ErrorCode"].startswith("Missing")
    assert read["encryption"]["EncryptionConfig"]["Type"] == "NONE"

    arn = read["group"]["Group"]["GroupARN"]
    update = json.dumps({"RuleName": "mine", "ReservoirSize": 7})
    writes = [
        ["get-sampling-statistic-summaries"],
        ["update-sampling-rule", "--sampling-rule-update", update],
        ["update-group", "--group-name", "mine", "--filter-expression", "fault"],
        ["list-tags-for-resource", "--resource-arn", arn],
    ]
    with ThreadPoolExecutor(4) as pool:
        statistics, rule, group, tags = pool.map(lambda args: aws(*args), writes)
    assert statistics["SamplingStatisticSummaries"][0]["RequestCount"] == 100
    assert rule["SamplingRuleRecord"]["SamplingRule"]["ReservoirSize"] == 7
    assert group["Group"]["FilterExpression"] == "fault"
    assert tags["Tags"] == [{"Key": "a", "Value": "b"}]
    assert aws("delete-sampling-rule", "--rule-name", "mine")["SamplingRuleRecord"]
    assert aws("delete-group", "--group-name", "mine") is None
    cli_time_series(window)
    cli_filter(window)


def cli_time_series(window):
    entries = aws("get-time-series-service-statistics", *window)["TimeSeriesServiceStatistics"]
    assert entries and all(entry["EdgeSummaryStatistics"]["TotalCount"] > 0 for entry in entries)


def cli_filter(window):
    summaries = aws("get-trace-summaries", *window, "--filter-expression", "fault = true")["TraceSummaries"]
    assert summaries and all(summary["HasFault"] for summary in summaries)


def with_sdk(_):
    """Central sampling: the rule that we make decides what the SDK samples, through the daemon's proxy."""
    from aws_xray_sdk.core import xray_recorder
    from aws_xray_sdk.core.sampling.target_poller import TargetPoller

    client = boto3.client("xray")
    name = "central python"
    rule = RULE | {"RuleName": name, "ServiceName": "central *", "FixedRate": 0.0, "ReservoirSize": 3}
    client.create_sampling_rule(SamplingRule=rule)

    xray_recorder.configure(service=name)
    sampler = xray_recorder.sampler
    # Every ten seconds it would be.
    sampler._target_poller._interval = 0.2
    TargetPoller._get_jitter = lambda _: 0.0
    sampler.start()
    until("the rules", lambda: sampler._cache.last_updated)
    cached = lambda: next(rule for rule in sampler._cache.rules if rule.name == name)
    assert cached().rate == 0.0 and cached().can_borrow

    requests, sampled = 0, []

    def request():
        nonlocal requests
        requests += 1
        segment = xray_recorder.begin_segment(name)
        if segment.sampled:
            sampled.append((int(time.time()), segment.trace_id))
        xray_recorder.end_segment()
        return segment.sampled

    until("a sampled request", request)
    until("the quota", lambda: cached().reservoir.quota is not None)
    assert cached().reservoir.quota == 3, "the only client has the whole reservoir"
    before = len(sampled)
    until("the quota's requests of two seconds", lambda: not request() and len(sampled) >= before + 6)
    seconds = [second for second, _ in sampled[before:]]
    # A request may be decided in one second and noted in the next.
    assert all(seconds.count(second) <= 4 for second in seconds), seconds

    def statistics():
        mine = [
            summary
            for summary in paged(client, "get_sampling_statistic_summaries", "SamplingStatisticSummaries")
            if summary["RuleName"] == name
        ]
        return [sum(summary[f"{count}Count"] for summary in mine) for count in ("Request", "Sampled", "Borrow")]

    reported = until("the statistics", lambda: (counts := statistics())[0] == requests and counts)
    assert reported[1] + reported[2] == len(sampled), reported
    assert reported[2] >= 1, "the first is borrowed"

    # A change is read again although the SDK would ask for rules only every five minutes.
    until("another second than that of the rules", lambda: int(time.time()) > sampler._cache.last_updated)
    client.update_sampling_rule(SamplingRuleUpdate={"RuleName": name, "FixedRate": 1.0, "Priority": 9})
    request()
    # The rate comes with the targets too, the priority with the rules alone.
    until("the changed rule", lambda: cached().priority == 9 and cached().rate == 1.0)
    assert all(request() for _ in range(10))

    ids = [trace for _, trace in sampled]
    found = until(
        "all sampled traces",
        lambda: len(found := paged(client, "batch_get_traces", "Traces", TraceIds=ids)) == len(ids) and found,
    )
    for trace in found:
        document = json.loads(trace["Segments"][0]["Document"])
        assert document["aws"]["xray"]["sampling_rule_name"] == name, document
    window = {"StartTime": int(time.time()) - 600, "EndTime": int(time.time()) + 1}
    summaries = paged(client, "get_trace_summaries", "TraceSummaries", **window)
    assert len(summaries) == len(ids) < requests, "what was not sampled is not there"
    print(f"{requests} requests, {len(ids)} sampled")


def with_grafana(path):
    """What Grafana's X-Ray data source 2.17.1 relies on."""
    client, ids, services = filled(path)
    window = {"StartTime": START, "EndTime": END}
    assert "Default" in [group["GroupName"] for group in client.get_groups()["Groups"]]
    of_default = paged(client, "get_service_graph", "Services", GroupName="Default", **window)
    assert len(of_default) == services
    graphs = [of_default, *(client.get_trace_graph(TraceIds=[id])["Services"] for id in ids)]
    for service in (service for graph in graphs for service in graph):
        assert isinstance(service["Edges"], list), service
        assert service["StartTime"] <= service["EndTime"], service
        if "SummaryStatistics" not in service:
            assert service["Edges"], service
        counted = [service] if "SummaryStatistics" in service else []
        for node in counted + service["Edges"]:
            # What is in progress counts for nothing yet.
            entries = sum(entry["Count"] for entry in node["ResponseTimeHistogram"])
            assert entries == node["SummaryStatistics"]["TotalCount"], node

    sampling = {"TimeRangeType": "Event", "Sampling": True, "SamplingStrategy": {"Name": "FixedRate", "Value": 1.0}}
    summaries = paged(client, "get_trace_summaries", "TraceSummaries", **sampling, **window)
    assert len(summaries) == len(ids)
    causes = 0
    for summary in summaries:
        assert isinstance(summary["Http"], dict), summary
        for kind in ("ResponseTimeRootCauses", "FaultRootCauses", "ErrorRootCauses"):
            for cause in summary.get(kind, []):
                causes += 1
                root_cause(kind, cause)
    assert causes > 0

    unknown = client.batch_get_traces(TraceIds=["1-00000000-000000000000000000000000"])
    assert unknown["Traces"] == [], unknown
    for trace in client.batch_get_traces(TraceIds=ids)["Traces"]:
        assert trace["Id"] in ids
        for segment in trace["Segments"]:
            document = json.loads(segment["Document"])
            assert document["id"] and document["name"], document
            assert isinstance(document["start_time"], (int, float)), document
    grafana_time_series(client, window)


def root_cause(kind, cause):
    assert cause["Services"], cause
    for service in cause["Services"]:
        assert isinstance(service["Name"], str) and isinstance(service["Type"], str), cause
        if kind == "ResponseTimeRootCauses":
            assert service["EntityPath"], cause
        for entity in service["EntityPath"]:
            for exception in entity.get("Exceptions", []):
                assert exception["Name"] is not None and exception["Message"] is not None, cause


def grafana_time_series(client, window):
    time_series_of(client, window)
    # botocore would not send it.
    import urllib.request

    body = json.dumps({**window, "EntitySelectorExpression": ""}).encode()
    url = f"{client.meta.endpoint_url}/TimeSeriesServiceStatistics"
    try:
        urllib.request.urlopen(urllib.request.Request(url, body, method="POST"))
    except urllib.request.HTTPError as error:
        assert error.code == 400, error
    else:
        raise AssertionError("an empty EntitySelectorExpression should be refused")


if __name__ == "__main__":
    checks = {"boto3": with_boto3, "cli": with_cli, "sdk": with_sdk, "grafana": with_grafana}
    checks[sys.argv[1]](sys.argv[2])
    print(f"checked: {sys.argv[1]}")
