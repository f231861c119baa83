"""Small architectures of every kind are exported with random weights and agree with torch.

Needs the `[openclip]` extra; skipped without it.
"""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from tiny_architectures import CONFIGS

from imagedb_site.cache import packs_folder
from imagedb_site.encoders import Encoder
from imagedb_site.errors import PackError, UsageError
from imagedb_site.models import resolve
from imagedb_site.openclip.samples import drawn_pictures, prompts
from imagedb_site.packs import load_pack

open_clip = pytest.importorskip("open_clip", reason="needs the [openclip] extra")
torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

from imagedb_site.openclip import exporter, parity, source, towers  # noqa: E402
from imagedb_site.openclip.exporter import Options, export_pack, trace  # noqa: E402
from imagedb_site.openclip.source import Source, open_model  # noqa: E402

pytestmark = pytest.mark.openclip
TOKENIZERS = Path(__file__).parents[1] / "golden" / "tokenizers"
PROMPTS = [*prompts()[::3], "<end_of_text> in the middle", "!", "a ! b"]


def timm_tower(like, pretrained, **options):
    """An image tower of timm's, as OpenCLIP asks for it by name."""
    return timm.models.model_entrypoint(like)(pretrained, **options)


def fastvit_small_mci0(pretrained=False, **options):
    sizes = {"layers": (1, 1, 1, 1), "embed_dims": (16, 32, 64, 128)}
    return timm_tower("fastvit_mci0", pretrained, **sizes, **options)


ROTARY = {"img_size": 64, "embed_dim": 32, "depth": 2, "num_heads": 2, "ref_feat_shape": (4, 4)}


def vit_small_pe_core(pretrained=False, **options):
    like = "vit_pe_core_tiny_patch16_384"
    return timm_tower(like, pretrained, **ROTARY, attn_pool_num_heads=2, **options)


def eva02_small_clip(pretrained=False, **options):
    return timm_tower("eva02_base_patch16_clip_224", pretrained, **ROTARY, **options)


@pytest.fixture(scope="module", autouse=True)
def configs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("configs")
    for name, config in CONFIGS.items():
        (folder / f"{name}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder)
    for tower in (fastvit_small_mci0, vit_small_pe_core, eva02_small_clip):
        timm.models.register_model(tower)


@pytest.fixture(scope="module")
def gemma(tmp_path_factory):
    """A tokenizer.json as a publisher has it: the golden one without cleaning and renumbering."""
    import gzip

    from imagedb_site.encoders.tokenizer import expand

    compact = json.loads(gzip.decompress((TOKENIZERS / "gemma.json.gz").read_bytes()))
    made = expand(compact)
    made["normalizer"] = made["normalizer"]["normalizers"][-1]
    file = tmp_path_factory.mktemp("gemma") / "tokenizer.json"
    file.write_text(json.dumps(made))
    return file


@pytest.fixture(scope="module")
def traced(gemma):
    made = {}

    def get(name):
        if name not in made:
            torch.manual_seed(7)
            source = Source(name, tokenizer=gemma if name == "tiny-siglip" else None)
            model = open_model(source)
            with torch.no_grad():
                # Random towers of two layers barely distinguish inputs; larger token rows help.
                towers.text_module(model).token_embedding.weight.mul_(20)
            made[name] = trace(source, model, drawn_pictures(24), PROMPTS)
        return made[name]

    return get


@pytest.mark.parametrize("name", CONFIGS)
def test_every_kind_of_architecture_agrees_with_torch(traced, name, tmp_path):
    found = traced(name)
    assert max(found.errors) < 1e-4
    pack = exporter.assemble(found, tmp_path / "pack", Options("fp32"))
    encoder = Encoder(pack, threads=1)
    texts = encoder.encode_texts(found.prompts)
    # The pack's int8 token rows are all that differs.
    assert np.mean((texts * found.reference.texts).sum(1)) > 0.9995
    images = encoder.encode_images(found.pictures)
    np.testing.assert_allclose(images, found.reference.images, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "padding"),
    [
        ("tiny-clip", "none"),
        ("tiny-resnet", "none"),
        ("tiny-mobile", "max"),
        ("tiny-fastvit", "max"),
        ("tiny-pe", "none"),
        ("tiny-eva", "none"),
        ("tiny-siglip", "max"),
        ("tiny-coca", "max"),
    ],
)
def test_only_causal_towers_are_trimmed(traced, name, padding):
    assert traced(name).plan.padding == padding


