"""Segments: what is planted is found, told once and in few words, and its rule picks exactly its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from steelyard.analyses import slices
from steelyard.analyses.findings.segments import same_rows, segments
from steelyard.analyses.slices import candidates, plan
from steelyard.analyses.slices.cubes import cube, sums_of
from steelyard.analyses.slices.groups import Groups
from steelyard.analyses.study import Study
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.evaluation.plan import column_plans, features, types_of
from steelyard.evaluation.pose import bucket_by, pose
from steelyard.facts import Fact, Profile, columns_in, measure
from steelyard.metrics.rows import informed, prepare_rows
from steelyard.records import Finding, Recommendation, Segment, Severity, Slice
from steelyard.stats.segments import Sums, worse_share

BINARY = Roles(label="y", prediction="d", task="binary")
NUMBERS = Roles(label="y", prediction="d", task="regression")
Searching = Callable[..., Study]


@pytest.fixture
def search() -> Searching:
    """Measure what the search asks for, and search; nothing else of an evaluation."""

    def made(frame: pl.DataFrame, roles: Roles, reference: pl.DataFrame | None = None, depth: int = 2) -> Study:
        frames = {"current": frame} | ({} if reference is None else {"reference": reference})
        tables = {name: read(held) for name, held in frames.items()}
        peeks = {name: peek(table) for name, table in tables.items()}
        complete, _ = guess_roles(tables["current"], peeks["current"], roles)
        base = peeks.get("reference", peeks["current"])
        problem = pose(complete, peeks, tables)
        rows = {name: prepare_rows(table, complete, problem) for name, table in tables.items()}
        plans = column_plans(tables, base, complete)
        study = Study(
            problem=informed(problem, rows["current"]),
            roles=complete,
            metrics=(),
            bucket=bucket_by(complete),
            columns=tuple(plans),
            features=features(plans, base, tables),
            types={name: types_of(table) for name, table in tables.items()},
            looks=peeks,
        )

        def count(data: str, facts: Sequence[Fact]) -> Profile:
            known = set(rows[data].kinds)
            return measure(rows[data], [fact for fact in facts if known.issuperset(columns_in(fact))])

        asked = list(slices.facts(study))
        study = slices.read(replace(study, profiles={name: count(name, asked) for name in rows}))
        return slices.refine(study, count) if depth == 3 else study

    return made


def people(n: int, seed: int) -> pl.DataFrame:
    """Rows without a fault: some numbers and categories, two of them associated."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, n)
    return pl.DataFrame(
        {
            "age": age,
            "band": np.array(["young", "middle", "old"])[np.digitize(age, [35, 60])],
            "site": rng.choice(["A", "B", "C", "D", "it's", "😀"], n),
            "sex": rng.choice(["F", "M"], n),
            "income": np.where(rng.random(n) < 0.05, np.nan, rng.lognormal(10, 1, n)),
            "new": rng.random(n) < 0.3,
            "grade": rng.integers(1, 5, n),
            "w": rng.integers(1, 4, n).astype(float),
            "noise": rng.normal(0, 1, n),
        }
    ).with_columns(income=pl.col("income").fill_nan(None))


def wrong(frame: pl.DataFrame, rate: pl.Expr, seed: int) -> pl.DataFrame:
    """Binary decisions that are wrong at a rate."""
    rng = np.random.default_rng(seed)
    n = frame.height
    rates = frame.select(r=rate)["r"].to_numpy()
    y = rng.integers(0, 2, n)
    return frame.with_columns(y=pl.Series(y), d=pl.Series(np.where(rng.random(n) < rates, 1 - y, y)))


def where(condition: pl.Expr, inside: float = 0.5, rest: float = 0.1) -> pl.Expr:
    """A rate inside and outside of a segment."""
    return pl.when(condition).then(inside).otherwise(rest)


