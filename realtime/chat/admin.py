"""Transcripts for reviewers: everything readable and searchable, nothing to change."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from realtime.chat.models import Message, Notice, Run, RunEvent, Thread


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """People look; only the product writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Thread)
class ThreadAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "message_count", "last_state", "owner", "id")
    list_filter = ("created_at", "runs__state")
    list_select_related = ("owner",)
    search_fields = ("=id", "client_thread_id", "owner__username")
    search_help_text = "Words of a message, a person's name, a thread's id"
    ordering = ("-created_at",)
    fields = ("id", "owner", "client_thread_id", "created_at", "transcript")
    readonly_fields = ("transcript",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Thread]:
        threads: QuerySet[Thread] = super().get_queryset(request)
        last = Run.objects.filter(thread=OuterRef("pk")).order_by("-ord").values("state")[:1]
        return threads.annotate(
            messages_=Count("messages", distinct=True), last_state_=Subquery(last)
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

    @admin.display(description="messages")
    def message_count(self, thread: Thread) -> int:
        return int(getattr(thread, "messages_", 0))

    @admin.display(description="last run")
    def last_state(self, thread: Thread) -> str:
        return getattr(thread, "last_state_", None) or "-"

    @admin.display(description="Transcript")
    def transcript(self, thread: Thread) -> SafeString:
        return render_to_string(
            "chat/admin/transcript.html",
            {
                "messages": [shown(m) for m in thread.messages.order_by("ord", "idx")],
                "notices": Notice.objects.filter(thread=thread),
                "runs": Run.objects.filter(thread=thread),
            },
        )

    class Media:
        css = {"all": ("chat/transcript.css",)}  # noqa: RUF012 - Django reads it from the class


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("id", "thread", "ord", "state", "error_code", "model", "created_at")
    list_filter = ("state", "error_code", "model", "created_at")
    search_fields = ("=id", "client_run_id", "=thread__id")
    ordering = ("-created_at",)
    readonly_fields = ("log",)

    @admin.display(description="Log")
    def log(self, run: Run) -> SafeString:
        events = RunEvent.objects.filter(run_id=run.id).order_by("seq")
        return render_to_string("chat/admin/log.html", {"events": events})

    class Media:
        css = {"all": ("chat/transcript.css",)}  # noqa: RUF012 - Django reads it from the class


def shown(message: Message) -> dict[str, Any]:
    """A message for the template: its parts, with JSON made readable."""
    return {
        "role": message.role,
        "status": message.status,
        "superseded": message.superseded_by is not None,
        "created_at": message.created_at,
        "parts": [_shown_part(part) for part in message.content],
    }


def _shown_part(part: dict[str, Any]) -> dict[str, Any]:
    text = {"tool_call": "arguments", "tool_result": "content"}.get(part["type"])
    return part if text is None else {**part, text: _indented(part[text])}


def _indented(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
