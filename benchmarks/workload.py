"""The columns that the benchmarks read."""

CARDINALITY = {"c3": 3, "c8": 8, "c25": 25, "c80": 80, "c200": 200}
NUMBERS = tuple(f"{kind}_{i}" for kind in ("n", "ln", "ht", "i") for i in range(5))
COLUMNS = ("label", "score", "pred", *NUMBERS, *CARDINALITY, "sex", "age_band")
