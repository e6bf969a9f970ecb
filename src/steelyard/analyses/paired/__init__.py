"""Models against models on the same rows."""

from steelyard.analyses.paired.challenge import challenge
from steelyard.analyses.paired.contest import Contest, facts
from steelyard.analyses.paired.differences import gains
from steelyard.analyses.paired.entrants import Entrant, side_by_side
from steelyard.analyses.paired.reading import Match, read
from steelyard.analyses.paired.sides import Sides
from steelyard.analyses.paired.telling import answers

__all__ = ["Contest", "Entrant", "Match", "Sides", "answers", "challenge", "facts", "gains", "read", "side_by_side"]
