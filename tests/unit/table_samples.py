"""Tables as bytes, and what the program reads from them."""

from __future__ import annotations

from pathlib import Path

from imagedb_site.records import Value
from imagedb_site.sources import Sidecar, load_sidecar


def load(folder: Path, data: str | bytes, name: str = "t.csv") -> Sidecar:
    """Writes a table and reads it."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return load_sidecar(path)


def rows(sidecar: Sidecar) -> dict[str, dict[str, Value]]:
    """Returns the values of every picture that the table names."""
    names = list(sidecar.join([]).unmatched())
    joined = sidecar.join(names)
    return {name: joined.values(at) for at, name in enumerate(names)}


def types(sidecar: Sidecar) -> dict[str, str]:
    """Returns the type of each field."""
    return {spec.name: spec.type for spec in sidecar.fields}


def reasons(sidecar: Sidecar) -> list[str]:
    """Returns what the table's problems say."""
    assert all(problem.key == sidecar.path.name for problem in sidecar.problems)
    return [problem.reason for problem in sidecar.problems]


def column(folder: Path, *cells: object, name: str = "v") -> tuple[Sidecar, list[Value | None]]:
    """Reads a table with one column of text besides the file names; returns it and the column's values."""
    lines = [
        f'{at}.jpg,"{str(cell).replace(chr(34), chr(34) * 2)}"' for at, cell in enumerate(cells)
    ]
    sidecar = load(folder, "\n".join([f'file,"{name}"', *lines]) + "\n")
    joined = sidecar.join([f"{at}.jpg" for at in range(len(cells))])
    field = sidecar.fields[0].name
    return sidecar, [joined.values(at).get(field) for at in range(len(cells))]
