"""From the corpus to files: what is taken, what is told of it, what is written."""

from __future__ import annotations

import ast
import json
import os
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from realtime.agent.prompt import PROMPT_VERSION, system_prompt
from realtime.corpus.models import Exchange
from realtime.training.dataset import NO_PROMPT, DatasetRefused, SystemPrompt, build
from realtime.training.exporting import jsonl
from realtime.training.exporting.folder import FolderRefused
from realtime.training.exporting.plan import Plan
from realtime.training.exporting.targets import TARGETS
from tests.training.rows import exchange, exchanges, imported

pytestmark = pytest.mark.django_db

KNOWN: dict[str, Any] = json.loads(Path(__file__).with_name("known_keys.json").read_text("utf-8"))


def known(kind: str) -> set[str]:
    return set(KNOWN[kind]["names"])


def export(folder: Path, *words: str, target: str = "openai") -> str:
    out = StringIO()
    call_command("dataset", "export", "--target", target, "--to", str(folder), *words, stdout=out)
    return out.getvalue()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().decode().split("\n")[:-1]]


def test_an_example_is_the_prompt_of_the_product_a_question_and_its_answer() -> None:
    exchanges(imported(), 30)
    example = build().train[0]
    assert list(example) == ["messages"]
    assert [m["role"] for m in example["messages"]] == ["system", "user", "assistant"]
    assert all(set(m) == {"role", "content"} for m in example["messages"])
    assert example["messages"][0]["content"] == system_prompt(None).content


def test_a_title_is_asked_with_its_question_and_history_comes_before() -> None:
    said = [{"role": "user", "content": "Hello", "id": 3}, {"role": "assistant", "content": "Hi."}]
    source = imported()
    exchanges(source, 30)
    exchange(source, 99, title="Sleep", history=said)
    made = build(sample=None, prompt=NO_PROMPT)
    messages = next(
        e["messages"] for e in [*made.train, *made.validation] if len(e["messages"]) == 4
    )
    assert [m["content"] for m in messages[:2]] == ["Hello", "Hi."]
    assert messages[2]["content"].startswith("Sleep\nHow do I sleep")
    assert "id" not in messages[0]


def test_nothing_at_risk_and_nothing_unusable_is_learnt_from() -> None:
    source = imported()
    exchanges(source, 30)
    bad = [
        exchange(source, 41, risk="crisis"),
        exchange(source, 42, risk="concern"),
        exchange(source, 43, usable=False),
    ]
    made = build(sample=None)
    taken = {e["exchange"] for side in made.manifest["exchanges"].values() for e in side}
    assert len(taken) == 30
    assert not taken & {each.pk for each in bad}


def test_a_conversation_is_left_out_with_an_earlier_turn_at_risk() -> None:
    """Its words would come back as history."""
    source = imported()
    exchanges(source, 30)
    exchange(source, 50, turn=0, risk="crisis")
    said = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi."}]
    exchange(source, 50, turn=1, history=said, question="And now?", answer="Tell me more of it.")
    made = build(sample=None)
    assert made.manifest["counts"]["with_history"] == 0
    step = {"filter": "whole conversation may be learnt from", "before": 31, "after": 30}
    assert made.manifest["filters"][0] == step


def test_the_order_of_imports_changes_no_row() -> None:
    for first, second in (("a.csv", "b.csv"), ("b.csv", "a.csv")):
        Exchange.objects.all().delete()
        numbers = {"a.csv": range(40), "b.csv": range(40, 80)}
        for name in (first, second):
            source = imported(name, options={"order": first})
            for number in numbers[name]:
                exchange(source, number)
        made = build(sample=20)
        if first == "a.csv":
            before = made
    assert made.train == before.train
    assert made.validation == before.validation


def test_too_little_to_learn_from_is_said_with_what_to_do() -> None:
    with pytest.raises(DatasetRefused, match="dataset import"):
        build()
    exchanges(imported(), 6)
    with pytest.raises(DatasetRefused, match="at least 10"):
        build()


def test_the_manifest_tells_what_it_is_made_of(tmp_path: Path) -> None:
    exchanges(imported("a.csv", licence="MIT", licence_text="MIT words"), 40)
    source = imported("b.csv", licence="", licence_text="", attribution="from b")
    for number in range(41, 61):
        exchange(source, number, moderation={"self-harm": 0.9 if number == 41 else 0.1})
    export(tmp_path / "out", "--sample", "30", "--epochs", "4")
    told = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    for name, facts in told["files"].items():
        assert sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == facts["sha256"]
        assert facts["lines"] == len(lines(tmp_path / "out" / name))
    assert told["system_prompt"] == {
        "version": PROMPT_VERSION,
        "text": system_prompt(None).content,
    }
    assert told["training"]["epochs"] == 4
    assert sum(s["examples"] for s in told["sources"]) == 30 + told["counts"]["validation"]
    in_order = [e["exchange"] for e in told["exchanges"]["train"]]
    asked = [r["messages"][1]["content"] for r in lines(tmp_path / "out" / "train.jsonl")]
    assert [Exchange.objects.get(pk=pk).asked for pk in in_order] == asked
    licences = (tmp_path / "out" / "LICENCES.txt").read_text("utf-8")
    assert "MIT words" in licences
    assert "Licence: none named" in licences


