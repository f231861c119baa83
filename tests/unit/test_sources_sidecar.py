"""Sidecar tables: every format, the types of columns, which picture has which row, and bad tables."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagedb_site.dates import date_span, parse_date
from imagedb_site.errors import SourceError
from imagedb_site.records import FieldSpec, Value
from imagedb_site.sources import Sidecar, gather, load_sidecar
from imagedb_site.sources.cells import clean
from imagedb_site.sources.columns import RESERVED, field_name
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.infer import Conventions, Tally

ROWS = [
    {"file": "a/1.jpg", "title": "One", "score": 3, "tags": ["x", "y"], "seen": "2020-01-02"},
    {"file": "a/2.jpg", "title": "Two", "score": 2.5, "tags": [], "seen": "2021-12-31"},
]


def pictures(root: Path, *keys: str) -> Path:
    for key in keys:
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(b"x")
    return root


def table(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def write(path: Path) -> Path:
    """Writes ROWS in the format the suffix names."""
    if path.suffix == ".parquet":
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    elif path.suffix in (".csv", ".tsv"):
        comma = "," if path.suffix == ".csv" else "\t"
        lines = [comma.join(("file", "title", "score", "tags", "seen"))]
        for row in ROWS:
            cells = (row["file"], row["title"], row["score"], ";".join(row["tags"]), row["seen"])
            lines.append(comma.join(str(cell) for cell in cells))
        table(path, "\r\n".join(lines) + "\r\n")
    elif path.suffix == ".json":
        table(path, json.dumps(ROWS))
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress("\n".join(map(json.dumps, ROWS)).encode()))
    else:
        table(path, "\n".join(map(json.dumps, ROWS)))
    return path


def values(sidecar: Sidecar, key: str) -> dict[str, Value]:
    """Returns the values that the table has for the only picture of a collection."""
    return sidecar.join([key]).values(0)


NAMES = ["t.csv", "t.tsv", "t.jsonl", "t.ndjson", "t.json", "t.parquet", "t.jsonl.gz"]


@pytest.mark.parametrize("name", NAMES)
def test_every_format_gives_the_same(tmp_path, name):
    pictures(tmp_path, "a/1.jpg", "a/2.jpg")
    gathered = gather(tmp_path, [load_sidecar(write(tmp_path / name))])
    one, two = (record.fields for record in gathered.records())
    assert (one["title"], one["score"], one["tags"], one["seen"]) == (
        *("One", 3, ["x", "y"]),
        "2020-01-02",
    )
    assert two["score"] == 2.5 and "tags" not in two
    types = {spec.name: spec.type for spec in gathered.fields}
    assert types["score"] == "number" and types["tags"] == "tags" and types["seen"] == "date"
    assert gathered.problems == []


def test_an_object_by_file_name(tmp_path):
    text = json.dumps({"a.png": {"p": "a castle", "se": 1}, "b.png": {"p": "a boat", "se": 2}})
    sidecar = load_sidecar(table(tmp_path / "part.json", text))
    assert values(sidecar, "images/a.png") == {"p": "a castle", "se": 1}


def cells(*values: object) -> FieldSpec:
    tally = Tally("column")
    for value in values:
        tally.add(value)
    return tally.column("column", Conventions(), Faults("t.csv"))[0]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((1, 2.5, "3"), "number"),
        (("1", "2e3"), "number"),
        (("007", "008"), "text"),
        ((True, False), "boolean"),
        (("yes", "No"), "boolean"),
        (("2020-01-01", "2021:03:04 05:06:07"), "date"),
        (("2020-01-01T00:00:00Z", "2020-01-01 10:00:00+02:00"), "date"),
        (("2020-13-01",), "text"),
        (("https://a.b/c", "http://d.e"), "url"),
        (("javascript:alert(1)",), "text"),
        ((["a", "b"], ["c"]), "tags"),
        ((["A long sentence that says what is seen in the picture, of course."],), "text"),
        (("red;green", "blue"), "tags"),
        (("a|b", "b|c|d"), "tags"),
        (("cat", "dog", "cat", "dog"), "category"),
        (("book CC BY; unverified", "book CC BY; unverified") * 50, "category"),
        (("One title", "Another title"), "text"),
        (("A sentence; with a semicolon and so many words that it is no tag.",), "text"),
        ((1, "x"), "text"),
        ((float(1 << 60), 1.0), "text"),
    ],
)
def test_types(values, kind):
    assert cells(*values).type == kind


def test_each_type_has_its_uses():
    assert cells(1, 2) == FieldSpec("column", "Column", "number", facet=True, column=True)
    assert cells("a;b") == FieldSpec("column", "Column", "tags", fts=True, facet=True, column=True)
    assert cells("Some text") == FieldSpec("column", "Column", "text", fts=True)


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("ImageWidth", "image_width"),
        ("Größe (cm)", "grosse_cm"),
        ("  a--b  ", "a_b"),
        ("1st", "n_1st"),
        ("題名", "column_3"),
        ("path", "meta_path"),
        ("Rank", "meta_rank"),
        ("x" * 200, "x" * 63),
    ],
)
def test_field_names(label, name):
    assert field_name(label, 2) == name


@given(st.text(max_size=100), st.integers(0, 500))
def test_field_names_are_always_valid(label, at):
    import re

    name = field_name(label, at)
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name)
    assert name not in RESERVED


def join(tmp_path: Path, names: list[str], keys: list[str]) -> dict[str, Value]:
    """Returns the row number each picture got from a table that names `names`."""
    text = "file,row\n" + "".join(f'"{name}",{at}\n' for at, name in enumerate(names))
    sidecar = load_sidecar(table(tmp_path / "t.csv", text))
    joined = sidecar.join(keys)
    found = {key: joined.values(at) for at, key in enumerate(keys)}
    return {key: row["meta_row"] for key, row in found.items() if row}


def test_the_whole_path_comes_first(tmp_path):
    found = join(tmp_path, ["x.jpg", "b/x.jpg"], ["a/x.jpg", "b/x.jpg"])
    assert found == {"b/x.jpg": 1, "a/x.jpg": 0}


def test_other_ways_to_write_a_path(tmp_path):
    names = [".\\a\\x.jpg", "/b/y.jpg", "c//z.jpg", "Cafe\u0301.jpg"]
    found = join(tmp_path, names, ["a/x.jpg", "b/y.jpg", "c/z.jpg", "Caf\u00e9.jpg"])
    assert found == {"a/x.jpg": 0, "b/y.jpg": 1, "c/z.jpg": 2, "Caf\u00e9.jpg": 3}


def test_longer_paths_and_names_without_suffix(tmp_path):
    names = ["/data/set/train/x.jpg", "/data/set/test/x.jpg", "plain"]
    found = join(tmp_path, names, ["train/x.jpg", "test/x.jpg", "a/plain.png"])
    assert found == {"train/x.jpg": 0, "test/x.jpg": 1, "a/plain.png": 2}


def test_a_name_that_matches_two_pictures_matches_none(tmp_path):
    assert join(tmp_path, ["x.jpg"], ["a/x.jpg", "b/x.jpg"]) == {}
    assert join(tmp_path, ["c/x.jpg", "d/x.jpg"], ["x.jpg"]) == {}
    pictures(tmp_path / "p", "a/x.jpg", "b/x.jpg", "y.jpg")
    text = "file,v\nx.jpg,1\ny.jpg,2\ngone.jpg,3\n"
    gathered = gather(tmp_path / "p", [load_sidecar(table(tmp_path / "t.csv", text))])
    reasons = {problem.key: problem.reason for problem in gathered.problems}
    assert "fits 2 pictures" in reasons["x.jpg"]
    assert "no such picture" in reasons["gone.jpg"]
    assert set(reasons) == {"x.jpg", "gone.jpg"}


def test_unmatched_names_are_not_reported_under_a_limit(tmp_path):
    pictures(tmp_path / "p", "a.jpg", "b.jpg")
    sidecar = load_sidecar(table(tmp_path / "t.csv", "file,v\na.jpg,1\nb.jpg,2\n"))
    gathered = gather(tmp_path / "p", [sidecar], limit=1)
    assert gathered.problems == [] and next(gathered.records()).fields["v"] == 1
    assert list(sidecar.join(["a.jpg"]).unmatched()) == ["b.jpg"]


def test_every_unmatched_name_is_a_problem(tmp_path):
    pictures(tmp_path / "p", "a.jpg")
    text = "file,v\na.jpg,1\n" + "".join(f"gone{i}.jpg,1\n" for i in range(500))
    gathered = gather(tmp_path / "p", [load_sidecar(table(tmp_path / "t.csv", text))])
    assert [problem.key for problem in gathered.problems] == [f"gone{i}.jpg" for i in range(500)]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("t.csv", "file,v\na.jpg,1\n,2\n", "row 3 has no file name"),
        (
            "t.jsonl",
            '{"v": 1}\n{"file": "a.jpg", "v": 2}\n{"file": [], "v": 3}\n{"file": " ", "v": 4}\n',
            "3 rows have no file name: 1, 3, 4",
        ),
        (
            "t.tsv",
            "file\tv\n" + "\t5\n" * 30 + "a.jpg\t1\n",
            "30 rows have no file name: " + ", ".join(map(str, range(2, 22))) + " and 10 more",
        ),
    ],
)
def test_rows_without_a_file_name_are_a_problem(tmp_path, name, text, expected):
    pictures(tmp_path / "p", "a.jpg")
    gathered = gather(tmp_path / "p", [load_sidecar(table(tmp_path / name, text))])
    assert [(problem.key, problem.reason) for problem in gathered.problems] == [(name, expected)]


def test_several_rows_of_one_picture_are_merged(tmp_path):
    text = "image,caption,tags,n\na.jpg,One,x;y,1\na.jpg,Two,y;z,2\na.jpg,One,,3\n"
    sidecar = load_sidecar(table(tmp_path / "t.csv", text))
    assert values(sidecar, "a.jpg") == {"caption": "One\nTwo", "tags": ["x", "y", "z"], "n": 1}


def test_the_tables_name_and_label_have_priority(tmp_path):
    pictures(tmp_path / "p", "cat/1.jpg", "dog/2.jpg")
    text = "file,name,label\ncat/1.jpg,Tom,tomcat\n"
    gathered = gather(tmp_path / "p", [load_sidecar(table(tmp_path / "t.csv", text))])
    cat, dog = gathered.records()
    assert (cat.fields["name"], cat.fields["label"]) == ("Tom", "tomcat")
    assert dog.fields["label"] == "dog"
    names = [spec.name for spec in gathered.fields]
    assert len(names) == len(set(names))


def test_two_tables(tmp_path):
    pictures(tmp_path / "p", "a.jpg", "b.jpg")
    one = table(tmp_path / "1.csv", "file,v\na.jpg,1\n")
    two = table(tmp_path / "2.csv", "file,v,w\nb.jpg,2,x\n")
    gathered = gather(tmp_path / "p", [load_sidecar(one), load_sidecar(two)])
    assert [record.fields["v"] for record in gathered.records()] == [1, 2]
    clash = table(tmp_path / "3.csv", "file,v\na.jpg,9\n")
    gathered = gather(tmp_path / "p", [load_sidecar(one), load_sidecar(clash)])
    assert [record.fields.get("v") for record in gathered.records()] == [1, None]
    assert [problem.reason for problem in gathered.problems] == [
        'two tables give the column "V" of a.jpg different values; the first table\'s value is used'
    ]
    other = table(tmp_path / "4.csv", "file,v\nb.jpg,many words\n")
    gathered = gather(tmp_path / "p", [load_sidecar(one), load_sidecar(other)])
    assert [record.fields["v"] for record in gathered.records()] == ["1", "many words"]
    assert gathered.notes == [
        'The column "V" is number in 1.csv and text in 4.csv; it was read as text.'
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.csv", "colour,size\nred,2\n", "has no column with file names"),
        ("t.csv", "", "empty"),
        ("t.csv", "file,v\n", "empty"),
        ("t.jsonl", "[1]\n", "not a JSON object"),
        ("t.jsonl", "[" * 100_000, "row 1 is not JSON"),
        ("t.jsonl", '\n{"file": \n', "row 2 is not JSON: .* at character 10"),
        ("t.json", '{"a": 1}', "neither"),
        ("t.json", "", "not JSON"),
        ("t.xlsx", "", "not a table"),
        ("t.parquet", "nonsense", "not a Parquet file"),
        ("t.jsonl.gz", "nonsense", "cannot be read"),
    ],
)
def test_bad_tables_give_one_clear_sentence(tmp_path, name, text, message):
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    with pytest.raises(SourceError, match=message):
        load_sidecar(table(tmp_path / name, text))


def test_a_key_column_that_does_not_exist(tmp_path):
    path = table(tmp_path / "t.csv", "file,v\na.jpg,1\n")
    with pytest.raises(SourceError, match='no column "f"') as error:
        load_sidecar(path, "f")
    assert "file, v" in (error.value.hint or "")
    assert values(load_sidecar(path, "v"), "1") == {"meta_file": "a.jpg"}


def test_encodings(tmp_path):
    text = "file;titel\na.jpg;Größe\n"
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        (tmp_path / "t.csv").write_bytes(text.encode(encoding))
        assert values(load_sidecar(tmp_path / "t.csv"), "a.jpg") == {"titel": "Größe"}
    (tmp_path / "t.jsonl").write_bytes(b'{"file": "\xfc"}')
    sidecar = load_sidecar(tmp_path / "t.jsonl")
    assert list(sidecar.join([]).unmatched()) == ["ü"]
    assert "row 1 has bytes that are not UTF-8" in sidecar.problems[0].reason


def test_values_are_cleaned_and_bounded(tmp_path):
    rows = [{"file": "a.jpg", "t": "a\u0000b\u202ec\x1b[0m", "long": "x" * 100_000, "n": None}]
    rows += [{"file": "b.jpg", "nested": {"deep": {"v": 1}}, "inf": 1e400, "o": [{"name": "k"}]}]
    sidecar = load_sidecar(table(tmp_path / "t.jsonl", "\n".join(map(json.dumps, rows))))
    assert values(sidecar, "a.jpg")["t"] == "abc[0m"
    assert len(values(sidecar, "a.jpg")["long"]) == 20_000
    assert values(sidecar, "b.jpg") == {"nested_deep_v": 1, "o": ["k"]}


@given(st.text())
def test_clean_text_has_no_control_characters(text):
    cleaned = clean(text)
    assert not any(ord(c) < 32 and c not in "\n\t" for c in cleaned)
    assert not any("\ud800" <= c <= "\udfff" or "\u202a" <= c <= "\u202e" for c in cleaned)
    assert clean(cleaned) == cleaned


@given(st.text(alphabet="0123456789-:/T Z+.", max_size=30))
def test_dates_are_dates_or_nothing(text):
    found = parse_date(text)
    assert found is None or date_span(found) is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.dictionaries(st.sampled_from(["file", "a", "b", "C", "d"]), JSON), max_size=6)
)
def test_any_json_lines_give_values_or_one_sentence(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("t") / "t.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    try:
        sidecar = load_sidecar(path)
    except SourceError as error:
        assert str(error)
        return
    types = {
        "number": (int, float),
        "boolean": bool,
        "tags": list,
    }
    specs = {spec.name: types.get(spec.type, str) for spec in sidecar.fields}
    for name in sidecar.join([]).unmatched():
        for field, value in values(sidecar, name).items():
            assert isinstance(value, specs[field])


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_as_csv(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(b"file,v\n" + data)
    try:
        load_sidecar(path)
    except SourceError as error:
        assert str(error)
