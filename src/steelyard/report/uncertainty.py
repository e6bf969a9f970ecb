"""Whether the model knows what it does not know: promises kept, confidence, better probabilities."""

from __future__ import annotations

from dataclasses import replace

from steelyard.evaluation.evaluation import Evaluation
from steelyard.report.coverage import coverage
from steelyard.report.recalibration import recalibration
from steelyard.report.section import Section, Words
from steelyard.report.selective import selective
from steelyard.report.text import sentence


def uncertainty(evaluation: Evaluation) -> tuple[Section, ...]:
    """Return its sections; none where nothing was read."""
    found = evaluation.uncertainty
    if found is None:
        return ()
    made = (coverage(found, evaluation.task), selective(found), recalibration(found))
    sections = [section for section in made if section is not None]
    if found.notes:
        notes = Words(tuple(sentence(note) for note in found.notes), listed=True)
        last = sections.pop() if sections else Section("uncertainty", "Does the model know what it does not know?")
        sections.append(replace(last, blocks=(*last.blocks, notes)))
    return tuple(sections)
