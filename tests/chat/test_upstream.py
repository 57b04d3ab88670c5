"""However the model fails, the run ends: by its code, with the words that were seen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from realtime.chat.models import Message, Run
from realtime.chat.transcript import text_of
from tests.support.chat_client import ChatClient
from tests.support.openai_scenarios import (
    REASONING_WITH_TOOLS,
    Call,
    Cut,
    HalfCall,
    Raw,
    Scenario,
    Stall,
    breaks,
    refuses,
    says,
)
from tests.support.openai_server import ThreadedOpenAIServer
from tests.support.server import AppServer, client_token

pytestmark = pytest.mark.process

OK = says("All ", "well.")
LOOK = Call("find_hotlines", '{"country":"GB","needs":["suicide"]}', id="c1", pieces=9)
LOOK_TOO = Call("find_hotlines", '{"country":"IE","needs":["suicide"]}', id="c2")
BROKEN_CALL = Call("find_hotlines", '{"country":')
HALF_CALL = HalfCall("find_hotlines", '{"country":"G')
BAD = Raw(b"data: {oops\n\n")
UNKNOWN_CALL = Call("open_the_door", "{}")

CASES: dict[str, tuple[list[Scenario], str, str]] = {
    # name: what the model does, how the run ends, what stays
    "the 400 about reasoning effort": ([REASONING_WITH_TOOLS], "upstream_unavailable", ""),
    "wrong key": ([refuses(401)], "upstream_unavailable", ""),
    "429 with Retry-After": ([refuses(429, Retry_After="1"), OK], "success", "All well."),
    "500 twice": ([refuses(500), refuses(500), OK], "success", "All well."),
    "500 for ever": ([refuses(500)] * 4, "upstream_unavailable", ""),
    "cut before text": ([breaks(Cut()), OK], "success", "All well."),
    "cut after text": ([breaks("Half", Cut()), OK], "success", "All well."),
    "cut after text for ever": ([breaks("Half", Cut())] * 3, "upstream_unavailable", "Half"),
    "stall after text": ([breaks("Half", Stall()), OK], "success", "All well."),
    "malformed after text": (
        [breaks("Half", BAD), breaks("Half", BAD), OK],
        "success",
        "All well.",
    ),
    "missing end": ([breaks("Half"), OK], "success", "All well."),
    "cut after a call": (
        [says("Look: ", LOOK), breaks("Half", Cut()), OK],
        "success",
        "Look: All well.",
    ),
    "cut behind a call": ([breaks("Look: ", LOOK), OK], "success", "Look: All well."),
    "cut in a call": ([breaks("Look: ", HALF_CALL, Cut()), OK], "success", "All well."),
    "chunks split anywhere": (
        [says("Ünïcode \U0001f600 ", "kept.").chopped(1)],
        "success",
        "Ünïcode \U0001f600 kept.",
    ),
    "a call in mid-reply": ([says("Look: ", LOOK), OK], "success", "Look: All well."),
    "two calls at once": ([says("Two: ", LOOK, LOOK_TOO), OK], "success", "Two: All well."),
    "a call that is no JSON": ([says(BROKEN_CALL), OK], "success", "All well."),
    "a call of no tool": ([says(UNKNOWN_CALL), OK], "success", "All well."),
    "content filter": ([says("Half").cut_short("content_filter")], "content_filtered", "Half"),
}


@pytest.fixture(scope="module")
def responses_process(
    django_db_setup: None,
    model_process: ThreadedOpenAIServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[AppServer]:
    log = tmp_path_factory.mktemp("responses") / "server.log"
    model = {"OPENAI_BASE_URL": model_process.base_url, "OPENAI_WIRE": "responses"}
    with AppServer(log, **model) as server:
        yield server


@pytest.fixture(params=["chat", "responses"])
def server(request: pytest.FixtureRequest, app: AppServer) -> AppServer:
    """The application speaking each of the two wires."""
    if request.param == "chat":
        return app
    other: AppServer = request.getfixturevalue("responses_process")
    return other


@pytest.mark.parametrize("case", CASES)
async def test_the_run_ends_as_defined(
    case: str, server: AppServer, model: ThreadedOpenAIServer
) -> None:
    plays, outcome, words = CASES[case]
    model.play(*plays)

    async with ChatClient(server.url, client_token(server)) as me:
        await me.submit("hi", "t1")
        view = await me.finished("t1")

    kept = [m async for m in Message.objects.filter(role="assistant").order_by("idx")]
    assert (view.outcome, view.reply) == (outcome, words)
    assert "".join(text_of(m.content) for m in kept) == words
    whole = outcome == "success"
    assert {m.status for m in kept} <= {"complete" if whole else "partial"}
    assert not await Run.objects.filter(state__in=Run.ACTIVE).aexists()
