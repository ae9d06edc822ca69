"""One trace: read, walked through, searched, followed while it goes on; also without scripts, and a large one."""

import sys

from console import URL, browser, expect, looked_at, page

SHOP, HOSTILE, RUNNING, ALIKE, DIFFERENT = sys.argv[2:]
SHOP = f"/traces/{SHOP}"

with browser() as browser:
    looked_at(browser, SHOP, "trace")
    for tab in ["resources", "annotations", "metadata", "exceptions", "raw"]:
        looked_at(browser, f"{SHOP}?tab={tab}", f"trace-{tab}")
    looked_at(browser, f"{SHOP}?segment=00000000000000a5&tab=exceptions&find=card", "trace-find")
    looked_at(browser, f"/traces/{HOSTILE}?segment=00000000000000c4", "trace-hostile")
    looked_at(browser, f"/traces/{RUNNING}", "trace-running")
    looked_at(browser, f"/traces/{ALIKE}", "trace-alike")
