"""How groups fare: which criteria hold, the groups where they do not, adverse impact, and what gives groups away."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.analyses.fairness.criteria import TOLERANCES
from steelyard.analyses.fairness.telling import (
    VERDICTS,
    group_name,
    header,
    listed_attributes,
    lower,
    pair_names,
    title,
)
from steelyard.analyses.words import listed
from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import Estimate, Fairness, GroupRate, Outcome, Parity, Proxy, Verdict
from steelyard.report import numerals
from steelyard.report.first_screen import Badge, badge
from steelyard.report.impact import impact
from steelyard.report.section import Block, Column, Grid, Section, Words, grid
from steelyard.report.text import sentence, visible

MOST_CRITERIA = 12
MOST_GROUPS = 16
MOST_CROSSED = 8
MOST_PROXIES = 8
NOTABLE = 0.1
"""Shrunken rates are shown where one is off by more than this share of its interval."""
LESSER = ("miss_share", "mean_score_positives", "mean_score_negatives")
"""Criteria that follow from others, or that few ask for."""
_ORDER = {Verdict.FAIL: 0, Verdict.INCONCLUSIVE: 1, Verdict.PASS: 2}


def fairness(evaluation: Evaluation) -> tuple[Section, ...]:
    """Return its sections; none where nothing was read."""
    found = evaluation.fairness
    if found is None or not found.of():
        return ()
    sections = (_criteria(found), impact(found), _proxies(found))
    return tuple(section for section in sections if section is not None)


def called(verdict: Verdict) -> Badge:
    """Return the badge of a verdict in the words of an audit."""
    made = badge(verdict)
    return Badge(made.kind, made.sign, VERDICTS[verdict].capitalize())


def _criteria(found: Fairness) -> Section:
    own = [p for p in found.of() if _own(p)]
    attributes = list(dict.fromkeys(p.attribute for p in own))
    ranked = _ranked(own)
    single = [p for p in ranked if len(p.attribute) == 1]
    first = [next(p for p in ranked if p.attribute == attribute) for attribute in attributes]
    worst = _ranked([p for p in first if len(p.attribute) == 1])
    crossed = _ranked([p for p in first if len(p.attribute) > 1])
    blocks: list[Block] = []
    if single:
        blocks.append(_grid_of(single))
    for i, parity in enumerate(worst):
        groups = _groups(found, parity) if i == 0 or parity.verdict is not Verdict.PASS else None
        if groups is not None:
            blocks.append(groups)
    if crossed:
        blocks.append(_intersections(crossed))
    blocks.append(Words(tuple(sentence(note) for note in found.notes), listed=True))
    lead = _lead(single or ranked, [listed_attributes(a) for a in attributes if len(a) == 1])
    return Section("fairness", "Do groups fare alike?", lead, tuple(blocks), "Fairness")


def _own(parity: Parity) -> bool:
    """Whether a parity is no other one's mirror image, and no part of equalised odds told already."""
    return not parity.same_gap or parity.measure == "equalized_odds"


def _ranked(parities: Sequence[Parity]) -> list[Parity]:
    """Violations first, then what cannot be told; the largest gap for its tolerance first, what is lesser last."""
    return sorted(parities, key=lambda p: (_ORDER[p.verdict], p.measure in LESSER, -_size(p), p.attribute, p.measure))


def _size(parity: Parity) -> float:
    return parity.worst.value / parity.tolerance if isinstance(parity.worst, Estimate) and parity.tolerance else 0.0


def _lead(parities: Sequence[Parity], attributes: list[str]) -> str:
    by = {verdict: [p for p in parities if p.verdict is verdict] for verdict in Verdict}
    violated, unsure = by[Verdict.FAIL], by[Verdict.INCONCLUSIVE]
    counted = f"{len(violated)} violated" if violated else "none is certainly violated"
    open_ = f", {len(unsure)} cannot be told" if unsure else ""
    told = f"Of {len(parities)} comparisons by {listed([visible(a) for a in attributes])}, {counted}{open_}."
    return f"{told} {sentence(violated[0].sentence)}" if violated else told


def _grid_of(parities: Sequence[Parity]) -> Grid:
    shown = parities[:MOST_CRITERIA]
    share = TOLERANCES["share"]
    rows = [
        [
            _capital(p.criterion),
            listed_attributes(p.attribute),
            p.worst,
            _between(p),
            f"{p.tolerance:.3g}",
            called(p.verdict),
        ]
        for p in shown
    ]
    return grid(
        "Criteria by attribute: the largest gap between any two groups",
        [
            Column("Criterion", "label"),
            Column("By"),
            Column("Largest gap", "estimate", drawn=True),
            Column("Between"),
            Column("Up to", "number"),
            Column("Verdict", "verdict"),
        ],
        rows,
        middle=share if all(p.tolerance == share for p in shown) else None,
        total=len(parities),
        note=(
            "Each interval holds for all pairs of groups at once, so choosing the largest gap is paid for. Of a "
            "violation it lies wholly above what counts as none (“up to”), of no violation wholly below."
        ),
    )


def _capital(criterion: str) -> str:
    return criterion[:1].upper() + criterion[1:]


def _between(parity: Parity) -> str:
    if not isinstance(parity.worst, Estimate):
        return "–"
    high, low = pair_names(parity)
    which = f" ({lower(title(parity)).split(' (')[0]})" if parity.measure == "equalized_odds" else ""
    return f"{high} over {low}{which}"


