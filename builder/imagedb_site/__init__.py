"""imagedb-site: a picture collection as a static site that searches itself."""
__version__ = "0.1.0"
