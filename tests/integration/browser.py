"""A real browser that opens a page and tells what it did: requests, lines in the console, the page that came of it.

Needs a Chromium on the PATH (Debian: ``apt-get install chromium``).
"""

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr",
    "--virtual-time-budget=5000",
)
CONSOLE = re.compile(r"CONSOLE[^\]]*\] *(.*)")


class Seen:
    """What a browser made of a page."""

    def __init__(self, page: Path, folder: Path, *flags: str) -> None:
        assert CHROMIUM is not None
        log = folder / f"{page.stem}.netlog.json"
        command = [
            CHROMIUM,
            *FLAGS,
            *flags,
            f"--user-data-dir={folder / 'home'}",
            f"--log-net-log={log}",
            "--dump-dom",
            page.as_uri(),
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as browser:
            try:
                self.dom, errors = browser.communicate(timeout=120)
            finally:
                if browser.poll() is None:
                    os.killpg(browser.pid, signal.SIGKILL)
        self.console = CONSOLE.findall(errors)
        text = log.read_text("utf-8")
        events = json.loads(text if text.rstrip().endswith("}") else text.rstrip().rstrip(",") + "]}")["events"]
        urls = [event["params"]["url"] for event in events if "url" in event.get("params", {})]
        # The browser itself asks its maker for updates and the like; such requests have no page behind them.
        self.requests = sorted(
            {url for url in urls if not url.startswith(("file:", "data:", "chrome"))} - _of_browser(urls)
        )


def _of_browser(urls: list[str]) -> set[str]:
    hosts = (".google.com/", ".googleapis.com/", ".gvt1.com/", ".gstatic.com/")
    return {url for url in urls if any(host in url for host in hosts)}
