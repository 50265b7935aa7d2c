"""The store: what is written comes back, what is damaged is never half-read, one run at a time."""

import contextlib
import os
import socket

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import replicon
from replicon.study.store import Store

TASK = {"series": "s", "controls": {"a": 1.0}, "kind": "simulation"}
arrays = hnp.arrays(np.float64, hnp.array_shapes(max_dims=2, max_side=4), elements=st.floats(width=64))
words = hnp.arrays("U5", (3,), elements=st.text("abcé", max_size=5))
attributes = st.dictionaries(st.text("abc", min_size=1), st.one_of(st.integers(), st.text(max_size=5), st.lists(st.integers())), max_size=3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(arrays, words, attributes)
def test_round_trip(tmp_path, values, names, attrs):
    store = Store(tmp_path)
    store.points.mkdir(exist_ok=True)
    dims = [f"d{k}" for k in range(values.ndim)]
    dataset = xr.Dataset({"x": (dims, values), "w": ("n", names)}, attrs=attrs)
    store.write(TASK, dataset)
    back = store.read(TASK)
    assert back is not None
    np.testing.assert_array_equal(back["x"].values, values)
    assert back["w"].values.tolist() == names.tolist()
    assert back.attrs == attrs


@pytest.fixture
def kept(tmp_path):
    store = Store(tmp_path / "out")
    store.begin({"name": "study"})
    store.write(TASK, xr.Dataset({"x": ("n", np.arange(1000.0))}))
    return store


@pytest.mark.parametrize("place", [0, 0.3, 0.6, 0.9, 1])
def test_a_damaged_file_is_never_read(kept, place):
    path = kept.path(TASK)
    content = bytearray(path.read_bytes())
    where = min(int(place * len(content)), len(content) - 1)
    content[where : where + 400] = bytes(b ^ 0x5A for b in content[where : where + 400])
    path.write_bytes(content)
    with contextlib.suppress(replicon.StoreError):  # or the bytes hit held nothing
        np.testing.assert_array_equal(kept.read(TASK)["x"].values, np.arange(1000.0))


def test_a_changed_value_is_noticed(kept):
    path = kept.path(TASK)
    content = path.read_bytes()
    number = np.float64(500.0).tobytes() + np.float64(501.0).tobytes()
    assert content.count(number) == 1
    path.write_bytes(content.replace(number, np.float64(500.0).tobytes() + np.float64(-1.0).tobytes()))
    with pytest.raises(replicon.StoreError, match="checksum"):
        kept.read(TASK)


@pytest.mark.parametrize("length", [0, 10, 3000])
def test_a_cut_file_is_refused(kept, length):
    path = kept.path(TASK)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(replicon.StoreError, match="damaged"):
        kept.read(TASK)


def test_folders_of_something_else_are_refused(tmp_path, kept):
    with pytest.raises(replicon.StoreError, match="holds the study 'study', not 'other'"):
        kept.begin({"name": "other"})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(replicon.StoreError, match="holds no study"):
        Store(tmp_path / "mine").begin({"name": "study"})
    with pytest.raises(replicon.StoreError, match="is a file"):
        Store(tmp_path / "mine" / "thesis.tex").begin({"name": "study"})
    with pytest.raises(replicon.StoreError, match=r"no study\.json"):
        replicon.load(tmp_path / "mine")
    (kept.folder / "study.json").write_text("{")
    with pytest.raises(replicon.StoreError, match="damaged"):
        replicon.load(kept.folder)


def test_one_run_at_a_time(kept):
    with kept.lock(), pytest.raises(replicon.StoreError, match=f"in use by process {os.getpid()}"), kept.lock():
        pass
    with kept.lock():  # free again
        pass
    lock = kept.folder / "running.lock"
    lock.write_text(f"{socket.gethostname()} 999999999")  # left by a killed run
    with kept.lock():
        assert lock.read_text().endswith(str(os.getpid()))
    lock.write_text("elsewhere 1")
    with pytest.raises(replicon.StoreError, match="on elsewhere"), kept.lock():
        pass
