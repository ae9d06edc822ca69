"""The list of traces: filter with its errors, refiners, charts, order, pages, live; without scripts; by keyboard."""

import gzip
import time
import urllib.request

from console import URL, browser, expect, looked_at, page, put

TRACES = 300


def rows(shown):
    return shown.locator(".rows tbody tr")


def refiner(shown, title):
    heading = shown.get_by_role("heading", name=title, exact=True)
    return shown.locator(".refiner", has=heading)


def matching(shown, words):
    expect(shown.locator("#traces-head p")).to_contain_text(words)


def started(number, age=2, seconds=0.1, **more):
    """A segment that began just now."""
    start = time.time() - age
    return {
        "id": f"{0xABC000 + number:016x}",
        "trace_id": f"1-{int(start):08x}-{0xABC000 + number:024x}",
        "name": "fresh",
        "start_time": start,
        "end_time": start + seconds,
        **more,
    }


def filters(shown):
    """A wrong filter is told while it is typed, under the place where it is wrong."""
    box = shown.locator("#filter")
    box.press_sequentially('user = "anna" AND respnsetime > 1')
    error = shown.locator("#filter-error")
    expect(error).to_contain_text("did you mean responsetime?")
    expect(box).to_have_attribute("aria-invalid", "true")
    text, caret = error.locator("pre").inner_text().split("\n")
    assert text[caret.index("^") :].startswith("respnsetime"), (text, caret)
    # Sent all the same: what was typed stays, and the list gives way to a hint.
    box.press("Enter")
    expect(shown.get_by_role("heading", name="The filter cannot be read")).to_be_visible()
    expect(box).to_have_value('user = "anna" AND respnsetime > 1')
    box.fill('user = "anna"')
    expect(error).to_be_empty()
    expect(box).not_to_have_attribute("aria-invalid", "true")
    box.press("Enter")
    matching(shown, f"50 traces match, of {TRACES}")
    expect(rows(shown)).to_have_count(50)
    shown.locator("#filter-help summary").click()
    shown.get_by_role("link", name="ok AND responsetime > 2").click()
    expect(box).to_have_value("ok AND responsetime > 2")


def refines(shown):
    """A refiner is a term of the filter, and can be taken out again."""
    box = shown.locator("#filter")
    anna = refiner(shown, "User").get_by_role("link", name="anna")
    count = anna.locator(".traces-number").inner_text()
    anna.click()
    expect(box).to_have_value('user = "anna"')
    matching(shown, f"{count} traces match")
    refiner(shown, "vip").get_by_role("link", name="true").click()
    expect(box).to_have_value('user = "anna" AND annotation.vip = true')
    size = refiner(shown, "size").get_by_role("link").first
    count = size.locator(".traces-number").inner_text()
    term = size.get_attribute("title")
    size.click()
    expect(box).to_have_value(f'user = "anna" AND annotation.vip = true AND {term}')
    expect(rows(shown)).to_have_count(int(count))
    refiner(shown, "vip").get_by_role("link", name="Without").click()
    expect(box).to_have_value(f'user = "anna" AND {term}')
    shown.go_back()
    expect(box).to_have_value(f'user = "anna" AND annotation.vip = true AND {term}')
    shown.goto("/traces")
    for status in refiner(shown, "Status").get_by_role("link").all_inner_texts():
        word, count = status.rsplit(maxsplit=1)
        link = refiner(shown, "Status").get_by_role("link", name=word)
        link.click()
        matching(shown, f"{count} trace")
        link.click()
        expect(box).to_have_value("")
    refiner(shown, "Group").get_by_role("link", name="paid 50").click()
    expect(box).to_have_value('group.name = "paid"')
    matching(shown, "50 traces match")
    shown.goto("/traces")
    refiner(shown, "Job").get_by_role("link", name="job-6").click()
    expect(rows(shown).first.locator(".request")).to_have_text("nightly job job-6")


