"""Any causal language model as a writer of plans, on small random models of two architectures."""

import importlib.util
import inspect
import json
import re
import shutil
from pathlib import Path

import pytest

from diaglib.llm import gptq, hub
from diaglib.llm.hub import HubModel, ModelLoadError, load_hub
from diaglib.llm.hub_loading import choose_precision, explain

from .small_models import is_plan, make_model, make_tokenizer, save_model

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.usefixtures("offline")
KINDS = ("llama", "neox")
PROMPTS = ["A network with 4 inputs", "0 input 32\n1 conv k3 f16\n2 pool\n3 dense", "x y"]
CHAT_TEMPLATE = "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
CHAT_TEMPLATE += "{% if add_generation_prompt %}[assistant]{% endif %}"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    return {kind: save_model(tmp_path_factory.mktemp(kind), kind) for kind in KINDS}


@pytest.fixture(scope="module")
def models() -> dict[str, HubModel]:
    made = {}
    for kind in KINDS:
        tokenizer = make_tokenizer()
        made[kind] = HubModel(make_model(kind, len(tokenizer)), tokenizer)
    return made


def prompt_ids(model: HubModel) -> list[list[int]]:
    return [model._prompt_ids(text) for text in PROMPTS]


@pytest.mark.parametrize("kind", KINDS)
def test_reading_a_prompt_once_changes_no_answer(models, kind):
    model = models[kind]
    shared = model._generate(prompt_ids(model), 3, 0.0, 0, 12)
    assert shared == model._generate(prompt_ids(model), 3, 0.0, 0, 12, share_prefill=False)
    assert shared[0] == shared[1] == shared[2] != shared[3]


@pytest.mark.parametrize("kind", KINDS)
def test_a_prompt_is_read_once_however_many_answers_are_sampled(models, kind, monkeypatch):
    model, read = models[kind], []
    forward = model.model.forward

    def counting(*args, **kwargs):
        read.append(tuple(kwargs["input_ids"].shape))
        return forward(*args, **kwargs)

    counting.__signature__ = inspect.signature(forward)
    monkeypatch.setattr(model.model, "forward", counting)
    ids = model._prompt_ids(PROMPTS[0])
    model._generate([ids], 4, 1.0, 0, 3)
    assert read == [(1, len(ids) - 1), (4, 1), (4, 1), (4, 1)]


@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_no_answer(models, kind):
    model = models[kind]
    together = model._generate(prompt_ids(model), 1, 0.0, 0, 12)
    assert together == [model._generate([ids], 1, 0.0, 0, 12)[0] for ids in prompt_ids(model)]


def test_sampling_follows_its_seed_and_leaves_the_callers_randomness_alone(models):
    def texts(seed):
        return models["llama"].answers(PROMPTS, 2, 1.0, seed, 8)

    torch.manual_seed(3)
    wanted = torch.rand(2).tolist()
    torch.manual_seed(3)
    assert texts(1) == texts(1) != texts(2)
    assert torch.rand(2).tolist() == wanted
    first = texts(1)[0]
    assert first[0] != first[1]


def test_greedy_answers_are_all_the_same_and_in_the_order_of_the_texts(models):
    model = models["llama"]
    rows = model.answers(PROMPTS, 2, 0.0, 5, 8)
    assert [row[0] for row in rows] == [row[1] for row in rows] == [model.answers([text], 1, 0.0, 0, 8)[0][0] for text in PROMPTS]
    assert all(len(row[0].tokens) == 8 and not row[0].stopped for row in rows)


def test_a_stop_string_ends_an_answer_and_is_its_last_word(models):
    model = models["llama"]
    [[free]] = model.answers(["x y"], 1, 0.0, 0, 24)
    stop = re.search("[A-Za-z]{3}", free.text[4:]).group()
    [[stopped], [other]] = model.answers(["x y", "0 input 4"], 1, 0.0, 0, 24, [stop])
    assert stopped.stopped
    assert stopped.text == free.text[: free.text.index(stop) + len(stop)]
    assert len(stopped.tokens) < len(free.tokens)
    assert other.stopped == (stop in other.text)