def _groups(found: Fairness, parity: Parity) -> Grid | None:
    """Return the groups of one attribute, by the measure that differs most."""
    part = parity
    if not parity.groups:
        part = found.parity(parity.same_gap, parity.attribute, parity.data) or parity
    if not part.groups:
        return None
    shrunken = any(_moved(g) for g in part.groups)
    tested = any(g.p is not None for g in part.groups)
    against = group_name(part.against, part.attribute)
    columns = [
        Column("Group", "label"),
        Column("Rows", "number"),
        Column(visible(header(part)), "estimate", drawn=True),
        Column(f"Less {visible(against)}", "estimate", sign=True),
        *([Column("Shrunken", "estimate")] if shrunken else []),
        *([Column("p", "number")] if tested else []),
    ]
    rows = [
        [
            group_name(g.where, part.attribute),
            numerals.count(g.rows),
            g.outcome,
            g.gap,
            *([g.shrunken] if shrunken else []),
            *([numerals.p_value(g.p) if g.p is not None else "–"] if tested else []),
        ]
        for g in _ends(sorted(part.groups, key=_value))
    ]
    borrowed = " Shrunken: what is left of a rate once small groups borrow from all." if shrunken else ""
    borrowed += " p: that the scores of the group are right." if tested else ""
    return grid(
        f"{_capital(part.criterion)} by {visible(listed_attributes(part.attribute))}",
        columns,
        rows,
        total=part.count,
        note=f"{sentence(part.sentence)} Lowest first; compared with {visible(against)}.{borrowed}",
    )


def _moved(group: GroupRate) -> bool:
    """Whether borrowing from the other groups changes a rate enough to be seen."""
    rate, borrowed = group.outcome, group.shrunken
    if not isinstance(rate, Estimate) or not isinstance(borrowed, Estimate):
        return False
    return abs(borrowed.value - rate.value) > NOTABLE * (rate.high - rate.low)


def _value(group: GroupRate) -> tuple[bool, float]:
    known = isinstance(group.outcome, Estimate)
    return not known, group.outcome.value if isinstance(group.outcome, Estimate) else 0.0


def _ends(groups: Sequence[GroupRate]) -> list[GroupRate]:
    """Return all groups, or of many the lowest and the highest."""
    if len(groups) <= MOST_GROUPS:
        return list(groups)
    return [*groups[: MOST_GROUPS // 2], *groups[-MOST_GROUPS // 2 :]]


def _intersections(parities: Sequence[Parity]) -> Grid:
    rows = [
        [_capital(p.criterion), listed_attributes(p.attribute), p.worst, _between(p), called(p.verdict)]
        for p in parities[:MOST_CROSSED]
    ]
    return grid(
        "Intersections: the criterion that differs most",
        [
            Column("Criterion", "label"),
            Column("By"),
            Column("Largest gap", "estimate", drawn=True),
            Column("Between"),
            Column("Verdict", "verdict"),
        ],
        rows,
        total=len(parities),
        note="The more groups, the wider the interval: small ones can hide a gap, and show one that is not there.",
        brief=4,
    )


def _proxies(found: Fairness) -> Section | None:
    """Return what gives groups away: each feature by itself, and all of them together."""
    blocks = [made for made in (_together(found), _one_by_one(found)) if made is not None]
    if not blocks:
        return None
    lead = "Leaving an attribute out of a model hides it only as far as nothing else tells it."
    if found.proxies:
        first = found.proxies[0]
        lead += (
            f" From {visible(first.feature)} alone, {visible(first.attribute)} is guessed right for "
            f"{numerals.percent(first.guessed)} of the rows, without it for {numerals.percent(first.base)}."
        )
    return Section("proxies", "What gives groups away", lead, tuple(blocks), "Proxies", brief=False)


def _together(found: Fairness) -> Grid | None:
    if not found.given_away:
        return None
    return grid(
        "All features together",
        [Column("Tells", "label"), Column("From the others"), Column("AUC", "estimate", drawn=True)],
        [[g.attribute, group_name(g.group), g.auc] for g in found.given_away],
        middle=0.5,
        note=(
            "The chance that a row of this group looks more like it than a row of another, by an additive model of "
            "all features on rows it has not seen: 0.5 tells nothing, 1 tells all. On a sample of rows."
        ),
    )


def _one_by_one(found: Fairness) -> Grid | None:
    if not found.proxies:
        return None
    return grid(
        "Features one by one",
        [
            Column("Feature", "label"),
            Column("Tells"),
            Column("Cramér's V", "estimate", drawn=True),
            Column("Guessed right", "number"),
            Column("Without it", "number"),
            Column("Score goes with it", "number"),
        ],
        [_proxy(p) for p in found.proxies[:MOST_PROXIES]],
        total=len(found.proxies),
        note=(
            "Cramér's V: 0 tells nothing, 1 tells all. The last column is the share of the score's variance between "
            "groups of the feature, on the reference."
        ),
    )


def _proxy(proxy: Proxy) -> list[str | Outcome]:
    return [
        proxy.feature,
        proxy.attribute,
        proxy.association,
        numerals.percent(proxy.guessed),
        numerals.percent(proxy.base),
        "–" if proxy.reliance is None else numerals.percent(proxy.reliance),
    ]
