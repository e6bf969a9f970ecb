"""Turn an engine's failure while it reads into an error its user can mend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from steelyard.data.table import Table
from steelyard.records import SteelyardError


@contextmanager
def reading(table: Table) -> Iterator[None]:
    """Run a query over `table`; a broken row or file is named, with what to do about it.

    Frames are lazy, so a bad line of a CSV file shows only when an engine gets there. Wrap whatever
    collects the frame in `with reading(table): …`. Failures that are not about the data pass unchanged.
    """
    try:
        yield
    except SteelyardError:
        raise
    except Exception as error:
        told = table.diagnose(error) if table.diagnose else None
        if told is None:
            raise
        raise told from error
