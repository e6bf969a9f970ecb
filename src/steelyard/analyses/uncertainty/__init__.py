"""Does the model know what it does not know? Intervals and sets, confidence, probabilities that could be better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from steelyard.analyses.study import Study
from steelyard.analyses.uncertainty import confidence, coverage, over_time
from steelyard.analyses.uncertainty.judging import LEEWAY
from steelyard.analyses.uncertainty.promises import Promise, named, promises, unclear
from steelyard.analyses.uncertainty.recalibrating import recalibrations, scored_by
from steelyard.analyses.uncertainty.selective import selective
from steelyard.analyses.words import percent, rows
from steelyard.facts import Fact
from steelyard.records import Selective, Uncertainty


def facts(study: Study) -> Iterator[Fact]:
    """Coverage by slice, size, prediction and window; right and wrong answers by confidence."""
    for promise in promises(study):
        yield from coverage.facts(study, promise)
        yield from over_time.facts(study, promise)
    asked = confidence.fact(study)
    if asked is not None:
        yield asked


def about(study: Study) -> Iterator[Fact]:
    """Nothing is asked of the user's columns alone."""
    yield from ()


def read(study: Study) -> Study:
    """The study with coverage, selective prediction and recalibration, where there is anything to read them from."""
    made = promises(study)
    ranked = [found for data in study.profiles if (found := selective(study, data)) is not None]
    told = Uncertainty(
        coverages=tuple(c for promise in made for c in coverage.coverages(study, promise)),
        sharpness=tuple(s for promise in made for s in coverage.sharpness(study, promise)),
        series=tuple(s for promise in made if (s := over_time.series(study, promise)) is not None),
        selective=tuple(ranked),
        recalibrations=tuple(r for one in scored_by(study) for r in recalibrations(one)),
        notes=(*unclear(study), *_notes(study, made, ranked)),
    )
    anything = told.coverages or told.selective or told.recalibrations or told.notes
    return replace(study, uncertainty=told) if anything else study


def _notes(study: Study, made: list[Promise], ranked: list[Selective]) -> Iterator[str]:
    for promise in made:
        if promise.promised is not None:
            yield _law(promise)
        for told, count in coverage.odd_rows(study, promise):
            yield f"{named(promise)}: {rows(count)} {told}."
    if any(promise.promised is not None for promise in made):
        yield (
            f"Coverage passes where its interval lies above the promise less {percent(LEEWAY)} of the promised "
            "misses, and fails where it is lower than a kept promise allows; p-values of slices are adjusted for "
            "their number (Benjamini–Hochberg)."
        )
    if ranked:
        yield (
            "Confidence is the largest probability of an answer; rows of equal confidence count in random order. A "
            "safe threshold is chosen and guaranteed by the same rows (fixed-sequence Learn-then-Test on "
            "Clopper–Pearson bounds), each risk for itself."
        )
    if study.problem.task == "multiclass" and ranked:
        yield (
            "Only the confidence of the chosen class is recalibrated: the temperature of a whole vector of classes "
            "needs all scores of a row together, which counts by bin do not keep."
        )
    if study.problem.task == "multilabel":
        yield "Selective prediction is not read of several labels at once: which answer to withhold is not said."


def _law(promise: Promise) -> str:
    if promise.calibrated_on is None:
        return (
            f"{named(promise)} are held against a binomial law, as if the promise were exact. Of a predictor that "
            "was calibrated on few rows that raises false alarms: say on how many (calibrated_on)."
        )
    return (
        f"{named(promise)} are held against the beta-binomial law of a predictor calibrated on "
        f"{rows(promise.calibrated_on)} (Vovk 2012)."
    )
