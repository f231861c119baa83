"""What a published site reveals: its texts, and the metadata of its pictures."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagedb_site.check.remote_hosts import RemoteHost, RemoteHosts, host_lines
from imagedb_site.layout import MANIFEST, PAGES
from imagedb_site.pictures import PRIVATE_FIELDS, Trace, metadata_blocks, revealed, traces
from imagedb_site.reader import Site
from imagedb_site.records import FieldSpec, Value
from imagedb_site.report import PublicField, example_of
from imagedb_site.site.catalog import catalog_columns, full_text
from imagedb_site.site.term_table import TermTable
from imagedb_site.site.words import words_of
from imagedb_site.sources.private_columns import private_labels

_SHOWN = 30
_FIELD = "private field"
_MOST_LEAKS = 1000
_OF_FIELD = 20
_CLIP = 80


@dataclass(frozen=True)
class Leak:
    """Something private that is published: its kind, the file, the place in it, and the text, clipped."""

    file: str
    kind: str
    place: str
    text: str

    def line(self) -> str:
        """One line for people."""
        text = f": “{self.text}”" if self.text else ""
        return f"{self.file}: {self.kind} in {self.place}{text}"


@dataclass(frozen=True)
class PrivacyReport:
    """What a site reveals. `originals`: their number, and how many have which metadata.

    `hosts` are the other hosts that visitors' browsers contact. `leaks` has at most a thousand of
    `leak_count`.
    """

    fields: tuple[PublicField, ...]
    originals: int
    original_metadata: Mapping[str, int]
    hosts: tuple[RemoteHost, ...]
    leak_count: int
    leaks: tuple[Leak, ...]

    def lines(self) -> Iterator[str]:
        """The report as a person reads it."""
        yield f"Public fields ({len(self.fields):,}):"
        for field in self.fields:
            yield f"  {field.label} ({field.count:,}): {field.example}"
        if self.originals:
            kinds = ", ".join(f"{name} in {n:,}" for name, n in self.original_metadata.items())
            yield f"Original files: {self.originals:,}; metadata: {kinds or 'none'}"
        yield from host_lines(self.hosts)
        fields_first = sorted(self.leaks, key=lambda leak: leak.kind != _FIELD)
        for leak in fields_first[:_SHOWN]:
            yield f"private: {leak.line()}"
        if self.leak_count > _SHOWN:
            yield f"… and {self.leak_count - _SHOWN:,} more; --json lists up to {_MOST_LEAKS:,}."
        if not self.leak_count:
            yield "Nothing private was found."


class PrivacyCheck:
    """Collects what a site reveals."""

    def __init__(self) -> None:
        self._leaks: dict[Leak, None] = {}
        self._count = 0
        self._originals = 0
        self._metadata: Counter[str] = Counter()

    def look(self, path: str, file: Path) -> None:
        """Take in a file of the site."""
        folder = path.split("/")[0]
        if folder == "originals":
            data = file.read_bytes()
            self._originals += 1
            self._metadata.update({name for name, _ in metadata_blocks(data)})
            for trace in traces(data):
                self._add(path, trace)
        elif folder in ("views", "thumbs"):
            for piece in _pictures(file.read_bytes()):
                for name, body in metadata_blocks(piece):
                    self._add(path, Trace("metadata", name, f"{len(body):,} bytes"))
        elif path in PAGES:
            text = html.unescape(file.read_text(encoding="utf-8", errors="replace"))
            self._text(path, "the page", re.sub(r"<script.*?</script>", " ", text, flags=re.DOTALL))

    def report(self, site: Site) -> PrivacyReport:
        """Read the texts of the site, all of whose files were taken in; raises FormatError."""
        manifest = site.manifest
        for place, text in (
            ("title", manifest.title),
            ("description", manifest.description),
            *(("examples", query) for query in manifest.examples),
            *(("attribution", line["text"]) for line in manifest.attribution),
        ):
            self._text(MANIFEST, place, text)
        hidden = private_labels([field.label for field in manifest.fields])
        fields = [field.name for field in manifest.fields]
        specs = [FieldSpec(f.name, f.label, "text", fts=f.fts) for f in manifest.fields]
        counts: Counter[str] = Counter()
        examples: dict[str, str] = {}
        found: Counter[tuple[str, str]] = Counter()
        words: set[str] = set()
        remote = RemoteHosts(manifest.origins)
        with TermTable(catalog_columns(specs)) as terms:
            for number, _, _ in site.blocks(manifest.documents):
                for document in site.document_block(number):
                    values = document["fields"]
                    counts.update(list(values))
                    self._values(document, examples, found)
                    for trace in remote.look(document, values):
                        self._add(document["path"], trace)
                    texts = full_text(values, terms.columns)
                    terms.add(texts)
                    words |= words_of("\n".join(texts))
            self._compare_index(site, {term.text.decode() for term in terms.terms()})
        self._compare_words(site, words)
        self._compare_columns(site)
        for field in manifest.fields:
            if field.name in PRIVATE_FIELDS - {"place"} or field.label in hidden:
                place = f"the field “{field.label}” of {counts[field.name]:,} images"
                self._add(MANIFEST, Trace(_FIELD, place, examples.get(field.name, "")))
        labels = {field.name: field.label for field in manifest.fields}
        return PrivacyReport(
            fields=tuple(
                PublicField(name, labels[name], counts[name], examples.get(name, ""))
                for name in fields
            ),
            originals=self._originals,
            original_metadata=dict(sorted(self._metadata.items())),
            hosts=remote.found(),
            leak_count=self._count,
            leaks=tuple(self._leaks),
        )

    def _values(
        self,
        document: Mapping[str, Any],
        examples: dict[str, str],
        found: Counter[tuple[str, str]],
    ) -> None:
        values: dict[str, Value] = {"path": document["path"], **document["fields"]}
        for name, value in values.items():
            text = ", ".join(value) if isinstance(value, list) else str(value)
            if name not in examples:
                examples[name] = example_of(value)
            if not isinstance(value, str | list):
                continue
            for kind, what in revealed(text):
                found[name, kind] += 1
                if kind != "e-mail" and found[name, kind] <= _OF_FIELD:
                    self._add(document["path"], Trace(kind, f"the field “{name}”", what))

    def _compare_index(self, site: Site, expected: set[str]) -> None:
        """Words of the full-text index that no document has, such as those of a picture that is gone."""
        published = set(site.terms.with_prefix(""))
        for term in sorted(published - expected)[:_OF_FIELD]:
            self._add("data/terms", Trace("left over", "the full-text index", term))

    def _compare_words(self, site: Site, expected: set[str]) -> None:
        for word, _ in site.words:
            if word not in expected:
                self._add("suggestions", Trace("left over", "the suggested words", word))

    def _compare_columns(self, site: Site) -> None:
        for field in site.manifest.fields:
            if not field.column or field.type not in ("category", "boolean", "tags"):
                continue
            column = site.column(field.name)
            assert column.codes is not None
            used = set(column.codes.tolist())
            for code, name in enumerate(column.names):
                if code not in used:
                    place = f"the column “{field.name}”"
                    self._add("columns", Trace("left over", place, name[:_CLIP]))

    def _text(self, file: str, place: str, text: str) -> None:
        for kind, what in revealed(text):
            if kind != "e-mail":
                self._add(file, Trace(kind, place, what[:_CLIP]))

    def _add(self, file: str, trace: Trace) -> None:
        leak = Leak(file, trace.kind, trace.place, trace.text)
        if leak in self._leaks:
            return
        self._count += 1
        if len(self._leaks) < _MOST_LEAKS or trace.kind == _FIELD:
            self._leaks[leak] = None


def _pictures(data: bytes) -> Iterator[bytes]:
    """The pictures of a view, a thumbnail or a pack of thumbnails, one after the other."""
    at = 0
    while data[at : at + 4] == b"RIFF":
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at:end]
        at = end
    if data[at:]:
        yield data[at:]