@pytest.mark.parametrize("precision", ["int8", "int4"])
@pytest.mark.parametrize("name", CONFIGS)
def test_every_kind_of_architecture_passes_its_gate(traced, name, precision, tmp_path):
    pack = exporter.assemble(traced(name), tmp_path / "pack", Options(precision))
    assert len(pack.read("text.onnx")) < len(traced(name).core.SerializeToString())


@pytest.mark.parametrize("precision", ["int8", "int4", "fp16"])
def test_precisions_pass_their_gate_and_say_so_in_the_card(traced, precision, tmp_path):
    pack = exporter.assemble(traced("tiny-clip"), tmp_path / "pack", Options(precision))
    card = pack.read("card.md").decode()
    assert "RANDOM weights" in card and re.search(r"\| text_cosine \| (0\.9|1)", card)
    assert pack.manifest["licence"]["commercial"] is False


@pytest.mark.parametrize("precision", ["int8", "int4"])
@pytest.mark.parametrize("name", ["tiny-clip", "tiny-siglip", "tiny-coca"])
def test_a_large_text_core_keeps_its_weights_in_8_bits(traced, name, precision, tmp_path):
    found = traced(name)
    # Models so small have too many weights for it by this limit only.
    options = Options(precision, large=10_000, static_texts=40)
    pack = exporter.assemble(found, tmp_path / "pack", options)
    assert pack.manifest["text"]["weights"] == ["text.0000.bin"]
    graph = onnx.load_from_string(pack.read("text.onnx"))
    kinds = [node.op_type for node in graph.graph.node]
    assert kinds.count("MatMulInteger") >= 4
    assert "it runs on integers of 8 bits" in pack.read("card.md").decode()
    widened = exporter.assemble(found, tmp_path / "widened", Options(precision))
    assert "weights" not in widened.manifest["text"]


def test_a_core_that_fails_with_8_bits_gets_inputs_of_15(traced, tmp_path, monkeypatch):
    tried = []

    def check(*arguments):
        tried.append(arguments)
        if len(tried) == 1:
            raise PackError("It does not agree.")
        return checked(*arguments)

    checked = parity.check_pack
    monkeypatch.setattr(parity, "check_pack", check)
    pack = exporter.assemble(traced("tiny-clip"), tmp_path / "pack", Options("int8", large=10_000))
    assert len(tried) == 2
    kinds = [node.op_type for node in onnx.load_from_string(pack.read("text.onnx")).graph.node]
    assert kinds.count("MatMulInteger") % 2 == 0
    assert kinds.count("Sub") >= kinds.count("MatMulInteger") // 2
    with pytest.raises(PackError):
        tried.clear()
        exporter.assemble(traced("tiny-clip"), tmp_path / "other", Options("int8"))


def test_search_in_the_pack_is_search_in_torch(traced, tmp_path):
    """The first ten are the same for every prompt, except ties within rounding errors."""
    found = traced("tiny-clip")
    pack = exporter.assemble(found, tmp_path / "pack", Options("fp32"))
    encoder = Encoder(pack)
    images, texts = encoder.encode_images(found.pictures), encoder.encode_texts(found.prompts)
    assert parity.agreement(found.reference, images, texts, tie=2e-3) == 1


