"""The leaves that trees may use: the built-in ones and those of installed plug-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trees.plugins import PluginLeaves


def known_leaves() -> PluginLeaves:
    """All leaves by tag. A plug-in is imported when its tag is looked up."""
    from behaviours.registry import LEAVES
    from trees.plugins import PluginLeaves

    return PluginLeaves(LEAVES)
