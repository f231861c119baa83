"""The import directions of docs/ARCHITECTURE.md, read from the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "builder" / "imagedb_site"

# From the bottom up. A module may import what is in a lower layer, and its own package.
LAYERS = [
    {
        "errors",
        "records",
        "config",
        "config_checks",
        "container",
        "checksum",
        "comparable",
        "folding",
        "text",
        "dates",
        "date_forms",
        "date_names",
        "display",
        "emoji",
        "keys",
        "values",
        "flat_documents",
        "fts",
        "terms",
        "layout",
        "api_table",
        "rowsets",
        "objects",
        "varints",
        "picture_files",
        "portable",
        "bm25",
        "postings",
        "cache",
        "evaluate",
        "durable",
        "stopwatch",
        "locks",
        "temporary",
        "web_addresses",
        "bucket_addresses",
        "media_types",
        "owner_picture",
    },
    {"packs", "run", "buckets"},
    {"encoders", "sources", "pictures", "library", "site", "reader", "query"},
    {"openclip", "parts"},
    {"models"},
    {
        *("index", "site_index", "site_flat", "site_cells", "library_index", "batches"),
        *(
            "report",
            "repair_report",
            "derive",
            "makers",
            "embed_texts",
            "xmp_sidecars",
            "assemble",
            "growth",
            "logo",
            "cover",
            "mapping",
            "placed_site",
            "remote_pictures",
            "fetched_pictures",
            "given_embeddings",
        ),
    },
    {"home"},
    {"site_build", "unchanged", "dataset", "hits", "query_picture"},
    {"add", "search", "build", "check", "measure"},
    {"picture_of", "http_api"},
    {"serve"},
    {"export_table", "export_metadata", "torch"},
    {"export_folders"},
    {"export", "deploy", "preview"},
    {"cli"},
]
HEAVY = {"onnxruntime", "torch", "onnx", "open_clip", "tokenizers"}


@cache
def imports(path: Path) -> set[str]:
    """Absolute names of the modules a file imports, lazily or not."""
    inside = ("imagedb_site", *path.relative_to(PACKAGE).parts[:-1])
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = inside[: len(inside) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file, which several tests look at."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def files() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path.parent != PACKAGE / "training"]


def layer_of(part: str) -> int:
    return next(level for level, names in enumerate(LAYERS) if part in names)


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_the_modules_are_found() -> None:
    assert len(files()) > 100
    assert "imagedb_site.errors.UsageError" in imports(PACKAGE / "config.py")


def test_imports_go_down_only() -> None:
    wrong = []
    for path in files():
        part = part_of(path)
        if part == "__init__":
            continue
        for name in imports(path):
            words = name.split(".")
            if words[0] != "imagedb_site" or len(words) < 2 or words[1] == "__version__":
                continue
            target = words[1]
            if target == part:
                continue
            if layer_of(target) >= layer_of(part) and not same_upper_layer(part, target):
                wrong.append(f"{path.relative_to(PACKAGE)} imports {name}")
    assert wrong == []


def same_upper_layer(part: str, target: str) -> bool:
    """Single modules of one layer may use each other; the packages between may not."""
    return layer_of(part) == layer_of(target) and layer_of(part) in (0, layer_of("index"))


def test_no_file_imports_itself_through_others() -> None:
    """Lazy imports and those for type checkers count: two such files can only be read together."""
    circles = cycles({module_of(path): edges(path) for path in files()})
    assert circles == []


def test_cycles_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"e"}}
    assert cycles(graph) == [["b", "c"], ["e"]]


def module_of(path: Path) -> str:
    parts = ("imagedb_site", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def all_modules() -> set[str]:
    return {module_of(one) for one in files()}


def edges(path: Path) -> set[str]:
    """The modules of this package that a file imports.

    `from .a import b` is an import of the module `a.b` if there is one, else of `a`.
    """
    found = set()
    for name in imports(path):
        for module in (name, name.rpartition(".")[0]):
            if module in all_modules():
                found.add(module)
                break
    return found


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of nodes that can reach each other, and nodes that point to themselves."""
    reach: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for target in graph.get(todo.pop(), set()) - seen:
                seen.add(target)
                todo.append(target)
        reach[start] = seen
    groups = {
        tuple(sorted(other for other in graph if other in reach[node] and node in reach[other]))
        for node in graph
        if node in reach[node]
    }
    return [list(group) for group in sorted(groups)]


def test_no_file_is_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files()}
    assert [str(path.relative_to(PACKAGE)) for path, n in lengths.items() if n > 400] == []


def test_only_the_encoders_and_exports_know_the_runtimes() -> None:
    wrong = [
        str(path.relative_to(PACKAGE))
        for path in files()
        if part_of(path) not in ("encoders", "openclip", "torch")
        and any(name.split(".")[0] in HEAVY for name in imports(path))
    ]
    assert wrong == []


def test_help_loads_no_runtime() -> None:
    code = (
        "import sys; from imagedb_site.cli.main import run; run(['--help']); "
        "heavy = {'numpy', 'onnxruntime', 'torch', 'PIL', 'apsw'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_nothing_below_the_command_line_prints_or_exits() -> None:
    wrong = []
    for path in files():
        if part_of(path) == "cli":
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                if name in ("print", "sys.exit", "exit", "quit"):
                    wrong.append(f"{path.relative_to(PACKAGE)}: {name}")
    assert wrong == []