def picked(frame: pl.DataFrame, segment: Segment) -> pl.DataFrame:
    """The rows of a rule by Polars' SQL, in both of its ways."""
    kept = frame.filter(pl.sql_expr(segment.rule))
    by_query = pl.SQLContext(t=frame).execute(f"SELECT * FROM t WHERE {segment.rule}", eager=True)
    assert by_query.height == kept.height
    return kept


def holds(frame: pl.DataFrame, study: Study) -> None:
    """Every rule picks exactly the rows that were counted, and their loss."""
    for segment in study.segments:
        kept = picked(frame, segment)
        assert kept.height == segment.rows, segment.rule
        loss = (kept["y"] - kept["d"]).abs().mean()
        assert segment.loss.value == pytest.approx(loss)
        assert segment.loss.low <= segment.loss.value <= segment.loss.high


PLANTED = [
    (pl.col("site") == "it's", "site = it's"),
    (pl.col("site") == "😀", "site = 😀"),
    (pl.col("income").is_null(), "income = (missing)"),
    (pl.col("new"), "new = True"),
    ((pl.col("grade") == 3) & (pl.col("site") == "B"), "grade = 3 & site = B"),
    ((pl.col("site") == "A") & (pl.col("sex") == "F"), "sex = F & site = A"),
    (pl.col("site").is_in(["A", "B"]) & (pl.col("sex") == "F"), "sex = F & site = A or B"),
]


@pytest.mark.parametrize(("condition", "told"), PLANTED, ids=[told for _, told in PLANTED])
def test_what_is_planted_is_found_alone(search: Searching, condition: pl.Expr, told: str) -> None:
    frame = wrong(people(8000, 0), where(condition), 1)
    study = search(frame, BINARY)
    assert [str(s.where) for s in study.segments] == [told]
    holds(frame, study)
    segment = study.segments[0]
    inside = frame.filter(condition)
    assert segment.rows == inside.height
    assert segment.share == pytest.approx(inside.height / 8000)
    lost = (frame["y"] - frame["d"]).abs()
    of_errors = (inside["y"] - inside["d"]).abs().sum() / lost.sum()
    assert segment.of_errors == pytest.approx(of_errors)
    assert segment.excess.low <= 0.4 <= segment.excess.high + 0.02
    assert segment.avoidable == pytest.approx(segment.excess.value * segment.share / lost.mean(), rel=0.05)
    assert segment.q <= 0.05
    assert segment.p <= segment.q


def test_neighbouring_groups_are_one_interval(search: Searching) -> None:
    frame = wrong(people(20000, 2), where((pl.col("age") >= 30) & (pl.col("age") < 49), 0.4), 3)
    study = search(frame, BINARY)
    assert len(study.segments) == 1
    (segment,) = study.segments
    assert segment.where.columns == ("age",)
    kept = picked(frame, segment)
    assert kept["age"].min() in range(29, 33)
    assert kept["age"].max() in range(46, 51)
    assert ">=" in segment.rule
    assert " AND " in segment.rule
    holds(frame, study)


def test_three_features_are_combined_when_asked_for(search: Searching) -> None:
    condition = (pl.col("site") == "A") & (pl.col("sex") == "F") & (pl.col("age") >= 50)
    frame = wrong(people(20000, 4), where(condition, 0.7, 0.05), 5)
    shallow, deep = search(frame, BINARY), search(frame, BINARY, depth=3)
    assert all(len(s.where.items) <= 2 for s in shallow.segments)
    first = deep.segments[0]
    assert len(deep.segments) == 1
    assert set(first.where.columns) in ({"age", "sex", "site"}, {"band", "sex", "site"})
    assert first.avoidable > shallow.segments[0].avoidable * 0.8
    holds(frame, deep)


def test_few_features_are_combined_by_three_at_once(search: Searching) -> None:
    condition = (pl.col("site") == "A") & (pl.col("sex") == "F") & pl.col("new")
    frame = wrong(people(20000, 6).select("site", "sex", "new"), where(condition, 0.7, 0.05), 7)
    study = search(frame, BINARY)
    assert [str(s.where) for s in study.segments] == ["new = True & sex = F & site = A"]


