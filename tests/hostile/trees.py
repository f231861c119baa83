"""Collections with hostile names, captions, metadata and tables, and the look around after a build."""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, PngImagePlugin

from hostile.texts import FORMULAS, HIDING, INHERITED, LONG, MARKUP, PLACES, WORDS_OF_PROGRAMS
from metadata_samples import packet

NAMES: tuple[bytes, ...] = (
    *(b"plain.png", b"-rf.png", b"--help.png", b" space .png", b"trailing.png ", b"dots...png"),
    *(b"..png", b"...png", b".hidden.png", b"a..b.png", b"%2e%2e%2fescape.png", b"%00.png"),
    *(b"100%.png", b"a?b#c.png", b"a&b=c;d.png", b"a+b c.png", b"'single'.png", b'"double".png'),
    *(b"<img src=x onerror=alert(1)>.png", b"{{7*7}}.png", b"$(id).png", b"`id`.png", b"a|b.png"),
    *(
        b"con.png",
        b"NUL.png",
        b"aux.foo.png",
        b"lpt1.png",
        b"a:b.png",
        b"c:\\x.png",
        b"back\\sl.png",
    ),
    *(
        b"line\nfeed.png",
        b"cr\rtab\t.png",
        b"esc\x1b[2J.png",
        b"bell\x07\x7f.png",
        b"\xc2\x9b31m.png",
    ),
    *("turned \u202egnp.exe.png".encode(), "zero\u200bwidth\ufeff.png".encode()),
    *("Ame\u0301lie.png".encode(), "Am\u00e9lie.png".encode(), "\U000f0000\uffff.png".encode()),
    *(
        b"caf\xe9.png",
        b"\xff\xfe.png",
        b"\xed\xa0\x80.png",
        b"\xc0\xaf.png",
        "\ufffdFF.png".encode(),
    ),
    *(
        b"a" * 251 + b".png",
        ("\u00e4" * 125 + ".png").encode(),
        ("👩‍👩‍👧‍👦" * 10 + ".png").encode(),
    ),
    *(b"constructor.png", b"__proto__.png", b"manifest.json.png", b"index.html.png", b"*.png"),
    *(b"=cmd|'.png", b"[a-z].png", b"a\\nb.png", b"NEAR(a b).png", b"title:x.png", b"tag OR.png"),
)
"""File names, as the bytes a disk may hold."""
FOLDERS: tuple[bytes, ...] = (
    *(b"", b"<b>bold", b"constructor", b"__proto__", b"..x", b"-o", b"a b", b"dir\xff", b"nul"),
    *("\u202eturned".encode(), b"line\nfeed", b"%2f", b"{{folder}}", b"d" * 200),
)


