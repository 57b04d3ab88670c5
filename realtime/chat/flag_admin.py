"""The reviewers' queue: what was flagged, the gravest first; closed with a note, never edited."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Case, F, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from realtime.accounts.models import User
from realtime.chat import reviewing
from realtime.chat.models import Level, Run, SafetyFlag

_GRAVITY = Case(When(level=Level.CRISIS, then=Value(0)), default=Value(1))


class StateFilter(admin.SimpleListFilter):
    """Open ones, unless asked for others."""

    title = "state"
    parameter_name = "state"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        return [("closed", "Closed"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *rest = super().choices(changelist)
        return [{**first, "display": "Open"}, *rest]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[SafetyFlag]
    ) -> QuerySet[SafetyFlag]:
        if self.value() == "all":
            return queryset
        return queryset.filter(closed_at__isnull=self.value() != "closed")


class ClosingForm(forms.ModelForm[SafetyFlag]):
    note = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What you found and did. Saving closes the flag, with your name and the time.",
    )

    class Meta:
        model = SafetyFlag
        fields = ("note",)


@admin.register(SafetyFlag)
class SafetyFlagAdmin(admin.ModelAdmin[SafetyFlag]):
    form = ClosingForm
    list_display = ("grave", "category", "detector", "created_at", "conversation", "state")
    list_display_links = ("grave",)
    list_filter = (StateFilter, "level", "detector", "created_at")
    search_fields = ("=thread__id", "category")
    fields = ("conversation", "level", "category", "detector", "created_at", "state", "note")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[SafetyFlag]:
        run = Run.objects.filter(id=OuterRef("run_id"))
        flags = super().get_queryset(request).select_related("closed_by")
        turn = Subquery(run.values("ord")[:1], output_field=IntegerField())
        return flags.annotate(turn_=turn, gravity_=_GRAVITY)

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """Open before closed, crisis before concern, what waits longest first."""
        return (F("closed_at").asc(nulls_first=True), _GRAVITY, "created_at", "id")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """All but the note; of a closed one that as well."""
        given = self.fields if obj is None or obj.closed_at else self.fields[:-1]
        return tuple(given)

    def save_model(self, request: HttpRequest, obj: SafetyFlag, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        note = form.cleaned_data.get("note", "")
        if not note or not reviewing.close_flag(flag_id=obj.pk, by=request.user, note=note):
            messages.warning(request, "Nothing was changed: this flag is closed already.")

    @admin.display(description="level", ordering="gravity_")
    def grave(self, flag: SafetyFlag) -> SafeString:
        mood = "bad" if flag.level == Level.CRISIS else "cut"
        return format_html('<span class="badge badge-{}">{}</span>', mood, flag.level)

    @admin.display(description="conversation")
    def conversation(self, flag: SafetyFlag) -> SafeString:
        """Where it was found, for the words are only there."""
        url = reverse("admin:chat_thread_change", args=[flag.thread_id])
        turn = getattr(flag, "turn_", None)
        anchor = f"#turn-{turn}" if turn else ""
        return format_html('<a href="{}{}">read it, turn {}</a>', url, anchor, turn or "?")

    @admin.display(description="state", ordering="closed_at")
    def state(self, flag: SafetyFlag) -> str:
        if flag.closed_at is None:
            return "open"
        who = flag.closed_by.get_username() if flag.closed_by else "somebody who is gone"
        return f"closed by {who}, {flag.closed_at:%Y-%m-%d %H:%M} UTC"

    class Media:
        css = {"all": ("chat/transcript.css",)}  # noqa: RUF012 - Django reads it from the class
