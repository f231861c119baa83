"""How well and at what cost a published site finds by meaning: recall, bytes, requests, time.

Recall is against an exact search of the site's own embeddings, so it says what the index loses, and not
how good the model is. As many rows are asked for as a search by words and meaning asks for. Bytes and
requests are those of a reader that keeps what it has read, as browsers do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .errors import UsageError
from .query.index import Floats, Rows
from .query.ranking import FUSION_DEPTH
from .reader import Site
from .reader.source import Source, open_source
from .reader.vectors import read_missing
from .site_index import SiteIndex

K = 10
COLD = 8
"""So many queries are asked with nothing read, at tiers that do not read everything for a query."""
_BLOCK = 8192
_LEAST_LETTERS = 3
_LEAST_WORDS = 3
_FREQUENT = 500

Step = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Spread:
    """Median, 95th percentile and largest value of something over queries."""

    p50: float
    p95: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float], digits: int = 0) -> Spread | None:
        """None without values."""
        if not values:
            return None
        found = (float(np.quantile(values, part)) for part in (0.5, 0.95, 1.0))
        return cls(*(round(value, digits or None) for value in found))


@dataclass(frozen=True)
class KindReport:
    """Figures of text or picture queries. `cold_…`: with nothing but the manifest read before; bytes are
    those of files as the host stores them. `next_…`: after other queries. Times in ms, without encoding a
    text, in the Python reader; a browser's differ. `recall`: of the ten nearest rows."""

    queries: int
    recall: float
    cold_bytes: Spread | None
    cold_requests: Spread | None
    cold_ms: Spread | None
    next_bytes: Spread | None
    next_requests: Spread | None
    next_ms: Spread | None


@dataclass(frozen=True)
class SiteMeasured:
    """What `imagedb-site bench` reports. `collection` is the hash in the manifest; no place is named."""

    title: str
    collection: str
    rows: int
    dim: int
    tier: str
    model: str | None
    k: int
    seed: int
    text: KindReport | None
    picture: KindReport | None

    def to_json(self) -> dict[str, Any]:
        return {"bench": 1, **asdict(self)}


class CountingSource:
    """A source that knows which files were read; a file that was read twice counts once."""

    def __init__(self, inner: Source) -> None:
        self._inner = inner
        self.sizes: dict[str, int] = {}

    @property
    def name(self) -> str:
        return self._inner.name

    def address(self, path: str) -> str:
        return self._inner.address(path)

    def read(self, path: str, limit: int) -> bytes:
        data = self._inner.read(path, limit)
        self.sizes[path] = len(data)
        return data

    def cost(self, since: int = 0) -> tuple[int, int]:
        """Bytes and number of the files that are new after the first `since` ones."""
        new = list(self.sizes.values())[since:]
        return sum(new), len(new)


@dataclass(frozen=True)
class _Asked:
    """Queries float32 [n, dim], and for each the row that it was made of, which does not count, or −1."""

    queries: Floats
    own: Rows


def measure(
    place: str | Path, *, queries: int = 200, seed: int = 1, step: Step | None = None
) -> SiteMeasured:
    """Measure the site in a folder or at a URL, with at most `queries` queries of each kind.

    Raises UsageError if it has no vectors, FormatError and StorageError as `open_site` does.
    """
    tell = step or (lambda *_: None)
    source = CountingSource(open_source(place))
    site = Site(source)
    with site:
        found = site.manifest.vectors
        if found is None:
            raise UsageError("This site holds no vectors: it is searched by words only.")
        index = SiteIndex(site)
        rng = np.random.default_rng(seed)
        asked = {
            "picture": _pictures(site, index, queries, rng),
            "text": _texts(index, queries, rng),
        }
        summary = site.manifest.model
        tier = str(site.manifest.json["vectors"]["tier"])
        reports: dict[str, KindReport | None] = {}
        for kind, part in asked.items():
            reports[kind] = None
            if part is not None and len(part.queries):
                truth = _exact(site, part, partial(tell, f"exact, {kind}"))
                reports[kind] = _report(place, tier, part, truth, partial(tell, kind))
        return SiteMeasured(
            title=str(site.manifest.json["collection"]["title"]),
            collection=site.manifest.hash,
            rows=site.count,
            dim=found.dim,
            tier=tier,
            model=None if summary is None else summary.id,
            k=K,
            seed=seed,
            text=reports["text"],
            picture=reports["picture"],
        )


def _present(site: Site) -> Rows:
    """The rows that have an embedding."""
    missing = read_missing(site.manifest.vectors, site.read)
    return np.arange(site.count) if missing is None else np.flatnonzero(~missing)


def _pictures(site: Site, index: SiteIndex, count: int, rng: np.random.Generator) -> _Asked:
    present = _present(site)
    rows = np.sort(rng.choice(present, min(count, len(present)), replace=False))
    return _Asked(index.embeddings(rows), rows)