def test_an_end_token_ends_an_answer(models):
    model = models["llama"]
    [[free]] = model.answers(["x y"], 1, 0.0, 0, 10)
    ending = HubModel(model.model, make_tokenizer())
    ending.ends = (free.tokens[4],)
    ending.model.generation_config.eos_token_id = [free.tokens[4]]
    [[answer]] = ending.answers(["x y"], 1, 0.0, 0, 10)
    model.model.generation_config.eos_token_id = list(model.ends)
    assert answer.stopped
    assert answer.tokens == free.tokens[: free.tokens.index(free.tokens[4]) + 1]


def test_a_text_longer_than_the_window_gives_empty_answers(models):
    model = models["llama"]
    long, short = model.answers(["0 " * 5000, "x"], 2, 0.0, 0, 4)
    assert [(answer.text, answer.stopped) for answer in long] == [("", False)] * 2
    assert len(short[0].tokens) == 4
    assert model.plan_texts(["a " * 50_000]) == [[]]


@pytest.mark.parametrize("kind", KINDS)
def test_with_the_grammar_every_answer_of_a_random_model_is_a_plan_and_without_it_none(models, kind, monkeypatch):
    monkeypatch.setattr(hub, "MAX_PLAN_TOKENS", 60)
    prompts = ["A network with 4 inputs and 1 output", "draw it"]
    guided = models[kind].plan_texts(prompts, 3, 1.0, 1, grammar=True)
    assert [len(row) for row in guided] == [3, 3]
    assert all(is_plan(text) for text in guided[0] + guided[1])
    assert models[kind].plan_texts(prompts, 3, 1.0, 1) == [[], []]


def test_smaller_batches_where_memory_runs_out(models, monkeypatch):
    model, sizes = models["llama"], []
    generate = model._generate

    def narrow(prompts, *rest):
        sizes.append(len(prompts))
        if len(prompts) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return generate(prompts, *rest)

    wanted = model.answers(PROMPTS, 1, 0.0, 0, 4)
    monkeypatch.setattr(model, "_generate", narrow)
    assert model.answers(PROMPTS, 1, 0.0, 0, 4) == wanted
    assert sizes == [3, 1, 1, 1]


# loading ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_loads_and_says_why_its_dtype(folders, models, kind):
    model = load_hub(str(folders[kind]))
    assert model.answers(PROMPTS, 1, 0.0, 0, 6) == models[kind].answers(PROMPTS, 1, 0.0, 0, 6)
    if model.device == "cpu":
        assert (model.dtype, model.dtype_reason) == ("fp32", "no CUDA device, and half precision is slow on a CPU")


@pytest.mark.parametrize(("asked", "dtype"), [("bf16", torch.bfloat16), ("float16", torch.float16)])
def test_a_precision_can_be_asked_for_by_its_short_or_long_name(folders, asked, dtype):
    model = load_hub(str(folders["llama"]), precision=asked)
    assert model.model.dtype == dtype
    assert model.dtype_reason == "as asked for"


@pytest.mark.parametrize("precision", ["int8", "nf4"])
def test_quantised_weights_answer_and_say_so(tmp_path, precision):
    pytest.importorskip("bitsandbytes")
    model = load_hub(str(save_model(tmp_path, width=128)), precision=precision)
    assert model.dtype == precision
    assert model.model.is_quantized
    assert model.model.model.layers[0].mlp.up_proj.weight.dtype in (torch.int8, torch.uint8)
    assert len(model.answers(["x y"], 2, 0.7, 0, 6)[0][0].tokens) == 6


