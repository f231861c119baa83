"""A page of search results that stands alone: thumbnails inside, links to the files beside."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from ..display import shown
from ..errors import StorageError

if TYPE_CHECKING:
    from ..search import Collection, Hit, SearchResponse


def write_gallery(
    file: Path, collection: Collection, answers: Sequence[tuple[str, SearchResponse]]
) -> None:
    """Write the answers to `file`, replacing it. Raises StorageError if it cannot be written."""
    searches = [
        {
            "query": shown(text),
            "hits": [_shown(hit, collection) for hit in response.hits],
            "notices": [shown(notice.message) for notice in response.notices],
            "divide": response.divide,
        }
        for text, response in answers
    ]
    page = _environment().get_template("gallery.html.j2").render(searches=searches)
    try:
        temporary = file.with_name(file.name + ".part")
        temporary.write_text(page, encoding="utf-8")
        temporary.replace(file)
    except OSError as error:
        raise StorageError(f"Cannot write {file}: {error.strerror}.") from error


def _shown(hit: Hit, collection: Collection) -> dict[str, Any]:
    picture = collection.thumbnail(hit)
    address = collection.index.address(hit.row)
    fields = hit.document["fields"]
    why = [f"similarity {hit.similarity:.3f}"] if hit.similarity is not None else []
    why += [f"{arm} no. {place + 1}" for arm, place in hit.ranks.items()]
    if hit.matched:
        why.append("has " + ", ".join(hit.matched))
    return {
        "id": hit.image_id,
        "path": shown(hit.document["path"]),
        "title": shown(str(fields.get("title") or fields.get("label") or "")),
        "picture": picture
        and "data:image/webp;base64," + base64.b64encode(picture).decode("ascii"),
        "address": address,
        "folder": address.rpartition("/")[0] + "/"
        if address and address.startswith("file:")
        else None,
        "why": shown(" · ".join(why)),
        "weaker": hit.likely is False,
    }


def _environment() -> jinja2.Environment:
    from ..site.assets import template_folder

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_folder()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
