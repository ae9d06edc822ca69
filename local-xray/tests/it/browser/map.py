"""The service map: nodes, edges, panel, find, keys, zoom, live; without scripts; hostile names; many nodes."""

import gzip
import re
import sys
import time
import urllib.parse
import urllib.request

from console import URL, accessible, browser, expect, fits, looked_at, page, picture, put


def node(shown, label):
    address = urllib.parse.urlencode({"node": label})
    return shown.locator(f".service-map a[href$='{address}']")


def edge(shown, start, end):
    address = urllib.parse.urlencode({"from": start, "to": end})
    return shown.locator(f".service-map a[href$='{address}']")


def filter_of(url):
    return urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["filter"][0]


def panel(shown):
    return shown.locator("#panel")


def opens_panels(browser):
    with page(browser) as shown:
        expect(shown.locator(".summary")).to_have_text("10 nodes, 10 edges of 81 traces")
        expect(panel(shown)).to_be_hidden()

        node(shown, "orders").click()
        expect(panel(shown).locator("h2")).to_have_text("orders")
        expect(panel(shown)).to_contain_text("its own view of its requests")
        expect(panel(shown)).to_contain_text("40 requests")
        expect(panel(shown).locator(".percentiles")).to_contain_text("p952.78 s")
        expect(node(shown, "orders")).to_have_attribute("aria-current", "true")
        assert shown.url.endswith("/?node=orders"), shown.url
        assert panel(shown).locator(".bars a").count() > 5

        # What calls it and what it calls.
        panel(shown).get_by_role("link", name="S3, 8 buckets", exact=True).click()
        expect(panel(shown).locator("h2")).to_have_text("S3, 8 buckets")
        expect(panel(shown)).to_contain_text("of all of them")
        expect(panel(shown)).to_contain_text("invoices-7")

        edge(shown, "orders", "DynamoDB orders").locator(".head").click()
        expect(panel(shown).locator("h2")).to_have_text("orders → DynamoDB orders")
        expect(panel(shown)).to_contain_text("The numbers are the caller’s view")
        expect(edge(shown, "orders", "DynamoDB orders").locator(".numbers")).to_be_visible()
        expect(edge(shown, "web", "api").locator(".numbers")).to_be_hidden()

        edge(shown, "orders", "shipping").locator(".head").click()
        expect(panel(shown)).to_contain_text("Linked traces: orders sends events that shipping receives")
        expect(panel(shown)).to_contain_text("40 events")
        expect(panel(shown)).to_contain_text("1.98 s old on average")
        expect(panel(shown).locator(".bars [role=img]").first).to_have_attribute("aria-label", re.compile("events? of 1000"))
        expect(panel(shown).locator(".percentiles")).to_contain_text("p952.85 s")
        # How the receiver fared stands with it alone.
        expect(panel(shown)).not_to_contain_text("30 ms")
        expect(panel(shown).locator(".top")).to_have_count(0)
        expect(shown.locator("#map-links tbody tr")).to_have_text(re.compile(r"orders → shipping40\d\.\d+1\.98 s1\.95 s2\.85 s2\.95 s"))
        expect(shown.locator("#map-edges")).not_to_contain_text("orders → shipping")
        leads = panel(shown).get_by_role("link", name="View traces of shipping")
        assert filter_of(leads.get_attribute("href")) == (
            'service(id(name: "shipping", type: "AWS::ECS::Container"))'
        ), leads.get_attribute("href")

        shown.keyboard.press("Escape")
        expect(panel(shown)).to_be_hidden()
        assert shown.url.endswith("/"), shown.url
        shown.go_back()
        expect(panel(shown).locator("h2")).to_have_text("orders → shipping")

        shown.get_by_role("link", name="nightly report", exact=True).first.click()
        expect(panel(shown)).to_contain_text("None of its requests has finished in the last hour.")