def test_two_exports_are_the_same_bytes(tmp_path):
    torch.manual_seed(3)
    state = open_model(Source("tiny-clip")).state_dict()
    torch.save(state, tmp_path / "weights.pt")
    source = Source("tiny-clip", checkpoint=tmp_path / "weights.pt")
    first, second = (export_pack(source, tmp_path / name, Options()) for name in ("a", "b"))
    assert first.manifest == second.manifest
    assert first.id.startswith("tiny-clip--weights-")


def test_a_checkpoint_in_both_formats_gives_the_same_model(tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    state = open_model(Source("tiny-clip")).state_dict()
    torch.save({"state_dict": state}, tmp_path / "a.pt")
    safetensors.save_file(state, tmp_path / "b.safetensors")
    first = open_model(Source("tiny-clip", checkpoint=tmp_path / "a.pt")).state_dict()
    second = open_model(Source("tiny-clip", checkpoint=tmp_path / "b.safetensors")).state_dict()
    assert set(first) == set(second) == set(state) and len(state) > 10
    assert all(torch.equal(first[key], second[key]) for key in state)


class Hostile:
    def __reduce__(self):
        return (Path.touch, (Path("owned"),))


def test_a_hostile_pickle_is_refused_and_does_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.pt").write_bytes(pickle.dumps(Hostile()))
    torch.save({"x": Hostile()}, tmp_path / "worse.pt")
    for name in ("bad.pt", "worse.pt"):
        with pytest.raises(PackError, match="cannot be loaded"):
            open_model(Source("tiny-clip", checkpoint=tmp_path / name))
    assert not (tmp_path / "owned").exists()


def test_weights_of_another_model_are_refused(tmp_path):
    torch.save(open_model(Source("tiny-mobile")).state_dict(), tmp_path / "w.pt")
    with pytest.raises(PackError, match="tiny-resnet"):
        open_model(Source("tiny-resnet", checkpoint=tmp_path / "w.pt"))


def test_an_unreachable_hub_names_the_file_to_fetch(monkeypatch):
    def fail(*args, **kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr(open_clip.factory, "download_pretrained", fail)
    with pytest.raises(PackError, match="could not be downloaded") as caught:
        open_model(Source("ViT-B-32", "laion2b_s34b_b79k"))
    repository = "https://huggingface.co/laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
    assert f"{repository}/resolve/main/open_clip_model.safetensors" in caught.value.hint
    command = "imagedb-site model export ViT-B-32:laion2b_s34b_b79k --checkpoint FILE"
    assert command in caught.value.hint
    with pytest.raises(PackError) as caught:
        open_model(Source("ViTamin-S", "datacomp1b"))
    assert "jienengchen/ViTamin-S/resolve/main/pytorch_model.bin" in caught.value.hint
    monkeypatch.setattr(open_clip, "get_tokenizer", fail)
    with pytest.raises(PackError, match="tokenizer of ViT-B-16-SigLIP2") as caught:
        source.open_tokenizer(Source("ViT-B-16-SigLIP2"))
    assert "timm/ViT-B-16-SigLIP2" in caught.value.hint and "--tokenizer" in caught.value.hint


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Source("ViT-B-33"), "knows no model"),
        (Source("ViT-B-32", "nothing"), "knows no weights"),
        (Source("ViT-B-32", "openai", Path("x")), "no checkpoint"),
        (Source("ViT-B-32", None, Path("no-such-file")), "no checkpoint"),
    ],
)
def test_mistakes_are_named(source, message):
    with pytest.raises(UsageError, match=message):
        open_model(source)


def test_a_tower_of_another_library_is_refused():
    model = type("Model", (), {"text": torch.nn.Linear(2, 2)})()
    with pytest.raises(PackError, match="cannot be exported yet") as caught:
        towers.text_module(model)
    assert "hf_model_name" in caught.value.hint


