"""A server of a site in this process, for as long as a test needs it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imagedb_site.serve import SiteServer


@contextlib.contextmanager
def running(site: Path, **options: Any) -> Iterator[SiteServer]:
    with SiteServer(site, port=0, **options) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