def test_two_segments_are_two_and_their_shadows_none(search: Searching) -> None:
    rate = pl.when((pl.col("site") == "A") & (pl.col("sex") == "F")).then(0.5).when(pl.col("grade") == 4).then(0.3)
    frame = wrong(people(20000, 8), rate.otherwise(0.1), 9)
    study = search(frame, BINARY)
    assert {str(s.where) for s in study.segments} == {"sex = F & site = A", "grade = 4"}


def test_amounts_are_found_as_well_as_counts(search: Searching) -> None:
    rng = np.random.default_rng(10)
    frame = people(8000, 11)
    scale = np.where((frame["site"] == "B").to_numpy() & (frame["grade"] == 2).to_numpy(), 3.0, 1.0)
    frame = frame.with_columns(y=pl.Series(np.zeros(8000)), d=pl.Series(rng.standard_t(5, 8000) * scale))
    study = search(frame, NUMBERS)
    assert [str(s.where) for s in study.segments] == ["grade = 2 & site = B"]
    assert study.segments[0].loss.method == "student-t"
    holds(frame, study)


def test_weights_count(search: Searching) -> None:
    frame = wrong(people(8000, 12), where(pl.col("site") == "C", 0.4), 13)
    study = search(frame, BINARY.updated(weight="w"))
    assert [str(s.where) for s in study.segments] == ["site = C"]
    (segment,) = study.segments
    inside = frame.filter(pl.col("site") == "C")
    lost = (inside["y"] - inside["d"]).abs()
    assert segment.loss.value == pytest.approx((lost * inside["w"]).sum() / inside["w"].sum())
    assert segment.share == pytest.approx(inside["w"].sum() / frame["w"].sum())
    assert segment.loss.effective_n == pytest.approx(inside["w"].sum() ** 2 / (inside["w"] ** 2).sum())


def test_rows_without_a_label_are_not_counted(search: Searching) -> None:
    frame = wrong(people(12000, 35), where(pl.col("site") == "C", 0.4), 36)
    frame = frame.with_columns(y=pl.when(pl.int_range(12000) % 3 > 0).then("y"))
    study = search(frame, BINARY)
    assert [str(s.where) for s in study.segments] == ["site = C"]
    (segment,) = study.segments
    known = frame.filter(pl.col("y").is_not_null())
    inside = known.filter(pl.col("site") == "C")
    assert segment.rows == inside.height
    assert segment.share == pytest.approx(inside.height / known.height)
    assert segment.loss.value == pytest.approx((inside["y"] - inside["d"]).abs().mean())


def test_clusters_widen(search: Searching) -> None:
    rows = wrong(people(1500, 14), where(pl.col("site") == "C", 0.5), 15).with_columns(user=pl.int_range(1500))
    frame = pl.concat([rows] * 6)
    alone = search(frame, BINARY.updated(features=["site", "sex", "age"]))
    held = search(frame, BINARY.updated(cluster="user", features=["site", "sex", "age"]))
    assert [str(s.where) for s in held.segments] == ["site = C"]
    (clustered,) = held.segments
    independent = next(s for s in alone.segments if str(s.where) == "site = C")
    assert clustered.loss.effective_n is not None
    assert clustered.loss.effective_n < independent.rows / 4
    assert clustered.loss.high - clustered.loss.low > 1.8 * (independent.loss.high - independent.loss.low)


def test_new_since_the_reference_is_told_from_known_before(search: Searching) -> None:
    hard = pl.col("grade") == 4
    reference = wrong(people(12000, 16), where(hard, 0.35), 17)
    fault = pl.when((pl.col("site") == "A") & (pl.col("sex") == "F")).then(0.5).when(hard).then(0.35).otherwise(0.1)
    current = wrong(people(12000, 18), fault, 19)
    study = search(current, BINARY, reference)
    assert len(study.segments) == 2
    told = {str(s.where): slices.history(study, s) for s in study.segments}
    assert told == {"grade = 4": "known", "sex = F & site = A": "new"}
    found = sorted(segments(study), key=lambda f: (f.severity.rank, -f.impact))
    assert found[0].id == "segment:sex=F&site=A"
    assert "became worse" in found[0].sentence
    assert "new since" in found[0].sentence
    assert "hard before" in found[1].sentence
    assert found[1].severity is Severity.LOW