def test_the_gate_refuses_towers_that_differ(traced, tmp_path):
    found = traced("tiny-clip")
    with pytest.raises(PackError, match=r"differs from torch by 0\.01"):
        parity.float_error("text", found.reference.texts + 0.01, found.reference.texts)
    with pytest.raises(PackError, match="differs"):
        parity.float_error("text", found.reference.texts * np.nan, found.reference.texts)
    import dataclasses

    turned = dataclasses.replace(found.reference, texts=found.reference.texts[::-1].copy())
    broken = dataclasses.replace(found, reference=turned)
    with pytest.raises(PackError, match="does not agree with torch"):
        exporter.assemble(broken, tmp_path / "pack", Options())
    assert list(tmp_path.iterdir()) == []


def test_an_existing_pack_survives_a_failed_export(traced, tmp_path):
    import dataclasses

    found = traced("tiny-clip")
    before = exporter.assemble(found, tmp_path / "pack", Options())
    turned = dataclasses.replace(found.reference, texts=found.reference.texts[::-1].copy())
    with pytest.raises(PackError):
        exporter.assemble(
            dataclasses.replace(found, reference=turned), tmp_path / "pack", Options("fp32")
        )
    assert load_pack(tmp_path / "pack").id == before.id


def test_a_folder_of_something_else_is_not_touched(tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(UsageError, match="not a model pack"):
        export_pack(Source("tiny-clip"), tmp_path)
    assert (tmp_path / "letter.txt").exists()


def test_a_model_by_name_is_exported_once(traced, tmp_path, monkeypatch):
    monkeypatch.setenv("IMAGEDB_SITE_CACHE", str(tmp_path))
    calls = []

    def export(source, folder):
        calls.append(source)
        return exporter.assemble(traced("tiny-clip"), folder, Options())

    monkeypatch.setattr(exporter, "export_pack", export)
    first = resolve("tiny-clip:some_tag")
    second = resolve("tiny-clip:some_tag")
    assert first.id == second.id and first.path.parent == packs_folder()
    assert calls == [Source("tiny-clip", "some_tag")]


PUBLISHED = {
    "one": {"hf_hub": "a/one/", "mean": (0.5,) * 3, "std": (0.25,) * 3, "resize_mode": "squash",
            "interpolation": "bicubic", "quick_gelu": True},
    "two": {"hf_hub": "a/two/", "mean": (0.4,) * 3, "std": (0.25,) * 3, "resize_mode": "squash",
            "interpolation": "bicubic"},
}  # fmt: skip


def test_a_tag_gives_the_training_settings_of_the_weights_in_a_file(tmp_path, monkeypatch):
    """Mean, deviation, resize and activation belong to the weights, but are not in the file."""
    torch.save(open_model(Source("tiny-clip")).state_dict(), tmp_path / "w.pt")
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "tiny-clip", PUBLISHED)

    def opened(tag):
        model = open_model(Source("tiny-clip", tag, tmp_path / "w.pt"))
        found = source.preprocessing_of(model)
        quick = any("QuickGELU" in type(part).__name__ for part in model.modules())
        return found["mean"][0], found["std"][0], found["resize"], quick

    assert opened("one") == (0.5, 0.25, "squash", True)
    assert opened("two") == (0.4, 0.25, "squash", False)
    # Without a tag: the settings that all tags have in common.
    unchanged = source.preprocessing_of(open_model(Source("tiny-clip")))["mean"][0]
    assert opened(None) == (unchanged, 0.25, "squash", False)
    assert Source("tiny-clip", "two", tmp_path / "w.pt").label == "tiny-clip:two"


def test_preprocessing_is_recorded():
    model = open_model(Source("tiny-clip"))
    assert source.preprocessing_of(model)["resize"] == "shortest"
    model.visual.preprocess_cfg.update(
        resize_mode="squash", interpolation="bilinear", mean=(0.5,) * 3, std=(0.5,) * 3
    )
    found = source.preprocessing_of(model)
    assert (found["resize"], found["crop"], found["interpolation"]) == (
        "squash",
        "none",
        "bilinear",
    )
