"""pandas data frames, with or without PyArrow; the index is not read."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from steelyard.data.border import as_table, unique_names
from steelyard.data.sources.frames import measurable
from steelyard.data.sources.records import frame_of_columns
from steelyard.data.sources.source import Source
from steelyard.data.table import Table
from steelyard.records import ConfigError


def read_pandas(source: Any, query: str | None = None) -> Table:
    """Make a table of a pandas data frame; numbers are not copied where NumPy holds them."""
    if query is not None:
        raise ConfigError("A query is SQL for a database, but the source is a pandas frame. Leave it out.")
    names = unique_names(source.columns, "The pandas DataFrame")
    series = [column(name, source.iloc[:, i]) for i, name in enumerate(names)]
    frame = pl.DataFrame(series)
    return as_table(measurable(frame.lazy()), "a pandas DataFrame", rows=len(source))


def column(name: str, values: Any) -> pl.Series:
    """Return one pandas column as a Polars series; NaN, NaT and NA are missing."""
    dtype = values.dtype
    kind = getattr(dtype, "kind", "O")
    if isinstance(dtype, np.dtype) and kind in "biufmM":
        return _of_numpy(name, values.to_numpy(), kind)
    if type(dtype).__name__ == "CategoricalDtype":
        return _of_categories(name, values)
    if type(dtype).__name__ == "DatetimeTZDtype":
        utc = values.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        return _of_numpy(name, utc, "M").dt.replace_time_zone("UTC")
    if hasattr(values.array, "_mask") and kind in "biuf":
        return _of_masked(name, values)
    return _of_objects(name, values)


def _of_numpy(name: str, values: np.ndarray[Any, Any], kind: str) -> pl.Series:
    if kind in "mM" and np.datetime_data(values.dtype)[0] not in ("ms", "us", "ns"):
        values = values.astype(f"{kind}8[us]")
    if kind == "f" and values.itemsize not in (4, 8):
        values = values.astype(np.float64)
    return pl.Series(name, np.ascontiguousarray(values))


def _of_masked(name: str, values: Any) -> pl.Series:
    missing = values.isna().to_numpy()
    plain = values.to_numpy(dtype=values.dtype.numpy_dtype, na_value=values.dtype.numpy_dtype.type(0))
    series = pl.Series(name, plain)
    return series.set(pl.Series(missing), None) if missing.any() else series


def _of_categories(name: str, values: Any) -> pl.Series:
    codes = pl.Series(name, values.cat.codes.to_numpy().astype(np.int64))
    categories = column(name, values.cat.categories.to_series())
    found = categories.gather(codes.replace(-1, None))
    return found.cast(pl.Categorical) if found.dtype == pl.String else found


def _of_objects(name: str, values: Any) -> pl.Series:
    if type(values.dtype).__name__ in ("ArrowDtype", "StringDtype") and hasattr(values.array, "__arrow_array__"):
        try:
            return _of_arrow(name, values)
        except ImportError:
            pass
    return frame_of_columns({name: values.to_numpy(dtype=object)}, "The pandas DataFrame").to_series()


def _of_arrow(name: str, values: Any) -> pl.Series:
    import pyarrow as pa

    found = pl.from_arrow(pa.array(values.array, from_pandas=True))
    return found.alias(name) if isinstance(found, pl.Series) else pl.Series(name, [])


def _accepts(source: Any) -> bool:
    kind = type(source)
    return kind.__module__.partition(".")[0] == "pandas" and any(c.__name__ == "DataFrame" for c in kind.__mro__)


SOURCE = Source("pandas", _accepts, read_pandas, "a pandas DataFrame")
