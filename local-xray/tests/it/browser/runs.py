"""Runs and jobs, as the worker of xray-ecs tells of them: seen while they run, narrowed, paged, taken away."""

import itertools
import json
import time
import urllib.parse

from console import browser, expect, looked_at, page, put

numbers = itertools.count(1)
NOW = time.time()


def trace_id(start):
    return f"1-{int(start):08x}-{next(numbers):024x}"


def entity(name, start, end=None, **more):
    ended = {"end_time": end} if end else {"in_progress": True}
    return {"name": name, "id": f"{next(numbers):016x}", "start_time": start, **ended, **more}


def cause(kind, message):
    return {"fault": True, "cause": {"exceptions": [{"id": f"{next(numbers):016x}", "message": message, "type": kind}]}}


def run_segment(service, run_id, start, end=None, outcome=None, totals=None, **annotations):
    more = {"metadata": {"default": {"totals": totals}}} if totals else {}
    more |= {"fault": True} if outcome not in (None, "done") else {}
    annotations |= {"run_id": run_id} | ({"outcome": outcome} if outcome else {})
    program = {"version": "0.1.0", "name": "xray-ecs", "runtime": "rust"}
    return entity(f"{service} run", start, end, trace_id=trace_id(start), service=program, annotations=annotations, **more)


def job_segment(run, job, start, end=None, outcome=None, attempts=(), changes=(), error=None, bucket=None, **annotations):
    kind = "create-bucket" if bucket else "command"
    annotations |= {"job": job, "job_type": kind, "run_id": run["annotations"]["run_id"]}
    annotations |= {"bucket": bucket, "region": "us-east-1"} if bucket else {}
    if outcome:
        annotations |= {"outcome": outcome, "attempt": max(len(attempts), 1)}
    default = {"spec": {"name": job, "type": kind}} | ({"changes": list(changes)} if outcome else {})
    parts = [
        entity(f"attempt {place}", start, end, **(cause(*failed) if failed else {}))
        for place, failed in enumerate(attempts, 1)
    ]
    parent = {"aws.xray.reserved.reference_type": "parent"}
    return entity(
        run["name"].removesuffix(" run"),
        start,
        end,
        trace_id=trace_id(start),
        annotations=annotations,
        metadata={"default": default},
        subsegments=parts,
        links=[{"trace_id": run["trace_id"], "id": run["id"], "attributes": parent}],
        **(cause(*error) if error else {}),
    )


HOSTILE = [
    "<script>alert(1)</script>",
    "a/b?c#d&e=f%2F",
    "..",
    "\"quotes' and `ticks`",
    "\u202eright to left\u202c שלום",
    "🪣 bucket",
    "long " + "x" * 195,
]

# A fleet that is done, the second of eight parts, with a schedule before it.
FLEET = "7c5865a57b994c1be9f53873e535fbe7/2/8"
totals = {"changed": 230, "failed": 0, "interrupted": 0, "jobs": 232, "not_run": 1, "unchanged": 0}
at = NOW - 600
fleet = run_segment(
    "fleet creation", FLEET, at, at + 21, "done", totals, schedule="nightly-buckets", shard="2/8", scheduled_time="2026-11-29T04:00:00+00:00"
)
schedule = entity("schedule:nightly-buckets", at - 9, at, trace_id=fleet["trace_id"])
schedule["subsegments"] = [entity("delivery", at - 9, at - 6), entity("image pull", at - 6, at - 2)]
fleet["parent_id"] = schedule["id"]
jobs = [
    job_segment(
        fleet, f"fleet-{number:03}", at + number / 100, at + number / 100 + 0.2, "changed", [None],
        ["bucket: create in us-east-1", "tags: +managed-by=xray-ecs"], bucket=f"xray-ecs-fleet-{number:03}-000000000000-us-east-1",
        schedule="nightly-buckets",
    )
    for number in range(1, 231)
]  # fmt: skip
assert put(schedule, fleet) == []
for first in range(0, len(jobs), 50):
    assert put(*jobs[first : first + 50]) == []

# A night with failures, and the nights before it, which went well.
MIXED = "f856c315d8f64289"
exit_code = ("ExitCode", "`sh` exited with code 3: no such table")
slow_down = ("SlowDown", "Please reduce your request rate.")
for night in range(1, 25):
    at = NOW - 3000 + night * 60
    before = run_segment("mixed night", f"night-{night}", at, at + 2, "done", {"jobs": 1, "changed": 1})
    assert put(before, job_segment(before, "fails", at + 0.1, at + 0.5 + night / 40, "changed", [None], ["run sh"])) == []
