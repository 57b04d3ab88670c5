from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import aiohttp
import openai
import pytest
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

from realtime.rehearsal import texts
from realtime.rehearsal.server import Server, start

TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "find_hotlines",
            "parameters": {"properties": {"needs": {"items": {"enum": ["suicide"]}}}},
        },
    }
]


def user(text: str) -> ChatCompletionMessageParam:
    return {"role": "user", "content": text}


async def stream(client: openai.AsyncOpenAI, text: str) -> list[ChatCompletionChunk]:
    reply = await client.chat.completions.create(
        model="kindline-rehearsal",
        messages=[user(text)],
        tools=TOOLS,
        stream=True,
        stream_options={"include_usage": True},
    )
    return [chunk async for chunk in reply]


async def test_the_one_model_is_listed(client: openai.AsyncOpenAI) -> None:
    assert [model.id async for model in client.models.list()] == ["kindline-rehearsal"]


async def test_a_reply_streams_word_by_word(client: openai.AsyncOpenAI) -> None:
    chunks = await stream(client, texts.STREAMING)

    pieces = [c.choices[0].delta.content or "" for c in chunks if c.choices]
    assert "".join(pieces) == texts.STREAMING_REPLY
    assert len(pieces) > 100


async def test_a_stream_has_the_vendors_shape(client: openai.AsyncOpenAI) -> None:
    *chunks, last = await stream(client, "hello")

    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    assert {chunk.id for chunk in chunks} == {last.id}
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.completion_tokens == len(chunks) - 2


async def test_a_tool_call_comes_in_pieces(client: openai.AsyncOpenAI) -> None:
    *chunks, _ = await stream(client, texts.HELPLINE)

    calls = [call for c in chunks for call in c.choices[0].delta.tool_calls or []]
    names = [call.function.name for call in calls if call.function and call.function.name]
    arguments = "".join(call.function.arguments or "" for call in calls if call.function)
    assert names == ["find_hotlines"]
    assert calls[0].id
    assert json.loads(arguments)["needs"] == ["suicide"]
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


async def test_the_vendors_own_accumulator_understands_the_stream(
    client: openai.AsyncOpenAI,
) -> None:
    async with client.chat.completions.stream(
        model="m", messages=[user("I want to die")], tools=TOOLS
    ) as reply:
        whole = await reply.get_final_completion()

    message = whole.choices[0].message
    assert message.content == texts.GRAVE_REPLY
    assert [call.function.name for call in message.tool_calls or []] == ["find_hotlines"]


async def test_the_round_after_a_tool_result_goes_on(client: openai.AsyncOpenAI) -> None:
    reply = await client.chat.completions.create(
        model="m",
        messages=[
            user(texts.HELPLINE),
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "find_hotlines", "arguments": "{}"},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": '{"country":"CA","lines":[]}'},
        ],
        tools=TOOLS,
    )

    assert reply.choices[0].message.content == texts.HELPLINE_FOUND


async def test_a_reply_comes_in_one_piece_when_asked(client: openai.AsyncOpenAI) -> None:
    reply = await client.chat.completions.create(
        model="m", messages=[user(texts.HELPLINE)], tools=TOOLS
    )

    message = reply.choices[0].message
    assert message.content == texts.HELPLINE_INTRO
    assert reply.choices[0].finish_reason == "tool_calls"
    assert message.tool_calls is not None
    assert reply.usage is not None


async def test_no_usage_is_told_unasked(client: openai.AsyncOpenAI) -> None:
    reply = await client.chat.completions.create(model="m", messages=[user("hi")], stream=True)

    chunks = [chunk async for chunk in reply]

    assert all(chunk.choices and chunk.usage is None for chunk in chunks)


async def test_a_wrong_request_is_refused_as_the_vendor_does(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        await client.chat.completions.create(model="m", messages=[])

    assert refused.value.param == "messages"
    assert refused.value.type == "invalid_request_error"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/chat/completions", 405),
        ("POST", "/v1/chat/completions", 400),
    ],
)
async def test_wrong_paths_are_answered_in_json(
    server: Server, method: str, path: str, status: int
) -> None:
    url = f"http://127.0.0.1:{server.port}{path}"
    async with aiohttp.ClientSession() as web, web.request(method, url) as answer:
        assert answer.status == status
        assert "message" in (await answer.json())["error"]


async def test_a_huge_body_is_refused(server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/v1/chat/completions"
    body = io.BytesIO(b" " * 9_000_000)
    async with aiohttp.ClientSession() as web, web.post(url, data=body) as answer:
        assert answer.status == 413
        assert "message" in (await answer.json())["error"]


async def test_a_stream_ends_with_the_vendors_last_line(server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/v1/chat/completions"
    asked = {"model": "m", "stream": True, "messages": [user("hi")]}
    async with aiohttp.ClientSession() as web, web.post(url, json=asked) as answer:
        assert answer.content_type == "text/event-stream"
        assert (await answer.text()).endswith("\n\ndata: [DONE]\n\n")


async def test_a_client_that_leaves_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    slow = await start(host="127.0.0.1", port=0, tokens_per_s=1000)
    url = f"http://127.0.0.1:{slow.port}/v1/chat/completions"
    asked = {"model": "m", "stream": True, "messages": [user(texts.DROP)]}

    async with aiohttp.ClientSession() as web:
        leaving = await web.post(url, json=asked)
        await leaving.content.readline()
        leaving.close()
        async with web.post(url, json=asked) as staying:
            assert (await staying.text()).endswith("[DONE]\n\n")
    await slow.stop()

    assert not caplog.records


async def test_the_pace_makes_a_reply_take_its_time() -> None:
    paced = await start(host="127.0.0.1", port=0, tokens_per_s=200)
    url = f"http://127.0.0.1:{paced.port}/v1/chat/completions"
    asked = {"model": "m", "stream": True, "messages": [user("hi")]}
    clock = asyncio.get_running_loop().time

    async with aiohttp.ClientSession() as web:
        started = clock()
        async with web.post(url, json=asked) as answer:
            tokens = (await answer.text()).count('"content"') - 1
    await paced.stop()

    assert clock() - started >= tokens / 200