def leads_to_traces(browser):
    with page(browser, "/?node=orders&since=3h&filter=duration+<+100") as shown:
        for word in ["ok", "throttle", "fault"]:
            panel(shown).get_by_role("checkbox", name=word).uncheck()
        panel(shown).get_by_label("From").fill("50")
        panel(shown).get_by_role("button", name="View traces").click()
        shown.wait_for_url("**/traces?**")
        assert filter_of(shown.url) == (
            'duration < 100 AND service(id(name: "orders", type: "AWS::Lambda::Function"))'
            " { error AND !throttle AND !fault AND responsetime >= 0.05 }"
        ), filter_of(shown.url)
        assert "since=3h" in shown.url, shown.url

    with page(browser, "/?from=web&to=api") as shown:
        panel(shown).get_by_role("button", name="View traces").click()
        shown.wait_for_url("**/traces?**")
        assert filter_of(shown.url) == (
            'edge(id(name: "web", type: "AWS::EC2::Instance"), id(name: "api", type: "AWS::ECS::Container"))'
        ), filter_of(shown.url)

    with page(browser, "/?node=orders") as shown:
        bar = panel(shown).locator(".bars a").first
        expect(bar).to_have_attribute("aria-label", "3 requests of 45 to 54 ms")
        assert "responsetime >= 0.045 AND responsetime <= 0.054" in filter_of(bar.get_attribute("href"))
        trace = panel(shown).locator(".top a").first.get_attribute("href")
        assert trace.startswith("/traces/1-"), trace


def filters(browser):
    with page(browser) as shown:
        shown.get_by_label("Filter").fill('service("api") { fault }')
        shown.keyboard.press("Enter")
        expect(shown.locator(".summary")).to_contain_text("of 3 traces")
        expect(shown.locator("#map-edges")).to_contain_text("web → api")
        expect(node(shown, "shipping")).to_have_count(0)

    with page(browser, "/?filter=service(") as shown:
        expect(shown.locator("#map")).to_contain_text("The filter is not understood")
    with page(browser, "/?filter=service(%22nobody%22)") as shown:
        expect(shown.locator("#map")).to_contain_text("No trace matches the filter")
        shown.get_by_role("link", name="Without the filter").click()
        expect(node(shown, "web")).to_be_visible()
    with page(browser, "/?start=2001-01-01T00:00&end=2001-01-02T00:00") as shown:
        expect(shown.locator("#map")).to_contain_text("No traces in this window")


def moves(browser):
    width = "document.querySelector('.service-map').getBoundingClientRect().width"
    with page(browser) as shown:
        shown.keyboard.press("/")
        shown.keyboard.type("PAY")
        shown.keyboard.press("Enter")
        expect(node(shown, "pay.example.com")).to_be_focused()
        expect(panel(shown).locator("h2")).to_have_text("pay.example.com")
        shown.keyboard.press("ArrowLeft")
        expect(node(shown, "orders")).to_be_focused()
        shown.keyboard.press("ArrowLeft")
        expect(node(shown, "api")).to_be_focused()
        shown.keyboard.press("ArrowRight")
        shown.keyboard.press("ArrowRight")
        shown.keyboard.press("ArrowUp")
        below = shown.evaluate("document.activeElement.id")
        shown.keyboard.press("ArrowDown")
        assert shown.evaluate("document.activeElement.id") != below
        shown.keyboard.press("Enter")
        expect(panel(shown)).to_be_visible()
        shown.keyboard.press("Escape")

        shown.get_by_label("Find a node").fill("nobody")
        shown.keyboard.press("Enter")
        expect(shown.locator("#find-told")).to_have_text("No node is called nobody.")
        shown.keyboard.press("Escape")

        # A drag is no click.
        before = shown.evaluate(width)
        shown.keyboard.press("+")
        shown.keyboard.press("+")
        shown.keyboard.press("+")
        zoomed = shown.evaluate(width)
        assert zoomed > 2 * before, (before, zoomed)
        box = node(shown, "orders").bounding_box()
        shown.mouse.move(box["x"] + 40, box["y"] + 20)
        shown.mouse.down()
        shown.mouse.move(box["x"] - 60, box["y"] - 20, steps=5)
        shown.mouse.up()
        moved = node(shown, "orders").bounding_box()
        assert abs(moved["x"] - (box["x"] - 100)) < 3, (box, moved)
        expect(panel(shown)).to_be_hidden()

        # What happens changes the numbers, not where somebody looks.
        now = time.time()
        put({"trace_id": f"1-{int(now):08x}-{99:024x}", "id": "00000000000000ff", "name": "web", "start_time": now - 1,
             "end_time": now, "fault": True, "origin": "AWS::EC2::Instance"})
        expect(shown.locator(".summary")).to_contain_text("of 82 traces")
        expect(node(shown, "web")).to_contain_text("41 req")
        assert shown.evaluate(width) == zoomed, (shown.evaluate(width), zoomed)
        after = node(shown, "orders").bounding_box()
        assert after == moved, (after, moved)

        shown.keyboard.press("0")
        assert shown.evaluate(width) < before * 1.05


