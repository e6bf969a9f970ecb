"""Pre-registration: what the lock file remembers, tells, and refuses."""

import datetime as dt
import json
import threading
from dataclasses import replace

import pytest

from steelyard import Roles
from steelyard.analyses.checks import Check
from steelyard.evaluation import gate, registry_file
from steelyard.evaluation.gating import register
from steelyard.evaluation.registered import history
from steelyard.evaluation.registry import Registry
from steelyard.evaluation.registry_file import read_registry, record
from steelyard.records import ConfigError, OutputError

ROLES = Roles(label="y", score="p", prediction="d")
DAY = dt.datetime(2026, 11, 22, 10, 0, tzinfo=dt.UTC)
AUC, RECALL = "roc_auc >= …", "recall >= … [sex = F]"


def day(n):
    return DAY + dt.timedelta(days=n)


def checks(*texts):
    return [Check.parse(text) for text in texts]


@pytest.fixture
def lock(tmp_path):
    return tmp_path / "steelyard.lock.json"


def test_what_is_registered_before_data_stands(lock):
    record(lock, checks("roc_auc >= 0.8", "recall >= 0.7 [sex = F]"), 0.95, None, day(0))
    kept = record(lock, checks("roc_auc >= 0.8", "recall >= 0.7 [sex = F]"), 0.95, "sha256:a", day(1))
    assert kept == read_registry(lock)
    assert kept.terms == {AUC: {"min": 0.8, "level": 0.95}, RECALL: {"min": 0.7, "level": 0.95}}
    assert kept.data == ("sha256:a",)
    standing = kept.standings("sha256:a")[AUC]
    assert (standing.at, standing.seen, standing.again) == ("2026-11-22T10:00:00+00:00", 0, False)
    assert standing.sentence == "registered as ≥ 0.8 on 2026-11-22, before any data was judged"


def test_a_bound_that_is_moved_after_data_was_seen(lock):
    for data in ("a", "b"):
        record(lock, checks("roc_auc >= 0.8"), 0.95, data, day(0))
    for data, told in (("c", ""), ("a", ", this one among them")):
        moved = record(lock, checks("roc_auc >= 0.75"), 0.95, data, day(1))
        standing = moved.standings(data)[AUC]
        assert standing.kind == "changed"
        assert standing.sentence == (
            f"changed from ≥ 0.8 to ≥ 0.75 on 2026-11-23, after 2 data sets had been judged{told}"
        )
    assert len(moved.data) == 3


def test_a_bound_that_was_moved_is_judged_anew(lock):
    for bound in ("0.8", "0.75", "0.75"):
        kept = record(lock, checks(f"roc_auc >= {bound}"), 0.95, "a", day(0))
    assert [e["kind"] for e in kept.entries] == ["registered", "judged", "changed", "judged"]


def test_a_bound_that_is_moved_before_data_is_no_matter(lock):
    record(lock, checks("roc_auc >= 0.8"), 0.95, None, day(0))
    moved = record(lock, checks("roc_auc >= 0.75"), 0.95, "a", day(1)).standings("a")[AUC]
    assert (moved.kind, moved.seen) == ("changed", 0)
    assert moved.sentence.endswith("before any data was judged")


def test_a_check_that_comes_or_goes_after_data_was_seen(lock):
    record(lock, checks("roc_auc >= 0.8"), 0.95, "a", day(0))
    late = record(lock, checks("recall >= 0.7 [sex = F]"), 0.95, "a", day(1)).standings("a")
    assert late[RECALL].sentence == "registered as ≥ 0.7 on 2026-11-23, after 1 data set had been judged, this one"
    assert late[AUC].sentence == "removed (it was ≥ 0.8) on 2026-11-23, after 1 data set had been judged, this one"
    back = record(lock, checks("roc_auc >= 0.8"), 0.95, "b", day(2)).standings("b")[AUC]
    assert (back.kind, back.seen, back.again) == ("registered", 1, False)


def test_levels_and_margins_are_bounds_too(lock):
    text = "roc_auc at most 0.01 worse than champion"
    record(lock, checks(text), 0.95, "a", day(0))
    lower = record(lock, checks(text), 0.9, "a", day(1)).standings("a")
    (standing,) = lower.values()
    assert "changed from at most 0.01 worse at 95 % to at most 0.01 worse at 90 %" in standing.sentence


def test_checks_of_one_id_are_told_apart(lock):
    both = record(lock, checks("recall >= 0.5", "recall >= 0.7"), 0.95, "a", day(0))
    assert set(both.terms) == {"recall >= …", "recall >= … (2)"}


def test_nothing_new_leaves_the_file_as_it_is(lock):
    record(lock, checks("roc_auc >= 0.8"), 0.95, "a", day(0))
    before = lock.stat().st_mtime_ns, lock.read_bytes()
    record(lock, checks("roc_auc >= 0.8"), 0.95, "a", day(1))
    assert (lock.stat().st_mtime_ns, lock.read_bytes()) == before
    assert [p.name for p in lock.parent.iterdir()] == [lock.name]


def test_the_file_is_the_same_wherever_it_is_written(lock, tmp_path):
    zone = dt.timezone(dt.timedelta(hours=5))
    for path, now in ((lock, day(0)), (tmp_path / "other.json", day(0).astimezone(zone))):
        record(path, checks("naïve >= 0.8 [who = 🦊 \udc80]"), 0.95, "a", now)
    assert lock.read_bytes() == (tmp_path / "other.json").read_bytes()


