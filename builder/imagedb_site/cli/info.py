"""`imagedb-site info`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..bucket_addresses import is_bucket
from ..display import json_line, shown
from ..errors import UsageError

if TYPE_CHECKING:
    from ..reader.manifest import Vectors
    from ..reader.meaning_map import MapFiles
    from ..reader.objects import ObjectFiles


@click.command("info")
@click.argument("place", default="dist")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(place: str, as_json: bool) -> None:
    """Show what is in PLACE: a site (folder, URL or s3://…), a library, or a model pack.

    \b
    Examples:
      imagedb-site info
      imagedb-site info dist.library
      imagedb-site info https://example.org/pictures/ --json
      imagedb-site info builtin
    """
    facts = _facts(place)
    if as_json:
        click.echo(json_line(facts))
        return
    for name, value in facts.items():
        text = ", ".join(value) if isinstance(value, list) else str(value)
        click.echo(f"{name + ':':<20} {shown(text)}")


def _facts(place: str) -> dict[str, Any]:
    from ..index import LIBRARY_FILE

    path = Path(place)
    at_address = place.startswith(("http://", "https://")) or is_bucket(place)
    if at_address or (path / "manifest.json").exists():
        return _site(place)
    if (path / LIBRARY_FILE).exists() or (path.suffix == ".db" and path.is_file()):
        return _library(path / LIBRARY_FILE if path.is_dir() else path)
    if (path / "pack.json").exists() or not path.exists():
        return _pack(place)
    raise UsageError(
        f"{place} is not a site, a library or a model pack.",
        "Name a built site (dist), its library (dist.library) or a model (builtin).",
    )


def _site(place: str) -> dict[str, Any]:
    from ..reader import open_site

    with open_site(place) as site:
        manifest = site.manifest
        return {
            "site": place,
            "title": manifest.title,
            "images": manifest.count,
            "bytes": manifest.bytes,
            "fields": [f"{f.name} ({f.type})" for f in manifest.fields],
            "model": manifest.model.id if manifest.model else "none",
            **_objects(manifest.objects),
            **_embedded(manifest.vectors),
            **_map(manifest.map),
            "collection": manifest.hash,
            "generator": manifest.generator,
        }


def _objects(objects: ObjectFiles | None) -> dict[str, int]:
    """How many objects have several pages, and how many pages these are, if there are any."""
    return {} if objects is None else {"objects": objects.count, "pages": objects.rows}


def _embedded(vectors: Vectors | None) -> dict[str, int]:
    """How many rows are found by meaning: by their picture, and by their text."""
    if vectors is None:
        return {"pictures_embedded": 0, "texts_embedded": 0}
    known = vectors.count - (vectors.missing.count if vectors.missing else 0)
    texts = {"pictures": 0, "texts": known}.get(vectors.source)
    if texts is None:
        assert vectors.texts is not None
        texts = vectors.texts.count
    return {"pictures_embedded": known - texts, "texts_embedded": texts}


def _map(made: MapFiles | None) -> dict[str, int]:
    """How many points and topics the map of meaning has, if there is one."""
    return {} if made is None else {"map_points": made.count, "map_topics": made.topics}


def _library(file: Path) -> dict[str, Any]:
    from ..library import Library

    with Library.open(file) as library:
        return {
            "library": str(file),
            **library.stats(),
            "model": library.get_meta("model") or "none",
            "models": [
                f"{m['model']} ({m['embeddings']:,} embeddings of {m['dim']})"
                for m in library.models()
            ],
            "fields": [f"{f.name} ({f.type})" for f in library.fields()],
        }


def _pack(place: str) -> dict[str, Any]:
    from ..models import resolve

    pack = resolve(place)
    manifest = pack.manifest
    return {
        "model": pack.id,
        "description": manifest["description"],
        "dim": pack.dim,
        "bytes": pack.total_bytes,
        "licence": f"{manifest['licence']['id']}: {manifest['licence']['note']}",
        "path": str(pack.path),
    }