def test_gptq_without_its_packages_says_what_to_install(folders):
    for package in gptq.PACKAGES:
        if importlib.util.find_spec(package) is not None:
            pytest.skip(f"{package} is installed")
    with pytest.raises(
        ModelLoadError, match=r"GPTQ needs gptqmodel and optimum: pip install -r requirements-gptq\.txt"
    ) as raised:
        load_hub(str(folders["llama"]), precision="gptq")
    assert raised.value.kind == "package"


def test_gptq_packs_while_loading_and_calibrates_on_our_own_texts(folders, monkeypatch):
    """What is asked of the libraries, with a loader that stands in for theirs; the packing itself is not tried here."""
    import transformers

    asked = {}

    def load(name, **options):
        asked.update(options)
        return make_model("llama", len(make_tokenizer())), {"missing_keys": []}

    monkeypatch.setattr(gptq, "find_spec", lambda package: object())
    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", load)
    model = load_hub(str(folders["llama"]), precision="gptq")
    packing = asked["quantization_config"]
    assert (packing.bits, packing.group_size, asked["device_map"], asked["dtype"]) == (4, 128, "auto", torch.float16)
    assert asked["use_safetensors"]
    assert len(packing.dataset) == 2 * gptq.CALIBRATION_ROWS == len(set(packing.dataset))
    assert sum("답변: " in text for text in packing.dataset) == gptq.CALIBRATION_ROWS
    assert model.dtype == "gptq"


def test_gptq_is_not_taken_for_routed_experts(monkeypatch):
    from types import SimpleNamespace

    monkeypatch.setattr(gptq, "find_spec", lambda package: object())
    assert gptq.why_not(SimpleNamespace(n_routed_experts=64))[0] == "precision"
    assert gptq.why_not(SimpleNamespace()) is None


def test_a_checkpoint_that_is_quantised_stays_so():
    assert choose_precision("nf4", {"quant_method": "gptq"}) == ("as saved (gptq)", "the checkpoint is quantised already")


def test_a_chat_template_makes_turns_and_one_first_token(tmp_path):
    model = load_hub(str(save_model(tmp_path, chat_template=CHAT_TEMPLATE)))
    from diaglib.llm.instructions import plan_instruction

    text = plan_instruction("A CNN", model.tokenizer)
    assert text.endswith("end[user]A CNN[assistant]")
    assert text.count("[assistant]") == 3
    assert model._prompt_ids(text).count(model.tokenizer.bos_token_id) == 1


def test_an_adapter_folder_loads_its_base_model_and_changes_answers(folders, tmp_path):
    from peft import LoraConfig, get_peft_model

    base = load_hub(str(folders["llama"]))
    wanted = base.answers(PROMPTS, 1, 0.0, 0, 8)
    config = LoraConfig(
        r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False, base_model_name_or_path=str(folders["llama"])
    )
    torch.manual_seed(1)
    tuned = get_peft_model(load_hub(str(folders["llama"])).model, config)
    tuned.save_pretrained(tmp_path)
    by_folder = load_hub(str(tmp_path))
    by_argument = load_hub(str(folders["llama"]), adapter=str(tmp_path))
    answers = by_folder.answers(PROMPTS, 1, 0.0, 0, 8)
    assert answers == by_argument.answers(PROMPTS, 1, 0.0, 0, 8) != wanted
    ids = prompt_ids(by_folder)
    assert by_folder._generate(ids, 2, 0.0, 0, 8) == by_folder._generate(ids, 2, 0.0, 0, 8, share_prefill=False)


def refused(*arguments, **options) -> ModelLoadError:
    with pytest.raises(ModelLoadError) as caught:
        load_hub(*arguments, **options)
    return caught.value


def test_neither_a_folder_nor_an_id():
    assert "neither a folder nor the id of a model" in str(refused("./no/such/folder"))


def test_without_a_network_it_says_so_at_once(monkeypatch):
    error = refused("someone/some-model")
    assert error.kind == "network"
    assert "no network, or HF_HUB_OFFLINE is set" in str(error)


