"""`steelyard.toml`, metrics that are asked for, and metrics of one's own."""

import pytest

from steelyard import Confusion, Estimate, Roles, Undefined, Verdict, evaluate, metric
from steelyard.evaluation import read_config
from steelyard.metrics.registry import forget
from steelyard.records import ConfigError, UnknownNameError

ROLES = Roles(label="y", score="p", prediction="d")
TEXT = """
[roles]
label = "y"
score = "p"
prediction = "d"
slices = ["plan", ["plan", "sex"]]
threshold = 0.5

[metrics]
cost = "25 * fp + 300 * fn"
old = { expression = "share(age > 60)", title = "Old people", direction = "target" }

[[checks]]
metric = "cost"
max = 1000

[[checks]]
metric = "recall"
min = 0.01
slice = { plan = "a" }

[settings]
level = 0.9
"""


@pytest.fixture
def config(tmp_path):
    def write(text):
        path = tmp_path / "steelyard.toml"
        path.write_text(text)
        return path

    return write


def test_everything_of_a_config(binary, config):
    evaluation = evaluate(binary, config=config(TEXT))
    assert evaluation.roles["slices"] == ("plan", ("plan", "sex"))
    assert evaluation.level == 0.9
    assert [c.verdict for c in evaluation.checks] == [Verdict.PASS, Verdict.PASS]
    fp = ((binary["d"] == 1) & (binary["y"] == 0)).sum()
    fn = ((binary["d"] == 0) & (binary["y"] == 1)).sum()
    cost = evaluation.estimates["cost"]
    assert cost.value == pytest.approx((25 * fp + 300 * fn) / 400)
    assert cost.low < cost.value < cost.high
    assert isinstance(evaluation.estimates.of("cost", {"plan": "a", "sex": "F"}), Estimate)
    assert evaluation.estimates["old"].value == pytest.approx((binary["age"] > 60).mean())
    assert evaluation.headline[:2] == ("cost", "old")
    assert evaluation.settings["config"].endswith("steelyard.toml")


def test_where_the_data_is(config, tmp_path):
    text = """
    [data]
    current = ["new/*.parquet", "/abs/more.parquet"]
    reference = "s3://bucket/old.parquet"
    champion = { prediction = "old" }
    labels = "labels.csv"
    on = ["id"]
    sql = "select 1"
    """
    found = read_config(config(text)).data
    assert found.current == [str(tmp_path / "new/*.parquet"), "/abs/more.parquet"]
    assert found.reference == "s3://bucket/old.parquet"
    assert found.champion == {"prediction": "old"}
    assert found.labels == str(tmp_path / "labels.csv")
    assert (found.on, found.sql, found.reference_sql) == (["id"], "select 1", None)
    champion = read_config(config('[data]\ncurrent = "a.csv"\nchampion = "b.csv"')).data.champion
    assert champion == str(tmp_path / "b.csv")
    assert read_config(config("")).data.current is None


def test_what_is_said_in_python_comes_first(binary, config):
    evaluation = evaluate(binary, Roles(label="y", score="p", slices=["sex"]), config=config(TEXT), level=0.8)
    assert evaluation.roles["slices"] == ("sex", "plan")  # a check asks for the second
    assert evaluation.level == 0.8


BAD = {
    '[rolls]\nlabel = "y"': "no section 'rolls'. Did you mean 'roles'",
    '[roles]\nlable = "y"': "no role 'lable'. Did you mean 'label'",
    "[roles]\nlabel = 3": "role label must be the name of a column, or a list of names, not 3",
    "[roles]\nslices = 5": "role slices must be a list of names",
    '[roles]\nthreshold = "0.3"': "role threshold must be a number, not '0.3'",
    '[roles]\ntask = "bin"': "role task must be one of binary, multiclass",
    "[roles]\nweight = ['w']": "role weight must be the name of a column",
    "[roles]\nquantiles = { p = 0.1 }": "role quantiles must be a table of share = column",
    '[roles]\nquantiles = { p = "p10" }': "A quantile is a number between 0 and 1, not 'p'",
    "[settings]\nlevel = 95": "level must be a number from 0.5 to below 1, not 95",
    "[settings]\nlevels = 0.9": "no setting 'levels'. Did you mean 'level'",
    "[[checks]]\nmetric = 'recall'": "needs a min or a max",
    "checks = 3": "checks must be an array",
    "[metrics]\ncost = 3": "metric cost must be an expression",
    "[metrics]\ncost = { expression = 'fp', titel = 'x' }": "no key of the metric cost 'titel'. Did you mean 'title'",
    "[roles\n": "is not valid TOML: .*line 1",
    "metrics = 3": r"\[metrics\] must be a table",
    "data = 3": r"\[data\] must be a table",
    "[data]\ncurent = 'a.csv'": r"no 'curent' in \[data\]. Did you mean 'current'",
    "[data]\ncurrent = 3": r"current of \[data\] must be a path, or a list of paths, not 3",
    "[data]\ncurrent = []": r"current of \[data\] must be a path, or a list of paths, not \[\]",
    "[data]\nsql = 3": r"sql of \[data\] must be a query, not 3",
    "[data]\non = 3": r"on of \[data\] must name columns, not 3",
}