def without_scripts(browser):
    with page(browser, scripts=False) as shown:
        node(shown, "orders").click()
        expect(panel(shown).locator("h2")).to_have_text("orders")
        expect(shown.locator("#zoom-in")).to_be_hidden()
        panel(shown).get_by_role("checkbox", name="ok").uncheck()
        panel(shown).get_by_role("button", name="View traces").click()
        assert filter_of(shown.url).endswith("{ !ok AND !partial }"), shown.url

        shown.goto("/")
        shown.get_by_label("Find a node").fill("ship")
        shown.keyboard.press("Enter")
        expect(panel(shown).locator("h2")).to_have_text("shipping")
        assert "#node-" in shown.url, shown.url
        shown.get_by_label("Find a node").fill("nobody")
        shown.keyboard.press("Enter")
        expect(shown.locator("#find-told")).to_have_text("No node is called nobody.")
        fits(shown)

    with urllib.request.urlopen(f"{URL}/map.svg?since=1h") as answer:
        assert answer.headers["Content-Disposition"] == 'attachment; filename="service-map.svg"', answer.headers
        svg = answer.read().decode()
    assert svg.startswith("<svg") and "prefers-color-scheme" in svg and "link of traces" in svg, svg[:500]


def shop(browser):
    looked_at(browser, "/", "map")
    looked_at(browser, "/?node=orders", "map-node")
    looked_at(browser, "/?from=orders&to=pay.example.com", "map-edge")
    looked_at(browser, "/?from=orders&to=shipping", "map-link")
    opens_panels(browser)
    leads_to_traces(browser)
    filters(browser)
    without_scripts(browser)
    moves(browser)


def empty(browser):
    with page(browser) as shown:
        expect(shown.locator("#map")).to_contain_text("No traces yet")
        # The first trace makes it a map.
        now = time.time()
        put({"trace_id": f"1-{int(now):08x}-{1:024x}", "id": "00000000000000ff", "name": "first", "start_time": now - 1,
             "end_time": now})
        expect(node(shown, "first")).to_be_visible()
        expect(shown.locator(".summary")).to_have_text("2 nodes, 1 edge of 1 trace")
        expect(shown.locator("#zoom-in")).to_be_visible()


def hostile(browser):
    looked_at(browser, "/?node=DynamoDB+%3Cscript%3Ealert(1)%3C/script%3E", "map-hostile")
    with page(browser) as shown:
        parts = shown.locator(".service-map a").evaluate_all("parts => parts.map(part => part.getAttribute('href'))")
        assert len(parts) == 13, parts
        for part in parts:
            shown.goto(part)
            expect(shown.locator(".service-map .selected")).to_have_attribute("href", part)
            # The filter finds the one trace that there is.
            panel(shown).get_by_role("button", name="View traces").click()
            shown.wait_for_url("**/traces?**")
            shown.goto("/?" + urllib.parse.urlencode({"filter": filter_of(shown.url)}))
            expect(shown.locator(".summary")).to_contain_text("of 1 trace")
        shown.goto("/")
        assert shown.locator("img, script:not([src])").count() == 0


def large(browser):
    request = urllib.request.Request(URL + "/", headers={"Accept-Encoding": "gzip"})
    start = time.monotonic()
    with urllib.request.urlopen(request) as answer:
        packed = answer.read()
    seconds = time.monotonic() - start
    text = gzip.decompress(packed)
    print(f"500 nodes: {len(text)} bytes, {len(packed)} compressed, {seconds * 1000:.0f} ms in this build")
    with page(browser) as shown:
        expect(shown.locator(".summary")).to_contain_text(re.compile(r"500 nodes, (69|70)\d edges of 1 trace"))
        expect(shown.locator(".service-map .node")).to_have_count(500)
        shown.get_by_label("Find a node").fill("service-321")
        shown.keyboard.press("Enter")
        expect(node(shown, "service-321")).to_be_focused()
        expect(node(shown, "service-321")).to_be_in_viewport()
        fits(shown)


VIEWS = {"shop": shop, "empty": empty, "hostile": hostile, "large": large}

with browser() as browser:
    VIEWS[sys.argv[2]](browser)