def test_an_unknown_precision_lists_the_known(folders):
    assert "known: fp32, fp16, bf16, int8, nf4" in str(refused(str(folders["llama"]), precision="fp8"))


def test_weights_in_another_format_are_refused(folders, tmp_path):
    shutil.copytree(folders["llama"], tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").rename(tmp_path / "m" / "pytorch_model.bin")
    error = refused(str(tmp_path / "m"))
    assert error.kind == "weights"
    assert "no weights in safetensors" in str(error)


def test_broken_weights_are_named(folders, tmp_path):
    shutil.copytree(folders["llama"], tmp_path / "m")
    weights = tmp_path / "m" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    error = refused(str(tmp_path / "m"))
    assert error.kind == "weights"
    assert "broken" in str(error)


def test_weights_that_lack_a_layer_are_not_filled_with_noise(folders, tmp_path):
    from safetensors.torch import load_file, save_file

    shutil.copytree(folders["llama"], tmp_path / "m")
    weights = tmp_path / "m" / "model.safetensors"
    kept = {name: value for name, value in load_file(weights).items() if "layers.1.mlp" not in name}
    save_file(kept, weights, metadata={"format": "pt"})
    assert "its weights lack 3 tensors (model.layers.1.mlp" in str(refused(str(tmp_path / "m")))


def test_a_folder_without_a_model(tmp_path):
    error = refused(str(tmp_path))
    assert error.kind == "unknown model"
    assert "not a saved model" in str(error)


def own_code(folder: Path, where: str) -> Path:
    """A folder whose configuration asks for code of its own; running it leaves a mark."""
    settings = {
        "model_type": "own",
        "auto_map": {"AutoConfig": f"{where}code.OwnConfig", "AutoModelForCausalLM": f"{where}code.Own"},
    }
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "code.py").write_text(f"open({str(folder / 'it_ran')!r}, 'w').close()\n")
    return folder


def test_code_of_a_model_does_not_run_by_itself(tmp_path):
    error = refused(str(own_code(tmp_path, "")))
    assert error.kind == "remote code"
    assert "trust_remote_code=True and its commit" in str(error)
    assert not (tmp_path / "it_ran").exists()


@pytest.mark.parametrize("revision", [None, "main", "0123abc", COMMIT.upper()])
def test_remote_code_needs_a_pinned_revision(revision):
    error = refused("someone/some-model", trust_remote_code=True, revision=revision)
    assert "only from a pinned revision" in str(error)


def test_a_pinned_revision_passes_that_check():
    assert refused("someone/some-model", trust_remote_code=True, revision=COMMIT).kind == "network"


def test_code_from_a_third_place_is_refused_before_it_is_fetched(tmp_path):
    error = refused(str(own_code(tmp_path, "another/place--")), trust_remote_code=True)
    assert "code from another repository (another/place--code" in str(error)


def test_what_the_hub_answers_is_told_in_one_sentence():
    import httpx2
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    def wrapped(kind) -> OSError:
        response = httpx2.Response(403, request=httpx2.Request("GET", "https://hub.invalid"))
        outer = OSError("something long")
        outer.__cause__ = kind("denied", response=response)
        return outer

    assert "accept its licence on its page, then set HF_TOKEN" in str(explain(wrapped(GatedRepoError), "a/b"))
    assert "no such model on the hub, or it is private" in str(explain(wrapped(RepositoryNotFoundError), "a/b"))
    assert "no such revision" in str(explain(wrapped(RevisionNotFoundError), "a/b"))
    assert "take precision nf4 or int8" in str(explain(torch.OutOfMemoryError("CUDA out of memory. Tried to"), "a/b"))


def test_a_token_is_never_part_of_a_message(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_verysecret")
    message = str(explain(RuntimeError("header was Bearer hf_verysecret"), "a/b"))
    assert "header was Bearer" in message
    assert "verysecret" not in message
