"""Which ranked lists could not be judged?"""

from __future__ import annotations

from steelyard.analyses.curves.queries import empty_queries
from steelyard.analyses.findings import severity
from steelyard.analyses.study import Study
from steelyard.analyses.words import percent, rows
from steelyard.records import Finding, Recommendation


def no_relevant(study: Study) -> list[Finding]:
    """Queries without a relevant item."""
    found = empty_queries(study, "current")
    if found is None or not found[0]:
        return []
    empty, total = found
    share = empty / total
    return [
        Finding(
            "no-relevant",
            "no-relevant",
            severity.of_rows(share),
            "query",
            f"{rows(empty, 'query')} of {total:,.0f} ({percent(share)}) have no relevant item; they are in no "
            "number about the ranking, since no order could be right.",
            Recommendation(
                "Find out whether nothing relevant exists or nothing was labelled: the first is a matter of the "
                "catalogue or of retrieval, the second of labels."
            ),
            impact=share / 10,
        )
    ]
