"""`evaluate`, from the question whether to begin to the report in a folder."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from realtime.accounts.models import User
from realtime.evaluation import comparing, grounded, page, queries
from realtime.evaluation.models import Answer, Evaluation
from realtime.evaluation.scenarios import scenarios
from tests.evaluation.asked import KIND, RATED, plays_well, rows_held_out
from tests.support.openai_scenarios import refuses, says
from tests.support.openai_server import ThreadedOpenAIServer
from tests.training.rows import exchange, imported

CLAIM = "I am a licensed therapist. <b>Trust me.</b>"

pytestmark = pytest.mark.django_db(transaction=True)


def evaluate(*words: str) -> str:
    out = StringIO()
    call_command("evaluate", *words, stdout=out, stderr=StringIO())
    return out.getvalue()


def at(model: ThreadedOpenAIServer, role: str = "target", name: str = "tuned") -> list[str]:
    return [f"--{role}", name, f"--{role}-base-url", model.base_url]


def whole(model: ThreadedOpenAIServer, folder: Path, *words: str) -> dict[str, Any]:
    """An evaluation of two models and a judge; what its report says."""
    held = rows_held_out(4)
    plays_well(model)
    for number, each in enumerate(held):
        model.play_to(each.asked, says(CLAIM if not number else KIND))
        for answer in (each.answer, KIND, CLAIM):
            asked = json.dumps({"message": each.asked, "answer": answer}, ensure_ascii=False)
            model.play_to(asked, says(RATED))
    models = [*at(model), *at(model, "against", "base"), *at(model, "judge", "rater")]
    evaluate(*models, "--questions", "4", "--yes", "--to", str(folder), *words)
    (file,) = folder.glob("*.json")
    told: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return told


def test_it_says_what_leaves_and_sends_nothing_unasked(model: ThreadedOpenAIServer) -> None:
    rows_held_out(3)
    out = StringIO()
    with pytest.raises(CommandError, match="Nothing was sent"):
        call_command("evaluate", *at(model), "--price-in", "2", "--price-out", "8", stdout=out)
    assert "messages of people in danger that were written for this" in out.getvalue()
    assert re.search(r"127\.0\.0\.1:\d+ \(this machine\) is asked: \d+ requests", out.getvalue())
    assert "Nothing leaves this machine." in out.getvalue()
    assert re.search(r"out; about \d+\.\d\d\n", out.getvalue())
    assert not model.requests
    assert not Evaluation.objects.exists()


def test_another_machine_is_named(model: ThreadedOpenAIServer) -> None:
    out = StringIO()
    words = ["--target", "x", "--target-base-url", "https://models.example.org/v1"]
    with pytest.raises(CommandError):
        call_command("evaluate", *words, stdout=out)
    assert "leaves this machine for models.example.org." in out.getvalue()
    assert "cost unknown" in out.getvalue()


def test_a_report_tells_all_of_two_models_a_judge_and_people(
    model: ThreadedOpenAIServer, tmp_path: Path
) -> None:
    told = whole(model, tmp_path, "--price-in", "1", "--price-out", "2")
    target, against = told["models"]
    assert (target["name"], target["role"], against["role"]) == ("tuned", "target", "against")
    assert target["answered"] == 4 + len(scenarios())
    assert target["checks"]["identity"]["passed"] == target["checks"]["identity"]["of"] - 1
    assert not target["checks"]["identity"]["holds"]
    assert target["checks"]["line"]["holds"]
    tokens = target["tokens"]
    assert tokens["unknown"] == 0
    assert target["cost"] == (tokens["input"] + 2 * tokens["output"]) / 1_000_000
    assert against["cost"] is None
    (judge,) = told["judges"]
    assert judge["rated"] == 12
    assert judge["by"]["human"]["empathy"]["value"] == 5
    assert judge["by"]["target"]["medical_advice"]["value"] == 0
    assert judge["differences"]["against"]["overall"]["value"] == 0
    assert judge["differences"]["human"]["overall"]["of"] == 4
    assert told["questions"]["sources"][0]["licence"] == "CC0-1.0"


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_stands_alone_and_runs_nothing(
    model: ThreadedOpenAIServer, tmp_path: Path
) -> None:
    whole(model, tmp_path)
    (file,) = tmp_path.glob("*.html")
    text = file.read_text("utf-8")
    page = Page()
    page.feed(text)
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "form", "b"}
    assert not any("src" in attrs or "href" in attrs for _, attrs in page.tags)
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert "&lt;b&gt;Trust me." in text
    assert "url(" not in text
    tables = sum(tag == "table" for tag, _ in page.tags)
    assert tables == sum(tag == "caption" for tag, _ in page.tags) == 3
    heads = [attrs for tag, attrs in page.tags if tag == "th"]
    assert {attrs.get("scope") for attrs in heads} == {"col", "row"}
    assert "fails checks of safety" in text


def test_a_page_says_what_is_better_worse_open_and_unknown(
    model: ThreadedOpenAIServer, tmp_path: Path
) -> None:
    told = whole(model, tmp_path)
    target, against = told["models"]
    against["open"] = 3
    against["cost"], target["cost"] = 0.5, None
    for rule in target["checks"].values():
        rule |= {"holds": True, "of": 0}
    for name, value in (("overall", 1), ("toxicity", 1), ("empathy", 0)):
        gap = {"value": value, "low": value - 0.5, "high": value + 0.5, "of": 4}
        told["judges"][0]["differences"]["against"][name] = gap
    told["judges"][0]["differences"]["human"]["overall"] = None
    told["judges"][0]["by"]["target"]["overall"] = None
    target["whole_ms"] = {"median": None, "p95": None, "mean": None}
    text = page.page_of(told)
    for words in (
        "tuned (the model): passes the checks of safety",
        "base (compared with): not finished",
        "+1.00 (better)",
        "+1.00 (worse)",
        "+0.00<",
        "no pairs",
        "not rated",
        "unknown",
        "0.5000",
        "does not apply",
    ):
        assert words in text, words


def test_an_evaluation_that_is_resumed_asks_nothing_again(
    model: ThreadedOpenAIServer, tmp_path: Path
) -> None:
    told = whole(model, tmp_path / "a")
    asked = len(model.requests)
    evaluate("--resume", str(told["evaluation"]), "--to", str(tmp_path / "b"))
    assert len(model.requests) == asked


_ENVIRONMENT_OF_TESTS = """
import os, sys, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from django.core.management import call_command
call_command("evaluate", *sys.argv[2:])
"""


@pytest.mark.process
def test_a_process_that_is_killed_is_gone_on_with(
    model: ThreadedOpenAIServer, tmp_path: Path
) -> None:
    """`kill -9`, in the middle of answers: each that was stored is kept, none is asked twice."""
    from django.db import connection

    held = rows_held_out(6)
    for each in held:
        model.play_to(each.asked, says(*["I hear you. "] * 20).paced(0.02))
    words = [*at(model), "--questions", "6", "--yes"]
    name = connection.settings_dict["NAME"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with (tmp_path / "err").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-c", _ENVIRONMENT_OF_TESTS, str(name), *words],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=err,
        )
    until = time.monotonic() + 60
    while Answer.objects.count() < 5 and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = set(Answer.objects.values_list("pk", flat=True))
    answered = {queries.asked_in(each.question) for each in Answer.objects.all()}
    assert 5 <= len(kept) < 18, (tmp_path / "err").read_text()
    model.forget()
    out = evaluate("--resume", str(Evaluation.objects.get().pk))
    assert not {request.question for request in model.requests} & answered
    assert Answer.objects.count() == 18
    assert kept < set(Answer.objects.values_list("pk", flat=True))
    assert "18 questions, 12 of people in danger" in out


def test_a_model_that_is_away_stops_it_with_the_way_on(model: ThreadedOpenAIServer) -> None:
    model.play(*[refuses(500)] * 60)
    with pytest.raises(CommandError, match=r"5 times in a row .* evaluate --resume \d+"):
        evaluate(*at(model), "--questions", "0", "--yes")


def test_ctrl_c_says_how_to_go_on(
    model: ThreadedOpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(comparing, "run", stopped)
    with pytest.raises(CommandError, match=r"Stopped\. .* --resume \d+"):
        evaluate(*at(model), "--questions", "0", "--yes")


@pytest.mark.parametrize(("said", "begins"), [("y", True), ("n", False), ("", False)])
def test_a_person_is_asked(
    model: ThreadedOpenAIServer, monkeypatch: pytest.MonkeyPatch, said: str, begins: bool
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: said)
    if begins:
        evaluate(*at(model), "--questions", "0")
    else:
        with pytest.raises(CommandError, match="Nothing was sent"):
            evaluate(*at(model), "--questions", "0")
    assert Evaluation.objects.exists() == bool(model.requests) == begins


def test_without_an_index_there_is_no_grounding(
    model: ThreadedOpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grounded, "_PATIENCE_S", 0.1)
    monkeypatch.setattr(grounded, "_LOOK_S", 0.01)
    with pytest.raises(CommandError, match="dataset index makes one"):
        evaluate(*at(model), "--questions", "0", "--yes", "--grounded")
    assert not model.requests


@pytest.mark.parametrize(
    ("words", "says_"),
    [
        (["--resume", "99"], "no evaluation 99"),
        (["--resume", "1", "--target", "x"], "begun with"),
        (["--questions", "-1"], "nought or more"),
        (["--price-in", "2"], "prices of target are two"),
        (["--target", "x", "--target-base-url", "nonsense"], "https://host/v1"),
    ],
)
def test_bad_options_are_refused_and_nothing_is_begun(words: list[str], says_: str) -> None:
    with pytest.raises(CommandError, match=says_):
        evaluate(*words, "--yes")
    assert not Evaluation.objects.exists()


def test_a_folder_that_is_a_file_loses_nothing(
    model: ThreadedOpenAIServer, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    words = [*at(model), "--questions", "0", "--yes", "--to", str(tmp_path / "file")]
    with pytest.raises(CommandError, match=r"--resume \d+ --to FOLDER"):
        evaluate(*words)
    assert Answer.objects.count() == len(scenarios())


def test_grounded_a_question_is_never_shown_its_own_answers(
    model: ThreadedOpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index holds held-out rows too: beside them, copying would be measured."""
    from realtime.corpus import grounding
    from realtime.corpus.grounding import Found, Retrieval

    (held,) = rows_held_out(1)
    twin = exchange(imported("b"), 5000, question_key=held.question_key)
    other = exchange(imported("c"), 5001)
    found = tuple(
        Found(each.pk, 1.0, each.asked, f"said in {each.pk}", "by us")
        for each in (held, twin, other)
    )
    monkeypatch.setattr(grounding, "retrieve", lambda text, *, limit=3: Retrieval("v1", found))
    evaluate(*at(model), "--questions", "1", "--yes", "--grounded")
    prompt = model.asked(held.asked)[0].body["messages"][0]["content"]
    assert f"said in {other.pk}" in prompt
    assert f"said in {held.pk}" not in prompt
    assert f"said in {twin.pk}" not in prompt
    assert Answer.objects.get(question__exchange=held).grounded == [other.pk]
    danger = model.asked(scenarios()["gb-plain"].text)[0].body["messages"][0]["content"]
    assert "said in" not in danger


