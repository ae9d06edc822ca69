"""One trace: read, walked through, searched, followed while it goes on; also without scripts, and a large one."""

import json
import sys
import time
import urllib.parse
import urllib.request

from console import URL, browser, copied, expect, looked_at, page, put

SHOP_ID, HOSTILE_ID, RUNNING_ID, ALIKE_ID, DIFFERENT_ID, DEEP_ID = sys.argv[2:]
SHOP, HOSTILE, RUNNING, ALIKE, DIFFERENT, DEEP = (f"/traces/{id}" for id in sys.argv[2:])
CALL = "00000000000000a5"
CARD = "00000000000000a7"


def chosen(shown, id):
    expect(shown.locator("#rows [aria-selected] .what")).to_have_id(f"s-{id}")


def rows(shown, number):
    expect(shown.locator("#rows .row")).to_have_count(number)


def looks(browser):
    looked_at(browser, SHOP, "trace")
    for tab in ["resources", "annotations", "raw"]:
        looked_at(browser, f"{SHOP}?tab={tab}", f"trace-{tab}")
    looked_at(browser, f"{SHOP}?segment={CALL}&tab=exceptions&find=card&root={CALL}", "trace-exceptions")
    looked_at(browser, f"{HOSTILE}?segment=00000000000000c4", "trace-hostile")
    looked_at(browser, RUNNING, "trace-running")
    looked_at(browser, DEEP, "trace-deep")


def reads_all(shown):
    """What the tabs tell of a segment; the same with scripts and without."""
    told = shown.locator(".told")
    for name, texts in {
        "Resources": ["cloudwatch_logs", "/ecs/shop", "X-Ray for Rust", "AWS::ECS::Container", "111122223333", "runtime"],
        "Annotations": ["attempt", "2", "it's \"quoted\"", "0123456789abcdef"],
        "Metadata": ["default", "59.9", "<script>alert(1)</script>", "Download all of it"],
        "Exceptions": [
            "CheckoutFailed", "the order could not be paid", "shop::checkout::pay", "src/checkout.rs:42",
            "left out 3 frames", "left out 1 exception", "CardTimeout", "check card",
        ],
        "Raw JSON": ['"trace_id"', "These are the first"],
        "Overview": [
            "240 ms while nothing within", "fault: the service", "ann@example.com", "1.4.2", "203.0.113.7",
            "x_forwarded_for", "content_length", "2025-11-22T05:40:01.250Z",
        ],
    }.items():
        shown.locator(".tabs").get_by_role("link", name=name).click()
        expect(shown.locator(".tabs [aria-current]")).to_contain_text(name)
        for text in texts:
            expect(told).to_contain_text(text)


def of_calls(browser):
    """A call of SQL and one of AWS, and what failed in another segment."""
    with page(browser, f"{SHOP}?segment=00000000000000a3") as shown:
        for text in ["SELECT * FROM orders", "PostgreSQL", "16.1", "statement", "host=db", "a call of another service"]:
            expect(shown.locator(".told")).to_contain_text(text)
    with page(browser, f"{SHOP}?segment=00000000000000a4&tab=resources") as shown:
        for text in ["GetObject", "D5F8C2", "eu-west-1", "fYz"]:
            expect(shown.locator(".told")).to_contain_text(text)
        shown.get_by_role("link", name="Exceptions").click()
        for text in ["NoSuchKey", "remote", "/app/lib", "No stack"]:
            expect(shown.locator(".told")).to_contain_text(text)
    with page(browser, f"{SHOP}?segment={CALL}&tab=exceptions") as shown:
        expect(shown.locator(".told")).to_contain_text("CardTimeout")
        shown.locator(".told").get_by_role("link", name="check card").first.click()
        chosen(shown, CARD)
        expect(shown.locator(".told")).to_contain_text("bank.py:9")


