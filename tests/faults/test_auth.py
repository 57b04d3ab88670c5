"""Fault 29: what ends a person's way in ends their sockets in mid-stream, in every process."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from realtime.accounts.models import ClientToken, User
from realtime.chat.models import Run
from realtime.chat.queries import now
from tests.support.cluster import Cluster
from tests.support.openai_scenarios import says
from tests.support.people import People, Person
from tests.support.server import http

WORDS = [f"word {i} " for i in range(100)]


async def test_29_a_token_that_expires_in_mid_stream_closes_with_4401_and_sends_no_more(
    cluster: Cluster, people: People
) -> None:
    cluster.model.play_to("tell me", says(*WORDS).paced(0.3))
    person = await people.somebody()
    await expire_in(person, seconds=10)
    tabs = [await person.client(process) for process in cluster.pair]
    await tabs[1].watch()
    await tabs[0].ask("tell me")

    codes = [await tab.turned_away() for tab in tabs]

    assert codes == [4401, 4401]
    assert all(0 < len(tab.view().reply) < len("".join(WORDS)) for tab in tabs)


@sync_to_async
def expire_in(person: Person, *, seconds: float) -> None:
    tokens = ClientToken.objects.filter(user_id=person.user_id)
    tokens.update(expires_at=now() + timedelta(seconds=seconds))


@sync_to_async
def somebody_logged_in(cluster: Cluster, origin: str) -> tuple[dict[str, str], int]:
    """The headers of a browser in which somebody has logged in."""
    user = User.objects.create_superuser(f"operator-{User.objects.count()}")
    browser = Client()
    browser.force_login(user)
    session = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert Session.objects.filter(session_key=session).exists()
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}", "Origin": origin}, user.pk


def log_out(url: str, headers: dict[str, str]) -> None:
    """As the button in the admin does."""
    page = http("GET", f"{url}/admin/password_change/", headers=headers).decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    token = found[1]
    cookies = f"{headers['Cookie']}; {settings.CSRF_COOKIE_NAME}={token}"
    http(
        "POST",
        f"{url}/admin/logout/",
        headers={**headers, "Cookie": cookies, "X-CSRFToken": token},
        body=b"",
    )


@pytest.mark.quick
async def test_29_a_log_out_in_mid_stream_closes_the_sockets_of_every_process_with_4401(
    cluster: Cluster, people: People
) -> None:
    cluster.model.play_to("tell me", says(*WORDS).paced(0.05))
    one, two = cluster.pair
    tabs = []
    headers, user_id = await somebody_logged_in(cluster, one.url)
    for process in (one, two):
        here = {**headers, "Origin": process.url}
        tabs.append(await Person(here, user_id, cluster, people.open).client(process))
    await tabs[1].watch()
    turn = await tabs[0].ask("tell me")
    for tab in tabs:
        await tab.reads(20)

    await asyncio.to_thread(log_out, one.url, headers)
    codes = [await tab.turned_away() for tab in tabs]

    assert codes == [4401, 4401]
    assert all(len(tab.view().reply) < len("".join(WORDS)) for tab in tabs)
    # The reply is the person's, not the socket's: it goes on.
    assert (await Run.objects.aget(client_run_id=turn.run_id)).state in ("running", "completed")


async def test_29_a_thread_deleted_in_mid_stream_is_empty_for_all_who_watch_and_stays_so(
    cluster: Cluster, people: People
) -> None:
    cluster.model.play_to("tell me", says(*WORDS).paced(0.05))
    one, two = cluster.pair
    person = await people.somebody()
    tabs = [await person.client(one), await person.client(two)]
    await tabs[1].watch()
    await tabs[0].ask("tell me")
    for tab in tabs:
        await tab.reads(20)

    url = f"{two.url}/api/v1/threads/t1"
    await asyncio.to_thread(http, "DELETE", url, headers=person.headers)
    for tab in tabs:
        await tab.reaches("0-0")
        tab.frames["t1"].clear()
    cluster.model.play_to("another", says("Another."))
    turn = await tabs[0].ask("another", "t2")
    await tabs[0].finished(turn)

    for tab in tabs:
        assert tab.frames["t1"] == []
        assert (tab.view().reply, tab.view().cursor) == ("", "0-0")
    assert not await Run.objects.filter(
        owner_id=person.user_id, thread__client_thread_id="t1"
    ).aexists()
