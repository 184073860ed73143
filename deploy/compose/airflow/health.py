"""Ask a server of the stack whether it is well: exit code 0, or 1 and why. Standard library only.

`python health.py URL` asks that the server answers 200; `python health.py URL PART` that Airflow's health page, which
is at this address, calls the part healthy.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from typing import Any

#: Less than the `timeout` of the health checks, so that the reason is told.
ANSWER_SECONDS = 8


def problem(url: str, part: str | None) -> str:
    """Say what is wrong; nothing if all is well."""
    # No proxy of the user: every server is in this network.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=ANSWER_SECONDS) as reply:
            text = reply.read()
        told: dict[str, Any] = json.loads(text) if part else {}
    except (OSError, ValueError) as error:
        return f"{url}: {error}"
    if part and (status := (told.get(part) or {}).get("status")) != "healthy":
        return f"{part} is {status or 'not there'}"
    return ""


if __name__ == "__main__":
    found = problem(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
    sys.exit(found or 0)
