"""The map of meaning of a build: places, topics and their names (docs/FORMAT.md 2.18)."""

from imagedb_site.mapping.fit import check_installed
from imagedb_site.mapping.make import MapRows, Refusal, make_map, map_notes

__all__ = ["MapRows", "Refusal", "check_installed", "make_map", "map_notes"]