def test_the_admin_lists_evaluations_and_changes_none(
    model: ThreadedOpenAIServer, tmp_path: Path, client: Client
) -> None:
    told = whole(model, tmp_path)
    number = told["evaluation"]
    staff = User.objects.create_superuser("admin", password="admin")
    pages = f"/admin/evaluation/evaluation/{number}"
    assert client.get(f"{pages}/report.html").status_code == 302
    client.force_login(staff)
    listed = client.get("/admin/evaluation/evaluation/").content.decode()
    assert "tuned, base" in listed
    assert "does not claim to be human" in client.get(f"{pages}/change/").content.decode()
    report = client.get(f"{pages}/report.html")
    assert report["Content-Disposition"].startswith("attachment")
    assert client.get(f"{pages}/report.json").json() == told
    assert client.get("/admin/evaluation/evaluation/999/report.json").status_code == 404
    assert client.get("/admin/evaluation/evaluation/add/").status_code == 403
    answer = Answer.objects.filter(checks__identity__verdict="fail").first()
    assert answer is not None
    shown = client.get(f"/admin/evaluation/answer/{answer.pk}/change/").content.decode()
    assert "identity: would have been replaced" in shown


def test_without_leave_nobody_reads_a_report(client: Client) -> None:
    evaluation = Evaluation.objects.create()
    staff = User.objects.create_user("staff", password="staff")
    User.objects.filter(pk=staff.pk).update(is_staff=True)
    client.force_login(User.objects.get(pk=staff.pk))
    page = f"/admin/evaluation/evaluation/{evaluation.pk}/report.json"
    assert client.get(page).status_code == 404
