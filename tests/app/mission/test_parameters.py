"""What a mission may set in a tree, and under which name the tree is served."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("bosdyn.mission")

from bosdyn.api import service_customization_pb2 as custom
from bosdyn.api.mission import util_pb2

from app.mission.parameters import specification, values_of
from app.mission.parametrised import ParametrisedTree, read
from app.mission.serve import service_name
from perception.base.errors import ConfigError
from tests.app.mission.test_serve import WALK, service, tick
from trees.library import find_tree


def tree_of(tmp_path: Path, text: str = WALK) -> ParametrisedTree:
    file = tmp_path / "tree.xml"
    file.write_text(text)
    return read(file)


def test_parameters_appear_with_type_default_and_text(tmp_path: Path) -> None:
    spec = specification(tree_of(tmp_path).parameters)
    assert set(spec.specs) == {"speed", "opening"}
    assert spec.specs["speed"].spec.double_spec.default_value.value == 1.5
    assert spec.specs["speed"].ui_info.description == "joint speed"
    assert not spec.specs["opening"].spec.double_spec.HasField("default_value")
    assert specification(read(find_tree("grasp_bottle")).parameters) == custom.DictParam.Spec()


def test_parameters_come_from_inputs_too_and_params_win(tmp_path: Path) -> None:
    parameters = tree_of(tmp_path).parameters
    given = util_pb2.KeyValue(key="opening")
    given.value.constant.float_value = 0.25
    assert values_of(parameters, custom.DictParam(), [given]) == {"speed": "1.5", "opening": "0.25"}
    params = custom.DictParam()
    params.values["opening"].int_value.value = 1
    assert values_of(parameters, params, [given]) == {"speed": "1.5", "opening": "1"}
    params.values["opening"].list_value.SetInParent()
    with pytest.raises(ConfigError, match="list_value"):
        values_of(parameters, params, [])


def test_a_default_of_the_wrong_type_is_found_before_serving(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tree.xml:\d+: the default of parameter 'speed' is 'quick'"):
        tree_of(tmp_path, WALK.replace('default="1.5"', 'default="quick"'))


def test_names_for_the_directory() -> None:
    main = read(find_tree("grasp_bottle")).main
    assert service_name(main) == "spot-grasp-graspbottle"
    assert service_name(main, "my-service_1") == "my-service_1"
    with pytest.raises(ConfigError, match="letters"):
        service_name(main, "my service")


@pytest.mark.slow
def test_wrong_parameters_are_refused_with_words_and_nothing_moves(tmp_path: Path) -> None:
    wrong = (
        ({}, "'opening' is missing"),
        ({"opening": 0.5, "sped": 1.0}, "no parameter 'sped'"),
        ({"opening": float("nan")}, "finite"),
    )
    with service(tmp_path) as (server, _, mission, remote):
        for values, words in wrong:
            session = remote.establish_session(leases=[mission.robot.lease_wallet.advance()])
            before = len(server.log.of("RobotCommand"))
            with pytest.raises(Exception, match=words):
                tick(remote, mission, session, **values)
            assert len(server.log.of("RobotCommand")) == before