def walks(browser):
    """Errors, levels, parts, search, keys."""
    with page(browser, SHOP) as shown:
        rows(shown, 7)
        expect(shown.locator("h1")).to_have_text("shop POST /checkout")
        expect(shown.locator("#trace-head")).to_contain_text("540 ms of 1.25 s in check card")
        expect(shown.locator("#own-map svg")).to_be_visible()
        url = shown.get_by_role("link", name="https://shop.example/checkout").first
        expect(url).to_have_attribute("rel", "noreferrer")
        expect(shown.locator("#trace-head").get_by_role("link", name="0123456789abcdef")).to_have_attribute(
            "href", "/runs/0123456789abcdef"
        )
        expect(shown.locator("#errors")).to_contain_text("1 of 5 errors")
        shown.keyboard.press("n")
        chosen(shown, "00000000000000a4")
        expect(shown.locator("#errors")).to_contain_text("2 of 5 errors")
        for id in [CALL, "00000000000000a6", CARD, "00000000000000a1"]:
            shown.keyboard.press("n")
            chosen(shown, id)
        shown.keyboard.press("N")
        chosen(shown, CARD)

        # Levels hide, an error opens what hides it, and what is closed stays so until it is asked for.
        shown.locator("#level-2").click()
        rows(shown, 5)
        shown.locator("#t-" + CALL).click()
        rows(shown, 3)
        shown.keyboard.press("N")
        chosen(shown, "00000000000000a6")
        rows(shown, 5)
        shown.locator("#reset").click()
        shown.locator("#level-all").click()
        rows(shown, 7)

        # A part alone, and up again.
        shown.locator("#s-00000000000000a2").click()
        chosen(shown, "00000000000000a2")
        shown.locator("#focus").click()
        rows(shown, 3)
        expect(shown.locator("#focused")).to_contain_text("Only load order and the 2 segments within")
        expect(shown.locator("#errors")).to_contain_text("1 error")
        shown.locator("#focus-above").click()
        rows(shown, 7)
        shown.locator("#focus-all").click()
        expect(shown.locator("#focused")).to_be_empty()

        # What is found opens, and Enter goes on.
        shown.locator("#level-1").click()
        rows(shown, 3)
        shown.keyboard.press("/")
        shown.keyboard.type("PAYMENT")
        shown.keyboard.press("Enter")
        expect(shown.locator("#matches")).to_contain_text("1 of 2 matches")
        chosen(shown, CALL)
        shown.keyboard.press("Enter")
        chosen(shown, "00000000000000a6")
        expect(shown.locator("#rows .match")).to_have_count(2)
        shown.keyboard.press("Escape")
        shown.keyboard.press("]")
        chosen(shown, CALL)
        shown.keyboard.press("[")
        chosen(shown, "00000000000000a6")
        shown.locator("#find").fill("no answer from the bank")
        shown.keyboard.press("Enter")
        expect(shown.locator("#matches")).to_contain_text("1 of 1 match")
        chosen(shown, CARD)
        shown.locator("#find").fill("nothing has this")
        shown.keyboard.press("Enter")
        expect(shown.locator("#matches")).to_contain_text("No matches")
        shown.locator("#unfind").click()
        expect(shown.locator("#matches")).not_to_contain_text("No matches")

        # Keys walk through the rows; the focus stays where it is.
        shown.goto(SHOP)
        shown.locator("#s-00000000000000a1").focus()
        shown.keyboard.press("ArrowDown")
        expect(shown.locator("#s-00000000000000a2")).to_be_focused()
        shown.keyboard.press("ArrowLeft")
        rows(shown, 5)
        expect(shown.locator("#s-00000000000000a2")).to_be_focused()
        shown.keyboard.press("ArrowRight")
        rows(shown, 7)
        shown.keyboard.press("ArrowRight")
        expect(shown.locator("#s-00000000000000a3")).to_be_focused()
        shown.keyboard.press("Enter")
        chosen(shown, "00000000000000a3")
        expect(shown.locator("#s-00000000000000a3")).to_be_focused()
        shown.keyboard.press("ArrowLeft")
        expect(shown.locator("#s-00000000000000a2")).to_be_focused()
        shown.keyboard.press("ArrowUp")
        expect(shown.locator("#s-00000000000000a1")).to_be_focused()

        # Back is back.
        shown.go_back()
        chosen(shown, "00000000000000a1")


