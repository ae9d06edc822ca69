"""Two traces beside each other: found, chosen, swapped, sorted; also without scripts, with hostile names, and large."""

import sys
import time
import urllib.request

from console import URL, browser, expect, looked_at, page

FIRST, BETWEEN, LAST, RUN, HOSTILE, WORKERS, HELPERS = sys.argv[2:]
COMPARED = f"/traces/{FIRST}/compare?with={LAST}"


def row(shown, name):
    return shown.locator(".compared tbody tr", has=shown.locator(".head", has_text=name)).first


def looks(browser):
    looked_at(browser, COMPARED, "compare")
    looked_at(browser, f"{COMPARED}&sort=difference", "compare-difference")
    looked_at(browser, f"/traces/{HOSTILE}/compare?with={FIRST}", "compare-hostile")
    looked_at(browser, f"/traces/{LAST}/compare", "compare-choice")
    looked_at(browser, f"/traces/{LAST}/compare?with=nonsense", "compare-refused", expected=("400",))
    looked_at(browser, f"/traces/{RUN}", "compare-linked-from")
    looked_at(browser, f"/traces/{LAST}", "compare-menu", prepare=lambda shown: shown.locator("#compare summary").click())


def tells(shown):
    """What differs; the same with scripts and without."""
    for side, told in {"A": ["2025-11-22 05:40:00", "1.60 s", "ok"], "B": ["2025-11-23 05:40:00", "2.00 s", "fault"]}.items():
        card = shown.get_by_role("region", name=side, exact=False).filter(has=shown.locator(f"#side-{side}"))
        for text in told:
            expect(card).to_contain_text(text)
    verdict = shown.locator(".verdict")
    expect(verdict).to_contain_text("+400 ms, +25 %")
    expect(verdict).to_contain_text("1 only in A, 1 only in B, 1 more or fewer times, 2 with another status")
    expect(row(shown, "S3 PutObject").locator("[data-side=A]")).to_contain_text("×12")
    expect(row(shown, "S3 PutObject").locator("[data-side=B]")).to_contain_text("×14")
    expect(row(shown, "store").locator(".words")).to_have_text("+200 ms, +15 %")
    expect(row(shown, "store").locator("[data-side=B]")).to_contain_text("fault")
    expect(row(shown, "check").locator(".words")).to_have_text("same")
    expect(row(shown, "report").locator(".words")).to_have_text("− only in A")
    expect(row(shown, "report").locator("[data-side=B]")).to_contain_text("not in B")
    expect(row(shown, "retry").locator(".words")).to_have_text("+ only in B")
    annotations = shown.locator(".annotations tbody tr")
    expect(annotations).to_have_count(2)
    expect(annotations.first).to_contain_text("outcome")
    expect(annotations.first).to_contain_text("failed")
    expect(shown.locator("#compare-head")).to_contain_text("2 annotations of the root equal in both")
    command = f"xray-ecs trace {FIRST} --compare {LAST} --local"
    expect(shown.get_by_role("group", name="In a terminal")).to_have_text(command)


def names(shown):
    return shown.locator(".compared .head").all_inner_texts()


def walks(browser):
    with page(browser, COMPARED) as shown:
        tells(shown)
        in_order = ["fleet", "check", "store", "S3 PutObject", "report", "retry"]
        assert names(shown) == in_order, names(shown)
        shown.locator("#sort-difference").click()
        expect(shown.locator("#sort-difference")).to_have_attribute("aria-current", "true")
        by_difference = ["fleet", "retry", "store", "report", "S3 PutObject", "check"]
        # What differs equally much stands in its order.
        assert names(shown)[:3] == by_difference[:3] and names(shown)[-1] == "check", names(shown)
        expect(row(shown, "S3 PutObject")).to_contain_text("fleet › store ›")
        expect(shown.get_by_role("group", name="In a terminal")).to_contain_text("--sort difference")
        shown.locator("#level-2").click()
        expect(shown.locator(".compared tbody tr")).to_have_count(5)
        shown.locator("#sort-place").click()
        expect(row(shown, "store")).to_contain_text("+1 within")
        expect(shown.get_by_role("group", name="In a terminal")).to_contain_text("--level 2")

        # Swapped, what was only in A is only in B.
        shown.locator("#swap").click()
        shown.wait_for_url(f"**/traces/{LAST}/compare?*with={FIRST}*")
        expect(row(shown, "report").locator(".words")).to_have_text("+ only in B")
        expect(shown.locator(".verdict")).to_contain_text("−400 ms, −20 %")

        # From a duration to the segment that took the longest.
        row(shown, "store").locator("[data-side=A] a").click()
        shown.wait_for_url(f"**/traces/{LAST}?segment={3:016x}*")
        expect(shown.locator("h1")).to_have_text("fleet")


