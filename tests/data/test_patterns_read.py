"""Files of patterns and rows: what programs write is read as it was meant, and everything else is
refused in one sentence.
"""

import contextlib
import io
import itertools
import zipfile

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import io as scipy_io
from scipy import sparse

import replicon
from replicon.data import arrays, tables
from replicon.data.rows import load_rows

SIGNS = np.array([[1, -1, 1, 1], [-1, -1, 1, -1], [1, 1, -1, 1]])
BITS = (SIGNS + 1) // 2
WRITTEN = (
    {},
    {"index": False},
    {"header": False},
    {"index": False, "header": False},
    {"sep": ";"},
    {"sep": "\t"},
    {"sep": ";", "decimal": ","},
    {"index_label": "trial"},
    {"float_format": "%.3f"},
    {"encoding": "utf-8-sig"},
    {"encoding": "utf-16"},
    {"lineterminator": "\r\n"},
    {"quoting": 1},
)


@pytest.mark.parametrize("how", WRITTEN, ids=str)
@pytest.mark.parametrize(
    "values", [SIGNS, BITS, BITS.astype(bool), SIGNS / 1.0], ids=["signs", "bits", "truth", "reals"]
)
def test_what_pandas_writes_is_read_back(tmp_path, values, how):
    for names in (
        {},
        {"columns": list("abcd")},
        {"columns": list("abcd"), "index": ["p", "q", "r"]},
        {"columns": [7, 8, 9, 11]},
    ):
        if names.get("columns") == [7, 8, 9, 11] and (
            how.get("index") is False or "index_label" in how
        ):
            continue  # numbers that do not count, above numbers: nobody can tell, refused below
        pd.DataFrame(values, **names).to_csv(tmp_path / "a.csv", **how)
        np.testing.assert_array_equal(replicon.data.load_patterns(tmp_path / "a.csv"), SIGNS)


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("index", [True, False])
def test_tables_of_all_shapes_are_read_as_written_or_refused(tmp_path, header, index):
    """Up to four rows and columns, names that are numbers or not; none is read as another table."""
    rng = np.random.default_rng(3)
    for rows, columns in itertools.product(range(1, 5), repeat=2):
        for row_names, column_names in itertools.product(
            ("abcd", range(7, 11), range(4)), repeat=2
        ):
            # 0 and 1 above two columns, or beside two rows, without a corner, are data as well as
            # names.
            names_are_bits = (
                header and not index and columns < 3 and column_names == range(4)
            ) or (index and not header and rows < 3 and row_names == range(4))
            if names_are_bits:
                continue
            bits = rng.integers(0, 2, (rows, columns))
            frame = pd.DataFrame(
                bits, index=list(row_names)[:rows], columns=list(column_names)[:columns]
            )
            frame.to_csv(tmp_path / "a.csv", header=header, index=index)
            with contextlib.suppress(replicon.InputError):
                np.testing.assert_array_equal(
                    replicon.data.load_patterns(tmp_path / "a.csv"), 2 * bits - 1
                )