def test_a_reference_without_labels_does_not_matter(search: Searching) -> None:
    frame = wrong(people(8000, 20), where(pl.col("site") == "A"), 21)
    alone = search(frame, BINARY)
    study = slices.read(replace(alone, profiles={**alone.profiles, "reference": Profile()}))
    assert study.segments == alone.segments
    assert [str(s.where) for s in study.segments] == ["site = A"]
    assert study.segments[0].then is None
    assert slices.history(study, study.segments[0]) == ""


def test_findings_say_what_where_how_much_and_what_to_do(search: Searching) -> None:
    frame = wrong(people(8000, 22), where((pl.col("site") == "A") & (pl.col("sex") == "F")), 23)
    (finding,) = segments(search(frame, BINARY))
    assert finding.kind == "segment"
    assert finding.id == "segment:sex=F&site=A"
    assert "sex is F and site is A" in finding.sentence
    assert "%" in finding.sentence
    assert "errors" in finding.recommendation.effect
    assert "\"sex\" = 'F' AND \"site\" = 'A'" in finding.detail
    assert "SliceLine" in finding.detail
    assert "DivExplorer" in finding.detail


def test_a_slice_that_was_declared_is_not_told_again(search: Searching) -> None:
    frame = wrong(people(8000, 24), where(pl.col("site") == "A"), 25)
    (segment,) = search(frame, BINARY).segments
    slice_ = Finding(
        "weak-slice:site=A",
        "weak-slice",
        Severity.LOW,
        "accuracy",
        "",
        Recommendation(""),
        slice=Slice((("site", "A"),)),
    )
    assert same_rows(segment, [slice_]) is slice_
    assert same_rows(segment, [replace(slice_, slice=Slice((("site", "B"),)))]) is None
    assert same_rows(segment, [replace(slice_, kind="change")]) is None


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"y": [0], "d": [1], "a": ["x"], "b": [1.0]}),
        pl.DataFrame({"y": [0, 1] * 100, "d": [0, 1] * 100, "a": ["x", "y"] * 100, "b": [1.0, 2.0] * 100}),
        pl.DataFrame({"y": [0, 1] * 100, "d": [1, 0] * 100, "a": ["x", "y"] * 100, "b": [1.0, 2.0] * 100}),
        pl.DataFrame({"y": [0, 1] * 100, "d": [1, 1] * 100, "a": [None] * 200, "b": [None, 2.0] * 100}),
        pl.DataFrame(
            {"y": [0, 1, None, None] * 50, "d": [0, None, 1, 0] * 50, "a": ["x", "y"] * 100, "b": [1, 2] * 100}
        ),
        pl.DataFrame({"y": [0, 1] * 100, "d": [1, 1] * 100}),
    ],
    ids=["one row", "no error", "all wrong", "all missing", "loss mostly missing", "no feature"],
)
def test_nothing_to_find_is_nothing_found(search: Searching, frame: pl.DataFrame) -> None:
    study = search(frame, BINARY)
    if frame.height < 200 or frame["y"].equals(frame["d"]) or "a" not in frame.columns:
        assert study.segments == ()
    assert all(s.loss.low <= s.loss.value <= s.loss.high for s in study.segments)
    assert segments(study) is not None


def test_without_decisions_there_is_no_loss(search: Searching) -> None:
    frame = wrong(people(500, 26), where(pl.col("sex") == "F"), 26).drop("d")
    study = search(frame, Roles(label="y", score="noise", task="binary"))
    assert study.problem.loss is None
    assert list(slices.facts(study)) == []
    assert study.segments == ()
    assert slices.notes(study) == ()


