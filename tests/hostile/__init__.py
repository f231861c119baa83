"""Hostile input of every kind, made with fixed seeds: texts, names, tables, pictures, bundles, packs, sites.

`tests/fuzz`, `tests/e2e` and `tests/soak` use the same inputs.
"""
