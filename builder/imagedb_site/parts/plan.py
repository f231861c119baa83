"""Cuts the pictures of a build into parts, and names each part by all that decides what is in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from imagedb_site.pictures import Recipe, Work
from imagedb_site.records import PictureRef

_FORMAT = 1


def cut(works: Iterable[Work], size: int) -> Iterator[list[Work]]:
    """Yields groups of `size` works. The last group is smaller.

    A build stores whole groups. So the groups that are left after an interrupted build are the same again.
    """
    todo = iter(works)
    while group := list(islice(todo, size)):
        yield group


def to_plan(works: Sequence[Work], recipes: Sequence[Recipe]) -> bytes:
    """Returns the works of a part as JSON lines; `recipes` are all that a work may ask for."""
    return b"".join(
        json.dumps(
            {
                "key": work.key,
                # A worker has another working folder.
                "picture": asdict(work.picture) | {"path": str(work.picture.path.absolute())},
                "recipes": [recipes.index(recipe) for recipe in work.recipes],
                "input": work.input,
            }
        ).encode()
        + b"\n"
        for work in works
    )


def from_plan(data: bytes, recipes: Sequence[Recipe]) -> list[Work]:
    """Returns the works that `to_plan` was given."""
    return [_work(json.loads(line), recipes) for line in data.splitlines()]


def _work(given: dict[str, Any], recipes: Sequence[Recipe]) -> Work:
    picture = PictureRef(**given["picture"] | {"path": Path(given["picture"]["path"])})
    wanted = tuple(recipes[number] for number in given["recipes"])
    return Work(given["key"], picture, wanted, given["input"])


def name_of(plan: bytes, recipes: Sequence[Recipe], versions: dict[str, str]) -> str:
    """Returns the name of the part with this plan, 32 hex digits.

    Files, sizes asked for, model and versions of all programs that matter are in it.
    """
    settings = [_FORMAT, [recipe.hash for recipe in recipes], sorted(versions.items())]
    digest = hashlib.sha256(json.dumps(settings).encode() + b"\n" + plan)
    return digest.hexdigest()[:32]
