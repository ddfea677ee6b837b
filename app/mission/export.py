"""`spot-grasp mission export TREE`: write a tree as mission nodes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.base.exit_codes import FAILURE, SUCCESS
from app.base.output import note, tell
from app.mission.parametrised import read
from app.mission.serve import service_name
from behaviours.robots.spot.link.errors import missing
from perception.base.errors import ConfigError
from perception.base.files import write_atomic

SUFFIXES = (".node", ".txtpb")


def export(
    file: Path,
    out: Path,
    *,
    tree_id: str | None = None,
    folders: Sequence[str] = (),
    remote_service: str | None = None,
) -> int:
    """Write a bosdyn.api.mission.Node to `out`: binary for .node, text for .txtpb.

    folders: see `trees.load`. remote_service: write one node that calls the served tree of this name; "" takes the
    default name. Returns 0 if every node has a counterpart, else 1, with the others listed on stderr. ConfigError for
    another suffix, TreeError for a tree that cannot be run.
    """
    import trees
    from behaviours.registry import LEAVES

    if out.suffix not in SUFFIXES:
        raise ConfigError(f"{out}: a mission is written as {' (binary) or '.join(SUFFIXES)} (text)")
    try:
        from google.protobuf import text_format
        from google.protobuf.message import DecodeError

        from app.mission import compile as compiler
    except ImportError as error:
        raise missing(error) from error
    if remote_service is not None:
        tree = read(file, tree_id, folders=folders)
        values = {item.name: item.default for item in tree.parameters if item.default is not None}
        compiled = compiler.Compiled(compiler.remote(service_name(tree.main, remote_service), values))
    else:
        try:
            compiled = compiler.compile_tree(trees.load(file, LEAVES, tree_id, folders=folders))
        except RecursionError as error:
            raise _too_deep(file) from error
    try:
        binary = compiled.root.SerializeToString(deterministic=True)
        type(compiled.root).FromString(binary)  # protobuf reads no more than 100 levels, on the robot too
        content = binary if out.suffix == ".node" else text_format.MessageToString(compiled.root).encode()
    except (RecursionError, DecodeError) as error:
        raise _too_deep(file) from error
    write_atomic(out, content)
    for lacking in compiled.unmapped:
        note(f"{lacking.place}: {lacking.path}: {lacking.reason}\n")
    count = len(compiled.unmapped)
    tell(f"{out}: {f'{count} nodes could not be mapped and fail' if count else 'every node is mapped'}\n")
    return FAILURE if count else SUCCESS


def _too_deep(file: Path) -> ConfigError:
    return ConfigError(f"{file}: nested too deep for a mission; export it with --remote, and serve the tree")