def test_all_kinds_of_files_and_objects_give_the_same_patterns(tmp_path):
    np.save(tmp_path / "a.npy", np.asfortranarray(SIGNS.astype(">i2")))
    np.save(tmp_path / "b.npy", BITS.astype(bool))
    np.savez_compressed(tmp_path / "a.npz", patterns=SIGNS)
    sparse.save_npz(tmp_path / "b.npz", sparse.coo_array(BITS))
    np.savez(tmp_path / "c.npz", other=-SIGNS, patterns=SIGNS)
    np.savetxt(tmp_path / "a.txt", SIGNS, header="three patterns")
    np.savetxt(tmp_path / "a.tsv", SIGNS, delimiter="\t", fmt="%d")
    (tmp_path / "stray.csv").write_text(
        "".join(" , ".join(f" {x}" for x in row) + ",\n\n" for row in SIGNS)
    )
    scipy_io.savemat(tmp_path / "a.mat", {"patterns": SIGNS, "label": "three"}, do_compression=True)
    scipy_io.savemat(tmp_path / "b.mat", {"patterns": sparse.csc_array(BITS * 1.0)})
    with h5py.File(
        tmp_path / "c.mat", "w", userblock_size=512
    ) as file:  # as MATLAB's -v7.3, columns first
        file["patterns"] = SIGNS.T
        file["other"] = -SIGNS.T
    for source in (
        "a.npy",
        "b.npy",
        "a.npz",
        "b.npz",
        "c.npz:patterns",
        "a.txt",
        "a.tsv",
        "stray.csv",
        "a.mat",
        "b.mat",
        "c.mat:patterns",
    ):
        np.testing.assert_array_equal(
            replicon.data.load_patterns(str(tmp_path / source)), SIGNS, err_msg=source
        )
        np.testing.assert_array_equal(
            replicon.data.load_patterns(tmp_path / source), SIGNS, err_msg=source
        )
    (tmp_path / "A.CSV").write_bytes((tmp_path / "stray.csv").read_bytes())
    objects = (
        SIGNS,
        BITS.astype(bool),
        SIGNS.tolist(),
        pd.DataFrame(BITS),
        sparse.csr_array(BITS),
        tmp_path / "A.CSV",
    )
    for source in objects:
        np.testing.assert_array_equal(replicon.data.load_patterns(source), SIGNS)
    for constant in (np.ones((3, 4)), np.ones((3, 4), bool)):
        np.testing.assert_array_equal(replicon.data.load_patterns(constant), 1)
    np.testing.assert_array_equal(replicon.data.load_patterns(np.zeros((3, 4))), -1)
    rows = np.tile(BITS, (10, 1))
    np.testing.assert_array_equal(load_rows(pd.DataFrame(rows)), rows)


def test_the_array_meant_is_named_in_studies_and_on_the_command_line(tmp_path, capsys):
    from replicon.cli import main
    from replicon.study.grid import parse_value

    path = tmp_path / "several.npz"
    rng = np.random.default_rng(0)
    np.savez(path, a=rng.choice([-1, 1], (3, 20)), b=rng.choice([-1, 1], (3, 30)))
    replicon.simulate("hopfield", patterns=f"{path}:b", load=0.1, size=30, samples=2)
    with pytest.raises(
        replicon.InputError, match=r"several arrays, a, b: say which, as in '...:a'"
    ):
        replicon.simulate("hopfield", patterns=str(path), load=0.1, size=30, samples=2)
    with pytest.raises(replicon.InputError, match=r"has no array 'c': it holds a, b"):
        replicon.simulate("hopfield", patterns=f"{path}:c", load=0.1, size=30, samples=2)
    assert parse_value("patterns", f"{path}:b") == f"{path}:b"
    assert parse_value("patterns", "C:/run:3/p.csv") == "C:/run:3/p.csv"
    assert parse_value("load", "0:1:3") == [0.0, 0.5, 1.0]
    with pytest.raises(SystemExit) as left:
        main(
            [
                "simulate",
                "hopfield",
                f"patterns={path}:b",
                "load=0.1",
                "--size",
                "30",
                "--samples",
                "2",
                "--json",
            ]
        )
    assert left.value.code in (0, None)
    assert '"samples": 2' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,-1\n1\n", "line 2 has 1 field, between commas, and line 1 has 2"),
        ("1;-1;1\n1;1;1;1\n", "line 2 has 4 fields, between semicolons, and line 1 has 3"),
        ("a,b\n1,-1\n1,\n", "line 3, column b: it is blank"),
        ("1,,1\n1,1,1\n", "line 1, field 2: it is blank"),
        (",0,1\n1,0,1\n0,1,1\n", "line 1, field 1: it is blank"),
        ("1,-1\n1,x\n", "line 2, field 2: 'x' is no number"),
        ("1_0,1,0\n", "line 1, field 1: '1_0' is no number"),
        ("0.1.2,1\n1,1\n", "line 1, field 1: '0.1.2' is no number"),
        ("x,1,0\n1,1,0\n", "line 1, field 1: 'x' is no number"),
        ("1,-1,1\n1,0,1\n-1,1,1\n", "values such as -1, 0, 1"),
        ("1,5\t1\n", "write a decimal point"),
        ("1,5;1\n0.5;1\n", "decimal commas and decimal points"),
        ("1,1_0\n", "'1_0' is no number"),
        ("1,nan\n", "holds nan at"),
        ("1,1e999\n", "holds inf at"),
        ("a,b\nc,d\n1,1\n", "is no number"),
        ("7,9\n1,1\n0,1\n", "values such as 0, 1, 7, 9"),
        ("", "it is empty"),
        ("\n\n# nothing\n", "it is empty"),
        ("1,\0,1\n", "zero byte"),
        ('1,"0\n1,1\n', "line 1"),
        ("1," + "1" * 200_000, "field larger than"),
        ("0," + "1" * 10_000, "holds inf at"),
    ],
)
def test_tables_that_cannot_be_used_are_refused_with_their_line(tmp_path, text, words):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(replicon.InputError, match=words) as caught:
        replicon.data.load_patterns(path)
    assert (
        "a.csv" in str(caught.value)
        and "expected an array" in str(caught.value)
        and "\n" not in str(caught.value)
    )


