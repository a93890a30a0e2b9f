"""What pages have in common: the hash by which a page allows what stands in it, and no more."""

from base64 import b64encode
from hashlib import sha256


def source_hash(text: str) -> str:
    """Return the source of a Content-Security-Policy that allows this script or style."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
