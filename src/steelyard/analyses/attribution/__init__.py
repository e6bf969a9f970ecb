"""Why did a metric change?"""

from steelyard.analyses.attribution.cubes import about, facts
from steelyard.analyses.attribution.explained import explained_by
from steelyard.analyses.attribution.tracing import read

__all__ = ["about", "explained_by", "facts", "read"]
