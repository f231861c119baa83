"""The settings of a build: one typed object from flags and a TOML file, unknown keys rejected."""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from .bucket_addresses import BucketAddress, is_bucket, parse_bucket
from .config_checks import check_accent, check_home, check_language, check_url
from .errors import UsageError
from .layout import hash16
from .web_addresses import check_template, origin_of

ORIGINALS = ("none", "copy", "link")
EMBED = ("none", "text")
ENGINES = ("local", "ray")
DOWNLOADS = ("auto", "none", "jsonl", "csv", "all")
SourceKind = Literal[
    "folder", "table", "diffusiondb", "danbooru", "webdataset", "parquet", "imagefolder"
]
SOURCES: tuple[SourceKind, ...] = typing.get_args(SourceKind)
DEFAULT_CONFIG_NAME = "imagedb-site.toml"


@dataclass(frozen=True)
class BuildConfig:
    """Everything that decides what `build` publishes. Sizes are in pixels of the longer side."""

    pictures: Path
    """Folder of pictures, read recursively; with another `source`, its file or folder. In a settings file it
    may be an address in a bucket, `s3://bucket/pictures`."""
    output: Path = Path("dist")
    """Folder of the published site; replaced only once the new one is complete."""
    library: Path | None = None
    """Folder of the working library; default: `<output>.library` beside the output."""
    metadata: tuple[Path, ...] = ()
    """Sidecar tables (.csv, .tsv, .jsonl, .json, .parquet), joined by their column of file names."""
    exclude: tuple[Path, ...] = ()
    """Files and folders to leave out."""
    source: SourceKind = "folder"
    """What `pictures` is: a folder of pictures, or a data set (docs/guide/datasets.md)."""
    key: str | None = None
    """Of a table: the column with the keys of the rows; default: `id` or a similar name, else row numbers."""
    title: str | None = None
    """Title of the site; default: the name of the picture folder."""
    description: str = ""
    """One or two sentences below the title."""
    url: str | None = None
    """Address where the site will be published; pages that link to it can then show a preview picture."""
    language: str = "en"
    """Language of the title and the description, as a BCP 47 tag such as `de` or `pt-BR`."""
    logo: Path | None = None
    """A picture for the header and for the icon of the installed site, such as a square PNG."""
    cover: str | None = None
    """A picture above the title of the start page: the path of one below the picture folder, the
    key of another record, or any picture file."""
    home: tuple[str, ...] = ()
    """Sections of the start page in their order: `topics`, `sample`, `on-this-day`, `recent`; or
    `none`. Default: `topics` and `on-this-day`."""
    accent: str | None = None
    """Colour of links and buttons, six hexadecimal digits such as `b3261e`; it is made darker or lighter
    until it is legible."""
    attribution: tuple[str, ...] = ()
    """Credit lines shown on every page of the site."""
    model: str = "builtin"
    """Model pack: `builtin`, the name of an exported pack, or a folder; `none` to search by words only."""
    embeddings: Path | None = None
    """Parquet file with embeddings that were computed elsewhere: key and vector of each picture or record.
    `model` then encodes queries only."""
    embed: Literal["none", "text"] = "none"
    """What is embedded of records without a picture: nothing, or their text. Pictures are always embedded."""
    embed_fields: tuple[str, ...] = ()
    """Fields whose text is embedded; default: title and text of the list, or else all of full text."""
    map: bool = False
    """Make a map of meaning, on which similar pictures lie near each other, and its topics; needs the extra
    `map`."""
    thumbnail_size: int = 320
    """Thumbnails."""
    view_size: int = 1280
    """Larger pictures of the detail view; 0 publishes thumbnails only."""
    originals: Literal["none", "copy", "link"] = "none"
    """Publish the original files: copied, or hard-linked if the disk allows it. Positions and serial
    numbers are removed from copies unless `publish_location` is set."""
    publish_location: bool = False
    """Publish GPS positions, serial numbers and owner names found in the pictures."""
    portable: bool = False
    """Also write `portable/`, so that index.html can be opened from the disk by a double-click."""
    downloads: Literal["auto", "none", "jsonl", "csv", "all"] = "auto"
    """Metadata to download, with descriptions of the data set: JSON lines, CSV, or both; `auto` is both up
    to 10,000 images or records, and none above, because the files are then most of an update."""
    licence: str | None = None
    """Licence of the collection: an SPDX id such as CC-BY-4.0, a name, or a web address."""
    image_url_template: str | None = None
    """Addresses of pictures on another host, for records without a picture: `https://host/{field}.jpg`."""
    image_url_field: str | None = None
    """Field with the address of each record's picture on another host."""
    thumbnail_url_template: str | None = None
    """Addresses of small pictures on another host."""
    thumbnail_url_field: str | None = None
    """Field with the address of each record's small picture on another host."""
    allow_origin: tuple[str, ...] = ()
    """Hosts from which the site may load pictures, such as `https://images.example.org`. Without it the site
    loads nothing from anywhere else."""
    examples: tuple[str, ...] = ()
    """Example queries on the start page; default: chosen from the collection."""
    list_columns: tuple[str, ...] = ()
    """Fields that the list of results shows beside title and text; default: chosen from the collection."""
    limit: int | None = None
    """Take only the first N pictures."""
    batch_size: int = 32
    """Number of pictures per model run."""
    device: Literal["cpu", "auto", "cuda", "mps"] = "cpu"
    """Where pictures are embedded; `auto` takes a GPU if torch finds one."""
    workers: int | None = None
    """Processes that decode and work on rows; default: one per core. With `ray`: decoders of each worker."""
    engine: Literal["local", "ray"] = "local"
    """What makes thumbnails and embeddings and works on many rows: this machine, or a Ray cluster
    (docs/guide/clusters.md); the site is the same. Needs the extra `ray`."""
    address: str | None = None
    """Address of the Ray cluster, such as `10.0.0.1:6379`; default: RAY_ADDRESS, else this machine."""
    actors: int | None = None
    """Most workers of the cluster; default: as many as fit."""
    actor_cpus: int = 1
    """Processors of each worker."""
    actor_gpus: int = 0
    """GPUs of each worker; `device` says that the model runs on them."""
    part_size: int = 256
    """Pictures that a worker finishes and stores together."""
    rehash: bool = False
    """Read all files again to find changes that their size and times do not show."""
    retry_failed: bool = False
    """Try files again that could not be used in an earlier build."""
    repair: bool = False
    """Verify the whole library first, and repair what is damaged in it."""
    compact: bool = False
    """Return to the canonical layout, which a build from an empty library has (docs/FORMAT.md 2.12)."""
    strict: bool = False
    """Fail if there was any problem, and leave the site unchanged."""
    bucket: BucketAddress | None = None
    """Where the pictures are if `load_config` was given an address in a bucket as `pictures`; `pictures` is
    then the folder for what is read of them as a whole."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("thumbnail_size", 64, 1024),
            ("batch_size", 1, 4096),
            ("view_size", 0, 8192),
            ("actor_cpus", 1, 1024),
            ("actor_gpus", 0, 64),
            ("part_size", 1, 4096),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise UsageError(f"{name} is {value}, but must be between {low} and {high}.")
        for name in ("limit", "workers"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} is {value}, but must be at least 1.")
        if self.source not in SOURCES:
            raise UsageError(f"source is {self.source!r}, but must be one of {', '.join(SOURCES)}.")
        if self.key is not None and self.source != "table":
            raise UsageError(
                "Only a table has a column of keys.", "Leave out key, or use --from table."
            )
        if self.metadata and self.source != "folder":
            raise UsageError(
                f"A source of the kind {self.source} has its own metadata.", "Leave out --metadata."
            )
        if self.bucket is not None and self.source in ("diffusiondb", "danbooru"):
            reason = f"A data set of the kind {self.source} is not read from a bucket."
            raise UsageError(reason, "Copy it to this machine first.")
        if self.source == "parquet" and self.engine != "local":
            raise UsageError(
                "The workers of a cluster do not read pictures from rows.", "Leave out --engine."
            )
        if (self.bucket is not None or self.source == "parquet") and self.originals == "link":
            raise UsageError("Only pictures that are files can be linked.", "Use --originals copy.")
        if self.originals not in ORIGINALS:
            raise UsageError(
                f"originals is {self.originals!r}, but must be one of {', '.join(ORIGINALS)}."
            )
        if self.embed not in EMBED:
            raise UsageError(f"embed is {self.embed!r}, but must be one of {', '.join(EMBED)}.")
        if self.embed_fields and self.embed != "text":
            raise UsageError("embed_fields is given, but no text is embedded.", "Add --embed text.")
        if self.embeddings is not None and self.model == "none":
            raise UsageError(
                "Embeddings are given, but no model that encodes queries for them.",
                "Name the model that they were computed with: --model",
            )
        if self.embeddings is not None and self.embed == "text":
            raise UsageError(
                "Embeddings are given, so no text is embedded.",
                "Leave out --embed text, or leave out --embeddings.",
            )
        if self.embed == "text" and self.model == "none":
            raise UsageError(
                "Texts cannot be embedded without a model.",
                "Leave out --model none, or leave out --embed text.",
            )
        if self.map and self.model == "none":
            raise UsageError(
                "There is no map without a model.", "Leave out --model none, or leave out --map."
            )
        if self.address is not None and self.engine != "ray":
            raise UsageError("An address is that of a Ray cluster.", "Add --engine ray.")
        if self.downloads not in DOWNLOADS:
            raise UsageError(
                f"downloads is {self.downloads!r}, but must be one of {', '.join(DOWNLOADS)}."
            )
        check_language(self.language)
        check_home(self.home)
        if self.accent is not None:
            check_accent(self.accent)
        if self.url is not None:
            check_url(self.url)
        for origin in self.allow_origin:
            if origin_of(origin) != origin:
                raise UsageError(
                    f"allow_origin is {origin!r}, which is not an origin.",
                    "Give scheme and host only, such as https://images.example.org",
                )
        for name in ("image_url_template", "thumbnail_url_template"):
            template = getattr(self, name)
            if template is not None:
                check_template(name, template)

    @property
    def library_folder(self) -> Path:
        """The folder of the library: `library`, or its default beside the output."""
        return self.library or self.output.with_name(self.output.name + ".library")

    @property
    def bucket_folder(self) -> Path:
        """The folder in the library for what is read of a bucket as a whole."""
        return self.library_folder / "bucket" / hash16(str(self.bucket).encode("utf-8"))

    @property
    def bucket_root(self) -> Path:
        """The folder in `bucket_folder` that stands for the place in the bucket, and is called like it."""
        return self.bucket_folder / "files" / (self.bucket.name if self.bucket else "")

    @property
    def shown_pictures(self) -> str:
        """Where the pictures are, for people."""
        return str(self.bucket or self.pictures)

    def with_library(self, folder: Path) -> BuildConfig:
        """Returns the same settings with another library, which also has what is read of a bucket."""
        moved = replace(self, library=folder)
        if self.bucket is None:
            return moved
        old, new = self.pictures, moved.bucket_root

        def here(path: Path) -> Path:
            return new / path.relative_to(old) if path.is_relative_to(old) else path

        tables, left_out = tuple(map(here, self.metadata)), tuple(map(here, self.exclude))
        return replace(moved, pictures=new, metadata=tables, exclude=left_out)

    @property
    def site_title(self) -> str:
        """The title of the site: `title`, or its default."""
        name = self.pictures.resolve().name
        is_file = self.pictures.is_file() or (self.bucket and name.endswith(".parquet"))
        if self.source != "folder" and is_file:
            name = name.partition(".")[0]
        return self.title or name or "Pictures"


def load_config(file: Path | None, overrides: Mapping[str, Any]) -> BuildConfig:
    """The settings of TOML `file` (paths in it are relative to it), overridden by the given ones.

    Overrides that are None or empty tuples count as not given.

    Raises:
        UsageError: unreadable file, unknown key, wrong type, value out of range, no pictures.
    """
    values: dict[str, Any] = {}
    if file is not None:
        values.update(_read_toml(file))
    values.update({k: v for k, v in overrides.items() if v is not None and v != ()})
    if "pictures" not in values:
        raise UsageError("No pictures were given.", "Name a folder: imagedb-site build ~/Pictures")
    if isinstance(values["pictures"], str):
        return _in_bucket(values)
    for place in (*values.get("metadata", ()), *values.get("exclude", ())):
        if isinstance(place, str):
            raise UsageError(
                f"{place} is in a bucket, but the pictures are not.",
                "Copy it to this machine, and name the copy.",
            )
    return BuildConfig(**values)


def _in_bucket(values: Mapping[str, Any]) -> BuildConfig:
    """The settings if the pictures are an address in a bucket; tables may be addresses below it."""
    address = parse_bucket(values["pictures"])
    given = {**values, "pictures": Path(address.name), "bucket": address}
    config = BuildConfig(**{**given, "metadata": (), "exclude": ()})
    root = config.bucket_root

    def here(place: Path | str) -> Path:
        if isinstance(place, Path):
            return place
        found = parse_bucket(place)
        inside = found.root.removeprefix(f"{address.root}/")
        if found.scheme != address.scheme or inside == found.root:
            raise UsageError(
                f"{place} is not below {address}.", "Copy it to this machine, and name the copy."
            )
        return root / inside

    more = {name: tuple(map(here, values.get(name, ()))) for name in ("metadata", "exclude")}
    return BuildConfig(**{**given, **more, "pictures": root})


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"Cannot read {file}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not valid TOML: {error}.") from error
    hints = typing.get_type_hints(BuildConfig)
    del hints["bucket"]
    unknown = sorted(set(table) - set(hints))
    if unknown:
        raise UsageError(
            f"{file} has an unknown key: {', '.join(unknown)}.",
            f"Known keys: {', '.join(sorted(hints))}.",
        )
    values = {key: _convert(file, key, value, hints[key]) for key, value in table.items()}
    beside = file.parent / values.get("cover", ".")
    return {**values, "cover": str(beside)} if beside.is_file() else values


def _convert(file: Path, key: str, value: Any, hint: Any) -> Any:
    """Check `value` against the annotation `hint`, turning strings into paths and lists into tuples."""
    wrong = UsageError(f"{file}: {key} must be {_describe(hint)}, not {value!r}.")
    if isinstance(hint, types.UnionType):
        hint = next(arg for arg in typing.get_args(hint) if arg is not type(None))
    origin = typing.get_origin(hint)
    if origin is tuple:
        if not isinstance(value, list):
            raise wrong
        return tuple(_convert(file, key, item, typing.get_args(hint)[0]) for item in value)
    if origin is Literal:
        if value not in typing.get_args(hint):
            raise wrong
        return value
    if hint is Path:
        if not isinstance(value, str):
            raise wrong
        if is_bucket(value) and key in ("pictures", "metadata", "exclude"):
            return value
        if is_bucket(value):
            raise UsageError(
                f"{file}: {key} must be a path on this machine, not {value}.",
                "Give an address in a bucket for the site with -o.",
            )
        return file.parent / Path(value).expanduser()
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise wrong
    return value


def _describe(hint: Any) -> str:
    if isinstance(hint, types.UnionType):
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) is tuple:
        return "a list of strings"
    if typing.get_origin(hint) is Literal:
        return "one of " + ", ".join(repr(arg) for arg in typing.get_args(hint))
    names = {Path: "a path", str: "a string", int: "a whole number", bool: "true or false"}
    return names.get(hint, str(hint))


def config_keys() -> dict[str, dataclasses.Field[Any]]:
    """The keys of the configuration file, in order (for the generated documentation)."""
    return {item.name: item for item in fields(BuildConfig) if item.name != "bucket"}


__all__ = [
    "DEFAULT_CONFIG_NAME",
    "DOWNLOADS",
    "EMBED",
    "ENGINES",
    "ORIGINALS",
    "SOURCES",
    "BuildConfig",
    "config_keys",
    "load_config",
]