at = NOW - 300
mixed = run_segment("mixed night", MIXED, at, at + 3.2, "failed", {"jobs": 10, "changed": 8, "failed": 2})
assert put(
    mixed,
    job_segment(mixed, "fails", at, at + 0.07, "failed", [exit_code, slow_down, exit_code], error=exit_code),
    job_segment(mixed, "sleeps", at, at + 3, "timed out", [("Stopped", "`sleep` was stopped")], error=("Interrupted", "timed out after 3.00 seconds")),
    job_segment(mixed, "second time lucky", at, at + 0.05, "changed", [slow_down, None], ["run sh -c"]),
    *[job_segment(mixed, name, at + 0.1, at + 0.2, "changed", [None], [f"{name}: made"], bucket=name) for name in HOSTILE],
) == []  # fmt: skip

# One that runs.
running = run_segment("slow work", "running-1", NOW - 5)
waits = job_segment(running, "waits", NOW - 5)
assert put(running, waits, job_segment(running, "was quick", NOW - 5, NOW - 4.9, "unchanged", [None])) == []

with browser() as browser:
    row = lambda shown, name: shown.locator("tbody tr").filter(has=shown.get_by_role("link", name=name, exact=True))

    for scripts in [True, False]:
        with page(browser, "/runs", scripts=scripts) as shown:
            rows = shown.locator("tbody tr")
            expect(rows).to_have_count(27)
            # What runs is on top, then the newest.
            expect(rows.nth(0)).to_contain_text("1 running, 1 done")
            expect(rows.nth(0)).to_contain_text("so far")
            expect(rows.nth(1)).to_contain_text("2 of 10 failed")
            expect(rows.nth(2)).to_contain_text("all 230 done")
            expect(rows.nth(2)).to_contain_text("by nightly-buckets, for 2026-11-29 04:00:00 UTC")
            expect(shown.get_by_role("img", name="2 failed, 8 done")).to_have_count(1)

            shown.get_by_role("link", name="failed 1").click()
            expect(rows).to_have_count(1)
            assert "outcome=failed" in shown.url
            shown.get_by_role("link", name="All 27").click()
            shown.get_by_role("link", name="mixed night 25").click()
            expect(rows).to_have_count(25)
            # The traces of a run are found by the filter that the link says.
            expect(rows.nth(0).get_by_role("link", name="All traces")).to_have_attribute("href", f"/traces?filter=annotation.run_id+%3D+%22{MIXED}%22")
            rows.nth(0).locator("a.title").click()
            expect(shown.locator("h1")).to_have_text("mixed night")

            expect(rows).to_have_count(10)
            expect(row(shown, "fails")).to_contain_text("ExitCode: `sh` exited with code 3: no such table")
            expect(row(shown, "fails").locator(".attempts li")).to_have_count(3)
            expect(row(shown, "fails").locator(".attempts li").nth(1)).to_contain_text("SlowDown: Please reduce")
            expect(row(shown, "sleeps")).to_contain_text("timed out")
            expect(row(shown, "second time lucky").locator(".changes li")).to_have_text(["run sh -c"])
            expect(shown.get_by_text("The run itself counted 10 jobs, 8 changed, 2 failed.")).to_be_visible()
            shown.get_by_role("link", name="timed out 1").click()
            expect(rows).to_have_count(1)
            expect(shown.locator("footer code")).to_contain_text(f"xray-ecs runs {MIXED} --outcome 'timed out' --local")

        with page(browser, f"/runs/{urllib.parse.quote(FLEET, safe='')}", scripts=scripts) as shown:
            rows = shown.locator("tbody tr")
            expect(rows).to_have_count(100)
            expect(rows.nth(0).locator(".changes li").nth(0)).to_have_text("bucket: create in us-east-1")
            expect(shown.locator(".facts")).to_contain_text("delivery 3.00 s, image pull 4.00 s, in all 9.00 s")
            # One is counted and not here.
            expect(shown.get_by_text("1 job that ran is not here")).to_be_visible()
            shown.get_by_role("link", name="Next").click()
            expect(rows.nth(0)).to_contain_text("fleet-101")
            expect(shown.get_by_text("101–200 of 230 jobs")).to_be_visible()
            shown.get_by_role("link", name="Next").click()
            expect(rows).to_have_count(30)
            shown.get_by_label("Job", exact=True).fill("FLEET-22")
            shown.get_by_role("button", name="Find").click()
            expect(rows).to_have_count(10)
            assert "page=" not in shown.url

        with page(browser, "/jobs", scripts=scripts) as shown:
            rows = shown.locator("tbody tr")
            # Failing first.
            expect(rows.nth(0)).to_contain_text("failed")
            expect(rows.nth(0)).to_contain_text("fails")
            expect(rows.nth(0).get_by_role("img", name="Last 20: 1 failed, 19 done")).to_be_visible()
            expect(rows.nth(1)).to_contain_text("sleeps")
            shown.get_by_label("Job", exact=True).fill("wait")
            shown.get_by_role("button", name="Find").click()
            expect(rows).to_have_count(1)
            expect(rows.nth(0)).to_contain_text("running")
            shown.goto("/jobs?outcome=failed")
            expect(rows).to_have_count(2)
            rows.nth(0).locator("a.title").click()
            expect(shown.locator("h1")).to_have_text("fails")
            expect(rows).to_have_count(25)
            expect(shown.get_by_text("25 times: 1 failed, 24 done")).to_be_visible()
            shown.get_by_role("link", name="failed 1").click()
            expect(rows).to_have_count(1)
            rows.nth(0).locator("th a").click()
            expect(shown.locator("h1")).to_have_text("mixed night")

    # Names may hold anything: they stay text, and their pages are found.
    for name in HOSTILE:
        # Marks that would turn what stands around them are shown as that.
        seen = name.replace("\u202e", "\ufffd").replace("\u202c", "\ufffd")
        with page(browser, f"/runs/{MIXED}") as shown:
            shown.locator("a.title").filter(has_text=seen).click()
            expect(shown.locator("h1")).to_have_text(seen)
            expect(shown.locator("tbody tr")).to_have_count(1)
            expect(shown.locator(".changes")).to_have_text(f"{seen}: made")
            shown.reload()
            expect(shown.locator("h1")).to_have_text(seen)

    # The report is copied, and taken away.
    with page(browser, f"/runs/{MIXED}") as shown:
        with shown.expect_download() as download:
            shown.locator("#report-json").click()
        assert download.value.suggested_filename == f"run-{MIXED}.json"
        report = json.load(open(download.value.path()))
        assert report["totals"] == {"changed": 8, "failed": 2, "jobs": 10}
        told = {job["job"]: job for job in report["jobs"]}
        assert set(HOSTILE) < set(told)
        assert told["fails"]["error"]["message"] == "ExitCode: `sh` exited with code 3: no such table"
        assert [cause["message"][:8] for cause in told["fails"]["retried"]] == ["ExitCode", "SlowDown"]
        assert told["sleeps"]["outcome"] == "timed out" and told["sleeps"]["duration_ms"] == 3000
        with shown.expect_download() as download:
            shown.locator("#report-md").click()
        text = open(download.value.path()).read()
        assert text.startswith(f"# Run {MIXED}: failed\n") and "<script>" not in text
        assert "- **fails** failed: ExitCode: \\`sh\\` exited with code 3: no such table (3 attempts, trace" in text
        shown.locator("#report").click()
        expect(shown.get_by_role("heading", name="Failures")).to_be_visible()
        expect(shown.get_by_role("table").locator("tbody tr")).to_have_count(10)
        shown.get_by_text("The same as Markdown").click()
        shown.get_by_role("button", name="Copy: the report").click()
        assert shown.evaluate("navigator.clipboard.readText()") == text
    with page(browser, f"/runs/{urllib.parse.quote(FLEET, safe='')}") as shown:
        with shown.expect_download() as download:
            shown.locator("#report-md").click()
        assert "… 30 more; the report as JSON has them all." in open(download.value.path()).read()

    with page(browser, "/runs/no-such-run", expected=["404"]) as shown:
        expect(shown.get_by_text('no segment here is of a run "no-such-run"')).to_be_visible()

    looked_at(browser, "/runs", "runs")
    looked_at(browser, f"/runs/{MIXED}", "run")
    looked_at(browser, f"/runs/{MIXED}/report", "run-report")
    looked_at(browser, f"/runs/{urllib.parse.quote(FLEET, safe='')}?find=22", "run-fleet")
    looked_at(browser, "/jobs?find=s", "jobs")
    looked_at(browser, "/jobs/fails", "job")
    with page(browser, "/jobs/unknown", expected=["404"]) as shown:
        expect(shown.get_by_text('no segment here is of a job "unknown"')).to_be_visible()
    with page(browser, "/jobs/fails?end=2020-01-01T00:00:00Z") as shown:
        expect(shown.get_by_role("heading", name="It was not run in 2019-12-31")).to_be_visible()

    # What runs is done while it is looked at.
    with page(browser, "/runs/running-1") as shown, page(browser, "/runs") as list, page(browser, "/jobs/waits") as history:
        expect(row(shown, "waits")).to_contain_text("so far")
        before = row(shown, "waits").inner_text()
        # The time goes on by itself.
        expect(row(shown, "waits")).not_to_have_text(before)
        row(shown, "waits").locator("a.title").focus()
        ended = waits | {"end_time": NOW + 1, "annotations": waits["annotations"] | {"outcome": "changed", "attempt": 1}}
        del ended["in_progress"]
        assert put(ended) == []
        expect(row(shown, "waits")).to_contain_text("changed")
        expect(row(shown, "waits").locator("a.title")).to_be_focused()
        expect(shown.locator("#run")).to_contain_text("running, 2 done")
        expect(history.locator("tbody tr")).to_contain_text("changed")
        over = running | {"end_time": NOW + 2, "annotations": running["annotations"] | {"outcome": "done"}}
        del over["in_progress"]
        assert put(over) == []
        expect(shown.locator("#run")).to_contain_text("all 2 done")
        expect(shown.locator("[data-moves]")).to_have_count(0)
        expect(list.locator("tbody tr").nth(0)).to_contain_text("all 2 done")
