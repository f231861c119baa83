"""Decoding in processes that can be killed: damage, hangs, crashes, memory, and no leftovers."""

from __future__ import annotations

import functools
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imagedb_site.pictures import (
    DecodeError,
    Derived,
    Limits,
    Recipe,
    Work,
    derive_all,
    open_picture,
)
from imagedb_site.pictures.task import derive_here
from imagedb_site.records import PictureRef
from imagedb_site.run import process

THUMBNAIL, VIEW = Recipe("thumbnail", 32, 75), Recipe("view", 64, 80)
FAST = Limits(timeout_s=20)


def preprocess(side: int, image: Image.Image) -> np.ndarray:
    return np.asarray(image.resize((side, side)), dtype=np.float32) / 255


def hostile(image: Image.Image) -> np.ndarray:
    """Imitates what the decoders of hostile files may do, depending on the picture's width."""
    if image.width == 101:
        os.kill(os.getpid(), signal.SIGSEGV)
    if image.width == 102:
        time.sleep(600)
    if image.width == 103:
        raise RuntimeError("a bug")
    if image.width == 104:
        bytearray(64 << 30)
    if image.width == 105:
        print("noise on standard output", flush=True)
        os.write(1, b"more noise")
    if image.width == 106:
        time.sleep(5)
    return np.zeros(3, dtype=np.uint8)


def pictures(folder: Path, widths: list[int]) -> list[tuple[str, PictureRef]]:
    files = []
    for at, width in enumerate(widths):
        path = folder / f"{at}.png"
        Image.new("RGB", (width, 20), (at % 256, width % 256, 7)).save(path)
        files.append((path.name, PictureRef(path, 0, 0)))
    return files


def children() -> set[int]:
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            found.add(int(path.parent.name))
    return found


def by_number(found):
    """Results in the order of the pictures' file names."""
    return sorted(found, key=lambda one: int(one[0].key.partition(".")[0]))


def test_results_equal_those_made_here(tmp_path):
    files = pictures(tmp_path, list(range(110, 150)))
    made = functools.partial(preprocess, 8)
    work = [Work(*file, (THUMBNAIL, VIEW), input=True) for file in files]
    found = by_number(derive_all(work, preprocess=made, input_want=8, limits=FAST, workers=2))
    assert [(one.key, one.picture) for one, _ in found] == files
    for one, derived in found:
        assert isinstance(derived, Derived)
        here = derive_here(one.picture, FAST, (THUMBNAIL, VIEW), made, 8)
        assert derived.input is not None and here.input is not None
        np.testing.assert_array_equal(derived.input, here.input)
        assert derived.input.dtype == np.float32 and derived.input.shape == (8, 8, 3)
        assert derived.derivatives == here.derivatives
        assert derived.content_hash == here.content_hash
        assert (derived.width, derived.height) == (here.width, here.height)
        assert derived.placeholder == here.placeholder


def test_only_what_is_asked_for_is_made(tmp_path):
    (file,) = pictures(tmp_path, [50])
    work = [Work(*file), Work(*file, (VIEW,)), Work(*file, input=True)]
    made = functools.partial(preprocess, 4)
    results = [found for _, found in derive_all(work, preprocess=made, limits=FAST, workers=1)]
    assert [len(found.derivatives) for found in results] == [0, 1, 0]
    assert [found.input is not None for found in results] == [False, False, True]


def test_a_recipe_leaves_small_pictures_out(tmp_path):
    files = pictures(tmp_path, [32, 33])
    view = Recipe("view", 64, 80, over=32)
    assert view.hash != Recipe("view", 64, 80).hash
    work = [Work(*file, (view,)) for file in files]
    made = [found.derivatives[view] for _, found in derive_all(work, limits=FAST, workers=1)]
    assert [bool(derivative.data) for derivative in made] == [False, True]
    assert (made[0].width, made[0].height) == (32, 20)


