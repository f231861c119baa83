"""The pages of a site: index.html, 404.html, the service worker and the application's files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

import jinja2

from imagedb_site.container import canonical_json
from imagedb_site.errors import ImageDBError
from imagedb_site.layout import LIBRARY_FILES, SERVICE_WORKER
from imagedb_site.site.assets import (
    WebBuild,
    load_web,
    template_folder,
    web_folder,
)
from imagedb_site.site.manifest import generator
from imagedb_site.site.storage import SiteFolder, storage_errors
from imagedb_site.site.types import SiteInput

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self'",
        "img-src 'self' blob: data:",
        "style-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
)
"""Nothing but the site's own files runs or loads, whatever a caption says."""


def write_pages(folder: SiteFolder, site: SiteInput, preview: str | None) -> None:
    """Write everything a browser opens; `preview` is the path of a picture that stands for the site.

    Raises ImageDBError where the web application has not been built.
    """
    web = load_web(site.settings.web or web_folder())
    for path in web.files:
        folder.put_immutable(path, _read(web.root / path))
    for path in web.library:
        put = folder.put if path in LIBRARY_FILES else folder.put_immutable
        put(path, _read(web.root / path))
    icon = folder.put_hashed("assets", "icon", "svg", _read(template_folder() / "icon.svg"))
    index = _render("index.html.j2", site, web, icon, preview)
    folder.put("index.html", index)
    folder.put("404.html", _render("404.html.j2", site, web, icon, preview))
    folder.put("robots.txt", b"User-agent: *\nAllow: /\n")
    folder.put(".nojekyll", b"")
    worker = _read(web.root / SERVICE_WORKER)
    folder.put(SERVICE_WORKER, shell_line(folder, web, icon, index) + worker)


def shell_line(folder: SiteFolder, web: WebBuild, icon: str, index: bytes) -> bytes:
    """The first line of sw.js: the application's files, so that it can keep them (FORMAT 2.7).

    Its `version` changes with any of them, and then the browser sees another service worker.
    """
    files = [
        {"path": "index.html", "bytes": len(index)},
        *({"path": path, "bytes": folder.size(path)} for path in sorted({*web.files, icon})),
    ]
    version = hashlib.sha256(canonical_json(files) + index).hexdigest()[:16]
    shell = canonical_json({"version": version, "files": files})
    return b"self.IMAGEDB_SHELL=" + shell + b";\n"


def _render(name: str, site: SiteInput, web: WebBuild, icon: str, preview: str | None) -> bytes:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_folder()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    url = _base_url(site.settings.url)
    try:
        text = environment.get_template(name).render(
            policy=CONTENT_SECURITY_POLICY,
            generator=generator(),
            language=site.settings.language,
            title=site.title,
            description=site.description,
            attribution=site.attribution,
            count=len(site.rows),
            url=url,
            home=urlsplit(url).path if url else "./",
            preview=preview,
            icon=icon,
            script=web.script,
            styles=web.styles,
            preload=web.preload,
        )
    except jinja2.TemplateError as error:
        raise ImageDBError(f"The template {name} cannot be used: {error}") from error
    return text.encode("utf-8")


def _base_url(url: str | None) -> str | None:
    """The address of the site's folder, ending in a slash; None where it is none of the web."""
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    path = parts.path if parts.path.endswith("/") else parts.path + "/"
    return parts._replace(path=path, query="", fragment="").geturl()


def _read(path: Path) -> bytes:
    with storage_errors(path, "read"):
        return path.read_bytes()
