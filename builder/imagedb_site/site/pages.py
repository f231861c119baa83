"""The pages of a site: index.html, 404.html, the service worker and the application's files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import jinja2
from markupsafe import Markup

from imagedb_site.container import FileEntry, canonical_json, gunzip_if
from imagedb_site.errors import ImageDBError
from imagedb_site.layout import (
    CROISSANT,
    DATAPACKAGE,
    INDEX_PAGE,
    LIBRARY_FILES,
    NOTICES,
    SERVICE_WORKER,
    hash16,
)
from imagedb_site.records import FieldSpec
from imagedb_site.site.accent import DEFAULT_ACCENT, accent_style
from imagedb_site.site.api_pages import write_api_pages
from imagedb_site.site.assets import (
    BOOT_SCRIPT,
    WebBuild,
    load_web,
    template_folder,
    web_folder,
)
from imagedb_site.site.column_blocks import has_column
from imagedb_site.site.disk import storage_errors
from imagedb_site.site.icons import write_icons
from imagedb_site.site.manifest import generator
from imagedb_site.site.notices import site_notices
from imagedb_site.site.policy import content_security_policy, integrity, text_policy
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import SiteInput

_MOST_CONTENT = 1 << 28

_QUIET_STYLE = """.boot { display: none; }
main { max-width: 40rem; margin: 0 auto; padding: 10vh 20px; font: 1rem/1.5 system-ui, sans-serif; }
main p { margin: 12px 0 0; }
"""
"""For browsers without JavaScript, which show the page's description instead."""


def write_program(
    files: SiteFiles, site: SiteInput, preview: str | None, *, pictured: int
) -> FileEntry:
    """Write everything that a browser opens, if the settings ask for pages; returns the index of it.

    `preview` is the path of a picture that represents the site, or None. `pictured`: how many rows have
    pictures to show. Raises ImageDBError if the web application has not been built.
    """
    entries = _write_pages(files, site, preview, pictured) if site.settings.pages else []
    listed = [entry.to_json() for entry in sorted(entries, key=lambda entry: entry.path)]
    return files.put_index("program", {"files": listed})


def write_portable(files: SiteFiles) -> FileEntry:
    """Write the index of what a page needs that is opened from the disk, after everything else."""
    scripts, files.scripts = files.scripts or [], None
    listed = [entry.to_json() for entry in sorted(scripts, key=_path)]
    return files.put_index("portable", {"files": listed})


def _write_pages(
    files: SiteFiles, site: SiteInput, preview: str | None, pictured: int
) -> list[FileEntry]:
    web = load_web(site.settings.web or web_folder())
    assets = [_put(files.put_immutable, path, web) for path in web.files]
    library = [
        _put(files.put if path in LIBRARY_FILES else files.put_immutable, path, web)
        for path in web.library
    ]
    icon = files.put_hashed("assets", "icon", "svg", _read(template_folder() / "icon.svg"))
    settings = site.settings
    icons = write_icons(
        files,
        title=site.title,
        description=site.description,
        language=settings.language,
        accent=settings.accent or DEFAULT_ACCENT,
        logo=settings.logo,
    )
    cover = None
    if site.home is not None and site.home.cover is not None:
        cover = files.put_hashed("assets", "cover", "webp", site.home.cover)
    own = (*assets, icon, *icons.entries, *([cover] if cover else []))
    assets = sorted({entry.path: entry for entry in own}.values(), key=_path)
    boot = _put_portable(files, site, web)
    values = {
        **_common(site),
        **_application(
            web,
            assets,
            portable=site.settings.portable,
            origins=site.origins,
            pictured=pictured,
            accent=settings.accent,
        ),
        "icon": icons.logo or icon.path,
        "icons": icons,
        "filters": any(map(_is_filter, site.fields)),
        "cover": cover.path if cover else None,
        "preview": cover.path if cover else preview,
        "contents": _contents(len(site.rows), pictured),
    }
    index = files.put(INDEX_PAGE, render_page("index.html.j2", values))
    missing = files.put("404.html", render_page("404.html.j2", values))
    api = write_api_pages(files, _common(site), site.fields, render_page)
    robots = files.put("robots.txt", b"User-agent: *\nAllow: /\n")
    software = _read(web.root / NOTICES).decode("utf-8")
    notices = files.put(NOTICES, site_notices(software, site.pack).encode("utf-8"))
    jekyll = files.put(".nojekyll", b"")
    worker = _read(web.root / SERVICE_WORKER)
    shell = files.put(SERVICE_WORKER, shell_line([index, *assets, *boot]) + worker)
    return [*assets, *library, *api, index, missing, robots, notices, jekyll, shell]


def _put_portable(files: SiteFiles, site: SiteInput, web: WebBuild) -> list[FileEntry]:
    """Store the scripts that start a portable site; returns the one that every visit loads."""
    if files.scripts is None:
        return []
    if not {"boot", "page", "engine"} <= web.portable.keys():
        raise ImageDBError(
            f"The web build in {web.root} lacks the scripts of portable sites.",
            "Run `make web` again.",
        )
    stored = {
        name: _put(files.put_immutable, path, web) for name, path in sorted(web.portable.items())
    }
    files.scripts.extend(stored.values())
    return [stored["boot"]]


