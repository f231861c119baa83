"""What can keep a page from working, and what the page must say about it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from soak._faulty_host import Answer, Fault, sound

GALLERY = r"\d+ pictures"
"""What the page says when it works."""
SEARCHED = "“red circle”|[Tt]he search|could not"
"""What it says about a search, with results or without."""


@dataclass(frozen=True)
class Program:
    """The paths of a site's program, by what they do."""

    page: str
    app: str
    style: str
    worker: str
    files: tuple[str, ...]

    @classmethod
    def of(cls, site: Path) -> Program:
        text = (site / "index.html").read_text(encoding="utf-8")
        found = re.search(r'id="imagedb-program">(.*?)</script>', text)
        assert found, "The page does not list its program."
        files = tuple(str(file["path"]) for file in json.loads(found[1]))

        def first(pattern: str) -> str:
            return next(path for path in files if re.fullmatch(pattern, path))

        return cls(
            page=text,
            app=first(r"assets/app\..*\.js"),
            style=first(r"assets/app\..*\.css"),
            worker=first(r"assets/main\..*\.js"),
            files=files,
        )


@dataclass(frozen=True)
class Case:
    """`says`: a pattern that the visible text must have. `button`: repairs the page once the host does."""

    name: str
    says: str
    fault: Fault = sound
    button: str = ""
    view: str = ""
    """Added to the address."""
    way: str = "host"
    """How the page is opened: host, file, frame, no-scripts, no-storage, old, no-wasm, offline."""
    firefox: bool = False
    """Whether Firefox tries it as well."""
    settings: dict[str, object] = field(default_factory=dict)


def _for(*paths: str, **changes: object) -> Fault:
    """The fault of these files only: `status`, `type` (MIME), `body`, `policy`, `keep` (a share)."""

    def fault(answer: Answer) -> Answer:
        if answer.path not in paths and not any(
            path.startswith("*") and answer.path.endswith(path[1:]) for path in paths
        ):
            return answer
        headers = dict(answer.headers)
        if "type" in changes:
            headers["Content-Type"] = str(changes["type"])
            headers["X-Content-Type-Options"] = "nosniff"
        if "policy" in changes:
            headers["Content-Security-Policy"] = str(changes["policy"])
        body = answer.body
        if "keep" in changes:
            body = body[: int(len(body) * float(str(changes["keep"])))]
        if "body" in changes:
            body = bytes(str(changes["body"]), "utf-8")
        return Answer(answer.path, body, int(str(changes.get("status", answer.status))), headers)

    return fault


def _throws(program: Program) -> Fault:
    """The application stops with an error: also without `integrity`, which would refuse it first."""
    page = re.sub(r' integrity="[^"]*"', "", program.page)

    def fault(answer: Answer) -> Answer:
        if answer.path == "index.html":
            answer.body = page.encode()
        elif answer.path == program.app:
            answer.body = b"throw new Error('made to fail');" + answer.body
        return answer

    return fault


def _allowed_everywhere(answer: Answer) -> Answer:
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


def cases(site: Path) -> list[Case]:
    """Every failure, for a site that was built."""
    program = Program.of(site)
    again = {"button": "Try again"}
    retry = {"button": "Retry"}
    search = "#q=red+circle&mode=all"
    found = [
        Case("works", GALLERY, firefox=True),
        Case("opened as a file", "imagedb-site serve", way="file", firefox=True),
        Case("JavaScript is off", "Turn on JavaScript", way="no-scripts", firefox=True),
        Case("an old browser", "too old.*Safari", way="old"),
        Case("WebAssembly is off", "WebAssembly", way="no-wasm"),
        Case("storage is refused", GALLERY, way="no-storage", firefox=True),
        Case("a frame that may load nothing", "frame", way="frame", firefox=True),
        Case(
            "a frame without its own origin", f"frame|{GALLERY}", _allowed_everywhere, way="frame"
        ),
        Case("offline, a part that is not there", "offline", view=search, way="offline"),
        Case("the application throws", "made to fail", _throws(program), **again, firefox=True),
        Case(
            "a policy of the host",
            "Content-Security-Policy",
            _for("index.html", policy="script-src 'unsafe-inline'"),
            **again,
            firefox=True,
        ),
        Case(
            "a policy against everything",
            "missing or blocked",
            _for("index.html", policy="script-src 'none'"),
        ),
        Case(
            "scripts as text", "wrong type", _for("*.js", type="text/plain"), **again, firefox=True
        ),
        Case("styles as text", "wrong type", _for("*.css", type="text/plain"), **again),
        Case("data as text", GALLERY, _for("*.json", "*.bin", "*.webp", type="text/plain")),
        Case(
            "the worker as text",
            "wrong type|worker",
            _for(program.worker, type="text/html"),
            **retry,
        ),
        Case(
            "no manifest.json",
            "could not be (opened|loaded)",
            _for("manifest.json", status=404),
            **retry,
        ),
        Case(
            "a damaged manifest.json",
            "could not be opened",
            _for("manifest.json", keep=0.6),
            **retry,
        ),
        Case(
            "another manifest.json",
            "could not be opened",
            _for("manifest.json", body="<html>"),
            **retry,
        ),
        Case("no sw.js", GALLERY, _for("sw.js", status=404)),
        Case("no styles", "missing", _for(program.style, status=404), **again, firefox=True),
        Case("cut styles", "incomplete", _for(program.style, keep=0.4), **again),
        Case(
            "changed script",
            "arrived changed",
            _for(program.app, body="alert(1)" * 40_000),
            **again,
        ),
        Case("a server in trouble", "HTTP status 503", _for(program.app, status=503), **again),
    ]
    for share in (0.2, 0.4, 0.7, 0.9, 0.97):
        says = "incomplete|missing or blocked"
        found.append(Case(f"{share:.0%} of the page", says, _for("index.html", keep=share)))
    for share in (0.0, 0.5, 0.99):
        cut = f"{share:.0%} of the application"
        found.append(
            Case(cut, "incomplete", _for(program.app, keep=share), **again, firefox=share == 0.5)
        )
        cut = f"{share:.0%} of the worker"
        says = "incomplete|worker|program"
        found.append(
            Case(cut, says, _for(program.worker, keep=share), **retry, firefox=share == 0.5)
        )
    for path in program.files:
        if path in (program.app, program.style):
            found.append(Case(f"no {path}", "is missing", _for(path, status=404), **again))
        else:
            found.append(Case(f"no {path}", SEARCHED, _for(path, status=404), view=search))
    for kind in ("rows", "terms", "vectors", "documents", "columns", "program", "ids"):
        missing = _data(site, kind)
        if missing:
            found.append(Case(f"no {kind}", SEARCHED, _for(*missing, status=404), view=search))
    return found


def _data(site: Path, kind: str) -> list[str]:
    return [file.relative_to(site).as_posix() for file in (site / "data").glob(f"{kind}*")]
