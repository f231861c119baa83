"""Turns OpenCLIP models into model packs. Needs the `[openclip]` extra; nothing here is imported
by a build that uses a finished pack."""
