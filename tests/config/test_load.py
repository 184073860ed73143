"""Layers, files, presets, and printing a config back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.config import (
    Config,
    Layer,
    config_toml,
    config_values,
    layout_digest,
    load_config,
    make_config,
    preset_names,
    world_digest,
)
from payloom.errors import ConfigError
from tests.config.walk import settings


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "x.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_later_layers_win_and_are_named(tmp_path: Path):
    """Default < preset < file < option, and each value knows its layer."""
    file = written(tmp_path, "[world]\nrows = 5\nseed = 3\n")
    options = [Layer("option --seed", {"world": {"seed": 4}})]
    loaded = load_config(preset="small", file=file, options=options)
    assert (loaded.config.world.rows, loaded.config.world.seed) == (5, 4)
    assert loaded.source_of("world.start") == "default"
    assert loaded.source_of("world.fraud_rate") == "preset small"
    assert loaded.source_of("world.rows") == f"file {file}"
    assert loaded.source_of("world.seed") == "option --seed"


def test_shares_that_sum_to_one_are_replaced_together(tmp_path: Path):
    """A file's regions and mix replace the default's, they don't mingle with them."""
    file = written(tmp_path, '[[regions]]\ncountry = "GB"\nshare = 1\n[fraud.mix]\ncard_testing = 1\n')
    config = load_config(file=file).config
    assert [region.country for region in config.regions] == ["GB"]
    assert dict(config.fraud.mix) == {"card_testing": 1.0}


def test_a_decimal_in_a_file_is_exact(tmp_path: Path):
    """A rate with 18 decimals survives; as a float it would not."""
    file = written(tmp_path, "[world]\nfraud_rate = 0.123456789012345678\n")
    assert str(load_config(file=file).config.world.fraud_rate) == "0.123456789012345678"


@pytest.mark.parametrize("preset", preset_names())
@pytest.mark.parametrize("explain", [True, False])
def test_what_is_printed_can_be_read_back(tmp_path: Path, preset: str, explain: bool):
    """print → load gives an equal config with the same digests."""
    loaded = load_config(preset=preset, options=[Layer("option --seed", {"world": {"seed": 2**63 - 1}})])
    again = load_config(file=written(tmp_path, config_toml(loaded, explain=explain)))
    assert again.config == loaded.config
    assert world_digest(again.config) == world_digest(loaded.config)
    assert layout_digest(again.config) == layout_digest(loaded.config)


def test_odd_values_are_printed_so_that_they_can_be_read_back(tmp_path: Path):
    """Given counts, no spikes, tiny and huge numbers keep their value."""
    values = {
        "world": {"customers": 77_777, "merchants": 500, "fraud_rate": "0.000000000000000001"},
        "calendar": {"shock_sigma": 1e-9},
        "fraud": {"spikes": [], "mix": {"card_testing": 1.0}},
        "layout": {"compression": "zstd"},
    }
    loaded = load_config(options=[Layer("a\nb = 1 \x1b[31m", values)])
    text = config_toml(loaded)
    assert "\x1b" not in text
    assert load_config(file=written(tmp_path, text)).config == loaded.config


def test_every_setting_is_printed_with_its_source():
    """The printout has each setting once, with a comment that says who set it."""
    loaded = load_config(options=[Layer("option --rows", {"world": {"rows": 50}})])
    lines = config_toml(loaded, explain=False).splitlines()
    for setting in settings():
        if isinstance(setting.value, tuple | dict) and setting.value:
            wanted = f"{setting.path}]"
        else:
            wanted = f"{setting.name} = "
        assert any(wanted in line and "# " in line for line in lines), setting.path
    assert any(line.startswith("rows = 50 ") and line.endswith("# option --rows") for line in lines)
    assert set(config_values(loaded)["settings"]) == {setting.path for setting in settings()}


def test_the_digest_names_the_world_only():
    """Layout changes the layout digest, and only that; each world setting changes the world digest."""
    default = Config()
    zstd = make_config({"layout": {"compression": "zstd"}})
    assert world_digest(zstd) == world_digest(default)
    assert layout_digest(zstd) != layout_digest(default)
    for values in ({"world": {"seed": 8}}, {"missing": {"mcc": 0.06}}, {"refunds": {"share": 0.013}}):
        assert world_digest(make_config(values)) != world_digest(default)
        assert layout_digest(make_config(values)) == layout_digest(default)


def test_the_digest_does_not_depend_on_spelling(tmp_path: Path):
    """Writing a default down, 0.0030 for 0.003, 1 for 1.0, or the regions in another order changes nothing."""
    default = world_digest(Config())
    text = config_toml(load_config())
    swapped = make_config({"regions": [vars(region) for region in reversed(Config().regions)]})
    assert world_digest(swapped) == default
    same = written(tmp_path, f"[world]\nfraud_rate = 0.0030\ncustomers = {Config().world.customer_count}\n")
    assert world_digest(load_config(file=same).config) == default
    assert "season_strength = 1.0" in text
    assert world_digest(load_config(file=written(tmp_path, "[calendar]\nseason_strength = 1")).config) == default


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"\xff\xfe", "UTF-8; line 1"),
        (b"[world]\nrows = = 5", "line 2"),
        (b"[world]\nstart = 2025-02-30", "line 2"),
        (b"a = " + b"[" * 5_000, "nested too deeply"),
        (b"a = " + b"9" * 5_000, "4,300 digits"),
        (b"[world]\nrows = 1\nrows = 2", "line 3"),
        (b"#" * 1_000_001, "1,000,000 bytes"),
        (b"[world]\nrows = " + b"9" * 4_000, "about 4,00"),
    ],
)
def test_a_file_that_is_no_config(tmp_path: Path, text: bytes, message: str):
    """Text that TOML refuses is one problem with the file and, where there is one, the line."""
    with pytest.raises(ConfigError, match=message) as caught:
        load_config(file=written(tmp_path, text))
    assert len(caught.value.problems) == 1
    assert "x.toml" in caught.value.problems[0].line()


def test_a_byte_order_mark_is_read_over(tmp_path: Path):
    """Editors that put a mark before UTF-8 don't make a config wrong."""
    assert load_config(file=written(tmp_path, b"\xef\xbb\xbf[world]\nrows = 5")).config.world.rows == 5


def test_a_file_that_cannot_be_read(tmp_path: Path):
    """A missing file is named with a similar one; a folder is refused."""
    written(tmp_path, "")
    with pytest.raises(ConfigError, match=r"did you mean .*x\.toml"):
        load_config(file=tmp_path / "xx.toml")
    with pytest.raises(ConfigError, match="can be read"):
        load_config(file=tmp_path)
    with pytest.raises(ConfigError, match="can be read"):
        load_config(file=Path("a\0b"))


def test_a_preset_and_a_file_are_judged_together(tmp_path: Path):
    """An unknown preset does not hide what is wrong with the file."""
    file = written(tmp_path, "[world]\nrows = 0")
    with pytest.raises(ConfigError) as caught:
        load_config(preset="smal", file=file)
    assert [problem.field for problem in caught.value.problems] == ["preset", "world.rows"]
    assert 'did you mean "small"' in caught.value.problems[0].fix


@given(st.text(max_size=60))
def test_messages_are_one_line_of_printable_text(name: str):
    """Whatever the names and values are, a problem is one line without control characters."""
    with pytest.raises(ConfigError) as caught:
        make_config({f"{name}?": 1, "layout": {"compression": name + "?"}, "fraud": {"mix": {name + "?": 1.0}}})
    for problem in caught.value.problems:
        assert problem.line().isprintable()
