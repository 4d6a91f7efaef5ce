"""Profiles are data; a wrong file or name ends in words."""

import pytest

from diaglib.environment import choose_cuda_dtype, read_environment
from diaglib.profiles import PROFILES_FILE, load_profile, load_profiles


def test_the_three_profiles_are_there_and_only_local_needs_no_gpu() -> None:
    profiles = load_profiles()
    assert list(profiles) == ["local", "t4", "a100"]
    assert [profile.needs_gpu for profile in profiles.values()] == [False, True, True]
    assert profiles["local"].diagram_model == "tiny"


def test_a_t4_is_never_given_bfloat16() -> None:
    assert load_profile("t4").precision != "bf16"


def test_an_unknown_profile_lists_the_known() -> None:
    with pytest.raises(ValueError, match="no profile 'h100'; known: local, t4, a100"):
        load_profile("h100")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("batch_size = 8", "", "profile 'local' lacks batch_size"),
        ("batch_size = 8", "batch_size = 0", "batch_size is 0, it must be a whole number from 1"),
        ("batch_size = 8", "batch_size = true", "batch_size is True"),
        ("batch_size = 8", "batch_size = 8\nbatchsize = 9", "'batchsize' is not a value of a profile"),
        ('precision = "fp32"', 'precision = "float32"', "precision is 'float32'; known: fp32"),
        ('chat_model = "tiny-chat"', 'chat_model = ""', "chat_model is '', it must be text"),
        ("[local]", "[local", "is not TOML"),
    ],
)
def test_a_wrong_value_is_named_with_its_profile(tmp_path, old: str, new: str, words: str) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(PROFILES_FILE.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=words):
        load_profiles(file)


@pytest.mark.parametrize(
    ("capability", "dtype"), [((9, 0), "bfloat16"), ((8, 0), "bfloat16"), ((7, 5), "float16"), ((6, 1), "float32")]
)
def test_the_dtype_follows_from_the_capability_and_says_why(capability: tuple[int, int], dtype: str) -> None:
    chosen, reason = choose_cuda_dtype(capability)
    assert chosen == dtype
    assert f"{capability[0]}.{capability[1]}" in reason


def test_the_environment_names_versions_device_and_reason() -> None:
    environment = read_environment(("torch", "no-such-package"))
    assert environment.versions["no-such-package"] == "not installed"
    assert environment.device in {"cpu", "cuda"}
    assert environment.dtype_reason in str(environment)
    assert f"torch {environment.versions['torch']}" in str(environment)
