"""Packing scripts as modules."""

import json
import zipfile

import pytest

from fuelcell.__main__ import main

MAIN = """
import helper
from fuelcell import Context, job

@job(title="Greeting")
def greet(context: Context, name: str) -> None:
    '''Greets.'''
    print(helper.greeting(name))

if __name__ == "__main__":
    raise SystemExit("a packed script is not run")
"""


def script(folder, **files):
    for name, text in {"main.py": MAIN, "helper.py": "def greeting(name): return f'Hello {name}'", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_an_archive_has_the_sources_and_the_manifest(tmp_path, capsys):
    folder = script(
        tmp_path / "job", **{"vendor/pure/__init__.py": "print 2", "test_main.py": "", ".git/x": "", "__pycache__/x.pyc": "", "data.txt": "x"}
    )
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    assert main(["pack", str(folder), "--out", str(first)]) == 0
    assert main(["pack", str(folder), "--out", str(second)]) == 0
    assert first.read_bytes() == second.read_bytes(), "equal sources give equal archives"
    with zipfile.ZipFile(first) as archive:
        assert archive.namelist() == ["fuelcell.json", "data.txt", "helper.py", "main.py", "vendor/pure/__init__.py"]
        manifest = json.loads(archive.read("fuelcell.json"))
    assert (manifest["title"], manifest["engine"], manifest["entry"]) == ("Greeting", "python@3.14", "main.py")
    assert manifest["parameters"]["required"] == ["name"]
    assert "Greeting" in capsys.readouterr().out


def test_a_plain_program_has_its_manifest_in_a_file(tmp_path):
    folder = script(tmp_path / "job", **{"main.py": "print(1)", "other.json": '{"title": "Plain"}'})
    out = tmp_path / "a.zip"
    assert main(["pack", str(folder), "--out", str(out)]) == 1
    assert main(["pack", str(folder), "--out", str(out), "--manifest", str(folder / "other.json")]) == 0
    with zipfile.ZipFile(out) as archive:
        manifest = json.loads(archive.read("fuelcell.json"))
    assert manifest == {"interface": "0.1", "engine": "python@3.14", "entry": "main.py", "title": "Plain"}
    (folder / "other.json").rename(folder / "fuelcell.json")
    again = tmp_path / "b.zip"
    assert main(["pack", str(folder), "--out", str(again)]) == 0
    with zipfile.ZipFile(again) as archive:
        assert archive.namelist() == ["fuelcell.json", "helper.py", "main.py"]
        assert json.loads(archive.read("fuelcell.json")) == manifest


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"main.py": "print(1)"}, "declares one job with @job, and it declares: none"),
        ({"helper.py": "x = 1\ndef f(:"}, "helper.py, line 2: invalid syntax (by Python 3."),
        ({"vendor/numpy/core.so": ""}, "vendor/numpy/core.so is native code"),
        ({"vendor/numpy/core.so": ""}, "numpy, openpyxl, pandas"),
        ({"main.py": MAIN + MAIN.replace("greet(", "again(")}, "greet, again"),
    ],
)
def test_what_cannot_be_packed_is_told(tmp_path, capsys, files, told):
    folder = script(tmp_path / "job", **files)
    assert main(["pack", str(folder), "--out", str(tmp_path / "a.zip")]) == 1
    assert told in capsys.readouterr().err
