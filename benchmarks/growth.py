"""What a site costs as its collection grows: memory to write and read it, bytes to deploy and to visit it.

    make bench NAME=growth [ARGS="--rows 1000000 --grow 20000"]

manifest_gzip_bytes_1m      manifest.json of the large synthetic site, gzip-compressed
write_1m_peak_rss_mb        peak memory of writing it (128-px thumbnails reused, 256 dimensions)
write_1m_cpu_s              processor seconds of the same
table_2m_peak_rss_mb        peak memory of reading and joining a table of two million rows
reader_search_1m_s          a search of the large site, from a folder, in a new process
reader_search_1m_rss_mb     its peak memory
add_100_upload_bytes        `front` and `end`: files that a deployment has to upload after 100 pictures
                            were added to 20,000, at either end of the default order
caption_upload_bytes        the same after one caption was edited
first_tiles_bytes_1m, _5k   everything a visitor loads, from an empty cache to the last thumbnail in view
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from growth_pictures import Growing
from harness import emit, note, run_cli

HERE = Path(__file__).resolve().parent


def run(name: str, *arguments: str | Path) -> dict[str, Any]:
    """Run another benchmark in its own process. Returns the JSON object on its last line."""
    command = [sys.executable, str(HERE / name), *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{name} failed.")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def snapshot(site: Path) -> dict[str, str]:
    """The SHA-256 of every file of a site by its path."""
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(site.rglob("*"))
        if path.is_file()
    }


def upload(before: dict[str, str], site: Path) -> int:
    """Bytes of the files that are new or different."""
    changed = [path for path, digest in snapshot(site).items() if before.get(path) != digest]
    return sum((site / path).stat().st_size for path in changed)


def growing(root: Path, start: int) -> dict[str, Any]:
    """Build real pictures, add to them and edit one; what each step changes."""
    found: dict[str, Any] = {}
    grown = Growing(root)
    site = root / "dist"
    build = ["build", grown.pictures, "-o", site, "--metadata", grown.table, "--title", "Growth"]

    def publish(what: str) -> int:
        note(f"building: {what}")
        before = snapshot(site) if site.exists() else {}
        run_cli(*build)
        return upload(before, site)

    grown.add(5000)
    publish("5,000 pictures")
    found["first_tiles_5k"] = run("first_tiles.py", site)
    grown.add(start - 5000)
    publish(f"{start:,} pictures")
    found["site_bytes"] = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    grown.add(100)
    front = publish("100 more at the front")
    grown.add(100, newest=False)
    end = publish("100 more at the end")
    found["add_100_upload_bytes"] = {"front": front, "end": end}
    grown.edit_caption()
    found["caption_upload_bytes"] = publish("one caption edited")
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--grow", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, help="where to work; default a temporary folder")
    options = parser.parse_args()
    work = options.folder or Path(tempfile.mkdtemp(prefix="imagedb-growth-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        note(f"writing {options.rows:,} rows")
        large = work / "large"
        written = run("growth_site.py", large, "--rows", str(options.rows))
        note("searching them")
        read = run("growth_reader.py", large)
        note("first tiles")
        tiles = run("first_tiles.py", large)
        shutil.rmtree(large, ignore_errors=True)
        note("a table of two million rows")
        table = run("growth_table.py")
        grown = growing(work / "growing", options.grow)
    finally:
        if options.folder is None:
            shutil.rmtree(work, ignore_errors=True)
    emit(
        {
            "rows": options.rows,
            "manifest_gzip_bytes_1m": written["manifest_gzip_bytes"],
            "write_1m_peak_rss_mb": written["peak_rss_mb"],
            "write_1m_cpu_s": written["cpu_s"],
            "table_2m_peak_rss_mb": table["table_2m_peak_rss_mb"],
            "table_2m_s": table["table_2m_s"],
            "reader_search_1m_s": read["reader_search_1m_s"],
            "reader_search_1m_rss_mb": read["reader_search_1m_rss_mb"],
            "first_tiles_bytes_1m": tiles["first_tiles_bytes"],
            "first_tiles_bytes_5k": grown["first_tiles_5k"]["first_tiles_bytes"],
            "add_100_upload_bytes": grown["add_100_upload_bytes"],
            "caption_upload_bytes": grown["caption_upload_bytes"],
            "site_bytes": grown["site_bytes"],
        }
    )


if __name__ == "__main__":
    main()
