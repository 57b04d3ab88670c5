"""Transcripts for reviewers: everything readable and searchable, nothing to change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.timezone import localtime

from realtime.accounts.read_only import ReadOnlyAdmin
from realtime.chat.flag_admin import SafetyFlagAdmin
from realtime.chat.model_admin import ActiveModelAdmin
from realtime.chat.models import Message, Run, RunEvent, Thread
from realtime.chat.reading import Link, reading_of, state_of

__all__ = ["ActiveModelAdmin", "SafetyFlagAdmin"]  # Django looks for them here


@admin.register(Thread)
class ThreadAdmin(ReadOnlyAdmin):
    change_form_template = "chat/admin/thread.html"
    list_display = (
        "began", "kind", "level", "message_count", "last_state", "last_activity", "person",
    )  # fmt: skip
    list_filter = ("level", "synthetic", "created_at", "runs__state")
    list_select_related = ("owner",)
    search_fields = ("=id", "client_thread_id", "owner__username")
    search_help_text = "Words of a message, a person's name, a thread's id"
    ordering = ("-created_at",)
    fields = ("id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Thread]:
        threads: QuerySet[Thread] = super().get_queryset(request)
        last = Run.objects.filter(thread=OuterRef("pk")).order_by("-ord")
        return threads.annotate(
            messages_=Count("messages", distinct=True),
            last_state_=Subquery(last.values("state")[:1]),
            last_error_=Subquery(last.values("error_code")[:1]),
            last_activity_=Coalesce(
                Subquery(last.values(at=Coalesce("finished_at", "started_at", "created_at"))[:1]),
                "created_at",
            ),
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Thread], search_term: str
    ) -> tuple[QuerySet[Thread], bool]:
        """Besides the usual fields, the words of the messages."""
        found, _ = super().get_search_results(request, queryset, search_term)
        if not search_term:
            return found, False
        said = Message.objects.annotate(words=Cast("content", TextField())).filter(
            words__icontains=json.dumps(search_term, ensure_ascii=False)[1:-1]
        )
        return queryset.filter(pk__in=found.values("pk")) | queryset.filter(
            pk__in=said.values("thread_id")
        ), False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        thread = context["original"]
        context["reading"] = reading_of(thread, self.links_beside(request, thread))
        return super().render_change_form(request, context, *args, **kwargs)

    def links_beside(self, request: HttpRequest, thread: Thread) -> Mapping[UUID, Link]:
        """What may be done with its messages: for the rooms above to say."""
        return {}

    @admin.display(description="began", ordering="created_at")
    def began(self, thread: Thread) -> str:
        return _minute(thread.created_at)

    @admin.display(description="messages", ordering="messages_")
    def message_count(self, thread: Thread) -> int:
        return int(getattr(thread, "messages_", 0))

    @admin.display(description="last reply")
    def last_state(self, thread: Thread) -> str:
        state = getattr(thread, "last_state_", None)
        return state_of(state, getattr(thread, "last_error_", None)) if state else "-"

    @admin.display(description="last activity", ordering="last_activity_")
    def last_activity(self, thread: Thread) -> str:
        return _minute(getattr(thread, "last_activity_", thread.created_at))

    @admin.display(description="kind", ordering="synthetic")
    def kind(self, thread: Thread) -> str:
        if not thread.synthetic:
            return "conversation"
        shows = thread.client_thread_id.removeprefix("demo-").replace("-", " ")
        return format_html('<span class="synthetic-badge">synthetic</span> {}', shows)

    @admin.display(description="person", ordering="owner__username")
    def person(self, thread: Thread) -> str:
        """Guests' names are long and random: their beginning tells them apart."""
        return Truncator(thread.owner.get_username()).chars(14)

    class Media:
        css = {"all": ("chat/transcript.css",)}  # noqa: RUF012 - Django reads it from the class


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("id", "thread", "ord", "state", "error_code", "model", "created_at")
    list_filter = ("thread__synthetic", "state", "error_code", "model", "created_at")
    search_fields = ("=id", "client_run_id", "=thread__id")
    ordering = ("-created_at",)
    readonly_fields = ("log",)

    @admin.display(description="Log")
    def log(self, run: Run) -> SafeString:
        events = RunEvent.objects.filter(run_id=run.id).order_by("seq")
        return render_to_string("chat/admin/log.html", {"events": events})

    class Media:
        css = {"all": ("chat/transcript.css",)}  # noqa: RUF012 - Django reads it from the class


def _minute(at: datetime) -> str:
    """To the minute and sortable, in the server's zone."""
    return date_format(localtime(at), "Y-m-d H:i")