def takes_away(browser):
    """Copies, downloads, links to elsewhere."""
    with page(browser, f"{SHOP}?segment={CARD}&tab=raw") as shown:
        shown.get_by_role("button", name="Copy JSON").click()
        assert json.loads(copied(shown, "text.startsWith('{')"))["name"] == "check card"
        expect(shown.locator("#told")).to_have_text("Copied")
        shown.get_by_role("button", name="Copy link").click()
        assert copied(shown, "text.startsWith('http')") == f"{URL}{SHOP}?segment={CARD}#s-{CARD}"
        for name, file in [
            ("Export", f"trace-{SHOP_ID}.jsonl"), ("Save SVG", f"trace-{SHOP_ID}.svg"), ("Download", f"segment-{CARD}.json"),
        ]:
            with shown.expect_download() as download:
                shown.get_by_role("link", name=name).click()
            assert download.value.suggested_filename == file, download.value.suggested_filename
            with open(download.value.path()) as text:
                text = text.read()
            if name == "Export":
                documents = [json.loads(line) for line in text.splitlines()]
                assert sorted(document["name"] for document in documents) == ["payment", "shop"]
            elif name == "Download":
                assert json.loads(text)["id"] == CARD
            else:
                assert text.startswith("<svg") and "check card" in text
        raw = shown.get_by_role("link", name="Raw JSON").first.get_attribute("href")
        traces = json.loads(fetched(raw))["Traces"]
        assert [trace["Id"] for trace in traces] == [SHOP_ID] and len(traces[0]["Segments"]) >= 2

    with page(browser, f"{SHOP}?tab=annotations&filter=fault+OR+error") as shown:
        link = shown.get_by_role("link", name='Traces with annotation.note')
        days = "start=2025-11-21T05%3A40%3A00Z&end=2025-11-23T05%3A40%3A02Z"
        expect(link).to_have_attribute("href", f"/traces?{days}&filter=" + urllib.parse.quote_plus(
            '(fault OR error) AND annotation.note = "it\'s \\"quoted\\""', safe="*"))
        shown.locator(".linked a").click()
        shown.wait_for_url("**/traces/1-69214cb0-000000000000000000000002?segment=00000000000000b1")
        expect(shown.locator("h1")).to_have_text("ledger")


def names(browser):
    """Every way to name a trace, and names of none."""
    newest = f"**{RUNNING}"
    with page(browser, "/traces/latest") as shown:
        shown.wait_for_url(newest)
    with page(browser, f"/traces/{SHOP_ID[2:].replace('-', '').upper()}?tab=raw") as shown:
        shown.wait_for_url(f"**{SHOP}?tab=raw")
    refused = ("404", "400")
    with page(browser, "/traces/1-69214cb0-00000000000000000000ffff", expected=refused) as shown:
        expect(shown.locator("main")).to_contain_text("is not in this store")
    with page(browser, "/traces/1-2-3", expected=refused) as shown:
        expect(shown.locator("main")).to_contain_text("1-2-3 is no trace id")
    with page(browser, f"{SHOP}?segment=00000000000000ff") as shown:
        expect(shown.get_by_role("alert").first).to_contain_text("no segment 00000000000000ff")
        rows(shown, 7)


def without_scripts(browser):
    with page(browser, SHOP, scripts=False) as shown:
        rows(shown, 7)
        reads_all(shown)
        shown.get_by_role("link", name="Next error").click()
        chosen(shown, "00000000000000a4")
        shown.locator("#level-1").click()
        shown.wait_for_url("**level=1**")
        shown.locator("#find").fill("card")
        shown.get_by_role("button", name="Find").click()
        expect(shown.locator("#matches")).to_contain_text("of 2 matches")
        shown.locator("#t-00000000000000a1").click()
        rows(shown, 1)
    with page(browser, f"{ALIKE}?more=0000000000000001", scripts=False) as shown:
        rows(shown, 500)
        shown.get_by_role("link", name="Rows 9501 to 10000").click()
        expect(shown.locator("#rows .what").last).to_contain_text("worker")
        expect(shown.locator("#rows .row").last).to_have_attribute("aria-rowindex", "10001")
    # A link to what is folded away opens it.
    with page(browser, f"{ALIKE}?segment={9001:016x}#s-{9001:016x}", scripts=False) as shown:
        expect(shown.locator(f"#s-{9001:016x}")).to_be_in_viewport()
        rows(shown, 43)


def hostile(browser):
    with page(browser, HOSTILE) as shown:
        assert shown.locator("main script").count() == 0
        for tab in ["Resources", "Annotations", "Metadata", "Exceptions", "Raw JSON", "Overview"]:
            for id in "123":
                shown.locator(f"#s-00000000000000c{id}").click()
                chosen(shown, f"00000000000000c{id}")
                shown.locator(".tabs").get_by_role("link", name=tab).click()
                expect(shown.locator(".tabs [aria-current]")).to_contain_text(tab)
                text = shown.locator("main").inner_html()
                at = next((at for at, c in enumerate(text) if c in "\u202e\u2066"), None)
                assert at is None, f"{tab}: {text[at - 300 : at + 50]!a}"
                assert shown.locator('main script, main a[href^="javascript:"]').count() == 0


