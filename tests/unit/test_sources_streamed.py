"""Streamed tables give the same as tables that are read into memory and joined there."""

from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagedb_site.errors import SourceError
from imagedb_site.records import Value
from imagedb_site.sources import gather, load_sidecar
from imagedb_site.sources.cells import Cell
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.infer import Conventions, Tally
from imagedb_site.sources.tables import Row, Table

PARTS = st.sampled_from(["a", "b", "train", "x.jpg"])
FILES = st.sampled_from(["x.jpg", "x.png", "x", "y.jpg", "x.jpg.png", "1.gif", "é.jpg"])
PATHS = st.builds(
    lambda folders, file: "/".join([*folders, file]), st.lists(PARTS, max_size=3), FILES
)


def read_table(path: Path) -> Iterator[Row]:
    """Yields the rows of a table without their numbers."""
    return (row for _, row in Table(path).rows())


def write_lines(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def common(left: str, right: str) -> int:
    """The number of folders that two paths share, counted from the file."""
    pairs = zip(left.split("/")[-2::-1], right.split("/")[-2::-1], strict=False)
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def short(path: str) -> list[str]:
    base = path.split("/")[-1]
    stem = base.rpartition(".")[0]
    return [base, stem] if stem else [base]


def join(names: Sequence[str], keys: Sequence[str]) -> dict[str, str]:
    """The name of each picture by the rules: exactly, else by the most last parts in common."""
    found = {key: key for key in keys if key in names}
    left = [name for name in dict.fromkeys(names) if name not in keys]
    guesses: dict[str, str] = {}
    for key in keys:
        if key in found:
            continue
        for called in short(key):
            fitting = [name for name in left if called in short(name)]
            if fitting:
                most = max(common(key, name) for name in fitting)
                best = [name for name in fitting if common(key, name) == most]
                if len(best) == 1:
                    guesses[key] = best[0]
                break
    for key, name in guesses.items():
        if list(guesses.values()).count(name) == 1:
            found[key] = name
    return found


@settings(max_examples=300, deadline=None)
@given(
    names=st.lists(PATHS, min_size=1, max_size=8),
    keys=st.lists(PATHS, max_size=8, unique=True),
)
def test_rows_find_their_pictures_as_the_rules_say(tmp_path_factory, names, keys):
    path = tmp_path_factory.mktemp("t") / "t.jsonl"
    rows = [{"file": name, "own": f"Row of {name} that is text"} for name in names]
    joined = load_sidecar(write_lines(path, rows)).join(keys)
    expected = join(names, keys)
    found = {key: joined.values(at).get("own") for at, key in enumerate(keys) if at in joined}
    assert found == {key: f"Row of {name} that is text" for key, name in expected.items()}
    assert all((at in joined) == bool(joined.values(at)) for at in range(len(keys)))
    unmatched = list(joined.unmatched())
    assert len(unmatched) == joined.unmatched_count()
    # A name belongs to one picture, matches several, or matches none.
    several = [problem.key for problem in joined.problems]
    assert sorted([*set(expected.values()), *several, *unmatched]) == sorted(set(names))
    assert unmatched == [name for name in dict.fromkeys(names) if name in unmatched]


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "caption": st.sampled_from(["One sentence.", "Another sentence.", "One", "\x00"]),
        "tags": st.lists(st.sampled_from(["x", "y", "z"]), max_size=3),
        "score": st.integers(-5, 5) | st.floats(-5, 5),
        "seen": st.dates().map(str),
    },
)