def _npy(array=None, **changes) -> bytes:
    """A .npy file; `shape`, `descr` of its header as told."""
    file = io.BytesIO()
    header = {"descr": "<i8", "fortran_order": False, "shape": (3, 4)} | changes
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + (SIGNS if array is None else array).tobytes()


def _zip(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


_HUGE = _npy(np.array([10**6, 10**6]), shape=(2,))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.npy", b"", "it is empty"),
        ("a.npy", _npy()[:-1], "96 bytes, and 95 follow"),
        ("a.npy", _npy() + b"\0", "96 bytes, and 97 follow"),
        ("a.npy", _npy(shape=(10**6, 10**6)), "shape \\(1000000, 1000000\\)"),
        ("a.npy", _npy(shape=(2, 4)), "64 bytes, and 96 follow"),
        ("a.npy", _npy(shape=(-3, -4)), "shape \\(-3, -4\\)"),
        ("a.npy", _npy(np.float64(1), descr="<f8", shape=()), "shape \\(\\)"),
        ("a.npy", _npy(np.ones(4), descr="<f8", shape=(4,)), "shape \\(4,\\)"),
        ("a.npy", _npy(np.ones((2, 2), complex), descr="<c16", shape=(2, 2)), "complex"),
        ("a.npy", _npy(descr="|O"), "objects, which could run code"),
        ("a.npy", _npy(descr=[("x", "<i4"), ("y", "<i4")]), "structured array with the fields x, y"),
        ("a.npy", _npy(descr="<M8[s]"), "no numbers"),
        ("a.npy", _npy(np.zeros((0, 4), int), shape=(0, 4)), "shape \\(0, 4\\)"),
        ("a.npy", b"1,0,1\n", "no sound .npy file"),
        ("a.npz", _npy(), "no sound .npz file"),
        ("a.npz", _zip(), "no array"),
        ("a.npz", _zip(a=_npy(), b=_npy()), "several arrays, a, b"),
        ("a.npz", _zip(a=_npy(shape=(10**6, 10**6))), "shape \\(1000000, 1000000\\)"),
        ("a.npz", _zip(a=b"nothing"), "no sound .npz file"),
        ("a.npz", _zip(format=_npy(np.array(b"csr"), descr="|S3", shape=()), shape=_HUGE, data=_npy()), "more than 4 GiB"),
        ("a.mat", b"nothing at all", "no sound .mat file"),
        ("a.mat", b"\x89HDF\r\n\x1a\n" + b"\0" * 600, "no sound .mat file"),
        ("a.csv", _npy(), "no text"),
        ("a.xlsx", b"PK", "ends in none of .npy"),
        ("a", b"1,1\n", "ends in none of .npy"),
    ],
)  # fmt: skip
def test_arrays_that_cannot_be_used_are_refused_in_a_sentence(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(replicon.InputError, match=words) as caught:
        replicon.data.load_patterns(tmp_path / name)
    assert "expected an array" in str(caught.value) and "\n" not in str(caught.value)


def test_what_a_compressed_array_would_take_is_bounded(tmp_path, monkeypatch):
    (tmp_path / "a.npz").write_bytes(
        _zip(a=_npy(np.ones(10**5), descr="<f8", shape=(10**2, 10**3)))
    )
    assert (tmp_path / "a.npz").stat().st_size < 2000
    assert replicon.data.load_patterns(tmp_path / "a.npz").shape == (100, 1000)
    monkeypatch.setattr(arrays, "LARGEST", 2**19)
    np.savez_compressed(tmp_path / "b.npz", a=np.ones((10**3, 10**2)))
    with pytest.raises(replicon.InputError, match="would take"):
        replicon.data.load_patterns(tmp_path / "b.npz")


def test_pickles_are_not_opened(tmp_path):
    class Runs:
        def __reduce__(self):
            return (open, (str(tmp_path / "it ran"), "w"))

    np.save(tmp_path / "a.npy", np.array([[Runs()]], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "a.npz", a=np.array([[Runs()]], dtype=object))
    for name in ("a.npy", "a.npz"):
        with pytest.raises(replicon.InputError, match="could run code"):
            replicon.data.load_patterns(tmp_path / name)
    assert not (tmp_path / "it ran").exists()


def test_indices_beyond_the_shape_of_a_sparse_array_are_refused(tmp_path):
    np.savez(
        tmp_path / "a.npz",
        format=b"csr",
        shape=(2, 2),
        data=[1.0, 1.0],
        indices=[0, 2**40],
        indptr=[0, 1, 2],
    )
    np.savez(tmp_path / "b.npz", format=b"coo", shape=(2, 2), data=[1.0], row=[5], col=[0])
    np.savez(tmp_path / "c.npz", format=b"xyz", shape=(2, 2), data=[1.0])
    for name in "abc":
        with pytest.raises(replicon.InputError, match="could not be read"):
            replicon.data.load_patterns(tmp_path / f"{name}.npz")


@pytest.mark.parametrize(
    "path", ["", "/dev/zero", "/tmp", "a\0b.npy", "x" * 5000 + ".npy", "none.csv", "none.npz:a"]
)
def test_paths_that_are_no_files_are_refused_in_a_sentence(path):
    with pytest.raises(replicon.InputError, match=r"No file|is a folder|cannot be read") as caught:
        replicon.data.load_patterns(path)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (None, "None is no array"),
        (b"a.npy", "no array"),
        (5, "shape"),
        (True, "no array"),
        ({"a": SIGNS}, "mapping with the entries a"),
        (SIGNS + 0j, "complex"),
        (np.zeros(3, [("x", int)]), "structured array"),
        ([[1, 0], [1]], "no array"),
        ([["1", "0"]], "no numbers|entries of type"),
        (np.array([["1", "0"]], object), "no numbers"),
        ([[10**400, 1]], "too large"),
        (np.array([[1.0, np.nan]]), "nan at"),
        (np.ma.array(SIGNS, mask=SIGNS < 0), "masked"),
        (pd.DataFrame({"a": [1, None], "b": [1, 1]}), "nan at"),
        (pd.DataFrame({"a": ["x", "y"]}), "no numbers|entries of type"),
        (2 * SIGNS, "values such as -2, 2"),
        (SIGNS * (1 + 1e-12), "values such as -1.000000000001, 1.000000000001"),
        (np.ones((2, 2, 2)), "shape"),
    ],
    ids=lambda value: None,
)
def test_objects_that_cannot_be_used_are_refused_in_a_sentence(source, words):
    with pytest.raises(replicon.InputError, match=words):
        replicon.data.load_patterns(source)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=80) | st.text(alphabet="01-+.,;\t\n \"'#abe", max_size=60).map(str.encode)
)
def test_any_text_is_read_or_refused(content):
    with contextlib.suppress(tables.Unreadable):
        table = tables.labelled(tables.read_fields(content))
        assert table.values.ndim == 2
        assert table.values.size > 0
