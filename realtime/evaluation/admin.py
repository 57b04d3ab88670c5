"""Evaluations to look at and to take home; nothing to change."""

from __future__ import annotations

import json

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from realtime.accounts.read_only import ReadOnlyAdmin
from realtime.evaluation import page, queries, report
from realtime.evaluation.checked import checked_of
from realtime.evaluation.models import Answer, Contestant, Evaluation


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    list_display = ("number", "purpose", "models", "verdict", "started_at", "finished_at")
    list_filter = ("purpose", "started_at")
    readonly_fields = ("purpose", "started_at", "finished_at", "checks", "files")
    fields = readonly_fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Evaluation]:
        return queries.evaluations()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:number>/report.html", view(self.html), name="evaluation_html"),
            path("<int:number>/report.json", view(self.json), name="evaluation_json"),
        ]
        return [*own, *super().get_urls()]

    def html(self, request: HttpRequest, number: int) -> HttpResponse:
        told = report.report_of(self._found(request, number))
        return _download(page.page_of(told), "text/html", f"evaluation-{number}.html")

    def json(self, request: HttpRequest, number: int) -> HttpResponse:
        told = json.dumps(report.report_of(self._found(request, number)), ensure_ascii=False)
        return _download(told, "application/json", f"evaluation-{number}.json")

    def _found(self, request: HttpRequest, number: int) -> Evaluation:
        evaluation = queries.evaluation_by(number)
        if evaluation is None or not self.has_view_permission(request, evaluation):
            raise Http404
        return evaluation

    @admin.display(description="evaluation", ordering="id")
    def number(self, evaluation: Evaluation) -> str:
        return str(evaluation)

    @admin.display(description="models")
    def models(self, evaluation: Evaluation) -> str:
        return ", ".join(each.name for each in _asked(evaluation))

    @admin.display(description="safety checks")
    def verdict(self, evaluation: Evaluation) -> str:
        words = ("pass" if checked_of(each).passed else "fail" for each in _asked(evaluation))
        return ", ".join(words)

    @admin.display(description="checks")
    def checks(self, evaluation: Evaluation) -> SafeString:
        lines = [line for each in _asked(evaluation) for line in checked_of(each).lines()]
        return format_html_join("", "<div>{}</div>", ((line,) for line in lines))

    @admin.display(description="report")
    def files(self, evaluation: Evaluation) -> SafeString:
        return format_html(
            '<a href="{}">HTML</a>, <a href="{}">JSON</a>',
            reverse("admin:evaluation_html", args=[evaluation.pk]),
            reverse("admin:evaluation_json", args=[evaluation.pk]),
        )


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin):
    list_display = ("question", "contestant", "broken", "error", "at")
    list_filter = ("question__kind", "contestant__role", "question__evaluation")
    list_select_related = ("question", "contestant")
    search_fields = ("text",)
    fields = (
        "question",
        "asked",
        "contestant",
        "text",
        "broken",
        "tools",
        "error",
        "first_token_ms",
        "whole_ms",
        "input_tokens",
        "output_tokens",
        "at",
    )
    readonly_fields = fields

    @admin.display(description="rules that it breaks")
    def broken(self, answer: Answer) -> str:
        failed = {n: t for n, t in answer.checks.items() if t["verdict"] == "fail"}
        return "; ".join(f"{name}: {told['note']}" for name, told in failed.items())

    @admin.display(description="asked")
    def asked(self, answer: Answer) -> str:
        return queries.asked_in(answer.question)


def _asked(evaluation: Evaluation) -> list[Contestant]:
    return [c for c in evaluation.contestants.all() if c.role != Contestant.Role.HUMAN]


def _download(text: str, kind: str, name: str) -> HttpResponse:
    """As a file: a page with styles of its own has no place among the admin's."""
    response = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
