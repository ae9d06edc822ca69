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

        shown.keyboard.press("p")
        expect(shown.locator("#live")).to_have_text("Paused")
        expect(shown.locator("#pause")).to_have_attribute("aria-pressed", "true")
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
