"""`imagedb-site model export`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..errors import UsageError
from .progress import ProgressBar

PRECISIONS = ("int8", "int4", "fp16", "fp32")


@click.command("export")
@click.argument("model")
@click.option("--pretrained", metavar="TAG", help="Weights from OpenCLIP's list (downloaded).")
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path),
    help="Weights from a file: safetensors, or a plain PyTorch state dictionary. With a TAG, its "
    "weights from a file instead of the network.",
)
@click.option(
    "--tokenizer",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A tokenizer.json, for models whose tokenizer would be downloaded.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder of the pack.  [default: the cache, where its name finds it]",
)
@click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    help="Precision of the text tower's weights; with int4, the image tower gets int8.  [default: int8; for "
    "builtin as trained]",
)
@click.option(
    "--image-precision",
    type=click.Choice(PRECISIONS),
    help="Precision of the image tower's weights.",
)
@click.option(
    "--pictures",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Pictures for comparing the pack with torch.  [default: generated ones]",
)
@click.option(
    "--static-texts",
    type=click.IntRange(0),
    default=20_000,
    show_default=True,
    metavar="N",
    help="How many texts the static rows are fitted to, which answer before the text tower has "
    "loaded. With 0 the pack has none.",
)
@click.option("--licence", metavar="ID", help="Licence of the weights, for example MIT.")
@click.option("--non-commercial", is_flag=True, help="The licence forbids commercial use.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def export_command(
    model: str,
    pretrained: str | None,
    checkpoint: Path | None,
    tokenizer: Path | None,
    output: Path | None,
    precision: str | None,
    image_precision: str | None,
    pictures: Path | None,
    static_texts: int,
    licence: str | None,
    non_commercial: bool,
    as_json: bool,
) -> None:
    """Turn an OpenCLIP MODEL into a pack for builds and browsers.

    MODEL is an architecture, with --pretrained or --checkpoint, or with its weights in one word as in
    ViT-B-32:laion2b_s34b_b79k; or builtin, with the --checkpoint of one tuned further. The pack is
    kept only when it agrees with the original. Needs the extra: pip install 'imagedb-site[openclip]'.

    \b
    Examples:
      imagedb-site model export ViT-B-32:datacomp_xl_s13b_b90k --precision int4
      imagedb-site model export ViT-B-16-SigLIP2:webli --checkpoint siglip2.safetensors \\
        --tokenizer tokenizer.json -o packs/siglip2 --licence Apache-2.0
    """
    from ..cache import cache_name, packs_folder
    from ..models import BUILTIN
    from ..openclip.source import Source, import_openclip, parse_name

    named = parse_name(model)
    if named is not None and pretrained:
        raise UsageError(f"“{model}” names its weights already; leave --pretrained out.")
    if named is None and not (pretrained or checkpoint):
        raise UsageError(
            f"No weights given for {model}.",
            "Give --pretrained TAG, --checkpoint FILE or MODEL:TAG.",
        )
    if named is not None:
        model, pretrained = named.model, named.pretrained
    if model == BUILTIN and checkpoint is None:
        raise UsageError("The built-in model is a pack already.", "Give --checkpoint FILE.")
    source = Source(model, pretrained, checkpoint, tokenizer)
    folder = output or packs_folder() / cache_name(source.label)
    folder.parent.mkdir(parents=True, exist_ok=True)

    import_openclip()
    from ..openclip.exporter import (
        Options,
        as_trained,
        export_builtin,
        export_pack,
    )

    options = Options(
        precision=precision or "int8",  # type: ignore[arg-type]
        image_precision=image_precision,  # type: ignore[arg-type]
        pictures=pictures,
        static_texts=static_texts,
        licence=None
        if licence is None
        else {"id": licence, "note": "", "commercial": not non_commercial},
    )
    with ProgressBar(quiet=as_json) as progress:
        if model == BUILTIN and checkpoint is not None:
            if precision is None and image_precision is None:
                options = as_trained(options)
            pack = export_builtin(checkpoint, folder, options, progress=progress)
        else:
            pack = export_pack(source, folder, options, progress=progress)
    if as_json:
        click.echo(json.dumps({"id": pack.id, "path": str(pack.path), "bytes": pack.total_bytes}))
        return
    click.echo(f"{pack.id} in {pack.path}, {pack.total_bytes / 1e6:,.1f} MB. Use it with:")
    click.echo(f"  imagedb-site build PICTURES --model {output or source.label}")
