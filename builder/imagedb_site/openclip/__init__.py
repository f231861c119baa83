"""Exports OpenCLIP models as model packs.

Most of it needs the extra `[openclip]`. A build that uses a finished pack imports nothing from here.
"""