def charts(shown):
    """A bar of durations narrows the filter, a bar of time the window; each finds what it says."""
    bar = shown.get_by_label("Traces by duration").get_by_role("link").nth(3)
    words = bar.get_attribute("aria-label")
    count = words.split(": ")[1].split()[0]
    bar.focus()
    shown.keyboard.press("Enter")
    matching(shown, f"{count} traces match")
    assert "duration >= " in shown.locator("#filter").input_value()
    shown.goto("/traces")
    bar = shown.get_by_label("Traces by when they began").get_by_role("link").nth(3)
    began = int(bar.get_attribute("aria-label").split(": ")[1].split()[0])
    bar.click()
    expect(shown.locator("#since")).to_have_value("")
    # What began before may have been active then, too.
    assert 1 <= began <= rows(shown).count() <= began + 5


def sorts(shown):
    """An order holds over all pages."""

    def all_pages(column, pages):
        cells = []
        for number in range(1, pages + 1):
            caption = f"Traces {(number - 1) * 50 + 1} to {number * 50}"
            expect(shown.locator(".pages")).to_contain_text(caption)
            cells += [cell.inner_text() for cell in rows(shown).locator(column).all()]
            if number < pages:
                shown.keyboard.press("]")
        return cells

    def seconds(text):
        number, unit = text.split()[:2]
        return float(number) * {"µs": 1e-6, "ms": 1e-3, "s": 1, "min": 60}[unit]

    shown.get_by_role("link", name="50", exact=True).click()
    expect(shown.locator(".pages")).to_contain_text("Traces 1 to 50")
    shown.get_by_role("link", name="Duration").click()
    expect(shown.get_by_role("columnheader", name="Duration")).to_have_attribute("aria-sort", "descending")
    durations = [seconds(text) for text in all_pages("td:nth-child(3)", 6)]
    assert durations == sorted(durations, reverse=True) and len(durations) == TRACES, durations
    shown.get_by_role("link", name="Status", exact=True).click()
    words = [text.split("\n")[0].strip() for text in all_pages(".went .status", 6)]
    worst = ["fault", "in progress", "throttle", "error", "ok"]
    assert words == sorted(words, key=worst.index), words
    shown.get_by_role("link", name="Service and request").click()
    expect(shown.get_by_role("columnheader", name="Service and request")).to_have_attribute("aria-sort", "ascending")
    names = [text.split()[0] for text in all_pages(".request", 6)]
    assert names == sorted(names), names
    shown.get_by_role("link", name="Service and request").click()
    expect(shown.get_by_role("columnheader", name="Service and request")).to_have_attribute("aria-sort", "descending")
    expect(rows(shown).first.locator(".request")).to_contain_text("shop")
    shown.keyboard.press("]")
    expect(shown.locator(".pages")).to_contain_text("Traces 51 to 100")
    shown.keyboard.press("[")
    expect(shown.locator(".pages")).to_contain_text("Traces 1 to 50")


def follows(shown):
    """What is new stands at the top, marked, without anything typed being lost."""
    shown.evaluate("window.same = true")
    expect(shown.locator("#live")).to_have_text("Live")
    box = shown.locator("#filter")
    box.press_sequentially("faul")
    place = box.bounding_box()
    put(started(1))
    first = rows(shown).first
    expect(first.locator(".request")).to_have_text("fresh")
    expect(first).to_have_class("new")
    expect(box).to_be_focused()
    expect(box).to_have_value("faul")
    assert box.bounding_box() == place
    assert box.evaluate("box => box.selectionStart") == 4

    box.fill("")
    box.press("Escape")
    shown.keyboard.press("p")
    expect(shown.locator("#live")).to_have_text("Paused")
    put(started(2, age=1, name="second"))
    expect(shown.locator("#live")).to_have_text("Paused, there is more")
    expect(first.locator(".request")).to_have_text("fresh")
    shown.keyboard.press("p")
    expect(first.locator(".request")).to_have_text("second")

    # What is in progress moves, and ends.
    open_one = started(3, age=0, name="third", in_progress=True)
    del open_one["end_time"]
    put(open_one)
    lasting = first.locator("td:nth-child(3)")
    expect(lasting).to_contain_text("so far")
    earlier = lasting.inner_text()
    expect(lasting).not_to_have_text(earlier)
    put(started(3, age=0, name="third"))
    expect(first.locator(".went")).to_have_text("ok")
    assert shown.evaluate("window.same"), "the page was loaded anew"


