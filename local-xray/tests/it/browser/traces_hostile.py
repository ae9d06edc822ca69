"""Names from outside are told as text, and chosen as text."""

from console import browser, expect, looked_at, page

with browser() as browser:
    looked_at(browser, "/traces", "traces-hostile")
    with page(browser, "/traces") as shown:
        expect(shown.locator(".rows tbody tr")).to_have_count(6)
        assert shown.locator("script").count() == 2
        users = shown.locator(".refiner", has=shown.get_by_role("heading", name="User", exact=True)).get_by_role("link")
        for number in range(5):
            term = users.nth(number).get_attribute("title")
            users.nth(number).click()
            # Each value finds its own trace: it was quoted rightly.
            expect(shown.locator("#filter")).to_have_value(term)
            expect(shown.locator("#traces-head")).to_contain_text("1 trace matches")
            expect(shown.locator(".rows tbody tr")).to_have_count(1)
            shown.go_back()
            expect(shown.locator(".rows tbody tr")).to_have_count(6)