def follows(browser):
    """What goes on moves, and ends before the reader's eyes; the selection stays."""
    with page(browser, f"{RUNNING}?segment=00000000000000d3") as shown:
        kept = shown.evaluate_handle("document.body.appendChild(document.createElement('i'))")
        expect(shown.locator("#trace-head .status")).to_have_text("in progress")
        duration = shown.locator("#rows [aria-selected] .duration")
        before = duration.inner_text()
        expect(duration).not_to_have_text(before)
        shown.locator("#s-00000000000000d3").focus()
        started = json.loads(fetched(f"{RUNNING}/export"))
        now = time.time()
        done = started | {"end_time": now}
        del done["in_progress"]
        done["subsegments"][1] |= {"end_time": now, "fault": True}
        del done["subsegments"][1]["in_progress"]
        done["subsegments"].append({"id": "00000000000000d4", "name": "last step", "start_time": now, "end_time": now})
        assert put(done) == []
        expect(shown.locator("#trace-head .status")).to_have_text("ok")
        expect(shown.locator("#rows [aria-selected] .status")).to_have_text("fault")
        expect(shown.locator("#s-00000000000000d4")).to_be_visible()
        chosen(shown, "00000000000000d3")
        expect(shown.locator("#s-00000000000000d3")).to_be_focused()
        expect(shown.locator(".told")).to_contain_text("fault: the service")
        assert kept.evaluate("kept => kept.isConnected"), "reloaded"
        expect(shown.locator("[data-moves]")).to_have_count(0)


def fetched(path):
    with urllib.request.urlopen(URL + path) as answer:
        return answer.read()


def large(browser):
    started = time.monotonic()
    fetched(DIFFERENT)
    print(f"answer of the server for 10,000 segments: {1000 * (time.monotonic() - started):.0f} ms")
    with page(browser, ALIKE) as shown:
        rows(shown, 42)
        expect(shown.locator("#errors")).to_contain_text("10 errors")
        shown.get_by_role("link", name="more worker").click()
        expect(shown.locator("#rows .row").first).to_be_visible()
        expect(shown.locator("#rows-9500")).to_be_attached()
    with page(browser, DIFFERENT) as shown:
        load = shown.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        print(f"load event: {load:.0f} ms")
        height = shown.evaluate("document.querySelector('#rows').offsetHeight")
        assert abs(height - 10_000 * 28) < 50, height
        # By wheel, then to the very end.
        for _ in range(5):
            shown.mouse.move(300, 600)
            shown.mouse.wheel(0, 3000)
        expect(shown.locator("#rows-500 .row")).to_have_count(500)
        shown.locator("#s-0000000000000001").focus()
        shown.keyboard.press("End")
        last = shown.locator(f"#s-{10_000:016x}")
        expect(last).to_be_in_viewport()
        expect(last).to_have_text("worker 9999")
        height_after = shown.evaluate("document.querySelector('#rows').offsetHeight")
        assert height == height_after, (height, height_after)
        started = time.monotonic()
        last.click()
        chosen(shown, f"{10_000:016x}")
        print(f"a click: {1000 * (time.monotonic() - started):.0f} ms")
        expect(last).to_be_in_viewport()
        # The error beyond the rows that are there.
        shown.keyboard.press("n")
        chosen(shown, f"{1000:016x}")
        expect(shown.locator(f"#s-{1000:016x}")).to_be_in_viewport()


def deep(browser):
    """Of forty levels every name can be read, wide and narrow, and the deepest say their level."""
    for width in [1280, 400]:
        with page(browser, DEEP, width=width) as shown:
            rows(shown, 40)
            rooms = shown.locator("#rows .what").evaluate_all("names => names.map(name => name.getBoundingClientRect())")
            assert all(room["left"] >= before["left"] for before, room in zip(rooms, rooms[1:])), rooms
            seen = min(min(room["right"], width) - room["left"] for room in rooms)
            assert seen >= 90, seen
            expect(shown.locator("#rows .depth")).to_have_text([str(level) for level in range(22, 41)])


def knows_its_words(browser):
    """What an address names and nobody knows is told."""
    with page(browser, f"{SHOP}?root=00000000000000ee&segment=00000000000000ff") as shown:
        expect(shown.get_by_role("alert")).to_have_text([
            "This trace has no segment 00000000000000ff, or none yet.",
            "This trace has no segment 00000000000000ee, or none yet.",
        ])
        expect(shown.locator("#focused")).to_be_empty()


with browser() as browser:
    deep(browser)
    knows_its_words(browser)
    of_calls(browser)
    with page(browser, SHOP) as shown:
        reads_all(shown)
    walks(browser)
    takes_away(browser)
    names(browser)
    without_scripts(browser)
    hostile(browser)
    large(browser)
    follows(browser)
    looks(browser)
