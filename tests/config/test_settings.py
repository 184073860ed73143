"""What holds for every single setting of the config."""

import pytest
from pydantic import ValidationError

from payloom.config import Config, make_config
from payloom.config.typologies import Typologies
from payloom.errors import ConfigError
from tests.config.walk import Setting, declarations, nested

each = pytest.mark.parametrize("setting", declarations(), ids=lambda setting: setting.path)


@each
def test_it_is_described(setting: Setting):
    """A setting says what it does and where its default comes from; a number also says its unit."""
    extra = setting.field.json_schema_extra
    assert isinstance(extra, dict)
    assert setting.field.description
    assert extra["source"]
    if isinstance(setting.value, float):
        assert extra["unit"]


@each
def test_a_near_miss_is_named(setting: Setting):
    """A misspelt name is refused, and the message names the right one."""
    wrong = setting.name[:-1] + ("x" if len(setting.name) > 3 else setting.name[-1] + "x")
    path = f"{setting.section}.{wrong}".lstrip(".")
    with pytest.raises(ConfigError) as caught:
        make_config(nested(path, setting.value))
    (problem,) = caught.value.problems
    assert problem.field == path
    assert problem.allowed.startswith("no such setting")
    assert f'"{setting.name}"' in problem.fix


@each
@pytest.mark.parametrize(
    "wrong",
    [object(), b"bytes", 10**400, -(10**400), float("nan"), True],
    # By name: xdist wants the same ids in each worker, and an object's repr has its address.
    ids=["object", "bytes", "huge", "far below", "nan", "bool"],
)
def test_a_wrong_value_is_refused_by_name(setting: Setting, wrong: object):
    """A value of the wrong type or size gives one problem that names the field and what is allowed."""
    with pytest.raises(ConfigError) as caught:
        make_config(nested(setting.path, wrong))
    assert [problem.field for problem in caught.value.problems] == [setting.path]
    assert "expected" in caught.value.problems[0].allowed
    assert len(caught.value.problems[0].line()) < 400


@each
def test_the_bounds_hold(setting: Setting):
    """One step outside a declared bound is refused."""
    outside = []
    for rule in setting.field.metadata:
        if hasattr(rule, "ge"):
            outside.append(rule.ge - 1)
        if hasattr(rule, "gt"):
            outside.append(rule.gt)
        if hasattr(rule, "le"):
            outside.append(rule.le + 1)
    for value in outside:
        typed = type(setting.value)(value) if isinstance(setting.value, (int, float)) else value
        with pytest.raises(ConfigError, match="expected"):
            make_config(nested(setting.path, typed))


@pytest.mark.parametrize("name", Typologies.model_fields)
def test_a_typology_says_what_it_is_and_why(name: str):
    """Each kind of campaign is described, and its numbers have a source."""
    field = Typologies.model_fields[name]
    assert field.description
    assert isinstance(field.json_schema_extra, dict)
    assert field.json_schema_extra["source"]


def test_a_config_is_frozen():
    """Nobody changes a config after it was checked."""
    config = Config()
    with pytest.raises(ValidationError):
        setattr(config.world, "rows", 5)  # noqa: B010 - mypy knows that it is frozen
    with pytest.raises(ValidationError):
        setattr(config, "missing", None)  # noqa: B010 - the same


def test_a_name_from_another_section_is_found():
    """A setting in the wrong section is refused with the section where it belongs."""
    with pytest.raises(ConfigError, match=r'did you mean "rows" in \[world\]'):
        make_config({"rows": 5})
    with pytest.raises(ConfigError, match=r'did you mean "compression" in \[layout\]'):
        make_config({"world": {"compression": "zstd"}})
