"""Takes the pictures of README: `python3 docs/pictures/take.py target/release/xray-ecs`, with playwright and pillow from
PyPI, and Debian's chromium-headless-shell. Jobs run against local services whose S3 fails now and then; what is seen is what they left."""

import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())

NIGHTLY = {
    "version": 1,
    "name": "nightly",
    "defaults": {"retry": {"max_attempts": 2, "base_delay": "20ms"}},
    "jobs": [
        {"name": "logs", "type": "create-bucket", "bucket": "acme-logs-{account}", "versioning": True},
        {"name": "media", "type": "create-bucket", "bucket": "acme-media-{account}", "tags": {"team": "web"}},
        {"name": "export", "type": "command", "command": ["sh", "-c", "sleep 0.2; echo 12 tables"]},
        {"name": "import", "type": "command", "command": ["sh", "-c", "sleep 0.1; echo no such table: orders >&2; exit 3"]},
    ],
}


def serve(place):
    free = ["--listen", "127.0.0.1:0", "--s3", "127.0.0.1:0", "--daemon", "127.0.0.1:0"]
    faults = ["--s3-faults", "rate=0.02,kinds=slow_down+internal_error,seed=5"]
    server = subprocess.Popen(
        [PROGRAM, "local", *free, *faults], cwd=place, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    for line in server.stdout:
        if url := re.match("export AWS_ENDPOINT_URL_XRAY=(.*)", line):
            return server, url[1].strip()
    raise SystemExit("the server did not start")


def run(place, *arguments):
    done = subprocess.run([PROGRAM, "run", "--local", "--allow-command", *arguments], cwd=place, capture_output=True)
    # Jobs fail here now and then, that is what is shown; a run that did not begin is another matter.
    assert done.returncode in (0, 1), done.stderr.decode()


def save(picture, name):
    """Few colours are enough, and a third of the size."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(200, dither=Image.Dither.NONE)
    image.save(HERE / name, optimize=True)
    print(name, (HERE / name).stat().st_size, "bytes")


def main():
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        (pathlib.Path(place) / "nightly.json").write_text(json.dumps(NIGHTLY))
        server, url = serve(place)
        try:
            for _ in range(3):
                run(place, "nightly.json")
            run(place, str(ROOT / "jobs/fleet.json"))
            run(place, str(ROOT / "jobs/hardened-bucket.json"))
            path = shutil.which(os.environ.get("XRAY_ECS_TEST_CHROMIUM", "chromium-headless-shell"))
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            size = {"width": 1280, "height": 760}
            page = browser.new_context(base_url=url, viewport=size, device_scale_factor=1.5).new_page()
            page.goto("/?since=15m")
            save(page.screenshot(), "map.png")
            page.goto('/traces?since=15m&filter=annotation.job = "import"')
            page.locator("tbody a").first.click()
            page.get_by_role("link", name=re.compile("Exceptions")).click()
            save(page.screenshot(), "trace.png")
            browser.close()
        finally:
            server.terminate()
            server.wait()


main()
