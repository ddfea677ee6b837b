"""What the laws of all tests draw."""

from __future__ import annotations

import sys

import pytest
from hypothesis import find
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample


def test_no_law_draws_numbers_that_the_physics_turns_into_0() -> None:
    with pytest.raises(NoSuchExample):
        find(st.floats(0, 9), lambda x: 0 < x < sys.float_info.min)
