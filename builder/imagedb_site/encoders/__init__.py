"""Model packs and the encoders that run them. Importing this loads neither onnxruntime nor torch."""

from __future__ import annotations

from imagedb_site.encoders.encoder import Encoder
from imagedb_site.encoders.pack import ModelPack, cache_name, list_packs, load_pack, packs_folder

__all__ = ["Encoder", "ModelPack", "cache_name", "list_packs", "load_pack", "packs_folder"]
