"""Vega: the charting library as one script, made once and kept."""

from __future__ import annotations

import contextlib
import os
import tempfile
from importlib.metadata import version
from pathlib import Path

import vl_convert


def vega_script() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script that defines `vegaEmbed`.

    vl-convert needs seconds to bundle them, so the script is kept in the user's cache folder, by its version; where
    nothing can be kept it is made anew.
    """
    kept = _cache_folder() / f"vega-{version('vl-convert-python')}.js"
    with contextlib.suppress(OSError):
        return kept.read_text(encoding="utf-8")
    # The text ends up inside a script element, which a closing tag in a string would end.
    bundle = vl_convert.javascript_bundle().replace("</script", "<\\/script")  # type: ignore[call-arg]
    with contextlib.suppress(OSError):
        _keep(kept, bundle)
    return bundle


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tribometer"


def _keep(path: Path, text: str) -> None:
    """Write the file whole or not at all: two reports may be written at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".unfinished")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(unfinished).replace(path)
