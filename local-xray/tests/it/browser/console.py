"""What the scripts share: a browser, pages that are watched for faults, the check of accessibility."""

import contextlib
import json
import os
import shutil
import sys
import urllib.request

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

URL = sys.argv[1]

# What takes longer is broken. The build is one for debugging, and the machine may be busy with others.
TIMEOUT = 60_000
expect.set_options(timeout=TIMEOUT)


@contextlib.contextmanager
def browser():
    with sync_playwright() as playwright:
        path = shutil.which(os.environ.get("XRAY_ECS_TEST_CHROMIUM", "chromium-headless-shell"))
        # In a container Chromium has no sandbox of its own for root.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextlib.contextmanager
def page(browser, path="/", width=1280, height=800, theme="light", scripts=True, expected=()):
    """A page at a path. Any fault that the browser tells, such as a refused style, ends the script, but for
    those that hold one of the `expected` texts."""
    context = browser.new_context(
        base_url=URL,
        viewport={"width": width, "height": height},
        color_scheme=theme,
        java_script_enabled=scripts,
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(TIMEOUT)
    page = context.new_page()
    faults = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(path)
    yield page
    context.close()
    faults = [fault for fault in faults if not any(text in fault for text in expected)]
    assert not faults, faults


def accessible(page):
    """No violation of the rules of axe-core, those of WCAG A and AA and its best practices."""
    violations = Axe().run(page).response["violations"]
    told = [
        f"{violation['id']}: {violation['help']}\n"
        + "\n".join(f"  {node['html']}\n  {node['failureSummary']}" for node in violation["nodes"][:3])
        for violation in violations
    ]
    assert not told, f"{page.url}\n" + "\n".join(told)


def fits(page):
    """The page is not wider than the window: only parts of it scroll."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        # The first of what is too wide, to be told.
        culprit = page.evaluate(
            "[...document.querySelectorAll('body *')].find(e => e.getBoundingClientRect().right"
            " > innerWidth + 1 && !e.closest('[data-scrolls], .table, .copied, svg'))?.outerHTML.slice(0, 300)"
        )
        raise AssertionError(f"{page.url} is {wide} pixels too wide: {culprit}")


def looked_at(browser, path, name, prepare=None, expected=()):
    """Opens a path in both themes, wide and narrow, checks that everybody can use it, and takes pictures."""
    for theme in ["light", "dark"]:
        for width in [1280, 400]:
            with page(browser, path, width=width, theme=theme, expected=expected) as shown:
                if prepare:
                    prepare(shown)
                accessible(shown)
                fits(shown)
                picture(shown, f"{name}-{theme}-{width}")


def copied(page, is_it):
    """Waits until the clipboard holds what this JavaScript says of `text`."""
    page.wait_for_function(f"navigator.clipboard.readText().then(text => {is_it})")
    return page.evaluate("navigator.clipboard.readText()")


def picture(page, name):
    directory = os.environ.get("XRAY_ECS_TEST_SCREENSHOTS")
    if directory:
        os.makedirs(directory, exist_ok=True)
        page.screenshot(path=os.path.join(directory, f"{name}.png"), full_page=True)


def put(*documents):
    """Sends segment documents to the server."""
    body = json.dumps({"TraceSegmentDocuments": [json.dumps(document) for document in documents]}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{URL}/TraceSegments", body, headers, method="POST")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["UnprocessedTraceSegments"]