def test_many_features_are_chosen_by_a_look(search: Searching, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "MOST_FEATURES", 3)
    frame = wrong(people(8000, 27), where((pl.col("site") == "A") & (pl.col("sex") == "F"), 0.8), 28)
    study = search(frame, BINARY)
    chosen = plan.plan_of(study)
    assert {"site", "sex"} <= {f.name for f in chosen.features}
    assert len(chosen.features) == 3
    assert chosen.searched(2) == len(study.features) * (len(study.features) - 1) // 2
    assert [str(s.where) for s in study.segments] == ["sex = F & site = A"]
    assert "looked at alone" in slices.notes(study)[0]


def test_nan_counts_as_missing_in_rules_too(search: Searching) -> None:
    frame = people(8000, 29).with_columns(
        income=pl.when(pl.col("income").is_null()).then(float("nan")).otherwise(pl.col("income"))
    )
    for condition in (pl.col("income").is_nan(), pl.col("income").is_not_nan() & (pl.col("income") > 40000)):
        planted = wrong(frame, where(condition), 30)
        study = search(planted, BINARY)
        assert [s.where.columns for s in study.segments] == [("income",)]
        holds(planted, study)


def test_odd_names_are_quoted(search: Searching) -> None:
    frame = wrong(people(8000, 31), where(pl.col("site") == "it's"), 32).rename({"site": 'the "site", it\'s'})
    study = search(frame, BINARY)
    assert [s.where.columns for s in study.segments] == [('the "site", it\'s',)]
    holds(frame, study)


def test_nothing_better_is_missed(search: Searching, monkeypatch: pytest.MonkeyPatch) -> None:
    """By brute force over every pair of conditions: none that passes every test is surer than those kept."""
    monkeypatch.setattr(candidates, "PER_FAMILY", 10_000)
    frame = wrong(
        people(4000, 33).select("age", "site", "sex"), where((pl.col("age") > 60) & (pl.col("site") == "A")), 34
    )
    study = search(frame, BINARY)
    pair = next(f for f in plan.plan_of(study).families(2) if {x.name for x in f} == {"age", "site"})
    groups = tuple(Groups(f) for f in pair)
    fact = plan.fact_of(pair, study.problem)
    now = cube(fact, study.profiles["current"][fact], groups, study.problem)
    family = candidates.Family(
        (0, 1), groups, now, None, tuple(np.ones(len(g.conditions)) for g in groups), 1.0, counts=True
    )
    found = candidates.search(family)
    best, searched = brute_force(now, groups)
    assert found.searched == searched
    assert found.worse[0].sure == pytest.approx(best)


def brute_force(now: np.ndarray, groups: tuple[Groups, ...]) -> tuple[float, int]:
    """The surest pair of conditions that passes, and how many there are, one after the other."""

    def one(array: np.ndarray) -> Sums:
        return Sums(*(np.atleast_1d(part) for part in sums_of(array)))

    total = one(now.sum(axis=(0, 1)))
    passed, searched = [], []
    for a, b in product(groups[0].conditions, groups[1].conditions):
        inside = one(now[np.ix_(a, b)].sum(axis=(0, 1)))
        if inside.rows[0] < max(32, total.rows[0] / 100) or inside.rows[0] > 0.25 * total.rows[0]:
            continue
        searched.append(1)
        wholes = [one(now[a].sum(axis=(0, 1))), one(now[:, b].sum(axis=(0, 1)))]
        if any(inside.mean[0] < 1.1 * whole.mean[0] for whole in (total, *wholes)):
            continue
        passed.append((inside, wholes))
    need = -norm.ppf(0.05 / len(searched))
    sure = [
        float(worse_share(inside, total.minus(inside))[0])
        for inside, wholes in passed
        if all(worse_share(inside, whole.minus(inside))[0] >= need for whole in (total, *wholes))
    ]
    return max(s for s in sure if s >= need), len(searched)
