"""Rejects: each code with what to mend, and the documents; daemons: what they counted, which are silent."""

import json
import time
import urllib.request

from console import URL, browser, copied, expect, looked_at, page, put

NOW = round(time.time(), 3)
GOOD = {"id": "70de5b6f19ff9a0a", "trace_id": f"1-{int(NOW):08x}-0123456789abcdef01234567", "name": "api", "start_time": NOW, "end_time": NOW + 1}


def without(*keys, **more):
    return {key: value for key, value in GOOD.items() if key not in keys} | more


def send(*texts):
    post("/TraceSegments", {"TraceSegmentDocuments": texts})


def post(path, body):
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST")
    urllib.request.urlopen(request).close()


def record(age, **counts):
    return {"Timestamp": NOW - age} | counts


nested = without(subsegments=[{"id": "70de5b6f19ff9a0b", "name": "GET /a?b", "start_time": NOW, "end_time": NOW}])
WRONG = {
    "MissingId": (without("id"), "give it an id of 16 hexadecimal digits"),
    "InvalidId": (without(id="short"), 'its id is "short": write 16 hexadecimal digits'),
    "MissingTraceId": (without("trace_id"), "give it the trace_id of its trace"),
    "InvalidTraceId": (without(trace_id="1-2-3"), 'its trace_id is "1-2-3": write 1, eight hexadecimal digits'),
    "MissingName": (without("name"), "give it a name"),
    "InvalidName": (nested, "in its subsegment GET /a?b: its name GET /a?b holds ?: leave that out; letters, digits, spaces"),
    "MissingStartTime": (without(start_time=int(NOW * 1000)), "milliseconds are too large"),
    "MissingEndTime": (without("end_time"), 'give it seconds since the epoch, or "in_progress": true'),
    "MissingParentId": (without(type="subsegment"), "needs the parent_id of what it belongs to"),
}  # fmt: skip
HOSTILE = "<script>alert(1)</script> \u202eleft(\"quotes\")🪣" + "x" * 200

with browser() as browser:
    for scripts in [True, False]:
        with page(browser, "/rejects", scripts=scripts) as shown:
            expect(shown.get_by_text("Nothing was refused")).to_be_visible()
            expect(shown.get_by_text("No daemon has reported yet.")).to_be_visible()

    # A document that is refused shows while the page is open, and so does a daemon.
    with page(browser, "/rejects") as shown:
        expect(shown.locator("#live")).to_have_text("Live")
        assert [refused["ErrorCode"] for refused in put(WRONG["MissingName"][0])] == ["MissingName"]
        expect(shown.locator(".rejects > li")).to_have_count(1)
        shown.locator(".rejects summary").click()
        for code, (document, _) in WRONG.items():
            if code != "MissingName":
                assert [refused["ErrorCode"] for refused in put(document)] == [code]
        send("{\"id\":", "[" * 200)
        put(without(name=HOSTILE))
        expect(shown.locator(".rejects > li")).to_have_count(len(WRONG) + 3)
        # What is open stays open.
        expect(shown.locator(".rejects details[open]")).to_have_count(1)
        steady = [record(age, SegmentsReceivedCount=100 + age, SegmentsSentCount=100 + age) for age in range(0, 600, 60)]
        post("/TelemetryRecords", {"Hostname": "ip-10-0-0-1", "EC2InstanceId": "i-0123456789abcdef0", "TelemetryRecords": steady})
        expect(shown.get_by_text("No segment was dropped")).to_be_visible()
        expect(shown.locator(".daemons tbody tr")).to_have_count(1)
    errors = {"ConnectionRefusedCount": 3, "HTTPCode5XXCount": 1}
    drops = [record(age, SegmentsReceivedCount=5000, SegmentsSentCount=4000, SegmentsSpilloverCount=age, SegmentsRejectedCount=2, BackendConnectionErrors=errors) for age in range(900, 1500, 60)]  # fmt: skip
    post("/TelemetryRecords", {"ResourceARN": "arn:aws:ecs:us-east-1:000000000000:task/" + "x" * 200, "TelemetryRecords": drops})
    post("/TelemetryRecords", {"Hostname": "<img src=x onerror=alert(1)>\u202e", "TelemetryRecords": [record(0)]})

    for scripts in [True, False]:
        with page(browser, "/rejects", scripts=scripts) as shown:
            for code, (_, mend) in WRONG.items():
                one = shown.locator(".rejects > li").filter(has=shown.get_by_text(code, exact=True)).first
                if code != "InvalidName":
                    expect(one).to_contain_text(mend)
            shown.get_by_role("link", name="InvalidName 2").click()
            expect(shown.locator(".rejects > li")).to_have_count(2)
            expect(shown.locator(".rejects > li").nth(1)).to_contain_text(WRONG["InvalidName"][1])
            # The hostile name is text, and what cannot be seen in it is named.
            expect(shown.locator(".rejects > li").nth(0)).to_contain_text("<script>alert(1)</script>")
            expect(shown.locator(".rejects > li").nth(0)).to_contain_text("U+202E")
            shown.locator(".rejects > li").nth(1).locator("summary").click()
            expect(shown.locator(".rejects > li").nth(1).locator("pre")).to_contain_text('"name": "GET /a?b"')
            shown.goto("/rejects?code=ParseError")
            expect(shown.locator(".rejects > li").nth(1)).to_contain_text("line 1 column 6")

            daemons = shown.locator(".daemons tbody tr")
            expect(daemons).to_have_count(3)
            expect(shown.get_by_text("11700 segments dropped")).to_be_visible()
            expect(shown.get_by_text("1 of 3 daemons silent")).to_be_visible()
            dropping = daemons.filter(has_text="arn:aws:ecs")
            expect(dropping).to_contain_text("silent for 15 min")
            expect(dropping).to_contain_text("30 connection refused, 10 status 5xx")
            expect(dropping.get_by_role("img")).to_have_attribute("aria-label", "10 reports: 50000 received, 11700 dropped, at most 5000 received in one")
            expect(shown.get_by_text("Give it more with --buffer-memory")).to_be_visible()

    with page(browser, "/rejects?code=MissingEndTime") as shown:
        shown.locator(".rejects summary").click()
        shown.get_by_role("button", name="Copy: the document").click()
        document = json.loads(copied(shown, "text.startsWith('{')"))
        assert document == WRONG["MissingEndTime"][0], document

    looked_at(browser, "/rejects", "rejects", lambda shown: shown.locator(".rejects summary").nth(1).click())

    # Many are paged, and very long ones are shown in part.
    send(*(json.dumps(without("name", id=f"{number:016x}", metadata={"m": "x" * 30_000})) for number in range(60)))
    for scripts in [True, False]:
        with page(browser, "/rejects?code=MissingName", scripts=scripts) as shown:
            expect(shown.locator(".rejects > li")).to_have_count(25)
            shown.locator(".rejects summary").nth(0).click()
            expect(shown.get_by_text("Only its start.").nth(0)).to_be_visible()
            shown.get_by_role("link", name="Next").click()
            expect(shown.get_by_text("26–50 of 61 documents")).to_be_visible()
