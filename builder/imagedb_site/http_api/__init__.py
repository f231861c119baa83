"""The HTTP API of a site: the same answers, byte for byte, as those of the site's service worker."""

from .api import Api, Asked, Reply

__all__ = ["Api", "Asked", "Reply"]