@pytest.mark.parametrize("target", TARGETS)
def test_the_same_data_and_seed_make_the_same_bytes(tmp_path: Path, target: str) -> None:
    exchanges(imported(), 60)
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        export(folder, "--sample", "40", target=target)
    one, two = ({f.name: f.read_bytes() for f in folder.iterdir()} for folder in folders)
    assert one == two
    assert not any(name.endswith(".part") for name in one)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    exchanges(imported(), 30)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CommandError, match="not empty"):
        export(tmp_path)
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_force_writes_over_an_export_and_over_nothing_else(tmp_path: Path) -> None:
    exchanges(imported(), 30)
    export(tmp_path, target="trl")
    (tmp_path / "mine.txt").write_text("mine")
    export(tmp_path, "--force", target="axolotl")
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert (tmp_path / "axolotl.yaml").exists()
    assert not (tmp_path / "train_trl.py").exists()


def test_a_disk_that_fails_leaves_the_earlier_export_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanges(imported(), 30)
    export(tmp_path, "--seed", "1")
    before = (tmp_path / "train.jsonl").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CommandError, match="No space left"):
        export(tmp_path, "--force", "--seed", "2")
    assert (tmp_path / "train.jsonl").read_bytes() == before
    assert (tmp_path / "manifest.json").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    exchanges(imported(), 30)
    (tmp_path / "file").touch()
    with pytest.raises(FolderRefused, match="is a file"):
        build().write(tmp_path / "file", "openai")
    with pytest.raises(ValueError, match="one of openai, trl"):
        build().write(tmp_path / "new", "nonsense")


def test_lines_stay_lines_whatever_is_said() -> None:
    said = "one\u2028two\u2029three\x85four\nfive \U0001f642 ünï"
    raw = jsonl.render([{"messages": [{"role": "user", "content": said}]}])
    assert len(raw.decode().splitlines()) == 1
    assert json.loads(raw)["messages"][0]["content"] == said


def test_the_system_prompt_is_that_of_a_file_or_none(tmp_path: Path) -> None:
    exchanges(imported(), 30)
    own = tmp_path / "prompt.txt"
    own.write_text("Be kind.\n", "utf-8")
    export(tmp_path / "own", "--system-prompt", str(own))
    first = lines(tmp_path / "own" / "train.jsonl")[0]["messages"][0]
    assert first == {"role": "system", "content": "Be kind."}
    export(tmp_path / "none", "--system-prompt", "none")
    assert lines(tmp_path / "none" / "train.jsonl")[0]["messages"][0]["role"] == "user"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--sample", "many"], "number of pairs"),
        (["--sample", "0"], "at least one pair"),
        (["--validation", "0.9"], "between 0 and 0.5"),
        (["--epochs", "0"], "between 1 and 50"),
        (["--batch-size", "0"], "at least 1"),
        (["--learning-rate", "nan"], "learning rate"),
        (["--system-prompt", "/nowhere"], "cannot be read"),
        (["--system-prompt", "/dev/null"], "is empty"),
    ],
)
def test_bad_options_are_refused_and_nothing_is_written(
    tmp_path: Path, words: list[str], says: str
) -> None:
    exchanges(imported(), 30)
    with pytest.raises(CommandError, match=says):
        export(tmp_path / "out", *words)
    assert not (tmp_path / "out").exists()


def test_without_validation_it_says_that_only_memory_is_measured(tmp_path: Path) -> None:
    exchanges(imported(), 30)
    said = export(tmp_path / "out", "--validation", "0")
    assert "measures memory only" in said
    assert not (tmp_path / "out" / "validation.jsonl").exists()
    assert "validation" not in (tmp_path / "out" / "NEXT.txt").read_text("utf-8")


def test_a_flagged_row_is_told_of_with_the_way_out(tmp_path: Path) -> None:
    source = imported()
    exchanges(source, 40)
    assert "No row was moderated" in export(tmp_path / "a", "--sample", "all")
    exchange(source, 50, moderation={"self-harm": 0.9})
    assert "--without-flagged" in export(tmp_path / "b", "--sample", "all")
    export(tmp_path / "c", "--sample", "all", "--without-flagged")
    told = json.loads((tmp_path / "c" / "manifest.json").read_text("utf-8"))
    assert told["counts"]["flagged"] == 0


def test_a_prompt_of_ones_own_is_known_by_its_words() -> None:
    assert SystemPrompt.of_text(" Be kind. ") == SystemPrompt.of_text("Be kind.")
    assert SystemPrompt.of_text("").version == "none"