def found(browser):
    """From the page of a trace to its like."""
    with page(browser, f"/traces/{LAST}") as shown:
        shown.locator("#compare summary").click()
        shown.locator("#compare-previous-of-job").click()
        # What was before is A.
        shown.wait_for_url(f"**/traces/{FIRST}/compare?with={LAST}")
        shown.go_back()
        shown.locator("#compare summary").click()
        shown.locator("#compare-previous").click()
        shown.wait_for_url(f"**/traces/{BETWEEN}/compare?with={LAST}")
        shown.go_back()
        shown.locator("#compare summary").click()
        shown.locator("#with").fill(f" {FIRST.upper()} ")
        shown.locator("#with").press("Enter")
        shown.wait_for_url(f"**/traces/{LAST}/compare?with={FIRST}")
        shown.go_back()
        # Esc closes it, also where an id is typed, and leaves the focus where it was opened.
        shown.locator("#compare summary").click()
        shown.locator("#with").press("Escape")
        expect(shown.locator("#compare .popover")).to_be_hidden()
        expect(shown.locator("#compare summary")).to_be_focused()
    with page(browser, "/traces") as shown:
        shown.locator("#filter-help summary").click()
        shown.keyboard.press("Escape")
        expect(shown.locator("#filter-help .popover")).to_be_hidden()
    with page(browser, f"/traces/{FIRST}/compare?with=previous", expected=("404",)) as shown:
        expect(shown.get_by_role("alert")).to_contain_text('no trace of "fleet" is among')
        offers = shown.locator(".offers li")
        expect(offers).to_have_count(3)
        expect(offers.nth(0)).to_contain_text("none among the")
        expect(offers.nth(1)).to_contain_text("Next trace of fleet")
        expect(offers.nth(1)).to_contain_text("1.00 s")
        offers.nth(1).get_by_role("link").click()
        shown.wait_for_url(f"**/traces/{FIRST}/compare?with={BETWEEN}")
    with page(browser, f"/traces/{LAST}/compare") as shown:
        shown.get_by_role("link", name="Previous time of job nightly logs").click()
        shown.wait_for_url(f"**/traces/{FIRST}/compare?with={LAST}")
    with page(browser, f"/traces/{FIRST}/compare?with=1-2-3", expected=("400",)) as shown:
        expect(shown.get_by_role("alert")).to_contain_text("with=1-2-3 is not known: write an id such as")
        expect(shown.get_by_role("alert")).to_contain_text("latest, previous, next or previous-of-job")
        expect(shown.locator("#with")).to_have_value("1-2-3")
    with page(browser, f"/traces/{FIRST}/compare?with=1-69214cb0-00000000000000000000ffff", expected=("404",)) as shown:
        expect(shown.get_by_role("alert")).to_contain_text("is not in this store")
    with page(browser, f"/traces/{FIRST}/compare?with={FIRST}") as shown:
        expect(shown.locator(".verdict")).to_have_text(
            "A and B are the same trace. From A to B: same time; the same calls, equally often, with the same statuses."
        )
    # Blanks and case are nothing, as in the id of a trace.
    with page(browser, f"/traces/{LAST}/compare?with=%20Previous-Of-Job%20") as shown:
        assert shown.url.endswith(f"/traces/{FIRST}/compare?with={LAST}"), shown.url
    for asked in [f"with={LAST}&sort=name", "sort=name"]:
        with page(browser, f"/traces/{FIRST}/compare?{asked}", expected=("400",)) as shown:
            expect(shown.locator("main")).to_contain_text("sort=name is not known: write place or difference")
    with page(browser, f"/traces/{FIRST}/compare?level=0", expected=("400",)) as shown:
        expect(shown.locator("main")).to_contain_text("level=0 is no number of levels")