def merged(rows: Sequence[dict[str, Value]]) -> dict[str, Value]:
    """Several rows of one picture: texts and tags are put together, else the first value wins."""
    values: dict[str, Value] = {}
    for name in ("caption", "tags", "score", "seen"):
        cells = [row[name] for row in rows if row.get(name) not in (None, [])]
        if name == "tags":
            tags = list(dict.fromkeys(tag for cell in cells for tag in cell))
            values[name] = tags
        elif name == "caption":
            text = ""
            for cell in cells:
                cell = cell.strip("\x00")
                text = cell if not text else text if cell in text else f"{text}\n{cell}"
            values[name] = text
        elif cells:
            values[name] = cells[0]
    return {name: value for name, value in values.items() if value not in ("", [])}


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(st.tuples(st.sampled_from("abcd"), VALUES), max_size=12))
def test_values_are_those_of_the_rows(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("t") / "t.jsonl"
    # A first row with every column determines the types.
    first = {"caption": "Many words.", "tags": ["x"], "score": 1, "seen": "2000-01-01"}
    lines = [{"file": "first", **first}, *({"file": name, **values} for name, values in rows)]
    joined = load_sidecar(write_lines(path, lines)).join(["first", *"abcd"])
    assert joined.values(0) == first
    for at, name in enumerate("abcd", 1):
        assert joined.values(at) == merged([values for other, values in rows if other == name])


CELLS = st.one_of(
    st.sampled_from(
        ["cat", "dog", "a;b", "c|d", "2020-01-02", "yes", "7", "https://a.b", "x" * 70]
    ),
    st.integers(0, 3),
    st.booleans(),
    st.lists(st.sampled_from(["p", "q" * 60]), min_size=1, max_size=3),
)


@settings(deadline=None)
@given(data=st.data(), cells=st.lists(CELLS, min_size=1, max_size=12))
def test_the_order_of_rows_does_not_change_the_type(data, cells: list[Cell]):
    name = data.draw(st.sampled_from(["v", "tags"]))
    fields = []
    for order in (cells, data.draw(st.permutations(cells))):
        tally = Tally(name)
        for cell in order:
            tally.add(cell)
        faults = Faults("t.csv")
        field, store = tally.column("V", Conventions(), faults)
        left_out = sum(store(cell) is None for cell in cells)
        # Only numbers and dates leave a cell out: at most one of so few, which is reported.
        assert left_out <= (len(cells) >= 5 and field.type in ("number", "date"))
        assert len(faults.problems()) >= left_out
        fields.append((field, [store(cell) for cell in cells]))
    assert fields[0] == fields[1]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.dictionaries(TEXT, JSON, max_size=4), max_size=5),
    indent=st.sampled_from([None, 0, 3]),
    ascii_only=st.booleans(),
)
def test_a_json_list_gives_the_rows_of_json_lines(tmp_path_factory, rows, indent, ascii_only):
    folder = tmp_path_factory.mktemp("t")
    text = json.dumps(rows, indent=indent, ensure_ascii=ascii_only)
    (folder / "t.json").write_text(text, encoding="utf-8", newline="")
    write_lines(folder / "t.jsonl", rows)
    assert list(read_table(folder / "t.json")) == list(read_table(folder / "t.jsonl"))


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.sampled_from('[]{}:,"\\1a \nn'), max_size=20) | JSON.map(json.dumps))
def test_what_is_not_json_is_refused_as_before(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("t") / "t.json"
    path.write_text(text, encoding="utf-8", newline="")
    try:
        value = json.loads(text)
        names = isinstance(value, dict) and value
        fits = isinstance(value, list) or names
        items = list(value.values() if names else value) if fits else [None]
        # An item that is not an object is a problem of its own, except for the first one.
        fits = all(isinstance(item, dict) for item in items[:1])
        items = [item for item in items if isinstance(item, dict)]
    except ValueError:
        fits = False
    if fits:
        assert len(list(read_table(path))) == len(items)
    else:
        with pytest.raises(SourceError, match=r"not JSON|neither a list"):
            list(read_table(path))


def test_a_json_file_longer_than_a_piece(tmp_path):
    rows = [{"file": f"{at}.jpg", "v": f"{at} " + "é猫" * (at % 300)} for at in range(3000)]
    rows[1000]["v"] = "long " * 200_000
    text = json.dumps(rows, ensure_ascii=False)
    (tmp_path / "list.json").write_text(text, encoding="utf-8")
    by_name = {row["file"]: {"v": row["v"]} for row in rows}
    (tmp_path / "named.json.gz").write_bytes(gzip.compress(json.dumps(by_name).encode()))
    assert list(read_table(tmp_path / "list.json")) == rows
    assert list(read_table(tmp_path / "named.json.gz")) == rows
    broken = text[:-3]
    (tmp_path / "list.json").write_text(broken, encoding="utf-8")
    with pytest.raises(json.JSONDecodeError) as expected:
        json.loads(broken)
    with pytest.raises(SourceError, match=f"character {expected.value.pos}") as found:
        list(read_table(tmp_path / "list.json"))
    assert expected.value.msg in str(found.value)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.lists(TEXT, min_size=2, max_size=2), min_size=1, max_size=5),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    packed=st.booleans(),
)
def test_csv_cells_are_those_that_were_written(tmp_path_factory, rows, delimiter, encoding, packed):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([["file", "v"], *rows])
    data = text.getvalue().encode(encoding)
    path = tmp_path_factory.mktemp("t") / ("t.csv.gz" if packed else "t.csv")
    path.write_bytes(gzip.compress(data) if packed else data)
    plain = [[cell.replace("\0", "").lstrip(" ") for cell in row] for row in rows]
    expected = [
        {name: cell for name, cell in zip(("file", "v"), row, strict=True) if cell.strip()}
        for row in plain
        if any(cell.strip() for cell in row)
    ]
    assert list(read_table(path)) == expected