def test_one_hostile_picture_does_not_affect_others(tmp_path):
    widths = [110, 101, 111, 102, 112, 103, 113, 104, 114, 105, 115]
    files = pictures(tmp_path, widths)
    limits = Limits(timeout_s=4, memory_bytes=3 << 30)
    work = [Work(*file, (THUMBNAIL,), input=True) for file in files]
    before = children()
    found = by_number(
        derive_all(work, preprocess=hostile, input_want=1000, limits=limits, workers=2)
    )
    assert [(one.key, one.picture) for one, _ in found] == files
    causes = [result.cause if isinstance(result, DecodeError) else None for _, result in found]
    expected = [None, "crash", None, "timeout", None, "damaged", None, "memory", *[None] * 3]
    assert causes == expected
    reasons = {r.cause: str(r) for _, r in found if isinstance(r, DecodeError)}
    assert "4 s" in reasons["timeout"] and "memory" in reasons["memory"]
    assert [found[at][1].lasting for at in (1, 3, 7)] == [True, False, False]
    assert children() == before


def test_only_the_pictures_own_time_counts(tmp_path, monkeypatch):
    """A decoder that waits for the busy machine may continue; one that hangs is stopped."""
    work = [Work(*pictures(tmp_path, [106])[0], (THUMBNAIL,), input=True)]
    limits = Limits(timeout_s=3)
    given: dict[bool, object] = {}
    for starved in (True, False):
        monkeypatch.setattr(process, "cpu_seconds", lambda pid, starved=starved: (0.0, starved))
        [(_, found)] = derive_all(
            work, preprocess=hostile, input_want=1000, limits=limits, workers=1
        )
        given[starved] = found
    assert isinstance(given[True], Derived)
    assert isinstance(given[False], DecodeError) and given[False].cause == "timeout"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_processor_time_is_read():
    begin = process.cpu_seconds(os.getpid())
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    assert process.cpu_seconds(os.getpid())[0] > begin[0] and begin[1]
    assert process.cpu_seconds(2**30) == (0.0, False)


def test_bad_files_give_reasons(tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("hello")
    keys = ["empty.jpg", "text.jpg", "gone.jpg"]
    work = [Work(key, PictureRef(tmp_path / key, 0, 0), (THUMBNAIL,)) for key in keys]
    causes = [result.cause for _, result in derive_all(work, limits=FAST, workers=1)]
    assert causes == ["empty", "unknown", "missing"]


def test_giving_up_leaves_no_process_and_waits_for_none(tmp_path):
    """The hanging pictures hang for ten minutes, so code that waits for one fails here."""
    files = pictures(tmp_path, [110] * 30 + [102] * 4)
    patient = Limits(timeout_s=600)
    before = children()
    work = (Work(*file, (THUMBNAIL,), input=True) for file in files)
    found = derive_all(work, preprocess=hostile, input_want=1000, limits=patient, workers=2)
    next(found)
    assert children() != before
    closing = threading.Thread(target=found.close, daemon=True)
    closing.start()
    closing.join(timeout=300)
    assert not closing.is_alive()
    assert children() == before


def test_work_is_taken_as_it_is_needed(tmp_path):
    (file,) = pictures(tmp_path, [50])
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield Work(*file, (THUMBNAIL,))

    found = derive_all(endless(), limits=FAST, workers=2)
    for _ in range(10):
        next(found)
    found.close()
    assert 10 <= taken <= 100


def test_no_work_starts_no_process():
    before = children()
    assert list(derive_all([], limits=FAST)) == []
    assert children() == before


def test_a_picture_can_be_opened_alone(tmp_path):
    path = tmp_path / "a.jpg"
    Image.new("RGB", (3000, 2000), (200, 10, 10)).save(path)
    picture = open_picture(path, FAST, want=224)
    assert (picture.width, picture.height) == (3000, 2000)
    assert picture.image.size == (750, 500) and picture.image.mode == "RGB"
    with pytest.raises(DecodeError, match="no such file"):
        open_picture(tmp_path / "gone.jpg", FAST, want=224)


def test_a_module_in_the_current_folder_is_not_imported(tmp_path, monkeypatch):
    (file,) = pictures(tmp_path, [50])
    (tmp_path / "PIL.py").write_text("raise SystemExit")
    (tmp_path / "numpy.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    ((_, derived),) = derive_all([Work(*file, (THUMBNAIL,))], limits=FAST, workers=1)
    assert isinstance(derived, Derived)


def test_names_that_are_not_text_can_be_decoded(tmp_path):
    path = Path(os.fsdecode(os.fsencode(str(tmp_path)) + b"/b\xff.png"))
    Image.new("RGB", (30, 20)).save(path)
    assert open_picture(path, FAST, want=10).width == 30
