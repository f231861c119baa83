"""Serves a published site on this machine."""

from ..media_types import content_type
from .handler import parse_range
from .server import SiteServer, serve

__all__ = ["SiteServer", "content_type", "parse_range", "serve"]