def test_one_byte_decides_the_encoding_of_a_spreadsheet(tmp_path):
    rows = "".join(f"{at}.jpg,Größe\n" for at in range(150_000))
    path = tmp_path / "t.csv"
    path.write_bytes(("file,v\n" + rows).encode("utf-8"))
    assert next(read_table(path))["v"] == "Größe"
    path.write_bytes(("file,v\n" + rows).encode("utf-8") + b"x.jpg,\xfc\n")
    *_, last = read_table(path)
    assert next(read_table(path))["v"] == "Größe" and last == {"file": "x.jpg", "v": "ü"}
    path.write_bytes(("file,v\n" + rows).encode("cp1252"))
    assert next(read_table(path))["v"] == "Größe"
    path.write_bytes(b"file,v\nx.jpg,\x81\n")
    with pytest.raises(SourceError, match="not UTF-8"):
        list(read_table(path))


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.json"])
def test_an_endless_line_is_refused(tmp_path, name):
    start = {"t.csv": "file,v\na.jpg,", "t.jsonl": '{"file": "', "t.json": '[{"file": "'}[name]
    (tmp_path / name).write_text(start + "x" * (17 << 20))
    with pytest.raises(SourceError, match=r"longer than 16,777,216 characters"):
        load_sidecar(tmp_path / name)


@pytest.mark.parametrize("cut", [10, 100, -1])
def test_a_packed_table_that_is_cut_or_damaged(tmp_path, cut):
    data = gzip.compress("".join(f'{{"file": "{at}.jpg"}}\n' for at in range(500)).encode())
    path = tmp_path / "t.jsonl.gz"
    path.write_bytes(data[:cut])
    with pytest.raises(SourceError, match=r"cannot be read: (it ends too early|it is damaged)"):
        load_sidecar(path)
    path.write_bytes(data[: len(data) // 2] + b"\xff" * 50 + data[len(data) // 2 :])
    with pytest.raises(SourceError, match="cannot be read"):
        load_sidecar(path)


def test_more_columns_than_a_table_may_have(tmp_path):
    rows = [{"file": f"{at}.jpg", f"v{at}": "Some text."} for at in range(600)]
    sidecar = load_sidecar(write_lines(tmp_path / "t.jsonl", rows))
    assert len(sidecar.fields) == 499
    assert [problem.reason for problem in sidecar.problems] == [
        "has more than 500 columns; the first left out is v499"
    ]
    joined = sidecar.join(["498.jpg", "499.jpg"])
    assert joined.values(0) == {"v498": "Some text."} and 1 in joined and joined.values(1) == {}


FULL = """
import resource, signal, sys
from pathlib import Path
from imagedb_site.errors import StorageError
from imagedb_site.sources import load_sidecar

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    load_sidecar(Path(sys.argv[1]))
except StorageError as error:
    sys.exit(f"{error} {error.hint}")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not limit the size of files")
def test_no_room_for_the_temporary_file(tmp_path):
    rows = [{"file": f"{at}.jpg", "v": "x" * 20_000} for at in range(1500)]
    write_lines(tmp_path / "t.jsonl", rows)
    command = [sys.executable, "-c", FULL, tmp_path / "t.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "no room for the table" in done.stderr and "TMPDIR" in done.stderr


def test_times_in_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    def write(seen: object) -> Path:
        parquet.write_table(
            pyarrow.table({"file": ["a.jpg"], "seen": seen}), tmp_path / "t.parquet"
        )
        return tmp_path / "t.parquet"

    for zone in (None, "UTC"):
        seen = pyarrow.array([1_600_000_000_123_456_789], pyarrow.timestamp("ns", zone))
        assert list(read_table(write(seen))) == [{"file": "a.jpg", "seen": "2020-09-13T12:26:40"}]
    sidecar = load_sidecar(write(pyarrow.array([10**14], pyarrow.timestamp("s"))))
    assert [problem.reason for problem in sidecar.problems] == [
        'row 1 has a value in the column "seen" that is out of range; it was left out'
    ]


def test_a_source_gives_its_records_again(tmp_path):
    for key in ("b/2.jpg", "a/10.jpg", "a/9.jpg"):
        (tmp_path / key).parent.mkdir(exist_ok=True)
        (tmp_path / key).write_bytes(b"xyz")
    rows = [{"file": "9.jpg", "v": 1}, {"file": "2.jpg", "v": 2}, {"file": "1.jpg", "w": 3}]
    source = gather(tmp_path, [load_sidecar(write_lines(tmp_path / "t.jsonl", rows))])
    assert len(source) == 3
    # `w` belongs to no picture.
    assert [spec.name for spec in source.fields] == ["name", "file", "folder", "label", "v"]
    records = list(source.records())
    assert [record.key for record in records] == ["a/9.jpg", "a/10.jpg", "b/2.jpg"]
    assert [record.fields.get("v") for record in records] == [1, None, 2]
    assert all(r.picture.path == tmp_path / r.key and r.picture.size == 3 for r in records)
    (tmp_path / "a" / "10.jpg").unlink()
    assert list(source.records()) == records
    assert [problem.key for problem in source.problems] == ["1.jpg"]