# --- the tools' own words: tests/training/known_keys.json names the releases ---------------------


def calls(tree: ast.AST) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found[node.func.id] = {word.arg for word in node.keywords if word.arg}
    return found


@pytest.mark.parametrize("validation", ["0.1", "0"])
def test_the_trl_script_says_only_what_trl_takes(tmp_path: Path, validation: str) -> None:
    exchanges(imported(), 60)
    words = ["--validation", validation, "--learning-rate", "0.00001", "--batch-size", "4"]
    export(tmp_path / "out", *words, "--base-model", 'a/b"\n', target="trl")
    script = (tmp_path / "out" / "train_trl.py").read_text("utf-8")
    tree = ast.parse(script)
    compile(script, "train_trl.py", "exec")
    made = calls(tree)
    for kind in ("SFTConfig", "SFTTrainer", "LoraConfig"):
        assert made[kind]
        assert made[kind] <= known(kind), made[kind] - known(kind)
    constants = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id != "HERE"
    }
    assert constants == {
        "BASE_MODEL": 'a/b"\n',
        "EPOCHS": 3,
        "BATCH_SIZE": 4,
        "LEARNING_RATE": 0.00001,
        "SEED": 20,
    }


def test_the_trl_script_trains_each_answer_once_with_what_was_before(tmp_path: Path) -> None:
    """Its own reader, run on its own files: only the trainer is left out."""
    source = imported()
    exchanges(source, 30)
    said = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi."}]
    exchange(source, 99, history=said)
    export(tmp_path / "out", "--validation", "0", "--sample", "all", target="trl")
    tree = ast.parse((tmp_path / "out" / "train_trl.py").read_text("utf-8"))
    function = next(
        n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "examples"
    )

    class Rows:
        @staticmethod
        def from_list(rows: list[Any]) -> list[Any]:
            return rows

    room: dict[str, Any] = {"json": json, "HERE": tmp_path / "out", "Dataset": Rows}
    exec(compile(ast.Module([function], []), "examples", "exec"), room)  # noqa: S102 - our own
    rows = room["examples"]("train.jsonl")
    trained = (tmp_path / "out" / "train.jsonl").read_text("utf-8").splitlines()
    answers = [m for line in trained for m in json.loads(line)["messages"]]
    assert len(rows) == sum(m["role"] == "assistant" for m in answers) > len(trained)
    for row in rows:
        assert [m["role"] for m in row["completion"]] == ["assistant"]
        assert row["prompt"][-1]["role"] == "user"


@pytest.mark.parametrize("validation", ["0.1", "0"])
def test_the_axolotl_file_says_only_what_axolotl_takes(tmp_path: Path, validation: str) -> None:
    exchanges(imported(), 60)
    export(tmp_path / "out", "--validation", validation, target="axolotl")
    told = yaml.safe_load((tmp_path / "out" / "axolotl.yaml").read_text("utf-8"))
    assert set(told) <= known("axolotl"), set(told) - known("axolotl")
    sets = [*told["datasets"], *told.get("test_datasets", [])]
    assert len(sets) == (2 if validation == "0.1" else 1)
    for one in sets:
        assert set(one) <= known("axolotl_dataset")
        assert (tmp_path / "out" / one["path"]).exists()
        assert one["type"] == "chat_template"
    assert isinstance(told["learning_rate"], float)
    assert told["learning_rate"] == 0.0002
    assert told["sequence_len"] % 512 == 0
    longest = max(len(str(row)) for row in lines(tmp_path / "out" / "train.jsonl"))
    assert told["sequence_len"] > longest / 4


def test_together_is_asked_only_what_its_command_takes(tmp_path: Path) -> None:
    exchanges(imported(), 60)
    words = ["--batch-size", "8", "--learning-rate", "0.0001", "--base-model", "x/y; rm"]
    export(tmp_path / "out", *words, target="together")
    text = (tmp_path / "out" / "NEXT.txt").read_text("utf-8")
    command = next(line for line in text.splitlines() if "fine-tuning create" in line)
    asked = {w[2:].replace("-", "_") for w in command.split() if w.startswith("--")}
    assert asked <= known("together")
    assert "'x/y; rm'" in command


def test_openais_words_hold_a_job_that_can_be_read(tmp_path: Path) -> None:
    exchanges(imported(), 60)
    export(tmp_path / "out", "--epochs", "2", "--learning-rate", "0.5")
    text = (tmp_path / "out" / "NEXT.txt").read_text("utf-8")
    job = json.loads(text.split("-d '")[1].split("'")[0])
    parameters = job["method"]["supervised"]["hyperparameters"]
    assert parameters == {"n_epochs": 2, "learning_rate_multiplier": 0.5}
    assert {"training_file", "validation_file"} <= set(job)


def test_a_plan_has_bounds() -> None:
    with pytest.raises(ValueError, match="learning rate"):
        Plan(learning_rate=float("inf"))
