"""When a conversation tells again that an AI answers: by Postgres' clock, in the submit itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from realtime.chat import agui, log
from realtime.chat.answering import answering_model, is_rehearsal
from realtime.chat.models import Run, Thread
from realtime.chat.toolbox import person_place
from realtime.hotlines.codes import country_names
from realtime.hotlines.places import whereabouts
from realtime.provider.config import ProviderConfig
from realtime.safety import disclosure, policy, sayings
from realtime.safety.disclosure import Intervals, Kind, Talk
from realtime.safety.policy import Rules

NAME = "kindline.disclosure"
_HOUR_S, _DAY_S = 3_600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What a message tells besides its matter."""

    asked: bool  # who answers here
    minor: bool  # its writer is under 18
    country: str | None  # where its writer is


@dataclass(frozen=True, slots=True)
class Told:
    """`value` of the notice that is due, None where none is."""

    value: dict[str, Any] | None = None

    @property
    def events(self) -> list[agui.AguiEvent]:
        return [] if self.value is None else [agui.Custom(name=NAME, value=self.value)]

    def add_to(self, append: log.Append, *, seq: int, after: str) -> None:
        """Store it with the append whose event `seq` tells it, after that message."""
        if self.value is not None:
            append.notices.append(log.NoticeRow(seq, after, NAME, self.value))


def hear(text: str, place: dict[str, str | None]) -> Heard:
    """Some tens of milliseconds for the longest hostile text: before anything is locked."""
    asked, minor = sayings.asks_who_answers(text), sayings.says_under_18(text)
    return Heard(asked, minor, country_of(place))


def due(
    *, thread: Thread, run: Run, heard: Heard, place: dict[str, str | None], new: bool
) -> Told:
    """What the person is told with the message of this run, which was just made; is it `new`?

    The thread is locked: of two windows that send at once, one gets it.
    """
    rules = rules_in(heard.country)
    talk = _talk(thread, before=run.ord, asked=new and heard.asked)
    reason = disclosure.due(talk, rules.intervals)
    if reason is None or (reason == "start" and not settings.DISCLOSURE_AT_START):
        return Told()
    told = disclosure.wording(
        reason, kind=kind(answering_model()), locale=place.get("locale"), more=rules.sentences
    )
    return Told({"id": f"disclosure-{run.client_run_id}", **told})


def country_of(place: dict[str, str | None]) -> str | None:
    """Where the person is, as far as they or their device say; asks nothing, not even memory.

    Two letters of a country there is: a client may send anything.
    """
    country = whereabouts(person_place(place)).country
    return country if country in country_names() else None


def closed_to(place: dict[str, str | None]) -> str | None:
    """The country in which no chat is offered, by name, if the person seems to be there."""
    country = country_of(place)
    if country is None or country not in settings.CLOSED_COUNTRIES:
        return None
    return country_names()[country]


def rules_in(country: str | None) -> Rules:
    """What holds for a person there: the operator's own places count everywhere."""
    policies = policy.policies_for(settings.POLICY_PLACES, country=country)
    return policy.rules_of(policies, least=_settings())


def _settings() -> Intervals:
    return Intervals(
        use_s=settings.DISCLOSURE_HOURS * _HOUR_S,
        minor_use_s=settings.DISCLOSURE_MINOR_HOURS * _HOUR_S,
        idle_s=settings.DISCLOSURE_IDLE_DAYS * _DAY_S,
    )


def kind(config: ProviderConfig | None) -> Kind:
    """Of the model that answers: the scripted demo is no AI, and says so."""
    return "demo" if config is not None and is_rehearsal(config) else "ai"


def _talk(thread: Thread, *, before: int, asked: bool) -> Talk:
    with connection.cursor() as sql:
        sql.execute(
            "SELECT extract(epoch FROM clock_timestamp())::float8,"
            " (SELECT extract(epoch FROM r.created_at)::float8 FROM notice n"
            "  JOIN run r ON r.id = n.run_id WHERE n.thread_id = %s AND n.name = %s"
            "  ORDER BY n.id DESC LIMIT 1),"
            " (SELECT extract(epoch FROM r.created_at)::float8 FROM run r"
            "  WHERE r.thread_id = %s AND r.ord < %s ORDER BY r.ord DESC LIMIT 1)",
            [thread.id, NAME, thread.id, before],
        )
        now_s, disclosed_s, spoken_s = sql.fetchone()
    return Talk(now_s, disclosed_s, spoken_s, minor=thread.minor, asked=asked)
