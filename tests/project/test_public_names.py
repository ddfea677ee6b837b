"""The names that the packages export: light to import, and the same for type checkers."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from docs.reference import exports
from tests.support.places import ROOT

PACKAGES = ("behaviours", "trees")
HEAVY = {"genesis", "torch", "bosdyn", "onnxruntime", "ultralytics", "ray", "rich", "zmq"}
NUMERIC = {"numpy", "scipy", "cv2"}


@pytest.mark.parametrize("package", PACKAGES)
def test_checkers_and_programs_see_the_same_names(package: str) -> None:
    module = import_module(package)
    typed = exports(package)
    assert sorted(module.__all__) == sorted(typed)
    for name, home in typed.items():
        assert getattr(module, name) is getattr(import_module(home), name)
        assert name in dir(module)
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nonsense'"):
        _ = module.nonsense


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_load_no_heavy_library(package: str) -> None:
    script = (
        f"import sys, {package} as p; first = set(sys.modules); [getattr(p, name) for name in p.__all__]\n"
        "top = lambda names: ' '.join(sorted({name.split('.')[0] for name in names}))\n"
        "print(top(first)); print(top(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    first, loaded = (set(line.split()) for line in done.stdout.splitlines())
    assert first & (HEAVY | NUMERIC | {"py_trees"}) == set()
    assert loaded & (HEAVY | NUMERIC if package == "trees" else HEAVY) == set()
