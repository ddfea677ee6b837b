"""How several processes share the tests: a file is done by one of them, and so are all files of a group.

pytest-xdist's own groups rest on ids that pytest no longer lets it change, so the groups are read from the files.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from xdist.scheduler import LoadScopeScheduling

from tests.support.places import ROOT

GENESIS = "genesis"
"""The group of the files with tests in physics: one process compiles the kernels."""


@cache
def group_of(file: str) -> str:
    """The group of a test file: genesis, that of its mark xdist_group, or the file alone. file: relative to ROOT."""
    text = (ROOT / file).read_text(encoding="utf-8")
    if "pytest.mark.simulation" in text:
        return GENESIS
    named = re.search(r'xdist_group\("(\w+)"\)', text)
    return named[1] if named else file


class Sharing(LoadScopeScheduling):
    """Gives each process whole groups, in the order of collection."""

    def __init__(self, config: Any, log: Any = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.partition("::")[0])
