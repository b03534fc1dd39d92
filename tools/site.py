"""What the documentation's site adds to docs/ when mkdocs builds it (mkdocs.yml): `nox -s site`.

Pages link to what they are about, wherever it lies in the repository. The README and other Markdown files become pages of the site, so do the
programs of examples/, each with its text, and any other file that a page links to; links are turned accordingly. A link to what is not there
fails the build.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)\s]*)?(\))")
LANGUAGES = {".py": "python", ".toml": "toml", ".sh": "bash", ".yml": "yaml", ".json": "json", ".c": "c"}
BESIDE = {"README.md": "about.md"}
"""Files of the repository whose pages have another name: a README would be its folder's index."""


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the programs' pages, and those of all that pages link to outside docs/, until nothing new is linked to."""
    examples = ROOT / "examples"
    programs = {f"tutorial/{path.stem}.md": path for path in examples.glob("tutorial_*.py")} | {f"gallery/{path.stem}.md": path for path in examples.glob("gallery/*.py")}
    for uri, program in programs.items():
        files.append(File.generated(config, uri, content=_program(program, uri)))
        PLACES[program.relative_to(ROOT).as_posix()] = uri
    waiting = [(f"docs/{f.src_uri}", f.content_string) for f in files.documentation_pages() if f.src_uri not in programs]
    while waiting:
        origin, text = waiting.pop()
        for found in LINK.finditer(text):
            path = _linked(origin, found[2])
            if path is None or path in PLACES or path.startswith("docs/"):
                continue
            uri = PLACES[path] = BESIDE.get(path, path if path.endswith(".md") else f"source/{path}.md")
            content = _source(path)
            files.append(File.generated(config, uri, content=content))
            if path.endswith(".md"):
                waiting.append((path, content))
    return files


PLACES: dict[str, str] = {}
"""Pages of the site by the repository's file that they show, for those that do not lie in docs/."""


def on_page_markdown(markdown: str, *, page: Any, config: MkDocsConfig, files: Files) -> str:
    """Turn links to files of the repository into links to their pages."""
    uri = page.file.src_uri
    origin = next((path for path, place in PLACES.items() if place == uri and path.endswith(".md")), f"docs/{uri}")

    def turned(found: re.Match[str]) -> str:
        path = _linked(origin, found[2])
        if path is None:
            return found[0]
        target = PLACES.get(path) or path.removeprefix("docs/")
        return f"{found[1]}{posixpath.relpath(target, posixpath.dirname(uri) or '.')}{found[3] or ''}{found[4]}"

    return LINK.sub(turned, markdown)


def _linked(origin: str, target: str) -> str | None:
    """The repository's file that a page links to; None for another site."""
    if "://" in target or target.startswith("mailto:"):
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(origin), target))
    if origin.startswith("docs/") and not (ROOT / path).exists() and not path.startswith("../"):
        return None  # a page that is made for the site: mkdocs checks it
    if not (ROOT / path).exists():
        raise PluginError(f"{origin} links to {target}, and there is no {path}")
    return path


def _source(path: str) -> str:
    """A page for a file: Markdown as it is, a folder's list of files, other files as code."""
    whole = ROOT / path
    if whole.is_dir():
        listed = "\n".join(f"- `{p.name}`" for p in sorted(whole.iterdir()) if not p.name.startswith((".", "__")))
        return f"# {path}\n\n{listed}\n"
    text = whole.read_text(encoding="utf-8")
    return text if path.endswith(".md") else f"# {path}\n\n{_fence(text, whole.suffix)}"


def _fence(text: str, suffix: str) -> str:
    return f"````{LANGUAGES.get(suffix, 'text')}\n{text.rstrip()}\n````\n"


def _program(path: Path, uri: str) -> str:
    """A page for a program: the beginning of its docstring as title, the rest as text, its plot where it has one, and the program."""
    _, doc, code = path.read_text(encoding="utf-8").split('"""', 2)
    title, _, more = doc.strip().partition("\n")
    title, colon, rest = title.partition(": ")
    more = f"{rest[:1].upper()}{rest[1:]}\n\n{more.strip()}" if colon else more
    picture = Path("docs") / uri
    plot = f"![{title}]({path.stem}.svg)\n\n" if (ROOT / picture.with_suffix(".svg")).exists() else ""
    return f"# {title.rstrip('.')}\n\n{more.strip()}\n\n{plot}`examples/{path.relative_to(ROOT / 'examples').as_posix()}`:\n\n{_fence(code.strip(), '.py')}"
