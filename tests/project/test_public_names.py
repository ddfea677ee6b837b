"""The names that the packages export: light to import, and the same for type checkers."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from enum import Enum
from importlib import import_module

import pytest

from docs import reference
from docs.reference import API, exports
from simulation.spot_api.rpc.serve import Gate
from tests.support.places import ROOT
from training import Mapper

HEAVY = {"genesis", "torch", "bosdyn", "onnxruntime", "ultralytics", "ray", "rich", "zmq"}
NUMERIC = {"numpy", "scipy", "cv2"}


@pytest.mark.parametrize("package", API)
def test_checkers_and_programs_see_the_same_names(package: str) -> None:
    module = import_module(package)
    typed = exports(package)
    assert sorted(module.__all__) == sorted(typed)
    for name, home in typed.items():
        assert getattr(module, name) is getattr(import_module(home), name)
        assert name in dir(module)
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nonsense'"):
        _ = module.nonsense


@pytest.mark.slow
@pytest.mark.parametrize("package", API)
def test_public_names_load_no_heavy_library(package: str) -> None:
    script = (
        f"import sys, {package} as p; first = set(sys.modules); [getattr(p, name) for name in p.__all__]\n"
        "top = lambda names: ' '.join(sorted({name.split('.')[0] for name in names}))\n"
        "print(top(first)); print(top(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    first, loaded = (set(line.split()) for line in done.stdout.splitlines())
    assert first & (HEAVY | NUMERIC | {"py_trees"}) == set()
    allowed = {"simulation.spot_api": {"bosdyn"}}.get(package, set())  # the protobuf messages of the services
    assert loaded & (HEAVY | NUMERIC if package == "trees" else HEAVY) == allowed


@pytest.mark.parametrize("package", API)
def test_public_names_are_documented(package: str) -> None:
    """A docstring that mentions every argument of functions and classes; protocols and enumerations take none."""
    module = import_module(package)
    lacking = []
    for name in module.__all__:
        item = getattr(module, name)
        if not (inspect.isclass(item) or inspect.isfunction(item)) or item.__module__.split(".")[0] not in API:
            continue
        own = item.__doc__ or ""
        if not own or own.startswith(f"{name}("):
            lacking.append(f"{name} has no docstring")
        bases = [each for each in getattr(item, "__mro__", ()) if each.__module__.split(".")[0] in API]
        text = "\n".join([own, *(each.__doc__ or "" for each in bases)])
        if inspect.isclass(item) and (issubclass(item, BaseException | Enum) or getattr(item, "_is_protocol", False)):
            continue
        arguments = [each for each in inspect.signature(item).parameters if each[0] != "_"]
        lacking += [f"{name}: {each}" for each in arguments if not re.search(rf"\b{each}\b", text)]
    assert lacking == []


def test_public_methods_are_documented() -> None:
    """By themselves, by a base class, or by the protocol that they implement."""
    items = [getattr(import_module(package), name) for package in API for name in import_module(package).__all__]
    classes = [each for each in items if inspect.isclass(each) and each.__module__.split(".")[0] in API]
    documented = {name for each in (*classes, Gate, Mapper) for name, member in vars(each).items() if member.__doc__}
    lacking = [
        f"{each.__name__}.{name}"
        for each in classes
        for name, member in vars(each).items()
        if isinstance(member, property) or inspect.isfunction(getattr(member, "__func__", member))
        if not name.startswith("_") and name not in documented and not inspect.getdoc(getattr(each, name))
    ]
    assert lacking == []


def test_the_api_page_has_every_public_name() -> None:
    page = reference.api()
    homes = {home + "." + name for package in API for name, home in exports(package).items()}
    ours = sorted(name for name in homes if name.split(".")[0] in API)
    assert [name for name in ours if f"::: {name}\n" not in page] == []
