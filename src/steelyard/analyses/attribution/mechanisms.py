"""What each mechanism did to a metric: exact Shapley values over the factors of both periods' cubes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.attribution.cubes import Cube, Mask, Pair
from steelyard.analyses.attribution.offset import explained_by_offset, is_prior_shift, uniform_offset
from steelyard.analyses.attribution.yardsticks import Yardstick
from steelyard.records.attribution import Mechanism
from steelyard.stats import decomposition
from steelyard.stats.decomposition import DECISION, GROUP, SEGMENT, TRUTH

Floats = NDArray[np.float64]
REPLICATES = 200
SEED = 20_771
SOUND = 0.05
"""Share of rows that a fault must leave whole for anything else to be told."""
UNDECIDED = 0.001
"""Share of rows whose decision at a given score must have changed for the decision rule to be a mechanism."""
Joints = tuple[Floats, Floats]
ALL = np.ones(decomposition.MOST_PLAYERS, dtype=bool)


@dataclass(frozen=True)
class Factor:
    """One factor of the joint table, in each state of the players that move it.

    Attributes:
        players: the mechanisms that move it.
        tables: the factor by the state (then or now) of each player.
    """

    players: tuple[Mechanism, ...]
    tables: Mapping[tuple[bool, ...], Floats]

    def at(self, moved: Mapping[Mechanism, bool]) -> Floats:
        """The factor when some mechanisms have moved."""
        return self.tables[tuple(moved[player] for player in self.players)]


@dataclass(frozen=True)
class Share:
    """What one mechanism did to the metric.

    Attributes:
        mechanism: which.
        effect: in the metric's units.
        se: its standard error.
    """

    mechanism: Mechanism
    effect: float
    se: float


@dataclass(frozen=True)
class Shapley:
    """A change of a metric on the cubes, taken apart.

    Attributes:
        shares: of each mechanism, a fault of the data first; they add up.
        se: standard error of the whole change.
    """

    shares: tuple[Share, ...]
    se: float


@dataclass(frozen=True)
class Game:
    """The two periods of one feature, taken apart.

    Attributes:
        pair: the cubes.
        affected: segments whose rows a fault of the data touches.
    """

    pair: Pair
    affected: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))

    @cached_property
    def sound(self) -> Pair:
        """The rows that no fault touches."""
        return self.pair.where(~self.affected) if len(self.affected) else self.pair

    @cached_property
    def all_broken(self) -> bool:
        """Whether the fault leaves too few rows to tell anything else."""
        if not len(self.affected):
            return False
        whole, left = (self.pair.then, self.pair.now), (self.sound.then, self.sound.now)
        return any(part.weight.sum() < SOUND * all_.weight.sum() for part, all_ in zip(left, whole, strict=True))

    @cached_property
    def prior_shift(self) -> bool:
        """Whether all that moved is how frequent each truth is."""
        return not self.all_broken and is_prior_shift(self.sound.then, self.sound.now)

    @cached_property
    def offset(self) -> bool:
        """Whether a uniform offset explains most of what is now true of rows with a given score."""
        return not self.prior_shift and explained_by_offset(self.sound.then, self.sound.now)

    @cached_property
    def scores_moved(self) -> float:
        """Jensen–Shannon divergence of the score groups: whether what broke reached the model."""
        then, now = (c.weight.sum(axis=(0, 2, 3)) for c in (self.pair.then, self.pair.now))
        return float(decomposition.surprise(then, now).sum())

    @cached_property
    def decided_anew(self) -> bool:
        """Whether decisions changed at a given score."""
        then, now = self.sound.then.weight, self.sound.now.weight
        if then.shape[DECISION] == 1:
            return False
        rule = [decomposition.conditional(w.sum(axis=0, keepdims=True), DECISION, (GROUP,)) for w in (then, now)]
        mass = sum(w.sum(axis=(0, 2, 3)) / w.sum() for w in (then, now)) / 2
        return float(mass @ np.abs(rule[1] - rule[0])[0, :, 0].sum(axis=-1) / 2) > UNDECIDED

    @cached_property
    def players(self) -> tuple[Mechanism, ...]:
        """The mechanisms that may have moved, the fault of the data aside."""
        if self.all_broken:
            return ()
        seen = {player for factor in self._factors(*self._tables) for player in factor.players}
        order: tuple[Mechanism, ...] = ("mix", "scores", "base rate", "concept", "policy")
        return tuple(player for player in order if player in seen)

    @cached_property
    def backed_off(self) -> float:
        """Share of the mass in cells of which the other period has no row to learn from."""
        then, now = (c.weight.sum(axis=(TRUTH, DECISION)) for c in (self.sound.then, self.sound.now))
        total = float(then.sum() + now.sum())
        return float(then[now == 0].sum() + now[then == 0].sum()) / total if total > 0 else 0.0

    def shapley(self, yard: Yardstick) -> Shapley:
        """What each mechanism did.

        A fault of the data is told last: it is what would come back if the broken rows were like the whole ones now.

        Raises:
            UndefinedMetricError: the metric has no value on one of the recombined tables.
        """
        values, lines = [], []
        for members in decomposition.coalitions(len(self.players)):
            now = bool(members[self.players.index("scores")]) if "scores" in self.players else False
            value, line = self._measured(yard, self._hybrids[members.tobytes()], 0, now)
            values.append(value)
            lines.append(line)
        effects = decomposition.shapley(values)
        spread = decomposition.shapley(lines).std(axis=1, ddof=1)
        shares = [Share(p, float(e), float(s)) for p, e, s in zip(self.players, effects, spread, strict=True)]
        last = lines[-1]
        if len(self.affected):
            value, last = self._measured(yard, self._hybrids[ALL[: len(self.players)].tobytes()], 1, True)
            shares.insert(0, Share("data fault", value - values[-1], float((last - lines[-1]).std(ddof=1))))
        return Shapley(tuple(shares), float((last - lines[0]).std(ddof=1)))

    def _measured(self, yard: Yardstick, joints: Joints, broken: int, now: bool) -> tuple[float, Floats]:
        """The metric when the broken rows are those of then (0) or now (1), and on each replicate, linearised."""
        joint, drawn = joints
        share, rows = self._broken[broken]
        many, each = self._broken_draws[broken]
        whole = (1 - share) * joint + share * rows
        slope = yard.slope(whole, now)
        replicates = (1 - many)[:, None, None, None] * drawn + many[:, None, None, None] * each
        value = yard.value(whole, now)
        return value, value + np.tensordot(replicates - whole, slope, axes=3)

    @cached_property
    def _draws(self) -> tuple[Tables, Tables]:
        return _drawn(self.pair.then, SEED), _drawn(self.pair.now, SEED + 1)

    @cached_property
    def _tables(self) -> tuple[Tables, Tables]:
        return Tables.of(self.sound.then), Tables.of(self.sound.now)

    @cached_property
    def _hybrids(self) -> dict[bytes, Joints]:
        """The recombined table of every coalition, and its replicates."""
        if self.all_broken:
            empty = np.zeros(self.pair.now.joint.shape)
            return {np.zeros(0, dtype=bool).tobytes(): (empty, np.zeros((REPLICATES, *empty.shape)))}
        sound = ~self.affected if len(self.affected) else slice(None)
        point = self._factors(*self._tables)
        draws = self._factors(*(t.segments(sound) for t in self._draws))
        found = {}
        for members in decomposition.coalitions(len(self.players)):
            moved = dict(zip(self.players, members.tolist(), strict=True))
            made = [decomposition.product([f.at(moved) for f in factors]) for factors in (point, draws)]
            found[members.tobytes()] = (made[0], made[1])
        return found

    @cached_property
    def _broken(self) -> tuple[tuple[float, Floats], tuple[float, Floats]]:
        """Share of the broken rows, and their table, then and now."""
        return _broken(self.pair.then, self.affected), _broken(self.pair.now, self.affected)

    @cached_property
    def _broken_draws(self) -> tuple[Joints, Joints]:
        then, now = (_broken_drawn(tables, self.affected) for tables in self._draws)
        return then, now

    def _factors(self, then: Tables, now: Tables) -> list[Factor]:
        return self._of_prior_shift(then, now) if self.prior_shift else self._of_covariates(then, now)

    def _of_covariates(self, then: Tables, now: Tables) -> list[Factor]:
        """P(segment) · P(group | segment) · P(truth | group, segment) · P(decision | …)."""
        mix = _simple("mix", [decomposition.conditional(t.weight, SEGMENT) for t in (then, now)])
        scores = _simple("scores", [decomposition.conditional(t.weight, GROUP, (SEGMENT,)) for t in (then, now)])
        truth = [t.truth for t in (then, now)]
        return [mix, scores, self._concept(then, now, truth), *self._decision(then, now)]

    def _of_prior_shift(self, then: Tables, now: Tables) -> list[Factor]:
        """P(truth) · P(segment | truth) · P(group | segment, truth) · P(decision | …)."""
        rate = _simple("base rate", [decomposition.conditional(t.weight, TRUTH) for t in (then, now)])
        mix = _simple("mix", [decomposition.conditional(t.weight, SEGMENT, (TRUTH,)) for t in (then, now)])
        scores = _simple(
            "scores", [decomposition.conditional(t.weight, GROUP, (SEGMENT, TRUTH)) for t in (then, now)]
        )
        return [rate, mix, scores, *self._decision(then, now)]

    def _concept(self, then: Tables, now: Tables, truth: list[Floats]) -> Factor:
        if not self.offset:
            return _simple("concept", truth)
        by = uniform_offset(then.weight, now.weight)
        return Factor(
            ("base rate", "concept"),
            {
                (False, False): truth[0],
                (True, False): _shifted_truth(truth[0], by),
                (False, True): _shifted_truth(truth[1], -by),
                (True, True): truth[1],
            },
        )

    def _decision(self, then: Tables, now: Tables) -> list[Factor]:
        if then.weight.shape[DECISION] == 1:
            return []
        rule = [decomposition.conditional(t.weight, DECISION, (SEGMENT, GROUP, TRUTH)) for t in (then, now)]
        return [_simple("policy" if self.decided_anew else "scores", rule)]


@dataclass(frozen=True)
class Tables:
    """Weights of one period, with any replicate axis in front; and of a loss its mean in each cell."""

    weight: Floats
    loss: Floats | None = None

    @classmethod
    def of(cls, cube: Cube) -> Tables:
        """Those of a cube."""
        return cls(cube.weight, cube.loss)

    @property
    def truth(self) -> Floats:
        """P(truth | segment, group), or the mean loss there."""
        if self.loss is None:
            return decomposition.conditional(self.weight, TRUTH, (SEGMENT, GROUP))
        return decomposition.mean_given(self.loss * self.weight, self.weight, (GROUP,))

    def segments(self, kept: Mask | slice) -> Tables:
        """Some of the segments, of replicates."""
        return Tables(self.weight[:, kept], None if self.loss is None else self.loss[:, kept])


def _simple(player: Mechanism, tables: list[Floats]) -> Factor:
    return Factor((player,), {(False,): tables[0], (True,): tables[1]})


def _shifted_truth(truth: Floats, by: Floats) -> Floats:
    positive = decomposition.shifted(truth[..., 1:2, :], by[..., None, None, None, None])
    return np.concatenate([1 - positive, positive], axis=TRUTH)


def _drawn(cube: Cube, seed: int) -> Tables:
    weight = decomposition.gamma_replicates(cube.weight, cube.squares, REPLICATES, seed)
    if cube.loss is None or cube.spread is None:
        return Tables(weight)
    rows = np.divide(cube.weight**2, cube.squares, out=np.ones_like(cube.weight), where=cube.squares > 0)
    noise = np.random.default_rng([seed, 1]).standard_normal((REPLICATES, *cube.weight.shape))
    return Tables(weight, cube.loss + noise * np.sqrt(cube.spread / rows))


def _broken(cube: Cube, affected: Mask) -> tuple[float, Floats]:
    part = cube.where(affected) if len(affected) else None
    if part is None or not part.weight.sum() > 0:
        return 0.0, np.zeros(cube.joint.shape)
    return float(part.weight.sum() / cube.weight.sum()), part.joint


def _broken_drawn(tables: Tables, affected: Mask) -> Joints:
    table = tables.weight if tables.loss is None else tables.weight * tables.loss
    if not len(affected):
        return np.zeros(len(table)), np.zeros((len(table), *table.shape[2:]))
    mass = tables.weight[:, affected].sum(axis=(1, 2, 3, 4))
    rows = table[:, affected].sum(axis=1)
    held = np.divide(rows, mass[:, None, None, None], out=np.zeros_like(rows), where=mass[:, None, None, None] > 0)
    return mass / tables.weight.sum(axis=(1, 2, 3, 4)), held
