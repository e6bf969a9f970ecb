"""Make the shipped ACS employment data from the files inside the package `nannyml`.

    pip install --no-deps --target FOLDER nannyml==0.13.1
    python tools/make_acs_employment.py FOLDER

Every row of the three source files is kept, in its order. PUMS codes become words, and a probability loses
the digits past float32 (no decision changes).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

SOURCE = Path("nannyml/datasets/data")
SHIPPED = Path(__file__).parents[1] / "src/steelyard/datasets/acs_employment"
FIRST_YEAR = 2015

AGE_GROUPS = {16: "0-15", 25: "16-24", 35: "25-34", 45: "35-44", 55: "45-54", 65: "55-64"}
OLDEST = "65+"

SEX = {"1": "male", "2": "female"}
NATIVE = "Native American or Pacific Islander"
RACE = {
    "1": "White",
    "2": "Black",
    "3": NATIVE,
    "4": NATIVE,
    "5": NATIVE,
    "6": "Asian",
    "7": NATIVE,
    "8": "other",
    "9": "two or more",
}
EDUCATION = {
    **{str(code): "no diploma" for code in range(16)},
    "16": "high school",
    "17": "high school",
    "18": "some college",
    "19": "some college",
    "20": "associate's degree",
    "21": "bachelor's degree",
    "22": "master's degree or more",
    "23": "master's degree or more",
    "24": "master's degree or more",
}
MARITAL_STATUS = {"1": "married", "2": "widowed", "3": "divorced", "4": "separated", "5": "never married"}
CITIZENSHIP = {
    "1": "born in the US",
    "2": "born in a US territory",
    "3": "born abroad to Americans",
    "4": "naturalised",
    "5": "not a citizen",
}
DISABILITY = {"1": "yes", "2": "no"}
MILITARY = {"0": None, "1": "on active duty", "2": "in the past", "3": "training only", "4": "never"}


def words(code: str, meaning: dict[str, str | None] | dict[str, str], name: str) -> pl.Expr:
    """A PUMS code as a word; an unknown code raises."""
    return pl.col(code).cast(pl.String).replace_strict(meaning, return_dtype=pl.String).alias(name)


def age_group(age: pl.Expr) -> pl.Expr:
    """The group a whole number of years falls in."""
    below = pl.lit(OLDEST)
    for limit, name in reversed(AGE_GROUPS.items()):
        below = pl.when(age < limit).then(pl.lit(name)).otherwise(below)
    return below


def read(package: Path) -> pl.DataFrame:
    """The source's rows of all years in their order, each with its label."""
    folder = package / SOURCE
    reference = pl.read_parquet(folder / "employment_MA_reference.pq")
    analysis = pl.read_parquet(folder / "employment_MA_analysis.pq")
    target = pl.read_parquet(folder / "employment_MA_analysis_target.pq")
    current = analysis.join(target, on="id", how="inner", validate="1:1")
    if current.height != analysis.height:
        raise SystemExit(f"{analysis.height - current.height} rows of the analysis file have no target.")
    plain = [f.with_columns(pl.col(pl.Categorical).cast(pl.String)) for f in (reference, current)]
    return pl.concat([plain[0], plain[1].select(plain[0].columns)]).sort("id")


def readable(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns we ship."""
    return rows.select(
        pl.col("id").cast(pl.Int32),
        pl.col("year").cast(pl.Int16),
        pl.col("AGEP").cast(pl.Int16).alias("age"),
        age_group(pl.col("AGEP")).alias("age_group"),
        words("SEX", SEX, "sex"),
        words("RAC1P", RACE, "race"),
        words("SCHL", EDUCATION, "education"),
        words("MAR", MARITAL_STATUS, "marital_status"),
        words("CIT", CITIZENSHIP, "citizenship"),
        words("DIS", DISABILITY, "disability"),
        words("MIL", MILITARY, "military"),
        pl.col("employed").cast(pl.Int8),
        pl.col("prediction").cast(pl.Int8),
        pl.col("predicted_probability").cast(pl.Float32).alias("probability"),
    )


def write(rows: pl.DataFrame, path: Path) -> None:
    """Write one row group, in encodings every Parquet reader knows."""
    pq.write_table(
        rows.to_arrow(compat_level=pl.CompatLevel.oldest()),
        path,
        row_group_size=rows.height,
        compression="zstd",
        compression_level=19,
        use_dictionary=[name for name in rows.columns if name != "id"],
        column_encoding={"id": "DELTA_BINARY_PACKED"},
        dictionary_pagesize_limit=4 << 20,
        store_schema=False,
    )


def make(package: Path, folder: Path) -> dict[str, int]:
    """Write both files into `folder`; returns the rows in each."""
    rows = readable(read(package))
    if not ((rows["probability"] >= 0.5) == (rows["prediction"] == 1)).all():
        raise SystemExit("Rounding to float32 moved a score across the threshold of 0.5.")
    parts = {
        "reference.parquet": rows.filter(pl.col("year") == FIRST_YEAR),
        "current.parquet": rows.filter(pl.col("year") > FIRST_YEAR),
    }
    for name, part in parts.items():
        write(part, folder / name)
    return {name: part.height for name, part in parts.items()}


def main() -> None:
    """Run from a terminal."""
    parser = argparse.ArgumentParser(description="Make src/steelyard/datasets/acs_employment.")
    parser.add_argument("package", type=Path, help="the folder nannyml was installed into")
    parser.add_argument("--to", type=Path, default=SHIPPED, help="where the files go")
    chosen = parser.parse_args()
    for name, rows in make(chosen.package, chosen.to).items():
        size = (chosen.to / name).stat().st_size
        print(f"{chosen.to / name}: {rows:,} rows, {size:,} bytes")  # noqa: T201 - a tool for the terminal


if __name__ == "__main__":
    main()