@pytest.mark.parametrize("text", BAD)
def test_a_slip_is_an_error_that_names_the_file(config, text):
    with pytest.raises(ConfigError, match=BAD[text]) as caught:
        read_config(config(text))
    assert "steelyard.toml" in str(caught.value)


def test_an_absent_config(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_config(tmp_path / "nothing.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[metrics]\ncost = "25 * ("', "metric 'cost' cannot be read.*never closed"),
        ("[metrics]\ncost = \"__import__('os')\"", "metric 'cost' cannot be read"),
        ('[metrics]\nrecall = "fp"', "already a binary metric named 'recall'. Give yours another name"),
        ('[metrics]\ncost = { expression = "fp", direction = "up" }', "higher, lower or target, not 'up'"),
        ('[[checks]]\nmetric = "kost"\nmax = 3', "metric 'kost', which is not measured"),
    ],
)
def test_what_only_the_data_can_tell(binary, config, text, message):
    with pytest.raises((ConfigError, UnknownNameError), match=message):
        evaluate(binary, ROLES, config=config(text))


def test_a_column_that_is_not_there_is_told(binary, config):
    evaluation = evaluate(binary, ROLES, config=config('[metrics]\ncost = "25 * fpp"'))
    assert isinstance(evaluation.estimates["cost"], Undefined)
    assert any("Your metric 'cost' has no value" in w and "'fpp'" in w for w in evaluation.warnings)


def test_a_kpi_needs_no_model(binary, config):
    evaluation = evaluate(binary.select("y", "age"), config=config('[metrics]\nold = "p90(age)"'))
    assert evaluation.headline == ("old",)
    assert isinstance(evaluation.estimates["old"], Estimate)


def test_metrics_that_are_asked_for(binary):
    evaluation = evaluate(binary, ROLES, metrics=["recall", "roc_auc", "recall"])
    assert list(evaluation.estimates) == ["recall", "roc_auc"]
    assert set(evaluation.headline) == {"recall", "roc_auc"}


@pytest.mark.parametrize(
    ("asked", "kind", "message"),
    [
        (["rocauc"], UnknownNameError, "no metric 'rocauc'. Did you mean 'roc_auc'"),
        (["mae"], UnknownNameError, "'mae' is a metric of forecasting, regression, not of binary"),
        ("recall", ConfigError, r"must be a list .* write \['recall'\]"),
    ],
)
def test_metrics_that_are_not_there(binary, asked, kind, message):
    with pytest.raises(kind, match=message):
        evaluate(binary, ROLES, metrics=asked)


def test_a_metric_of_ones_own(binary):
    @metric(title="Net benefit", direction="higher")
    def net_benefit(c: Confusion):
        """Euros earned per row."""
        return (300 * c.tp - 25 * c.fp) / c.total

    try:
        everything = evaluate(binary, ROLES.updated(slices=["plan"]), checks=["net_benefit >= 0"])
        alone = evaluate(binary, ROLES, metrics=[net_benefit])
    finally:
        forget("net_benefit")
    tp, fp = ((binary["d"] == 1) & (binary["y"] == v) for v in (1, 0))
    assert everything.estimates["net_benefit"].value == pytest.approx((300 * tp.sum() - 25 * fp.sum()) / 400)
    assert everything.headline[0] == "net_benefit"
    assert everything.verdict is Verdict.PASS
    assert isinstance(everything.estimates.of("net_benefit", {"plan": "b"}), Estimate)
    assert list(alone.estimates) == ["net_benefit"]
    assert alone.estimates["net_benefit"] == everything.estimates["net_benefit"]


def test_a_metric_of_another_task(regression, binary):
    @metric(title="Hits", direction="higher", name="hits_only")
    def hits(c: Confusion):
        """Hits per row."""
        return c.tp / c.total

    try:
        with pytest.raises(ConfigError, match="is a metric of binary, multiclass, but the task is regression"):
            evaluate(regression, Roles(label="y", prediction="hat"), metrics=[hits])
    finally:
        forget("hits_only")


def test_a_metric_that_fails_fails_alone(binary):
    @metric(title="Broken", direction="higher")
    def broken(c: Confusion):
        """Never has a value."""
        raise RuntimeError("out of luck")

    try:
        evaluation = evaluate(binary, ROLES)
    finally:
        forget("broken")
    assert evaluation.estimates["broken"] == Undefined("broken failed: RuntimeError: out of luck")
    assert isinstance(evaluation.estimates["recall"], Estimate)


@pytest.mark.parametrize("level", [0, 0.2, 1, 95])
def test_levels_that_make_no_sense(binary, level):
    with pytest.raises(ConfigError, match=r"from 0\.5 to below 1"):
        evaluate(binary, ROLES, level=level)
