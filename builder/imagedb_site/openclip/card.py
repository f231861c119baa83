"""The card of an exported pack: what it is, and how far it agrees with the original."""

from __future__ import annotations

from imagedb_site.openclip.parity import BARS, FLOAT_BOUND, TIE, Parity
from imagedb_site.openclip.quantize import WeightPrecision
from imagedb_site.openclip.static_rows import StaticRows
from imagedb_site.openclip.trace import Traced
from imagedb_site.packs import ModelPack


def card(
    traced: Traced,
    pack: ModelPack,
    precision: WeightPrecision,
    image_precision: WeightPrecision,
    result: Parity,
    static: StaticRows | None = None,
) -> str:
    """Markdown."""
    files, tokens, licence = (pack.manifest[key] for key in ("files", "tokens", "licence"))
    table_bytes = sum(files[file]["bytes"] for file in tokens["shards"])
    weights = pack.manifest["text"].get("weights", ())
    core_bytes = sum(files[file]["bytes"] for file in ("text.onnx", *weights))
    large = (
        f"\nThe text core is large: it runs on integers of 8 bits. Its weights lie in {len(weights)} files.\n"
        if weights
        else ""
    )
    figures = "\n".join(f"| {key} | {value:g} |" for key, value in result.rounded().items())
    bar = BARS[precision]
    stand_in = (
        f"\nStatic rows, whose sums stand in for the text tower while it loads: cosine {static.cosine:.3f} "
        f"on average, for {static.texts:,} texts they were not fitted to.\n"
        if static
        else ""
    )
    return f"""# {pack.id}

{traced.origin}

| part | precision | bytes |
|---|---|---|
| image tower | {image_precision} | {files["image.onnx"]["bytes"]:,} |
| text core | {precision} | {core_bytes:,} |
| token table, {tokens["rows"]:,} rows | {tokens["precision"]} | {table_bytes:,} |
{large}
## Agreement with torch

Compared on {result.pictures} {"given" if traced.given_pictures else "drawn"} pictures and
{result.prompts} prompts. The gate: float graphs within {FLOAT_BOUND:g}; this precision's
cosines at least {bar.cosine:g}; agreement of the first ten at least {bar.agreement:g}, similarities
within {TIE:g} counting as equal.

| figure | value |
|---|---|
{figures}
{stand_in}
## Licence and use

{licence["id"]}. {licence["note"]}
The training data, intended use and weaknesses are those its publisher states.
"""