def keeps(browser):
    """The window and the filter that were come from."""
    with page(browser, f"{COMPARED}&since=6h&filter=fault") as shown:
        links = shown.locator(f'main a[href^="/traces/{FIRST}?"], main a[href^="/traces/{LAST}?"]')
        # Both heads, the crumb, and the durations of rows.
        expect(shown.locator(".side a.id")).to_have_count(2)
        assert links.count() >= 3 + 10, links.count()
        for link in links.all():
            assert "since=6h&filter=fault" in link.get_attribute("href"), link.get_attribute("href")


def without_scripts(browser):
    with page(browser, f"/traces/{LAST}", scripts=False) as shown:
        shown.locator("#compare summary").click()
        shown.locator("#with").fill(FIRST)
        shown.get_by_role("button", name="Compare", exact=True).click()
        shown.locator("#swap").click()
        tells(shown)
        shown.locator("#sort-difference").click()
        expect(shown.locator("#sort-difference")).to_have_attribute("aria-current", "true")
        assert names(shown)[-1] == "check", names(shown)


def linked(browser):
    """From the run to its jobs, and back."""
    with page(browser, f"/traces/{RUN}") as shown:
        links = shown.locator(".linked-from")
        expect(links.get_by_role("link")).to_have_count(2)
        expect(links).to_contain_text("(nightly logs)")
        assert "\u202e" not in links.inner_html()
        links.get_by_role("link", name=LAST).click()
        shown.wait_for_url(f"**/traces/{LAST}?segment={1:016x}")
        expect(shown.locator(".linked")).to_contain_text(RUN)
        expect(shown.locator(".linked-from")).to_have_count(0)


def hostile(browser):
    name, of_it = "<script>alert(1)</script>", f"/traces/{HOSTILE}"
    for path, part, told, expected in [
        (f"{of_it}/compare?with={FIRST}", ".annotations", name, ()),
        (f"/traces/{FIRST}/compare?with={HOSTILE}", ".annotations", name, ()),
        (f"{of_it}/compare", "h1", "Compare hostile", ()),
        (f"{of_it}/compare?with=previous-of-job", "[role=alert]", "no trace of job", ("404",)),
        (of_it, "h1", "hostile", ()),
    ]:
        with page(browser, path, expected=expected) as shown:
            expect(shown.locator(part, has_text=told).first).to_be_visible()
            assert shown.locator('main script, main a[href^="javascript:"]').count() == 0
            text = shown.locator("main").inner_html()
            assert "\u202e" not in text, path


def large(browser):
    path = f"/traces/{WORKERS}/compare?with={HELPERS}"
    for asked in [path, f"{path}&sort=difference"]:
        started = time.monotonic()
        with urllib.request.urlopen(URL + asked) as answer:
            bytes = len(answer.read())
        print(f"answer of the server for 2 times 10,000 segments: {1000 * (time.monotonic() - started):.0f} ms, {bytes} bytes")
    with page(browser, path) as shown:
        expect(shown.locator(".compared tbody tr")).to_have_count(500)
        expect(shown.locator(".pages")).to_contain_text("1–500 of 14999 rows")
        expect(shown.locator(".verdict")).to_contain_text("4999 only in A, 4999 only in B")
        shown.keyboard.press("]")
        expect(shown.locator(".pages")).to_contain_text("501–1000 of 14999 rows")
        shown.locator("#level-1").click()
        expect(shown.locator(".compared tbody tr")).to_have_count(1)
        expect(row(shown, "root")).to_contain_text("+14998 within")


with browser() as browser:
    walks(browser)
    found(browser)
    keeps(browser)
    without_scripts(browser)
    linked(browser)
    hostile(browser)
    large(browser)
    looks(browser)