def _put(put: Callable[[str, bytes], FileEntry], path: str, web: WebBuild) -> FileEntry:
    """Store a file of the bundler. Some are compressed already: `raw_bytes` is the size of their content."""
    data = _read(web.root / path)
    return dataclasses.replace(put(path, data), raw_size=len(gunzip_if(data, _MOST_CONTENT)))


def shell_line(entries: Sequence[FileEntry]) -> bytes:
    """Returns the first line of sw.js: the application's files, for it to keep (docs/FORMAT.md 2.11).

    Its `version` changes with any of them, and then the browser sees another service worker.
    """
    listed = [
        {"path": entry.path, "bytes": entry.size, "sha256": entry.sha256} for entry in entries
    ]
    version = hash16(canonical_json(listed))
    return b"self.IMAGEDB_SHELL=" + canonical_json({"version": version, "files": listed}) + b";\n"


def _is_filter(spec: FieldSpec) -> bool:
    """Whether the page offers a field as a filter: it keeps a place for them from the first moment on."""
    return has_column(spec) and (spec.facet or spec.type in ("number", "date"))


def _path(entry: FileEntry) -> str:
    return entry.path


def _contents(count: int, pictured: int) -> str:
    """What there is to search."""
    noun = "picture" if pictured >= count else "record"
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _common(site: SiteInput) -> dict[str, object]:
    """What the templates say about a collection."""
    url = base_url(site.settings.url)
    return {
        "generator": generator(),
        "language": site.settings.language,
        "title": site.title,
        "description": site.description,
        "attribution": site.attribution,
        "count": len(site.rows),
        "url": url,
        "home": urlsplit(url).path if url else "./",
        "data_set": _data_set(site) if site.settings.downloads else None,
    }


def _application(
    web: WebBuild,
    assets: Sequence[FileEntry],
    *,
    portable: bool,
    origins: Sequence[str],
    pictured: int,
    accent: str | None,
) -> dict[str, object]:
    """What the templates need to start the application: its files, with their hashes, and the inline code."""
    by_path = {entry.path: entry for entry in assets}
    boot_script = _read(web.root / BOOT_SCRIPT).decode("utf-8")
    loading, message = (
        _read(template_folder() / name).decode("utf-8") for name in ("loading.css", "message.css")
    )
    accented = [accent_style(accent)] if accent else []
    listed = [{"path": entry.path, "bytes": entry.size, "sha256": entry.sha256} for entry in assets]

    def checked(path: str) -> dict[str, str]:
        return {"path": path, "integrity": integrity(by_path[path].sha256)}

    def style(path: str) -> dict[str, str]:
        # From the disk, browsers refuse every file that has to be intact.
        return {"path": path, "integrity": ""} if portable else checked(path)

    return {
        "policy": content_security_policy(
            boot_script,
            [loading, _QUIET_STYLE, message, *accented],
            portable=portable,
            origins=origins,
        ),
        "portable": web.portable if portable else None,
        "boot_script": _inline(boot_script, "script"),
        "loading_style": _inline(loading, "style"),
        "text_policy": text_policy([loading, message, *accented]),
        "message_style": _inline(message, "style"),
        "accent_styles": [_inline(style, "style") for style in accented],
        "quiet_style": _inline(_QUIET_STYLE, "style"),
        "program": _inline(canonical_json(listed).decode("utf-8"), "script"),
        "script": checked(web.script),
        "styles": [style(path) for path in web.styles],
        "preload": [checked(path) for path in web.preload],
        # Without pictures the first results are a list, whose script is loaded beside the first one.
        "early": [] if pictured else [checked(path) for path in web.readable],
    }


def _data_set(site: SiteInput) -> Markup:
    """The collection for search engines of data sets. It is data: no browser runs it."""
    values: dict[str, object] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": site.title,
        "description": site.description or site.title,
        "isAccessibleForFree": True,
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": kind, "contentUrl": f"{url}{name}"}
            for url in [base_url(site.settings.url) or ""]
            for kind, name in (
                ("application/ld+json", CROISSANT),
                ("application/json", DATAPACKAGE),
            )
        ],
    }
    if url := base_url(site.settings.url):
        values["url"] = url
    if licence := next((line.licence for line in site.attribution if line.licence), None):
        values["license"] = licence
    if site.attribution:
        values["creditText"] = "\n".join(line.text for line in site.attribution)
    # No text of the collection can end the element.
    text = canonical_json(values).decode("utf-8")
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704


def _inline(text: str, tag: str) -> Markup:
    """Code of our own that stands in a page as it is, since its hash is in the policy."""
    if f"</{tag}" in text or "<!--" in text:
        raise ImageDBError(f"The web build has a <{tag}> that ends too early.")
    return Markup(text)  # noqa: S704


def render_page(name: str, values: dict[str, object]) -> bytes:
    """Returns the page that a template makes of `values`; raises ImageDBError if the template is damaged."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_folder()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    try:
        text = environment.get_template(name).render(values)
    except jinja2.TemplateError as error:
        raise ImageDBError(f"The template {name} cannot be used: {error}") from error
    return text.encode("utf-8")


def base_url(url: str | None) -> str | None:
    """The address of the site's folder, with a slash at its end, or None if it is not an http(s) URL."""
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
