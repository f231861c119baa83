"""Runs model packs. Importing this loads neither onnxruntime nor torch."""

from imagedb_site.encoders.encoder import Encoder

__all__ = ["Encoder"]
