"""Where reviewers pick replies as examples, from the transcript, and take them out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from realtime.accounts.models import User
from realtime.chat.admin import ThreadAdmin
from realtime.chat.models import Thread
from realtime.chat.reading import Link
from realtime.review import operations, queries
from realtime.review.forms import ExampleForm
from realtime.review.models import ReviewedReply
from realtime.review.naming import names_in
from realtime.review.redaction import Redacted, redact

_ADD, _CHANGE = "admin:review_reviewedreply_add", "admin:review_reviewedreply_change"
_LIST, _SEE = "admin:review_reviewedreply_changelist", "chat.view_thread"

admin.site.unregister(Thread)


@admin.register(Thread)
class ReviewableThreadAdmin(ThreadAdmin):
    """The transcript, with a link beside each reply that may be an example."""

    def links_beside(self, request: HttpRequest, thread: Thread) -> Mapping[UUID, Link]:
        user = request.user
        if not user.has_perm("review.add_reviewedreply"):
            return {}
        if not queries.allowed_threads().filter(pk=thread.pk).exists():
            return {}
        picked = dict(queries.standing().filter(thread=thread).values_list("reply", "pk"))
        return {
            row: Link("An example: look at it", reverse(_CHANGE, args=[picked[turn.reply]]))
            if turn.reply in picked
            else Link("Use as an example", f"{reverse(_ADD)}?message={row}")
            for row, turn in queries.turns_of(thread)
        }


class EndedFilter(admin.SimpleListFilter):
    """Those that stand, unless asked for others."""

    title = "state"
    parameter_name = "state"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        return [("ended", "Ended"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *rest = super().choices(changelist)
        return [{**first, "display": "Standing"}, *rest]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ReviewedReply]
    ) -> QuerySet[ReviewedReply]:
        if self.value() == "all":
            return queryset
        return queryset.filter(ended_at__isnull=self.value() != "ended")


@admin.register(ReviewedReply)
class ReviewedReplyAdmin(admin.ModelAdmin[ReviewedReply]):
    form = ExampleForm
    change_form_template = "review/admin/example.html"
    change_list_template = "review/admin/examples.html"
    list_display = ("id", "conversation", "reviewer", "created_at", "edit_count", "state")
    list_filter = (
        EndedFilter,
        "ending",
        ("reviewer", admin.RelatedOnlyFieldListFilter),
        "created_at",
    )
    list_select_related = ("reviewer", "ended_by")
    ordering = ("-id",)
    actions = ("remove",)
    _written = ("question", "answer", "topics", "nobody", "certain")
    _about = ("conversation", "reviewer", "created_at", "state", "edits_")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReviewedReply]:
        return super().get_queryset(request).annotate(edit_count_=Count("edits"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and request.user.has_perm(_SEE)

    def has_change_permission(
        self, request: HttpRequest, obj: ReviewedReply | None = None
    ) -> bool:
        """One that has ended is only read."""
        stands = obj is None or obj.ended_at is None
        return stands and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are taken out, which keeps who did what; only their conversation deletes them."""
        return False

    def get_fields(self, request: HttpRequest, obj: ReviewedReply | None = None) -> Any:
        if obj is None:
            return self._written
        if not self.has_change_permission(request, obj):
            return (*self._about, *self._written[:3])
        return (*self._about, *self._written)

    def get_readonly_fields(self, request: HttpRequest, obj: ReviewedReply | None = None) -> Any:
        return () if obj is None else self._about

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        counts = {"counts": queries.counts()}
        return super().changelist_view(request, counts | (extra_context or {}))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if object_id is None and _turn(request) is None:
            return self._refuse(request)
        if object_id is not None and request.method == "POST" and "_remove" in request.POST:
            return self._remove_one(request, object_id)
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except operations.NotAllowed:
            return self._refuse(request)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, str | list[str]]:
        turn = _turn(request)
        assert turn is not None  # changeform_view saw to it
        question, answer = _redacted(turn)
        return {"question": question.text, "answer": answer.text}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["show_save_and_add_another"] = False
        turn = _turn(request) if kwargs.get("add") else None
        if turn is not None:
            question, answer = _redacted(turn)
            context["said"] = [
                ("The person said", _marked(turn.question, question)),
                ("The reply was", _marked(turn.answer, answer)),
            ]
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: ReviewedReply, form: Any, change: bool
    ) -> None:
        assert isinstance(request.user, User)
        if not change:
            row = UUID(str(request.GET["message"]))
            kept = operations.pick(message_id=row, words=form.words, by=request.user)
            obj.pk, obj.thread = kept.pk, kept.thread
        elif not operations.change(reviewed_id=obj.pk, words=form.words, by=request.user):
            raise operations.NotAllowed

    @admin.action(description="Take the selected examples out", permissions=["change"])
    def remove(self, request: HttpRequest, picked: QuerySet[ReviewedReply]) -> None:
        gone = [each for each in picked if self._take_out(request, each)]
        self.message_user(request, f"{len(gone)} example(s) taken out, with their words.")

    def _remove_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        kept = self.get_object(request, object_id)
        if kept is None or not self.has_change_permission(request, kept):
            return self._refuse(request)
        if self._take_out(request, kept):
            messages.success(request, "The example was taken out, with its words.")
        return HttpResponseRedirect(reverse(_LIST))

    def _take_out(self, request: HttpRequest, kept: ReviewedReply) -> bool:
        assert isinstance(request.user, User)
        gone = operations.remove(reviewed_id=kept.pk, by=request.user)
        if gone:
            self.log_change(request, kept, "Taken out.")
        return gone

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        messages.warning(
            request,
            "Nothing was kept. A reply becomes an example from its transcript, and only while its "
            "person allows it, the conversation tells of no danger and the reply still stands.",
        )
        return HttpResponseRedirect(reverse(_LIST))

    @admin.display(description="conversation")
    def conversation(self, kept: ReviewedReply) -> SafeString:
        url = reverse("admin:chat_thread_change", args=[kept.thread_id])
        return format_html('<a href="{}">read it</a>', url)

    @admin.display(description="edits")
    def edit_count(self, kept: ReviewedReply) -> int:
        return int(getattr(kept, "edit_count_", 0))

    @admin.display(description="state", ordering="ended_at")
    def state(self, kept: ReviewedReply) -> str:
        if kept.ended_at is None:
            return "standing"
        who = f" by {kept.ended_by.get_username()}" if kept.ended_by else ""
        ending = ReviewedReply.Ending(kept.ending).label
        return f"{ending}{who}, {kept.ended_at:%Y-%m-%d %H:%M} UTC"

    @admin.display(description="edits")
    def edits_(self, kept: ReviewedReply) -> SafeString:
        """Who wrote what: the first is as it was picked."""
        rows = kept.edits.select_related("by")
        told = ((f"{each.at:%Y-%m-%d %H:%M} UTC", each.by or "gone", each.question, each.answer)
                for each in rows)  # fmt: skip
        return format_html_join(
            "",
            '<details class="edit"><summary>{} {}</summary>'
            '<p dir="auto">{}</p><p dir="auto">{}</p></details>',
            told,
        )

    class Media:
        css = {"all": ("chat/transcript.css", "review/example.css")}  # noqa: RUF012 - as Django reads it


def _turn(request: HttpRequest) -> queries.Turn | None:
    """The turn that the address names, if it may be an example."""
    try:
        row = UUID(str(request.GET.get("message", "")))
    except ValueError:
        return None
    return queries.turn_of(row)


def _redacted(turn: queries.Turn) -> tuple[Redacted, Redacted]:
    """Both texts; a name that one of them introduces is known in the other."""
    known = names_in(turn.question) | names_in(turn.answer)
    numbers = queries.help_numbers()
    question = redact(turn.question, known=known, help_lines=numbers)
    return question, redact(turn.answer, known=known, help_lines=numbers)


def _marked(text: str, redacted: Redacted) -> SafeString:
    """The text as it was said, with what the rules found."""
    parts: list[tuple[str, str, str]] = []
    at = 0
    for one in redacted.found:
        parts.append((text[at : one.start], one.kind, text[one.start : one.end]))
        at = one.end
    marked = format_html_join("", '{}<mark title="{}">{}</mark>', parts)
    return format_html("{}{}", marked, text[at:])