def picture(number: int, kind: str = "PNG", **options: object) -> bytes:
    """A small picture, different for each number."""
    image = Image.new("RGB", (24, 18), (number * 37 % 256, number * 91 % 256, number * 13 % 256))
    image.putpixel((number % 24, number // 24 % 18), (255, 255, 255))
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def with_texts(number: int, text: str) -> Iterator[tuple[str, bytes]]:
    """Pictures that carry a text as EXIF, XMP, IPTC, PNG text and JPEG comment."""
    exif = Image.Exif()
    short = text[:4000]
    for tag in (0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298):
        exif[tag] = short.encode("utf-8", "replace").replace(b"\0", b" ") + b"\0"
    exif[0x9C9B] = (short[:500] + "\0").encode("utf-16-le", "replace")
    detail = exif.get_ifd(0x8769)
    detail[0x9286] = b"UNICODE\0" + short[:500].encode("utf-16-le", "replace")
    detail[0x9003] = "2020:01:02 03:04:05"
    raw = short[:1500].encode("utf-8", "replace")
    datasets = b"".join(
        b"\x1c\x02" + struct.pack(">BH", n, len(raw)) + raw for n in (5, 25, 25, 90, 105, 120)
    )
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(datasets)) + datasets
    body = b"Photoshop 3.0\0" + block + b"\0" * (len(block) % 2)
    segment = b"\xff\xed" + struct.pack(">H", len(body) + 2) + body
    plain = picture(number, "JPEG", exif=exif.tobytes()[:65_000], comment=raw[:500])
    yield "jpg", plain[:2] + (segment if len(body) < 65_000 else b"") + plain[2:]
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Title", raw.decode("latin-1"))
    texts.add_itxt("Description", short.replace("\0", " "), zip=True)
    texts.add_text("parameters", f"{short[:300]}\nSteps: 20, Sampler: {short[:40]}, Seed: 1")
    clean = "".join(c for c in short if c >= " " and c not in "\ufffe\uffff")
    clean = clean.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    xmp = f"<dc:title><rdf:Alt><rdf:li>{clean}</rdf:li></rdf:Alt></dc:title>"
    xmp += f"<dc:subject><rdf:Bag><rdf:li>{clean[:80]}</rdf:li></rdf:Bag></dc:subject>"
    texts.add_itxt("XML:com.adobe.xmp", packet(xmp).decode("utf-8", "replace"))
    yield "png", picture(number, "PNG", pnginfo=texts)


def bombs() -> Iterator[tuple[str, bytes]]:
    """Pictures whose metadata are much too large, too deep or made to be unfolded."""

    def png(*chunks: tuple[bytes, bytes]) -> bytes:
        plain = picture(len(chunks))
        parts = [
            struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b))
            for k, b in chunks
        ]
        return plain[:33] + b"".join(parts) + plain[33:]

    zeros = zlib.compress(b"<" * (64 << 20))
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    title = "<rdf:li>&a11;</rdf:li>"
    lol = f'<!DOCTYPE x [<!ENTITY a0 "lol">{entities}]><x:xmpmeta xmlns:x="adobe:ns:meta/">{title}'
    outside = '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]><x>&x;</x>'
    deep = "<a>" * 100_000
    many = "<dc:subject><rdf:Bag>" + "<rdf:li>tag</rdf:li>" * 100_000 + "</rdf:Bag></dc:subject>"
    itxt = b"XML:com.adobe.xmp\0\0\0\0\0"
    yield "entities", png((b"iTXt", itxt + lol.encode()))
    yield "outside", png((b"iTXt", itxt + outside.encode()))
    yield "deep", png((b"iTXt", itxt + packet(deep)))
    yield "many", png((b"iTXt", itxt + packet(many)))
    yield "packed-xmp", png((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zeros))
    yield "packed-text", png(*[(b"zTXt", b"Title\0\0" + zeros)] * 30)
    yield "many-texts", png(*[(b"tEXt", b"k%d\0v" % n) for n in range(20_000)])
    yield "exif", png((b"eXIf", b"II*\0\x08\0\0\0\xff\xff" + b"\xff" * 400))
    yield "icc", png((b"iCCP", b"x\0\0" + zeros))


def write(folder: Path, *, names: bool = True, texts: bool = True) -> int:
    """Writes a hostile collection with a table and sidecars; gives the number of pictures in sight."""
    root = os.fsencode(folder)
    number = 0

    def put(name: bytes, data: bytes) -> None:
        place = os.path.join(root, name)  # noqa: PTH118
        os.makedirs(os.path.dirname(place), exist_ok=True)  # noqa: PTH103, PTH120
        Path(os.fsdecode(place)).write_bytes(data)

    if names:
        for at, name in enumerate(NAMES):
            place = os.path.join(FOLDERS[at % len(FOLDERS)], name)  # noqa: PTH118
            put(place, picture(at))
            # What begins with a dot is hidden, as on every Unix.
            number += not any(part.startswith(b".") for part in place.split(b"/"))
    rows = []
    if texts:
        for at, text in enumerate((*MARKUP, *HIDING, *FORMULAS, *LONG, *INHERITED)):
            for suffix, data in with_texts(1000 + at, text):
                number += 1
                put(f"texts/{at}.{suffix}".encode(), data)
            rows.append(row(f"texts/{at}.png", text))
            put(f"texts/{at}.jpg.xmp".encode(), packet(f"<dc:title>{text[:200]}</dc:title>"))
        for name, data in bombs():
            number += 1
            put(f"bombs/{name}.png".encode(), data)
    rows += [row(name, "not there") for name in PLACES]
    lines = [json.dumps(row, ensure_ascii=True) for row in rows]
    folder.joinpath("table.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return number


def row(file: str, text: str) -> dict[str, object]:
    """A row of a table with the text in a column of every type, and in columns with every kind of name."""
    found: dict[str, object] = {"file": file, "caption": text, "tags": [text[:60], "tag"]}
    found |= dict.fromkeys(INHERITED, text[:40] or "x")
    found |= {f"n_{name}": text[:20] for name in WORDS_OF_PROGRAMS[:12]}
    found |= {"link": text[:200], "kind": text[:30], text[:50] or "empty": "by name"}
    return found


def surroundings(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of every file below a folder, to compare before and after."""
    found = {}
    for place, _, files in os.walk(os.fsencode(folder)):
        for name in files:
            path = os.path.join(place, name)  # noqa: PTH118
            status = os.lstat(path)
            found[os.fsdecode(path)] = (status.st_size, status.st_mtime_ns)
    return found
