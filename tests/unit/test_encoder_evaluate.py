"""Retrieval figures on cases small enough to count by hand, and `model` on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from imagedb_site.cli.main import run
from imagedb_site.cli.model import command
from imagedb_site.evaluate import (
    class_name,
    evaluate_classes,
    evaluate_pairs,
    top_agreement,
)

TINY = Path(__file__).parents[1] / "golden" / "pack-tiny"
EYE = np.eye(12, dtype=np.float32)


def test_a_perfect_encoder_finds_everything_first():
    result = evaluate_pairs(EYE, EYE, np.arange(12))
    assert (result.t2i_r1, result.i2t_r1, result.median_rank) == (1, 1, 1)


def test_ranks_are_counted():
    # Text 0 prefers image 1 to its own; text 1 is right; both describe images 0 and 1.
    images = np.array([[1, 0], [0, 1]], dtype=np.float32)
    texts = np.array([[0.4, 0.6], [0.1, 0.9]], dtype=np.float32)
    result = evaluate_pairs(images, texts, np.array([0, 1]))
    assert result.t2i_r1 == 0.5 and result.t2i_r5 == 1
    assert result.i2t_r1 == 1
    assert result.median_rank == 1.5


def test_ties_count_against_the_encoder():
    same = np.ones((20, 3), dtype=np.float32)
    result = evaluate_pairs(same, same, np.arange(20))
    assert result.t2i_r10 == result.i2t_r10 == 0
    assert result.median_rank == 20


def test_a_picture_is_as_good_as_its_best_caption():
    texts = np.stack([EYE[5], EYE[0], EYE[1]])
    result = evaluate_pairs(EYE, texts, np.array([0, 0, 1]))
    assert result.i2t_r1 == 1
    assert result.t2i_r1 == pytest.approx(2 / 3)


def test_classes():
    labels = np.repeat(np.arange(3), 12)
    images = EYE[labels]
    assert evaluate_classes(images, EYE[:3], labels).precision_at_10 == 1
    moved = evaluate_classes(images, EYE[[1, 0, 2]], labels)
    assert moved.precision_at_10 == pytest.approx(1 / 3)
    assert moved.top1 == pytest.approx(1 / 3)
    assert class_name("water_lilly") == "water lilly"
    assert class_name("Faces-Easy") == "faces easy"


def test_agreement_of_the_first_k():
    scores = np.arange(20, dtype=np.float32)[None]
    assert top_agreement(scores, scores).tolist() == [1]
    assert top_agreement(scores, -scores).tolist() == [0]
    assert top_agreement(scores, np.roll(scores, 5, axis=1)).tolist() == [0.5]


@pytest.fixture
def pictures(tmp_path):
    generator = np.random.default_rng(3)
    for name in ("red_car", "blue_sky"):
        (tmp_path / "classes" / name).mkdir(parents=True)
        for index in range(3):
            pixels = generator.integers(0, 256, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "classes" / name / f"{index}.png")
    (tmp_path / "classes" / "red_car" / "broken.png").write_bytes(b"nothing")
    rows = [
        {"file": f"classes/red_car/{index}.png", "captions": ["a", "b"], "split": "val"}
        for index in range(3)
    ]
    rows.append({"file": "classes/red_car/broken.png", "captions": ["x"], "split": "val"})
    rows.append({"file": "classes/blue_sky/0.png", "caption": "c", "split": "train"})
    (tmp_path / "pairs.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path


def invoke(*args: object) -> dict:
    result = CliRunner().invoke(command, [str(arg) for arg in args], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_eval_on_pairs_skips_what_cannot_be_read(pictures):
    found = invoke("eval", TINY, "--pairs", pictures / "pairs.jsonl", "--json")
    assert found["pictures"] == 4 and found["texts"] == 7
    assert found["t2i_r5"] == 1 and 0 <= found["t2i_r1"] <= 1
    found = invoke("eval", TINY, "--pairs", pictures / "pairs.jsonl", "--split", "val", "--json")
    assert found["pictures"] == 3


def test_eval_reports_what_it_skipped(pictures):
    shown = CliRunner().invoke(
        command, ["eval", str(TINY), "--pairs", str(pictures / "pairs.jsonl")]
    )
    assert shown.exit_code == 0
    assert "Skipped " in shown.stderr and "1 of 5 pictures could not be read." in shown.stderr


def test_eval_on_classes(pictures):
    found = invoke("eval", TINY, "--classes", pictures / "classes", "--json")
    assert found["pictures"] == 6 and set(found) >= {"precision_at_10", "top1"}


def test_list_and_info(tmp_path, monkeypatch):
    monkeypatch.setenv("IMAGEDB_SITE_CACHE", str(tmp_path))
    shutil.copytree(TINY, tmp_path / "packs" / "tiny")
    assert "tiny" in [pack["name"] for pack in invoke("list", "--json")]
    info = invoke("info", "tiny", "--json")
    assert info["dim"] == 16 and info["sizes"]["image"] > 1000
    text = CliRunner().invoke(command, ["info", "tiny"]).output
    assert "152 × 16 in int8" in text


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["info", "no-such-pack"], 5, "no model pack"),
        (["eval", str(TINY)], 2, "either --pairs FILE or --classes"),
    ],
)
def test_mistakes_are_one_sentence(args, code, message, capsys):
    assert run(["model", *args]) == code
    shown = capsys.readouterr().err
    assert message in shown and "Traceback" not in shown


def test_broken_pairs_are_named(tmp_path, capsys):
    file = tmp_path / "p.jsonl"
    file.write_text('{"file": "a.png"}\n{"caption": 1}\n')
    assert run(["model", "eval", str(TINY), "--pairs", str(file)]) == 3
    assert "Line 2" in capsys.readouterr().err
