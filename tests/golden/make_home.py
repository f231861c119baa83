"""Writes home.json: what the manifest may say about the start page, and what readers refuse.

Run `python tests/golden/make_home.py` after a change of docs/FORMAT.md 2.20.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from make_site_tiny import make_input

from imagedb_site.site import SiteHome
from imagedb_site.site.home_entry import home_entry

HERE = Path(__file__).parent
ROWS = 24
"""Rows of the golden collection."""


def entry(**given: Any) -> dict[str, Any]:
    """What the writer writes for the golden collection."""
    made = home_entry(dataclasses.replace(make_input(), home=SiteHome(**given)))
    assert made is not None
    return made


def cases() -> dict[str, Any]:
    plain = entry(sections=["topics"])
    return {
        "rows": ROWS,
        "accepted": [
            plain,
            entry(sections=["sample", "recent"], sample=[3, 0, 23], recent=[5], dated="taken"),
            entry(sections=[]),
            plain | {"sections": ["of a later program", "constructor"]},
            plain | {"more": 1},
        ],
        "refused": [
            [],
            "topics",
            plain | {"sections": "topics"},
            plain | {"sections": ["topics", "topics"]},
            plain | {"sections": [1]},
            plain | {"sections": [str(number) for number in range(49)]},
            plain | {"sample": [24]},
            plain | {"sample": [-1]},
            plain | {"sample": [0.5]},
            plain | {"sample": ["0"]},
            plain | {"sample": [True]},
            plain | {"sample": [1, 1]},
            plain | {"recent": None},
            plain | {"dated": "nothing"},
            plain | {"dated": 3},
            {key: value for key, value in plain.items() if key != "recent"},
            {key: value for key, value in plain.items() if key != "dated"},
        ],
    }


def text() -> str:
    return json.dumps(cases(), ensure_ascii=True, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    (HERE / "home.json").write_text(text(), encoding="utf-8")
