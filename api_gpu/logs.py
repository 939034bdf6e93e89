"""Logging: `API_GPU_LOG=info` shows each request, `debug` also retries. Keys and queries are in no line."""

from __future__ import annotations

import logging
import os
from urllib.parse import urlsplit

logger = logging.getLogger("api_gpu")
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO}


def set_up_logging() -> None:
    """Print to stderr what `API_GPU_LOG` asks for, once."""
    logging.getLogger("httpx2").addFilter(_without_queries)
    level = _LEVELS.get(os.environ.get("API_GPU_LOG", "").strip().lower())
    if level is None or any(getattr(handler, "is_own", False) for handler in logger.handlers):
        return
    handler = logging.StreamHandler()
    handler.is_own = True  # type: ignore[attr-defined]
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(level)


def shown_url(url: object) -> str:
    """Return a URL without what may be signed or secret: user, query and fragment."""
    parts = urlsplit(str(url))
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" + ("?…" if parts.query else "")


def _without_queries(record: logging.LogRecord) -> bool:
    """Shorten URLs in the lines of the HTTP library, which prints presigned ones as they are."""
    if isinstance(record.args, tuple):
        record.args = tuple(shown_url(value) if "://" in str(value) else value for value in record.args)
    return True
