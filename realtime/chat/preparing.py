"""What a turn begins with, read in one go: the conversation, its danger, who is to answer it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from realtime.agent.model import ChatMessage, Model, UserMessage
from realtime.agent.prompt import PROMPT_VERSION, Risk, system_prompt
from realtime.agent.tools import Toolbox
from realtime.chat import agui, answering, cards, leases, offers, queries
from realtime.chat.answering import Choice
from realtime.chat.grounding import Grounding, in_danger
from realtime.chat.helping import Card
from realtime.chat.leases import Claim
from realtime.chat.nameable import nameable
from realtime.chat.toolbox import audiences_of, person_place, toolbox_for
from realtime.chat.transcript import Transcript, for_model
from realtime.hotlines.places import Whereabouts, whereabouts
from realtime.hotlines.queries import current_directory
from realtime.safety.allowed import Allowed


@dataclass(frozen=True, slots=True)
class Task:
    """What a turn needs to begin: `branch` is the conversation, `said` what its log holds.

    `overdue` is a card to show first, of which the model has been told, as `risk` has it.
    """

    told: list[ChatMessage]
    place: Whereabouts
    young: bool
    risk: Risk
    toolbox: Toolbox
    said: Transcript
    branch: list[agui.Message]
    standing: cards.Standing
    allowed: Allowed
    overdue: Card | None
    choice: Choice
    grounding: Grounding = field(default_factory=Grounding)

    def with_(self, grounding: Grounding) -> Task:
        return replace(self, grounding=grounding)

    @property
    def history(self) -> list[ChatMessage]:
        """What the model reads now; who is in danger by now is answered by the rules alone."""
        prompt = system_prompt(
            self.place.country,
            guessed=self.place.guessed,
            risk=self.risk,
            young=self.young,
            examples=[] if in_danger(self.standing) else self.grounding.examples,
        )
        return [prompt, *self.told]

    @property
    def asked(self) -> str:
        """What the person said last."""
        asked = [message for message in self.told if isinstance(message, UserMessage)]
        return asked[-1].content if asked else ""


def prepare(claim: Claim, *, own: str | None, fixed: bool = False) -> Task:
    """Read all that a turn begins with. Sync.

    `own` is the name of the settings' model; `fixed`: it answers whatever was promoted.
    """
    directory = current_directory()
    person = person_place(claim.place)
    told = queries.history(thread_id=claim.thread_pk, up_to_ord=claim.ord)
    standing = cards.standing(
        thread_id=claim.thread_pk, run_id=claim.run_id, message_id=claim.message_id
    )
    overdue = offers.overdue(standing, run_id=claim.client_run_id, place=claim.place)
    if overdue is not None:
        standing.show(overdue)
    audiences = audiences_of(directory, claim.place)
    said, branch = Transcript(), list[agui.Message]()
    choice = Choice(None if fixed else answering.active_model())
    if claim.is_takeover:
        said.apply_all(queries.log_of(run_id=claim.run_id))
        branch = queries.active_branch(thread_id=claim.thread_pk)
        choice = choice if fixed else answering.choose(run_id=claim.run_id, own=own)
    toolbox = toolbox_for(
        directory, person=person, card=lambda: standing.beside, audiences=audiences
    )
    before = [*told, *(for_model(role=m.role, parts=m.parts) for m in said.messages)]
    return Task(
        told=told,
        place=whereabouts(person),
        young=claim.place.get("audience") == "youth",
        risk=standing.told,
        toolbox=toolbox,
        said=said,
        branch=branch,
        standing=standing,
        allowed=nameable(directory, person=person, thread_id=claim.thread_pk, told=before),
        overdue=overdue,
        choice=choice,
    )


def answered_by(model: Model, choice: Choice, grounding: Grounding) -> leases.Answered:
    """What the run keeps of who answers it."""
    active = choice.active
    config = answering.configured_model() if active is None else answering.config_for(active)
    return leases.Answered(
        model.name,
        PROMPT_VERSION,
        "" if config is None else answering.shown_address(config),
        None if active is None else active.pk,
        grounding.version,
        grounding.retrieved,
    )