def edits(body):
    first, second, last = (json.loads(json.dumps(e)) for e in body["entries"])
    yield "entry 1 .* is not what was written", [{**first, "terms": {"min": 0.1, "level": 0.95}}, second, last]
    yield "entry 1 .* is not what was written", [{**first, "at": "2020-01-01T00:00:00+00:00"}, second, last]
    yield "entry 1 .* is not what was written", [second, first, last]
    yield "entry 2 .* is not what was written", [first, last]
    yield "entries were taken from its end", [first, second]
    yield "entry 2 is not one that Steelyard writes", [first, {"kind": "blessed"}, last]
    yield "entry 1 is not one that Steelyard writes", ["x", second, last]


@pytest.mark.parametrize("number", range(7))
def test_an_edited_file_is_refused(lock, number):
    record(lock, checks("roc_auc >= 0.8", "recall >= 0.7 [sex = F]"), 0.95, "a", day(0))
    body = json.loads(lock.read_text())
    message, entries = list(edits(body))[number]
    lock.write_text(json.dumps({**body, "entries": entries}))
    with pytest.raises(ConfigError, match=f"was edited.*{message}.*Restore it from version control"):
        record(lock, checks("roc_auc >= 0.8"), 0.95, "a", day(1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not valid JSON"),
        ("{", "is not valid JSON"),
        ("<<<<<<< HEAD\n{}", "is not valid JSON: it holds the marks of a merge"),
        ("[]", "is not a lock file of Steelyard"),
        ('{"schema": "steelyard.lock", "entries": [], "schema_version": 9}', "is of version 9, and this .* reads 1"),
    ],
)
def test_a_broken_file_is_refused(lock, text, message):
    lock.write_text(text)
    with pytest.raises(ConfigError, match=f"steelyard.lock.json' {message}"):
        read_registry(lock)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_registry(tmp_path)


def test_an_empty_history(lock):
    assert read_registry(lock) == Registry()
    assert record(lock, [], 0.95, None, day(0)) == Registry()
    assert not lock.exists()


def test_two_runs_at_once(lock):
    def run(n):
        record(lock, checks("roc_auc >= 0.8"), 0.95, f"data {n}", day(n))

    threads = [threading.Thread(target=run, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(read_registry(lock).data) == {f"data {n}" for n in range(12)}


def test_a_run_that_was_ended_halfway_is_told_of(lock, monkeypatch):
    monkeypatch.setattr(registry_file, "PATIENCE", 0.05)
    lock.with_name("steelyard.lock.json.writing").touch()
    with pytest.raises(OutputError, match=r"If there is none, one was ended halfway: remove '.*\.writing'"):
        record(lock, checks("roc_auc >= 0.8"), 0.95, "a", day(0))


def test_no_folder_to_write_in(tmp_path):
    with pytest.raises(OutputError, match=r"cannot be written: No such file .* Name another place with --lock"):
        record(tmp_path / "nowhere" / "a.json", checks("roc_auc >= 0.8"), 0.95, "a", day(0))


def judged(frame, lock, *texts, days=0, **more):
    return gate(frame, ROLES, checks=texts, lock=lock, now=day(days), **more)


def test_a_gate_tells_what_the_registry_knows(binary, lock):
    register(lock, ["recall >= 0.01"], now=day(0))
    first = judged(binary, lock, "recall >= 0.01")
    assert first.checks[0].notes == ()
    assert history(first) == (
        f"1 bound is registered, with 1 data set judged; all stood before. The history ends in "
        f"{read_registry(lock).head[:12]}.",
    )
    second = judged(binary, lock, "recall >= 0.02", "roc_auc >= 0.1", days=1)
    note = "The bound was changed from ≥ 0.01 to ≥ 0.02 on 2026-11-23, after 1 data set had been judged, this one."
    assert second.checks[0].notes == (note,)
    assert second.checks[0].sentence.endswith(note)
    assert "The bound was registered as ≥ 0.1 on 2026-11-23, after 1 data set" in second.checks[1].sentence
    assert "2 of them were set or moved after data had been judged" in history(second)[-1]
    third = judged(binary.head(300), lock, "roc_auc >= 0.1", days=2)
    assert history(third)[0] == (
        "The check recall >= … was removed (it was ≥ 0.02) on 2026-11-24, after 1 data set had been judged."
    )
    assert len(history(judged(binary.head(200), lock, "roc_auc >= 0.1", days=3))) == 1


def test_expectations_keep_their_place(binary, lock, tmp_path):
    config = tmp_path / "steelyard.toml"
    config.write_text(
        'checks = ["recall >= 0.01"]\n[[expect]]\ncolumn = "age"\nrule = "range"\nmin = 0\n[settings]\nlevel = 0.9\n'
    )
    evaluation = gate(binary, ROLES, config=config, lock=lock, now=day(0))
    assert [c.metric for c in evaluation.checks] == ["recall", "age: range"]
    assert read_registry(lock).terms == {"recall >= …": {"min": 0.01, "level": 0.9}}
    assert register(lock, config=config, now=day(1)) == read_registry(lock)


def test_a_broken_file_is_told_of_before_the_data_is_read(lock):
    lock.write_text("{")
    with pytest.raises(ConfigError, match="lock file"):
        judged("nothing.parquet", lock, "recall >= 0.1")


def test_the_order_of_checks_is_no_change(lock):
    both = checks("roc_auc >= 0.8", "recall >= 0.7 [sex = F]")
    kept = record(lock, both, 0.95, "a", day(0))
    assert record(lock, both[::-1], 0.95, "a", day(1)) == kept
    assert replace(both[0], min=0.8) == both[0]
