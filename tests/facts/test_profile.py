"""Saved profiles: what is damaged, cut short or newer is said so."""

import struct

import numpy as np
import polars as pl
import pytest

from steelyard.data.border import as_table
from steelyard.facts import Category, Count, Moments, Profile, Values, measure
from steelyard.facts.profile import SCHEMA_VERSION
from steelyard.records import OutputError, ProfileError

FACTS = (Count((Category("text"),)), Values("number"), Moments(("number",), (Category("text"),), extremes=True))


@pytest.fixture
def found():
    frame = pl.DataFrame(
        {"text": ["a", None, "é😀", ""], "number": pl.Series([1.5, None, 2.0**70, float("inf")], dtype=pl.Float64)}
    )
    return measure(as_table(frame.lazy(), "rows"), FACTS)


@pytest.fixture
def saved(found, tmp_path):
    return found.save(tmp_path / "one.profile")


def test_round_trip(found, saved):
    loaded = Profile.load(saved)
    assert loaded.equals(found)
    assert loaded[FACTS[1]].values(0) == [1.5, 2.0**70, np.inf, None]
    assert loaded[FACTS[0]].codes.flags.writeable


def test_saving_twice_gives_the_same_bytes(found, saved, tmp_path):
    assert found.save(tmp_path / "two.profile").read_bytes() == saved.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.profile", "two.profile"]


def test_nothing_measured_can_be_saved(tmp_path):
    assert Profile.load(Profile().save(tmp_path / "empty")).equals(Profile())


def test_any_cut_is_noticed(saved):
    body = saved.read_bytes()
    for length in range(len(body)):
        saved.write_bytes(body[:length])
        with pytest.raises(ProfileError):
            Profile.load(saved)


def test_any_damage_is_noticed(saved):
    body = saved.read_bytes()
    for at in range(len(body)):
        saved.write_bytes(body[:at] + bytes([body[at] ^ 0xFF]) + body[at + 1 :])
        with pytest.raises(ProfileError):
            Profile.load(saved)


def test_what_follows_is_damage_too(saved):
    saved.write_bytes(saved.read_bytes() + b"\0")
    with pytest.raises(ProfileError, match="damaged"):
        Profile.load(saved)


def test_a_newer_schema_asks_for_an_upgrade(saved):
    body, magic = saved.read_bytes(), b"steelyard profile\n"
    later = struct.pack("<I", SCHEMA_VERSION + 1)
    saved.write_bytes(magic + later + b"something this version knows nothing of")
    with pytest.raises(ProfileError, match=r"schema 2; this version reads up to 1\. Upgrade"):
        Profile.load(saved)
    assert body.startswith(magic)


@pytest.mark.parametrize("body", [b"", b"PAR1", b"\x80\x04."])
def test_another_file_is_no_profile(tmp_path, body):
    path = tmp_path / "other"
    path.write_bytes(body)
    with pytest.raises(ProfileError, match="not a Steelyard profile"):
        Profile.load(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ProfileError, match="cannot be read"):
        Profile.load(tmp_path / "none")


def test_a_place_that_cannot_be_written(found, tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        found.save(tmp_path / "no such folder" / "one.profile")


def test_a_failed_write_leaves_nothing_behind(found, tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError):
        found.save(tmp_path / "folder")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]
