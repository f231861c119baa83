"""Damages the library of a small collection at random, then builds, searches and checks it.

A build has to repair the library and publish the same bytes again, or say that it could not. Damage in bytes
that nothing uses may pass unseen: then the site is the same.

Counts: `flips` are all trials; `flips_undetected` those with another site but without a report, with a
traceback, or with a library that was still damaged after the build; `different_bytes` those with another
site.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

import imagedb_site
from imagedb_site.build import build
from imagedb_site.check import check_library
from imagedb_site.config import BuildConfig, load_config
from imagedb_site.errors import ImageDBError
from imagedb_site.report import BuildReport

PACK = Path(__file__).parents[1] / "golden" / "pack-tiny"
PICTURES = 18
TRIALS = 240


def run(folder: Path, scale: float) -> dict[str, int]:
    """240 trials times `scale`, half of them with the library of a collection that has grown."""
    chance = random.Random(13)
    counts = dict.fromkeys(("flips", "flips_undetected", "different_bytes"), 0)
    for grown in (False, True):
        case = Case.make(folder / ("grown" if grown else "first"), grown=grown)
        for number in range(max(1, round(TRIALS * scale / 2))):
            kind = KINDS[(number + 5 * grown) % len(KINDS)]
            seed = chance.randrange(1 << 30)
            outcome = case.trial(kind, seed)
            counts["flips"] += 1
            if outcome is not None:
                print(f"library_damage: {kind.__name__} seed {seed}, grown {grown}: {outcome}")
                counts["flips_undetected"] += 1
            counts["different_bytes"] += case.different
    return counts


# -- damage ------------------------------------------------------------------------------------


def flip_bit(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def flip_in_header(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(min(100, len(data)))] ^= 1 << chance.randrange(8)


def flip_structure(data: bytearray, chance: random.Random) -> None:
    """A bit of what SQLite itself needs: the beginning of a page."""
    page = chance.randrange(len(data) // 4096) * 4096
    data[page + chance.randrange(24)] ^= 1 << chance.randrange(8)


def overwrite(data: bytearray, chance: random.Random) -> None:
    at, length = chance.randrange(len(data)), chance.randrange(1, 600)
    data[at : at + length] = chance.randbytes(min(length, len(data) - at))


def zero_page(data: bytearray, chance: random.Random) -> None:
    page = chance.randrange(len(data) // 4096) * 4096
    data[page : page + 4096] = bytes(4096)


def copy_page(data: bytearray, chance: random.Random) -> None:
    """A page that was written to the place of another one."""
    pages = len(data) // 4096
    source, target = chance.randrange(pages) * 4096, chance.randrange(pages) * 4096
    data[target : target + 4096] = data[source : source + 4096]


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def append(data: bytearray, chance: random.Random) -> None:
    data += chance.randbytes(chance.randrange(1, 9000))


Damage = Callable[[bytearray, random.Random], None]
KINDS: tuple[Damage, ...] = (
    *(flip_bit, flip_structure, flip_bit, flip_in_header, flip_bit, overwrite),
    *(flip_bit, zero_page, flip_structure, copy_page, flip_bit, cut, flip_structure, append),
)


# -- a trial -----------------------------------------------------------------------------------


@dataclass
class Case:
    """A collection with its site and its library, to which every trial returns."""

    config: BuildConfig
    library: bytes
    expected: dict[str, bytes]
    compact: dict[str, bytes]
    problems: list[str]
    different: int = 0

    @classmethod
    def make(cls, folder: Path, *, grown: bool) -> Case:
        """Builds the collection; a `grown` one in two steps: its layout is not that of a first build."""
        pictures = folder / "pictures"
        draw(pictures, range(PICTURES))
        given = {
            "pictures": pictures,
            "output": folder / "dist",
            "model": str(PACK),
            "thumbnail_size": 64,
            "view_size": 80,
            "originals": "copy",
            "workers": 1,
            "metadata": [folder / "table.csv"],
        }
        rows = "".join(f"c/picture_{n:02}.jpg,Title {n}\n" for n in range(PICTURES))
        (folder / "table.csv").write_text(f"file,title\n{rows}", encoding="utf-8")
        config = load_config(None, given)
        build(config)
        if grown:
            draw(pictures, range(PICTURES, PICTURES + 3))
            (pictures / "a" / "picture_03.jpg").unlink()
            build(config)
        other = load_config(None, {**given, "output": folder / "compact"})
        problems = [problem.key for problem in build(other).problems]
        library = (config.library_folder / "library.db").read_bytes()
        return cls(config, library, tree(config.output), tree(other.output), problems)

    def trial(self, damage: Damage, seed: int) -> str | None:
        """Returns what went wrong, or None. `different` is 1 if another site was published than expected."""
        self.different = 0
        file = self.config.library_folder / "library.db"
        shutil.rmtree(self.config.library_folder)
        file.parent.mkdir()
        data = bytearray(self.library)
        damage(data, random.Random(seed))
        file.write_bytes(data)
        try:
            self._read(file)
            return self._build(file)
        except Exception:
            return traceback.format_exc()

    def _read(self, file: Path) -> None:
        """What only reads the library may refuse it, but in one sentence."""
        with contextlib.suppress(ImageDBError):
            check_library(file)
        with (
            contextlib.suppress(ImageDBError),
            imagedb_site.open(file) as collection,
        ):
            for text in ("title", "picture_0*", "width>3"):
                collection.search(text, mode="words")
            collection.facets("folder")
            first = collection.random(3)
            for hit in first:
                collection.thumbnail(hit)
                collection.similar(hit.image_id)

    def _build(self, file: Path) -> str | None:
        try:
            report = build(self.config)
        except ImageDBError as error:
            # A refusal is a report. The site has to be the one before.
            self.different = int(tree(self.config.output) != self.expected)
            return f"the site changed after: {error}" if self.different else None
        published = tree(self.config.output)
        if published != self.expected:
            told = any("layout" in note for note in report.notes)
            if not (told and published == self.compact):
                self.different = 1
                names = [
                    n
                    for n in {*published, *self.expected}
                    if published.get(n) != self.expected.get(n)
                ]
                return f"other bytes {names[:3]}, report {summary(report)}"
            restore(self.config.output, self.expected)
        if [problem.key for problem in report.problems] != self.problems:
            return f"problems {report.problems[:3]}"
        if check_library(file).ok:
            return None
        # Damage that the build did not meet changes nothing. `check` reports it, and this repairs it.
        build(replace(self.config, repair=True))
        left = check_library(file).findings
        if left or tree(self.config.output) != self.expected:
            return f"not repaired: {left[:3]}"
        return None


def summary(report: BuildReport) -> str:
    return f"{report.repaired} {report.notes}"


def draw(folder: Path, numbers: range) -> None:
    """Small pictures of noise in three folders; one of them is damaged, one has an XMP sidecar."""
    for number in numbers:
        noise = np.random.default_rng(number).integers(0, 256, (9, 12, 3), dtype=np.uint8)
        file = folder / "abc"[number % 3] / f"picture_{number:02}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise).resize((96, 72), Image.Resampling.BICUBIC).save(file, quality=85)
    (folder / "a" / "picture_06.xmp").write_text(XMP, encoding="utf-8")


XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag><rdf:li>boat</rdf:li></rdf:Bag>
</dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"""


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of a site that depends on the library, and its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] not in ("assets", "lib")
    }


def restore(folder: Path, files: dict[str, bytes]) -> None:
    """Puts the files of a site back, so that the next trial starts from the same."""
    for name in tree(folder).keys() - files.keys():
        (folder / name).unlink()
    for name, data in files.items():
        if not (folder / name).is_file() or (folder / name).read_bytes() != data:
            (folder / name).unlink(missing_ok=True)
            (folder / name).write_bytes(data)
