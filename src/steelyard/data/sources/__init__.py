"""Where data comes from: files, databases, object storage and frames."""

from steelyard.data.sources.reader import read
from steelyard.data.sources.source import Source, register

__all__ = ["Source", "read", "register"]
