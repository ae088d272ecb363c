"""Where Chromium is, and how it is started to be measured, tested and pictured."""

from __future__ import annotations

import os
import shutil

__all__ = ["FLAGS", "LOOPBACK_FLAGS", "MISSING", "chromium"]

FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
)
"""Nothing of its own in the background; WebGL without a graphics card."""
LOOPBACK_FLAGS = (
    *FLAGS,
    "--disable-gpu",
    # No name is looked up, and nothing but this machine is reached: also by what nobody listens to.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
MISSING = "no Chromium here: install Debian's package chromium, or name one in CHROMIUM"


def chromium() -> str | None:
    """The path of Chromium: that in the variable CHROMIUM, or what the system has; None where there is none."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
