"""What the report of a build says of damage in the library, which the build has repaired."""

from __future__ import annotations

from .index import LIBRARY_FILE
from .library import Repair
from .library.verify import by_picture
from .records import Problem


def repaired(lost: Repair) -> list[Problem]:
    """What was damaged of each picture; the collection itself has the name of the library."""
    return [
        Problem(picture or LIBRARY_FILE, ", ".join(what))
        for picture, what in by_picture(lost.losses).items()
    ]


def repair_notes(lost: Repair) -> list[str]:
    """What the owner should know of the repair as a whole."""
    notes = []
    if lost.aside is not None:
        notes.append(
            f"The library was damaged ({lost.reason}). What was intact was kept. "
            f"The damaged file is {lost.aside}; you can delete it."
        )
    if not lost.layout:
        notes.append(
            "The layout of the last build was damaged in the library. The site has that of a first "
            "build: if it had grown, most of its files have changed, and the next upload is large."
        )
    return notes
