"""What is made of pictures, here or by the workers of a cluster that keep it in parts."""

from imagedb_site.parts.local import LocalMaker
from imagedb_site.parts.made import Made, Maker

__all__ = ["LocalMaker", "Made", "Maker"]
