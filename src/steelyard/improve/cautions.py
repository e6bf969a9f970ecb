"""What to know before a proposal is used."""

from __future__ import annotations

LEGAL = (
    "Deciding by group may itself be restricted. In the United States the use of a protected attribute in a decision "
    "can be disparate treatment (ECOA for credit, Title VII for employment). In the European Union, Art. 10(5) of "
    "the AI Act allows sensitive data to be processed to detect and correct bias under conditions; it is no leave to "
    "decide by them. Ask a lawyer of the place before this is used; this is no legal advice."
)
RANDOM = (
    "Chance decides some rows: two people with equal scores may be decided differently. Draw by the id of the "
    "person, so that nobody is drawn twice, and say so to those who are decided about. One threshold for each group "
    "avoids it, at some cost."
)
GROUP_NEEDED = (
    "The group must be known when the decision is made; rows of any other group are decided by {otherwise}."
)
POSITIVE = (
    "Whether a positive decision helps or harms the person is not in the data: read gains and losses accordingly."
)
IMPOSSIBLE = (
    "Scores that are calibrated within groups and equal error rates cannot both be had unless the groups have the "
    "same share of positives, or the scores make no errors (Kleinberg et al. 2017, Chouldechova 2017): choose which "
    "matters."
)
SAMPLE = (
    "Rates are those of the rows at hand, with labels as they are. Where labels came from biased decisions, equal "
    "rates keep the bias."
)
