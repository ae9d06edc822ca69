"""Every page: usable by everybody in both themes, wide and narrow, also without scripts; keys; theme; pause."""

from console import browser, expect, looked_at, page

PAGES = {"/": "Service map", "/traces": "Traces", "/runs": "Runs", "/jobs": "Jobs", "/rejects": "Rejects"}

with browser() as browser:
    for path, title in PAGES.items():
        looked_at(browser, path, "empty-" + title.lower().replace(" ", "-"))
        with page(browser, path, scripts=False) as shown:
            expect(shown.locator("h1")).to_have_text(title)
            expect(shown.locator("#pause")).to_be_hidden()

    with page(browser) as shown:
        expect(shown.locator("#live")).to_have_text("Live")
        for number, (path, title) in enumerate(PAGES.items(), 1):
            shown.keyboard.press(str(number))
            shown.wait_for_url("**" + path)
            expect(shown.locator("nav [aria-current=page]")).to_have_text(title)

        shown.keyboard.press("?")
        expect(shown.get_by_role("dialog", name="Keys")).to_be_visible()
        shown.keyboard.press("Escape")
        expect(shown.get_by_role("dialog", name="Keys")).to_be_hidden()

        # A key that comes at once after the dialog has gone counts, although the focus is yet in its tick box.
        shown.evaluate(
            "const keys = document.getElementById('keys'); keys.showModal(); keys.close();"
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: '?', bubbles: true }))"
        )
        expect(shown.get_by_role("dialog", name="Keys")).to_be_visible()
        shown.keyboard.press("Escape")

        # Behind the dialog no key does anything, and all of them can be turned off.
        shown.keyboard.press("?")
        shown.keyboard.press("2")
        expect(shown.get_by_role("dialog", name="Keys")).to_be_visible()
        shown.get_by_label("Keys act").uncheck()
        shown.get_by_role("button", name="Close").click()
        shown.keyboard.press("p")
        shown.reload()
        expect(shown.locator("#live")).to_have_text("Live")
        shown.keyboard.press("p")
        shown.get_by_role("button", name="Keys").click()
        expect(shown.locator("#live")).to_have_text("Live")
        shown.get_by_label("Keys act").check()
        shown.get_by_role("button", name="Close").click()

        shown.keyboard.press("p")
        expect(shown.locator("#live")).to_have_text("Paused")
        expect(shown.locator("#pause")).to_have_text("Go on")
        shown.keyboard.press("p")
        expect(shown.locator("#live")).to_have_text("Live")

        ground = "getComputedStyle(document.documentElement).backgroundColor"
        assert shown.evaluate(ground) == "rgb(255, 255, 255)"
        shown.get_by_role("button", name="Dark").click()
        assert shown.evaluate(ground) == "rgb(13, 17, 23)"
        shown.reload()
        assert shown.evaluate(ground) == "rgb(13, 17, 23)"
        shown.get_by_role("button", name="Light").click()
        assert shown.evaluate(ground) == "rgb(255, 255, 255)"

    # The way to the content is no way to another page, and asks for none.
    with page(browser, "/traces?since=1d") as shown:
        asked = []
        shown.on("request", lambda request: asked.append(request.url))
        shown.keyboard.press("Tab")
        shown.keyboard.press("Enter")
        expect(shown.locator("#content")).to_be_focused()
        assert shown.url.endswith("/traces?since=1d#content"), shown.url
        assert all("/live" in url for url in asked), asked

    # Who looks at a window between two times can choose another.
    for scripts in [True, False]:
        with page(browser, "/traces?start=2026-01-01T00:00:00Z&end=2026-01-01T01:00:00Z", scripts=scripts) as shown:
            shown.get_by_label("Time", exact=True).select_option("Last 3 hours")
            if not scripts:
                shown.get_by_role("button", name="Apply").click()
            expect(shown.get_by_label("Time", exact=True)).to_have_value("3h")
            expect(shown.locator("footer")).to_contain_text("the last 3 hours")
            shown.locator("summary", has_text="Between").click()
            shown.get_by_label("From (UTC)").fill("2026-01-01T00:00:00")
            shown.get_by_role("button", name="Apply").click()
            expect(shown.locator("footer")).to_contain_text("2026-01-01 00:00:00 UTC to")
