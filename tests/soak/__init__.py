"""Long tests of trust: kills, damaged bytes, hostile input, hosts. `make soak` runs all parts.

Each part is a module with `run(folder, scale) -> dict[str, int]`: it works in `folder`, does its number of
trials times `scale`, and returns the counts it adds to the result. Quick forms of the same functions run in
`make test`.
"""