def _texts(index: SiteIndex, count: int, rng: np.random.Generator) -> _Asked | None:
    """Frequent words of the collection and texts of some rows; None without a model."""
    from .encoders import Encoder

    pack = index.load_pack()
    if pack is None:
        return None
    words = [word for word, _ in index.words[:_FREQUENT] if len(word) >= _LEAST_LETTERS]
    chosen = rng.permutation(len(words))[: count // 2]
    texts = [words[number] for number in chosen]
    for row in rng.permutation(index.count)[: count - count // 2].tolist():
        told = next(_told(index, row), None)
        if told is not None:
            texts.append(told)
    texts = list(dict.fromkeys(texts))
    known = [one for one in Encoder(pack).encode_queries(texts) if one is not None]
    if not known:
        return None
    return _Asked(np.stack(known), np.full(len(known), -1))


def _told(index: SiteIndex, row: int) -> Iterator[str]:
    """The texts of a row that have several words."""
    fields = index.document(row)["fields"]
    for field in index.fields:
        value = fields.get(field.name)
        is_text = field.type == "text" and field.fts and isinstance(value, str)
        if is_text and len(value.split()) >= _LEAST_WORDS:
            yield value


def _exact(site: Site, asked: _Asked, step: Callable[[int, int], None]) -> list[set[int]]:
    """The ten nearest rows of each query by the embeddings of all rows; fewer in a smaller collection.

    Rows that are as near as the tenth are all in the set: any of them is a right answer.
    """
    present = np.zeros(site.count, dtype=np.bool_)
    present[_present(site)] = True
    total, done = int(present.sum()), 0
    best: list[dict[int, float]] = [{} for _ in asked.queries]
    for rows, embeddings in _blocks(site):
        known = present[rows]
        rows, embeddings = rows[known], embeddings[known]
        if not len(rows):
            continue
        similar = asked.queries.astype(np.float64) @ embeddings.T.astype(np.float64)
        similar[asked.own[:, None] == rows[None, :]] = -np.inf
        for number, line in enumerate(similar):
            some = np.argpartition(-line, min(K, len(line)) - 1)[:K]
            limit = line[some].min()
            some = np.flatnonzero((line >= limit) & np.isfinite(line))
            kept = best[number]
            kept.update(zip(rows[some].tolist(), line[some].tolist(), strict=True))
            if len(kept) > K:
                tenth = sorted(kept.values(), reverse=True)[K - 1]
                best[number] = {row: value for row, value in kept.items() if value >= tenth - 1e-6}
        done += len(rows)
        step(done, total)
    return [set(kept) for kept in best]


def _blocks(site: Site) -> Iterator[tuple[Rows, Floats]]:
    """All rows and their embeddings, in the order of the files, in blocks of a useful size."""
    parts: list[tuple[Rows, Floats]] = []
    size = 0
    for rows, embeddings in site.vectors.blocks():
        for first in range(0, len(rows), _BLOCK):
            parts.append((rows[first : first + _BLOCK], embeddings[first : first + _BLOCK]))
            size += len(parts[-1][0])
            if size >= _BLOCK:
                yield (
                    np.concatenate([one for one, _ in parts]),
                    np.concatenate([e for _, e in parts]),
                )
                parts, size = [], 0
    if parts:
        yield np.concatenate([one for one, _ in parts]), np.concatenate([e for _, e in parts])


def _report(
    place: str | Path,
    tier: str,
    asked: _Asked,
    truth: Sequence[set[int]],
    step: Callable[[int, int], None],
) -> KindReport:
    total = len(asked.queries)
    cold: list[tuple[float, float, float]] = []
    later: list[tuple[float, float, float]] = []
    recalls = []
    fresh = 1 if tier == "flat" else COLD
    source, index = _opened(place)
    for number, (query, own) in enumerate(zip(asked.queries, asked.own, strict=True)):
        first = number < fresh
        if first and number:
            index.close()
            source, index = _opened(place)
        before = len(source.sizes) if not first else 1
        begun = time.perf_counter()
        near = index.nearest(query, FUSION_DEPTH, None)
        spent = 1000 * (time.perf_counter() - begun)
        size, files = source.cost(before)
        (cold if first else later).append((size, files, spent))
        found = [row for row in near.rows.tolist() if row != own][:K]
        right = min(K, len(truth[number]))
        recalls.append(min(1.0, len(truth[number] & set(found)) / right) if right else 1.0)
        step(number + 1, total)
    index.close()
    columns = [
        [list(part) for part in zip(*rows, strict=True)] or [[], [], []] for rows in (cold, later)
    ]
    return KindReport(
        total,
        round(float(np.mean(recalls)), 4),
        *(
            Spread.of(values, digits)
            for part in columns
            for values, digits in zip(part, (0, 0, 1), strict=True)
        ),
    )


def _opened(place: str | Path) -> tuple[CountingSource, SiteIndex]:
    """The site with only its manifest read."""
    source = CountingSource(open_source(place))
    return source, SiteIndex(Site(source))
