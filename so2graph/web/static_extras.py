"""Files by which real web servers give a plain site its media types and its 303s."""

from __future__ import annotations

from so2graph.formats import ALL_FORMATS, GRAPH_FORMATS
from so2graph.web.headers import CSP

__all__ = ["extras"]

_CACHE = "no-cache"
_WELL_KNOWN = ("void", "sparql-examples")
"""Files without a suffix, in Turtle."""
_OTHERS = {"atom": "application/atom+xml"}


def _types() -> dict[str, str]:
    """What a file is by its suffix; `json` and `xml` are not those of SPARQL alone."""
    own = {f.suffix: f.content_type for f in ALL_FORMATS if f.suffix not in ("json", "xml")}
    return dict(sorted((own | _OTHERS).items()))


def extras(root: str) -> dict[str, str]:
    """Text by file name, for a site that stands below the path `root` (empty for the host itself).

    `_headers` and `_redirects` are read where the host begins only, so that a site below a path has none.
    """
    files = {".htaccess": _htaccess(root), ".nojekyll": ""}
    return files if root else files | {"_headers": _headers(), "_redirects": "/id/* /doc/:splat 303\n"}


def _htaccess(root: str) -> str:
    lines = [
        "# Apache 2.4, with AllowOverride FileInfo Indexes Options=Indexes,MultiViews.",
        "Options -Indexes -MultiViews",
        "DirectoryIndex index.html",
        "DirectorySlash On",
        f"ErrorDocument 404 {root}/404.html",
        "AddDefaultCharset Off",
    ]
    for suffix, content_type in _types().items():
        media_type, _, charset = content_type.partition("; charset=")
        lines.append(f"AddType {media_type} .{suffix}")
        lines += [f"AddCharset {charset} .{suffix}"] if charset else []
    lines += ["AddCharset utf-8 .html .css", ""]
    for name in _WELL_KNOWN:
        lines += [f'<Files "{name}">', "ForceType text/turtle", "</Files>", ""]
    lines += [
        "<IfModule mod_headers.c>",
        'Header set Access-Control-Allow-Origin "*"',
        f'Header set Cache-Control "{_CACHE}"',
        'Header set X-Content-Type-Options "nosniff"',
        f'Header set Content-Security-Policy "{CSP}" "expr=%{{CONTENT_TYPE}} =~ m#^text/html#"',
        'Header merge Vary "Accept"',
        "</IfModule>",
        "",
        "<IfModule mod_rewrite.c>",
        "RewriteEngine On",
        f"RewriteBase {root}/",
        "# A thing cannot be sent: 303 to what is known of it, as a page for whoever names HTML, else as asked for.",
        "RewriteCond %{HTTP_ACCEPT} text/html",
        "RewriteRule ^id/(.+?)/?$ doc/$1/ [R=303,L]",
    ]
    for fmt in GRAPH_FORMATS:
        media_type = fmt.media_type.replace("+", r"\+").replace(".", r"\.")
        lines += [
            f"RewriteCond %{{HTTP_ACCEPT}} {media_type}",
            f"RewriteRule ^id/(.+?)/?$ doc/$1.{fmt.suffix} [R=303,L]",
            "RewriteCond %{HTTP_ACCEPT} !text/html",
            f"RewriteCond %{{HTTP_ACCEPT}} {media_type}",
            "RewriteCond %{REQUEST_FILENAME} !-f",
            rf"RewriteCond %{{REQUEST_URI}} !\.{fmt.suffix}$",
            f"RewriteRule ^((?:doc|graph|def/scheme)/.+?|def(?:/[0-9.]+)?|catalog)/?$ $1.{fmt.suffix} [R=303,L]",
        ]
    lines += ["RewriteRule ^id/(.+?)/?$ doc/$1/ [R=303,L]", "</IfModule>"]
    return "\n".join(lines) + "\n"


def _headers() -> str:
    """For hosts that read `_headers` (Cloudflare Pages, Netlify): one splat a rule, and every rule that fits."""
    lines = ["/*", "  Access-Control-Allow-Origin: *", "  X-Content-Type-Options: nosniff"]
    lines += [f"  Content-Security-Policy: {CSP}"]
    for suffix, content_type in _types().items():
        lines += [f"/*.{suffix}", f"  Content-Type: {content_type}"]
    for name in _WELL_KNOWN:
        lines += [f"/.well-known/{name}", "  Content-Type: text/turtle; charset=utf-8"]
    return "\n".join(lines) + "\n"