def without_scripts(browser):
    with page(browser, "/traces?limit=50", scripts=False) as shown:
        expect(rows(shown)).to_have_count(50)
        shown.get_by_role("link", name="Duration").click()
        shown.wait_for_url("**sort=duration**")
        shown.get_by_role("link", name="Next").click()
        expect(shown.locator(".pages")).to_contain_text("Traces 51 to 100")
        shown.locator("#filter").fill("fault AND")
        shown.locator("#filter").press("Enter")
        expect(shown.locator("#filter-error pre")).to_contain_text("^")
        expect(shown.locator("#filter")).to_have_value("fault AND")
        shown.locator("#filter").fill("fault")
        shown.get_by_role("button", name="Apply").click()
        matching(shown, "30 traces match")
        refiner(shown, "HTTP status").get_by_role("link", name="500").click()
        expect(shown.locator("#filter")).to_have_value("fault AND http.status = 500")
        rows(shown).first.click(position={"x": 200, "y": 10})
        shown.wait_for_url("**/traces/1-*")
    with page(browser, "/traces?filter=user+%3D+%22nobody%22", scripts=False) as shown:
        expect(shown.get_by_role("heading", name="No trace matches the filter")).to_be_visible()
        shown.get_by_role("link", name="Clear the filter").click()
        expect(rows(shown)).to_have_count(100)
    with page(browser, "/traces?start=2020-01-01T00:00:00Z&end=2020-01-02T00:00:00Z", scripts=False) as shown:
        shown.get_by_role("link", name="Show the last day").click()
        expect(rows(shown)).to_have_count(100)


def by_keyboard(shown):
    shown.keyboard.press("/")
    expect(shown.locator("#filter")).to_be_focused()
    shown.keyboard.type("fault")
    shown.keyboard.press("Enter")
    matching(shown, "30 traces match")
    shown.keyboard.press("Escape")
    link = rows(shown).first.get_by_role("link")
    link.focus()
    name = link.evaluate("link => link.id.slice(3)")
    shown.keyboard.press("Tab")
    expect(rows(shown).nth(1).get_by_role("link")).to_be_focused()
    shown.keyboard.press("Shift+Tab")
    shown.keyboard.press("Enter")
    shown.wait_for_url(f"**/traces/{name}")


def downloads(shown):
    with shown.expect_download() as download:
        shown.locator("#download").click()
    with open(download.value.path()) as lines:
        assert len(lines.readlines()) == TRACES


def thousand_rows():
    """Told, not judged: this is no release build."""
    put(*[started(1000 + number, age=600 + number / 2) for number in range(700)])
    begun = time.monotonic()
    with urllib.request.urlopen(f"{URL}/traces?limit=1000") as answer:
        body = answer.read()
    took = time.monotonic() - begun
    assert body.count(b"<tr id=") == 1000
    print(f"1,000 rows: {took * 1000:.0f} ms, {len(gzip.compress(body))} of {len(body)} bytes")
    with urllib.request.urlopen(f"{URL}/traces") as answer:
        print(f"first page: {len(gzip.compress(answer.read()))} bytes")


def opened(shown):
    if shown.viewport_size["width"] < 900:
        shown.locator("#refine > summary").click()
    shown.locator("#filter-help summary").click()


with browser() as browser:
    for journey in [filters, refines, charts, sorts, by_keyboard, downloads]:
        with page(browser, "/traces") as shown:
            journey(shown)
    without_scripts(browser)
    looked_at(browser, "/traces?limit=25", "traces")
    looked_at(browser, "/traces?limit=25", "traces-opened", opened)
    looked_at(browser, "/traces?filter=error+AND+%28usr+%3D+%22anna%22+OR+fault%29", "traces-wrong")
    looked_at(browser, '/traces?filter=user+%3D+"anna"+AND+fault&sort=duration', "traces-filtered")
    with page(browser, "/traces") as shown:
        follows(shown)
    thousand_rows()
