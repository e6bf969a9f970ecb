"""Differences of models: overall, by slice, over folds, and of the models together."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.analyses.paired import Match
from steelyard.analyses.paired.judging import UNCLEAR, turned
from steelyard.analyses.paired.telling import Telling
from steelyard.evaluation.comparison import Comparison
from steelyard.records import Ensemble, Estimate, Gain, Outcome
from steelyard.report import numerals
from steelyard.report.comparison_words import MOST_ROWS, p_text, said, title_of
from steelyard.report.section import Block, Column, Grid, Section, Words, grid
from steelyard.report.text import sentence, visible

LIKE_SIZE = 25.0
"""The largest of some differences is at most so many times the smallest where they are drawn on one scale."""


def differences(comparison: Comparison) -> Section:
    """The differences of all pairs of models, or of two on all metrics that rank."""
    ranked = list(dict.fromkeys(s.metric for s in comparison.standings))
    shown = [g for g in comparison.gains if g.metric in ranked]
    first = [m for m in (comparison.metric, *ranked) if m in ranked]
    pairs = dict.fromkeys((g.model, g.against) for g in shown)
    two = len(pairs) == 1
    blocks: list[Block] = []
    if two:
        rows = sorted(shown, key=lambda g: first.index(g.metric))
        named = [(title_of(comparison, g.metric), g) for g in rows]
        blocks = [_gains(" minus ".join(next(iter(pairs))), "Metric", comparison, named, drawn=_of_like_size(rows))]
    else:
        deciding = [g for g in shown if g.metric == comparison.metric]
        paired = [(f"{g.model} minus {g.against}", g) for g in deciding]
        heading = f"Differences of {title_of(comparison, comparison.metric)}"
        blocks = [_gains(heading, "Models", comparison, paired, drawn=True)]
    return Section("differences", "By how much", "", tuple(blocks) if shown else (), "Differences")


def _gains(title: str, label: str, comparison: Comparison, rows: Sequence[tuple[str, Gain]], *, drawn: bool) -> Grid:
    """Differences with their intervals."""
    columns = (
        Column(label, "label"),
        Column("Difference", "estimate", drawn=drawn, sign=True),
        Column("p", "number"),
        Column("So", "text"),
    )
    told = [(visible(name, 80), g.outcome, p_text(g.adjusted_p), said(g)) for name, g in rows]
    notes = ["p is adjusted for all pairs of models (Holm)."] if len(comparison.models) > 2 else []
    if comparison.margin is not None:
        notes.append(f"Within ± {comparison.margin:g} models count as alike.")
    note = " ".join(notes)
    middle = 0.0 if drawn else None
    return grid(visible(title), columns, told[:MOST_ROWS], middle=middle, note=note, total=len(told), brief=12)


def _of_like_size(found: Sequence[Gain]) -> bool:
    """Whether differences of several metrics can be drawn on one scale."""
    reach = [max(abs(g.estimate.low), abs(g.estimate.high)) for g in found if g.estimate is not None]
    return bool(reach) and max(reach) <= LIKE_SIZE * min(reach)


def slices(comparison: Comparison) -> Section:
    """The difference on each slice, those where the better one is worse first."""
    main = _main_pair(comparison)
    found = [
        turned(g) if main == (g.against, g.model) else g
        for g in comparison.slices
        if g.metric == comparison.metric
        and main in ((g.model, g.against), (g.against, g.model))
        and isinstance(g.outcome, Estimate)
    ]
    order = {"worse": 0, UNCLEAR: 1, "alike": 1}
    found.sort(key=lambda g: (order.get(g.word, 2), g.estimate.value if g.estimate else 0.0))
    columns = (
        Column("Slice", "label"),
        Column("Rows", "number"),
        Column("Difference", "estimate", drawn=True, sign=True),
        Column("p", "number"),
        Column("So", "text"),
    )
    rows = [
        (
            visible(g.slice),
            numerals.count(g.estimate.n if g.estimate else None),
            g.outcome,
            p_text(g.adjusted_p),
            said(g),
        )
        for g in found
    ]
    title = title_of(comparison, comparison.metric)
    note = "p is adjusted over the slices; false discoveries are held to 10 % (Benjamini–Hochberg)."
    heading = f"{' minus '.join(main)}: {title} by slice" if main else title
    made = grid(visible(heading), columns, rows[:MOST_ROWS], middle=0.0, note=note, total=len(rows))
    return Section("slices", "Where each is better", "", (made,) if rows else (), "Slices")


def _main_pair(comparison: Comparison) -> tuple[str, str] | None:
    """The two that the answers speak of, the better one first."""
    told = Telling(
        Match(comparison.readings, comparison.gains, comparison.slices, comparison.standings),
        comparison.models,
        comparison.metric,
        comparison.titles,
        comparison.directions,
        comparison.level,
    )
    return None if told.main is None else (told.main.model, told.main.against)


def folds(comparison: Comparison) -> Section:
    """Differences over the folds of a cross-validation."""
    columns = (
        Column("Models", "label"),
        Column("Metric", "text"),
        Column("Folds", "number"),
        Column("Mean difference", "estimate", drawn=True, sign=True),
        Column("p", "number"),
        Column("Naive p", "number"),
        Column("So", "text"),
    )
    rows = [
        (
            f"{visible(f.model)} minus {visible(f.against)}",
            title_of(comparison, f.metric),
            numerals.count(f.folds),
            f.outcome,
            p_text(f.p),
            p_text(f.naive_p),
            said(f),
        )
        for f in comparison.folds
    ]
    note = (
        "p by the corrected resampled t-test. The naive p takes folds for independent samples; their training sets "
        "overlap, so it finds differences that are none far too often. It is shown for comparison only."
    )
    made = grid("Differences over the folds", columns, rows[:MOST_ROWS], middle=0.0, note=note, total=len(rows))
    return Section(
        "folds",
        "Over the folds",
        "What a way of training is worth, rather than these trained models: differences from fold to fold.",
        (made,) if rows else (),
        "Folds",
    )


def further(comparison: Comparison) -> Section:
    """Every metric of every model, on all rows."""
    ranked = {s.metric for s in comparison.standings}
    pairs = dict.fromkeys((g.model, g.against) for g in comparison.gains)
    others = [g for g in comparison.gains if g.metric not in ranked]
    blocks: list[Block] = []
    if len(pairs) == 1 and others:
        model, against = next(iter(pairs))
        values = {(r.metric, r.data): r.outcome for r in comparison.readings if not r.slice}
        columns = (
            Column("Metric", "label"),
            Column(visible(against, 30), "estimate"),
            Column(visible(model, 30), "estimate"),
            Column("Difference", "estimate", sign=True),
            Column("So", "text"),
        )
        rows = [
            (
                title_of(comparison, g.metric),
                values.get((g.metric, against)),
                values.get((g.metric, model)),
                g.outcome,
                said(g),
            )
            for g in others
        ]
        blocks = [grid("Further metrics", columns, rows)]
    return Section("metrics", "All other metrics", "", tuple(blocks), "Metrics", brief=False)


def together(comparison: Comparison) -> Section:
    """What an ensemble of the models would reach."""
    found = comparison.ensembles
    if not found:
        reason = next((note for note in comparison.notes if note.startswith("There is no ensemble")), "")
        return Section(
            "together",
            "What they would give together",
            "",
            (Words((sentence(reason),)),) if reason else (),
            "Together",
        )
    alone, drawn = dict.fromkeys(e.gain.against for e in found), _of_like_size([e.gain for e in found])
    columns = (
        Column("Metric", "label"),
        Column("Together", "estimate"),
        *((Column("Best alone", "text"),) if len(alone) > 1 else ()),
        Column("Difference", "estimate", drawn=drawn, sign=True),
    )
    rows = [_ensemble_row(comparison, e, len(alone) > 1) for e in found]
    best = f"The difference is to {next(iter(alone))}. " if len(alone) == 1 else ""
    note = f"{best}The best alone was chosen on these very rows, which flatters it and not the ensemble."
    every = "both" if len(comparison.models) == 2 else f"all {len(comparison.models)}"
    heading = f"The {found[0].how} of {every} models"
    made = grid(heading, columns, rows, middle=0.0 if drawn else None, note=visible(note, 400), brief=12)
    return Section("together", "What they would give together", "", (made,), "Together")


def _ensemble_row(comparison: Comparison, ensemble: Ensemble, named: bool) -> tuple[str | Outcome, ...]:
    best = (visible(ensemble.gain.against, 40),) if named else ()
    return title_of(comparison, ensemble.metric), ensemble.value, *best, ensemble.gain.outcome
