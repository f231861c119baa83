"""Model packs on disk: reading, checking and writing them. No model runtime is needed."""

from imagedb_site.packs.pack import (
    BUILTIN_FOLDER,
    ModelPack,
    check_manifest,
    load_pack,
    read_pack,
)

__all__ = ["BUILTIN_FOLDER", "ModelPack", "check_manifest", "load_pack", "read_pack"]
