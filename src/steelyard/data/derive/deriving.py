"""Columns that are derived from texts, images and vectors, lazily, so that they are measured like any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl

from steelyard.data.border import kind_of
from steelyard.data.check_roles import holds_images, holds_text, holds_vectors, require_columns, require_derivable
from steelyard.data.derive import embedding as vectors
from steelyard.data.derive import image, text
from steelyard.data.derive.embedding import Axes, Embed, as_vectors
from steelyard.data.derive.naming import EMBEDDING, derived_name
from steelyard.data.derive.words import vocabulary
from steelyard.data.reading import reading
from steelyard.data.roles import Roles, as_names
from steelyard.data.sources import read
from steelyard.data.table import Table
from steelyard.records import ColumnError, nearest

LOOKED_AT = 5_000
"""Rows at the beginning of the reference that vocabularies and directions are frozen from."""
MOST_WORDS = 50_000
FEWEST_LOOKED_AT = 50
"""Texts below which there is no vocabulary to speak of."""

Struct = tuple[pl.Struct, Callable[[pl.Series], pl.Series]]


@dataclass(frozen=True)
class Frozen:
    """What is frozen from the reference, so that both data sets are measured alike.

    Attributes:
        vocabularies: by text column, words with the number of texts they are in.
        axes: by column of vectors, its main directions.
        complete: whether these are from all rows of the data set.
    """

    vocabularies: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    axes: Mapping[str, Axes] = field(default_factory=dict)
    complete: bool = False


def derive(
    data: Any,
    *,
    text: str | Sequence[str] = (),
    image: str | Sequence[str] = (),
    embedding: str | Sequence[str] = (),
    embed: Embed | Mapping[str, Embed] | None = None,
    reference: Any = None,
    sql: str | None = None,
) -> Table:
    """Add columns that tell of texts, images and vectors: they get drift, slices and causes like any other column.

    Everything is lazy: a column that is not asked for costs nothing. Texts get length, words, shares of digits,
    upper case, punctuation and non-ASCII characters, emoji, links, blanks and, in Polars, repeated and unknown words,
    script and a rough guess of the language. Images get size, brightness, contrast, sharpness and colourfulness, and
    whether they can be read. Vectors get their norm, their place along the main directions and how far they are off.

    Args:
        data: anything `steelyard.read` reads.
        text: columns of free text.
        image: columns of paths (or bytes) of images; needs `pip install "steelyard[image]"`.
        embedding: columns of vectors (lists of numbers).
        embed: makes vectors of texts (or paths): called with lists of the values of all rows, as the data is read.
            A mapping from column to callable where there are several.
        reference: the data that vocabulary and directions are frozen from; the data itself where there is none.
            Derive the reference and the current data with the same reference to compare them.
        sql: the query to read from a database URL.

    Returns:
        A table for `evaluate`.

    Raises:
        ColumnError: a column is not there, or holds something else.
        MissingPackageError: images need Pillow.
    """
    roles = Roles(text=as_names(text), image=as_names(image), embedding=as_names(embedding))
    table = read(data, query=sql)
    require_columns(table, roles)
    require_derivable(table, roles)
    base = table if reference is None or reference is data else read(reference)
    embeds = _embeds(roles, embed)
    table, held = _embedded(table, embeds), _embedded(base, embeds)
    roles = roles.updated(embedding=(*roles.embedding, *(f"{column}{EMBEDDING}" for column in embeds)))
    return with_derived(table, roles, freeze(held, roles), own=base is table or reference is None)


def derived(tables: Mapping[str, Table], roles: Roles) -> tuple[dict[str, Table], Roles]:
    """The tables of one evaluation with derived columns, frozen from the reference where there is one.

    Where `features` are named, those derived from them count as features too.
    """
    if not (roles.text or roles.image or roles.embedding):
        return dict(tables), roles
    source = "reference" if "reference" in tables else next(iter(tables))
    frozen = freeze(tables[source], roles)
    made = {name: with_derived(table, roles, frozen, own=name == source) for name, table in tables.items()}
    if roles.features is not None:
        new = dict.fromkeys(c for n, table in made.items() for c in table.columns if c not in tables[n].kinds)
        roles = roles.updated(features=(*roles.features, *new))
    return made, roles


def freeze(table: Table, roles: Roles) -> Frozen:
    """Look at the first rows of a table for what is to be frozen; nothing where they are not in Polars."""
    texts = [c for c in roles.text if c in table.kinds and holds_text(table, c)]
    lists = [c for c in roles.embedding if c in table.kinds and holds_vectors(table, c)]
    if table.engine != "polars" or not (texts or lists):
        return Frozen()
    with reading(table):
        look = table.frame.select(*texts, *lists).head(LOOKED_AT + 1).to_native().collect()
    complete, look = look.height <= LOOKED_AT, look.head(LOOKED_AT)
    vocabularies = {
        c: vocabulary(known, text.FEWEST_TEXTS, MOST_WORDS)
        for c in texts
        if len(known := look[c].cast(pl.String).drop_nulls()) >= FEWEST_LOOKED_AT
    }
    found = {c: vectors.axes(vectors.as_matrix(look[c], vectors.dimensions_of(look[c]))) for c in lists}
    return Frozen(vocabularies, {c: axes for c, axes in found.items() if axes is not None}, complete)


def with_derived(table: Table, roles: Roles, frozen: Frozen, *, own: bool) -> Table:
    """The table with the columns that are derived from its texts, images and vectors; those it has already stay.

    Args:
        table: the data.
        roles: says which columns hold what; columns that the table lacks are passed over.
        frozen: vocabularies and directions of the reference.
        own: whether they were frozen from this very table.
    """
    texts = [c for c in roles.text if c in table.kinds and holds_text(table, c)]
    frame, warnings = table.frame, list(table.warnings)
    for column in texts:
        frame = _with(frame, table, {derived_name(column, w): e for w, e in text.portable(column).items()})
    structs: dict[str, Struct] = {
        c: text.by_words(frozen.vocabularies.get(c), own and frozen.complete) for c in texts
    }
    images = [c for c in roles.image if c in table.kinds and holds_images(table, c)]
    if images:
        image.require_pillow()
        structs |= dict.fromkeys(images, (image.FIELDS, image.measured))
    lists = [c for c in roles.embedding if c in table.kinds and holds_vectors(table, c)]
    structs |= {c: vectors.placed(frozen.axes[c]) for c in lists if c in frozen.axes}
    if table.engine == "polars":
        frame = _with_structs(frame, structs)
    elif structs or lists:
        named = ", ".join(repr(c) for c in dict.fromkeys([*structs, *lists]))
        warnings.append(
            f"{table.description}: what {table.engine} cannot derive of {named} is left out (language, unknown "
            "words, images, vectors). Read the data from files to have it."
        )
    kinds = {name: kind_of(dtype) for name, dtype in frame.collect_schema().items()}
    return replace(table, frame=frame, kinds=kinds, warnings=tuple(warnings))


def _embeds(roles: Roles, embed: Embed | Mapping[str, Embed] | None) -> dict[str, Embed]:
    if embed is None:
        return {}
    columns = (*roles.text, *roles.image)
    if not isinstance(embed, Mapping):
        return dict.fromkeys(columns, embed)
    unknown = [c for c in embed if c not in columns]
    if unknown:
        raise ColumnError(
            f"embed names {unknown[0]!r}, which was not given as text or image. {nearest(unknown[0], columns)}"
        )
    return dict(embed)


def _embedded(table: Table, embeds: Mapping[str, Embed]) -> Table:
    if not embeds:
        return table
    if table.engine != "polars":
        raise ColumnError(
            f"{table.description} is in {table.engine}, where no Python function can make vectors. "
            "Read the data from files."
        )
    lazy = table.frame.to_native().with_columns(
        pl.col(column)
        .map_batches(_vectors_by(embed), return_dtype=pl.List(pl.Float64), is_elementwise=True)
        .alias(f"{column}{EMBEDDING}")
        for column, embed in embeds.items()
        if column in table.kinds
    )
    frame = nw.from_native(lazy)
    return replace(table, frame=frame, kinds={n: kind_of(d) for n, d in frame.collect_schema().items()})


def _vectors_by(embed: Embed) -> Callable[[pl.Series], pl.Series]:
    def make(column: pl.Series) -> pl.Series:
        there = column.is_not_null()
        values = column.filter(there).to_list()
        if not values:
            return pl.Series(column.name, [None] * len(column), dtype=pl.List(pl.Float64))
        made = pl.Series("vectors", as_vectors(embed, values)).cast(pl.List(pl.Float64))
        place = pl.DataFrame({"there": there}).select(
            pl.when("there").then(pl.col("there").cast(pl.UInt32).cum_sum() - 1)
        )
        return made.gather(place.to_series()).alias(column.name)

    return make


def _with(frame: Any, table: Table, columns: Mapping[str, nw.Expr]) -> Any:
    new = [e.alias(name) for name, e in columns.items() if name not in table.kinds]
    return frame.with_columns(*new) if new else frame


def _with_structs(frame: Any, structs: Mapping[str, Struct]) -> Any:
    """Each function is called once a batch: its struct is made first, then taken apart."""
    lazy: pl.LazyFrame = frame.to_native()
    taken = set(lazy.collect_schema())
    for column, (fields, make) in structs.items():
        held = f"sy_made:{column}"
        parts = {derived_name(column, f.name): f.name for f in fields.fields}
        lazy = lazy.with_columns(
            pl.col(column).map_batches(make, return_dtype=fields, is_elementwise=True).alias(held)
        )
        lazy = lazy.with_columns(
            pl.col(held).struct.field(part).alias(name) for name, part in parts.items() if name not in taken
        ).drop(held)
    return nw.from_native(lazy)
