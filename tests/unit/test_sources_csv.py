"""CSV files as Excel, LibreOffice, Google Sheets, pandas, exiftool and people write them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_samples import load, reasons, rows, types

from imagedb_site.errors import SourceError
from imagedb_site.sources import gather

EXCEL_GERMAN = (
    "sep=;\r\nDatei;Titel;Preis;Datum;Gültig;PLZ\r\n"
    'a.jpg;"Ein Bild; mit Semikolon";1.234,56;24.12.2019;WAHR;01067\r\n'
    "b.jpg;Zwei;12,5;3.1.2020;FALSCH;10115\r\n"
)
EXCEL_US = (
    "File,Title,Price,Date,Valid,Zip\r\n"
    'a.jpg,"A picture, with a comma","1,234.56",12/24/2019,TRUE,01067\r\n'
    "b.jpg,Two,12.5,1/3/2020,FALSE,10115\r\n"
)
LIBREOFFICE = (
    '"File"\t"Title"\t"Price"\t"Date"\t"Valid"\t"Zip"\n'
    '"a.jpg"\t"A picture\twith a tab"\t1234.56\t2019-12-24\ttrue\t"01067"\n'
    '"b.jpg"\t"Two"\t12.5\t2020-01-03\tfalse\t"10115"\n'
)
SHEETS = (
    "file,title,price,date,valid,zip\r\n"
    'a.jpg,"A picture\nwith a line break",1234.56,2019-12-24,TRUE,01067\r\n'
    "b.jpg,Two,12.5,2020-01-03,FALSE,10115"
)
PANDAS = (
    ",file,title,price,date,valid,zip\n"
    "0,a.jpg,A picture,1234.56,2019-12-24,True,01067\n"
    "1,b.jpg,Two,12.5,2020-01-03,False,10115\n"
)
PROGRAMS = {
    "excel german": EXCEL_GERMAN.encode("cp1252"),
    "excel german utf-8": EXCEL_GERMAN.encode("utf-8-sig"),
    "excel us": EXCEL_US.encode("cp1252"),
    "excel unicode text": EXCEL_US.encode("utf-16"),
    "no mark": EXCEL_US.encode("utf-16-le"),
    "big endian": EXCEL_US.encode("utf-16-be"),
    "old mac": EXCEL_US.replace("\r\n", "\r").encode("ascii"),
    "libreoffice": LIBREOFFICE.encode("utf-8"),
    "google sheets": SHEETS.encode("utf-8"),
    "pandas": PANDAS.encode("utf-8"),
    "bars": EXCEL_US.replace('"A picture, with a comma"', "A picture")
    .replace('"1,234.56"', "1234.56")
    .replace(",", "|")
    .encode(),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_gives_the_same_values(tmp_path: Path, program: str) -> None:
    sidecar = load(tmp_path, PROGRAMS[program])
    names = [spec.name for spec in sidecar.fields]
    found = [list(row.values()) for row in rows(sidecar).values()]
    assert [row[1:] for row in found] == [
        [1234.56, "2019-12-24", True, "01067"],
        [12.5, "2020-01-03", False, "10115"],
    ]
    assert len(names) == 5 and [*types(sidecar).values()] == [
        *("text", "number", "date", "boolean", "text")
    ]
    assert reasons(sidecar) == [] and list(sidecar.notes) == []


EXIFTOOL = (
    "SourceFile,FileName,Directory,DateTimeOriginal,Keywords,Artist,Flash,ISO,Title\n"
    './2019/a.jpg,a.jpg,./2019,2019:12:24 10:00:00,"tree, snow",Ann Example,-,100,-\n'
    "./2020/a.jpg,a.jpg,./2020,0000:00:00 00:00:00,snow,Ann Example,-,-,Hills\n"
    "/home/ann/Pictures/2020/b.jpg,b.jpg,/home/ann/Pictures/2020,-,-,-,-,200,-\n"
)


def test_exiftool_csv(tmp_path: Path) -> None:
    for key in ("2019/a.jpg", "2020/a.jpg", "2020/b.jpg"):
        (tmp_path / key).parent.mkdir(exist_ok=True)
        (tmp_path / key).write_bytes(b"x")
    source = gather(tmp_path, [load(tmp_path, EXIFTOOL)])
    one, two, three = (record.fields for record in source.records())
    assert one["date_time_original"] == "2019-12-24T10:00:00" and one["keywords"] == [
        "tree",
        "snow",
    ]
    assert one["iso"] == 100 and "title" not in one and "flash" not in one
    assert two["title"] == "Hills" and "date_time_original" not in two and "iso" not in two
    assert three["iso"] == 200 and "artist" not in three
    assert list(source.problems) == []


def test_exiftool_json(tmp_path: Path) -> None:
    text = (
        '[{"SourceFile": "./a.jpg", "Keywords": ["tree", 2019], "ISO": 100, "GPSAltitude": "-"},\n'
        ' {"SourceFile": "./b.jpg", "Keywords": "tree", "ISO": "-"}, 5, null,\n'
        ' {"SourceFile": "./c.jpg", "ISO": 200, "Big": ' + "9" * 5000 + "}]"
    )
    sidecar = load(tmp_path, text, "t.json")
    found = rows(sidecar)
    assert found["a.jpg"] == {"keywords": ["tree", "2019"], "iso": 100}
    assert found["b.jpg"] == {"keywords": ["tree"]} and found["c.jpg"]["iso"] == 200
    assert reasons(sidecar) == ["row 3 is not an object", "row 4 is not an object"]


@pytest.mark.parametrize(
    ("head", "separator"),
    [
        ('"file, name";"caption, long; short";file', ";"),
        ('file,"caption; long; short","x; y; z"', ","),
        ('"file"\t"a, b, c"\t"d; e"', "\t"),
        ("file|caption, short|tags; more", "|"),
        ("file,caption\r\na.jpg,one; two; three; four", ","),
        ("Datei;Bemerkung\na.jpg;eins, zwei, drei, vier", ";"),
    ],
)
def test_the_separator_is_not_one_inside_a_cell(tmp_path: Path, head: str, separator: str) -> None:
    from imagedb_site.sources.tables import Table

    path = tmp_path / "t.csv"
    path.write_text(head + "\n")
    assert Table(path).separator == separator


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "sep=;;;", "\ufeffsep=;"])
def test_the_line_that_names_the_separator(tmp_path: Path, line: str) -> None:
    sidecar = load(tmp_path, f"{line}\r\nfile;a, b;v\r\nx.jpg;1, 2;\r\ny.jpg;3;4;5\r\n")
    assert rows(sidecar)["x.jpg"] == {"a_b": "1, 2"}
    # Excel does not count the line.
    assert reasons(sidecar)[0].startswith("row 3 has 4 cells")


def test_empty_cells_columns_and_lines(tmp_path: Path) -> None:
    text = "\n;;;;\nfile;v;;;\n\na.jpg;1;;;\n;;;;\nb.jpg\nc.jpg;2;;;;;;\n;3;;;\n"
    sidecar = load(tmp_path, text)
    assert rows(sidecar) == {"a.jpg": {"v": 1}, "b.jpg": {}, "c.jpg": {"v": 2}}
    assert [problem.reason for problem in sidecar.join([]).problems] == ["row 9 has no file name"]
    assert reasons(sidecar) == []


def test_cells_without_a_column(tmp_path: Path) -> None:
    sidecar = load(tmp_path, "file,v,\na.jpg,1,\nb.jpg,2,lost\nc.jpg,3,lost,lost too\n")
    assert [row["v"] for row in rows(sidecar).values()] == [1, 2, 3]
    assert reasons(sidecar) == [
        "column C has no name in the first row and was left out",
        "row 4 has 4 cells, but there are 3 columns; the cells after the last column were left out",
    ]


def test_columns_with_the_same_name(tmp_path: Path) -> None:
    sidecar = load(tmp_path, "file,Note,Note,note,My note,my_note\na.jpg,1,2,3,4,5\n")
    assert [*rows(sidecar)["a.jpg"].values()] == [1, 2, 3, 4, 5]
    assert [*types(sidecar)] == ["note", "note_2", "note_3", "my_note", "my_note_2"]
    assert sidecar.notes == ['t.csv has several columns named "Note"; column C is called "Note 2".']


def test_names_that_mean_something_to_programs(tmp_path: Path) -> None:
    names = [
        "constructor",
        "__proto__",
        "rank",
        "rowid",
        "🐱",
        "🐶",
        "x" * 200,
        "x" * 201,
        "題名",
        "=",
    ]
    cells = ",".join(f"text {at}" for at in range(len(names)))
    sidecar = load(tmp_path, f"file,{','.join(names)}\na.jpg,{cells}\n")
    assert [*rows(sidecar)["a.jpg"].values()] == [f"text {at}" for at in range(len(names))]
    fields = [spec.name for spec in sidecar.fields]
    assert fields[:6] == [
        "constructor",
        "proto",
        "meta_rank",
        "meta_rowid",
        "column_6",
        "column_7",
    ]
    assert all(len(field) <= 63 for field in fields) and len(set(fields)) == len(fields)
    assert [spec.label for spec in sidecar.fields][4:6] == ["🐱", "🐶"]


@pytest.mark.parametrize(
    ("text", "captions", "row"),
    [
        (
            'a.jpg,"never closed\nb.jpg,good\nc.jpg,"fine, too"\n',
            ["never closed", "good", "fine, too"],
            2,
        ),
        (
            'a.jpg,x\nb.jpg,"never closed\nc.jpg,"fine, too"\n',
            ["x", "never closed", "fine, too"],
            3,
        ),
        ('a.jpg,"two\nlines"\nb.jpg,y\nc.jpg,"open', ["two\nlines", "y", "open"], 4),
        (
            'a.jpg,"say "yes" now"\nb.jpg,5" x 7"\nc.jpg,"z" \n',
            ['say "yes" now', '5" x 7"', "z"],
            None,
        ),
        ('"a.jpg","The "big" day"\n"b.jpg","x"\n', ['The "big" day', "x"], None),
        ('a.jpg,"two "big"\nlines"\n', ['two "big', None], None),
        ('a.jpg, "b, c"\nb.jpg,"d ""e"" f"\nc.jpg,""\n', ["b, c", 'd "e" f', None], None),
    ],
)
def test_quotes(tmp_path: Path, text: str, captions: list[str | None], row: int | None) -> None:
    sidecar = load(tmp_path, "file,caption\n" + text)
    assert [values.get("caption") for values in rows(sidecar).values()] == captions
    expected = f"row {row} has a quote that is never closed; it was read up to the end of its line"
    assert reasons(sidecar) == ([expected] if row else [])


def test_a_quote_that_opens_a_very_long_cell(tmp_path: Path) -> None:
    lines = "".join(f"{at}.jpg,text {at}\n" for at in range(60_000))
    sidecar = load(tmp_path, f'file,caption\nx.jpg,"never closed\n{lines}')
    assert len(rows(sidecar)) == 60_001 and reasons(sidecar)[0].startswith("row 2 has a quote")
    # Each line opens the next cell: reading on and on must end.
    with pytest.raises(SourceError, match="Too many quotes are never closed"):
        load(tmp_path, "file,caption\n" + 'a","b\n' * 60_000)


def test_long_cells_are_cut_with_a_note(tmp_path: Path) -> None:
    long = "x" * 200_000
    lines = (
        f'{{"file": "a.jpg", "caption": "{long}"}}\n{{"file": "b.jpg", "caption": "Two words"}}\n'
    )
    expected = 'column "caption": the text has 200,000 characters; the first 20,000 are kept'
    for name, data, row in (
        ("t.csv", f"file,caption\na.jpg,{long}\nb.jpg,Two words\n", 2),
        ("t.tsv", f'file\tcaption\nb.jpg\tTwo words\na.jpg\t"{long}"\n', 3),
        ("t.jsonl", lines, 1),
    ):
        sidecar = load(tmp_path, data, name)
        found = rows(sidecar)
        assert (
            found["a.jpg"]["caption"] == "x" * 20_000 and found["b.jpg"]["caption"] == "Two words"
        )
        assert reasons(sidecar) == [f"row {row}, {expected}"]


def test_a_line_that_is_too_long_is_left_out(tmp_path: Path) -> None:
    sidecar = load(tmp_path, "file,v\na.jpg,1\nb.jpg," + "x" * (17 << 20) + "\nc.jpg,3\n")
    assert rows(sidecar) == {"a.jpg": {"v": 1}, "c.jpg": {"v": 3}}
    assert reasons(sidecar) == ["line 3 is longer than 16,777,216 characters and was left out"]


def test_zero_bytes_and_bytes_of_another_encoding(tmp_path: Path) -> None:
    sidecar = load(
        tmp_path, b"file,v\na.jpg,A\0 text\0\nb.jpg,\0\nc.jpg,Gr\xc3\xbc\xc3\x9fe\nd.jpg,Gr\xfcn\n"
    )
    assert [values.get("v") for values in rows(sidecar).values()] == [
        "A text",
        None,
        "Grüße",
        "Grün",
    ]
    assert len(reasons(sidecar)) == 1 and "Windows-1252" in reasons(sidecar)[0]


def test_many_faults_of_one_kind_are_counted(tmp_path: Path) -> None:
    text = "file,v\n" + "".join(f"{at}.jpg,1,2\n" for at in range(500))
    found = reasons(load(tmp_path, text))
    assert len(found) == 21 and found[0].startswith("row 2 has 3 cells")
    assert found[-1] == "480 more rows that have more cells than there are columns"
    lines = "".join(f'{{"file": "{at}.jpg"}}\n[1]\n{{"\n' for at in range(500))
    found = reasons(load(tmp_path, lines, "t.jsonl"))
    assert len(found) == 42 and "480 more rows that are not JSON" in found


def test_more_columns_than_a_table_may_have(tmp_path: Path) -> None:
    names = ",".join(f"v{at}" for at in range(600))
    sidecar = load(tmp_path, f"file,{names}\na.jpg,{'1,' * 600}\n")
    assert len(sidecar.fields) == 499
    assert reasons(sidecar) == ["has more than 500 columns; the first left out is v499"]


def test_the_file_names_are_recognised_by_their_look(tmp_path: Path) -> None:
    assert rows(load(tmp_path, "Nummer;Aufnahme\n1;a.JPG\n2;b.jpeg\n"))["a.JPG"] == {"nummer": 1}
    with pytest.raises(SourceError, match="no column with file names"):
        load(tmp_path, "Nummer;Text\n1;a\n2;b\n")


@settings(max_examples=300, deadline=None)
@given(
    data=st.binary(max_size=300)
    | st.lists(st.sampled_from('",;\t\n\r\0 a.jpgé'), max_size=80).map(
        lambda c: "".join(c).encode()
    ),
    start=st.sampled_from([b"", b"file,v\n", b"sep=;\nfile;v\n", "file,v\n".encode("utf-16")]),
    name=st.sampled_from(["t.csv", "t.tsv", "t.jsonl", "t.json", "t.txt", "t.csv.gz", "t.parquet"]),
)
def test_any_bytes_give_a_table_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, start: bytes, name: str
) -> None:
    try:
        sidecar = load(tmp_path_factory.mktemp("t"), start + data, name)
    except SourceError as error:
        assert str(error).count("\n") == 0
        return
    rows(sidecar)
    assert all("\n" not in reason for reason in reasons(sidecar))


@settings(max_examples=150, deadline=None)
@given(
    cells=st.lists(
        st.tuples(st.sampled_from(['a"b', 'x, "y" z', 'two\n"lines"', ";", "plain", 'end"'])),
        min_size=1,
        max_size=8,
    ),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    separator=st.sampled_from(",;\t|"),
)
def test_what_a_program_writes_is_read_without_a_fault(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str]], quoting: int, separator: str
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, quoting=quoting)
    writer.writerow(["file", "caption"])
    writer.writerows([f"{at}.jpg", *cell] for at, cell in enumerate(cells))
    sidecar = load(tmp_path_factory.mktemp("t"), text.getvalue())
    assert [row["caption"] for row in rows(sidecar).values()] == [cell for (cell,) in cells]
    assert reasons(sidecar) == []
