"""What was imported, to be looked at: counts and licences, and the rows with what was found."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from realtime.accounts.read_only import ReadOnlyAdmin
from realtime.corpus import cleaning, operations, queries
from realtime.corpus.flagging import EXCLUDING, FLAGS
from realtime.corpus.models import Exchange, Import
from realtime.corpus.reporting import WORDS

_SHORT = 90  # characters of a question in a list


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    """`dataset import` makes them; to delete one takes its rows from all that learns."""

    list_display = (
        *("name", "origin", "rows_read", "exchanges_count", "usable_count", "risk_count"),
        *("licence", "imported_at"),
    )
    list_filter = ("origin", "licence")
    search_fields = ("name", "sha256", "attribution")
    fields = (
        *("name", "origin", "attribution", "source_url", "licence", "licence_words"),
        *("imported_at", "imported_by", "shape", "sha256", "options", "counted", "rows_of_it"),
    )
    readonly_fields = ("licence_words", "counted", "rows_of_it")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Import]:
        return queries.imports()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    @admin.display(description="exchanges")
    def exchanges_count(self, one: Any) -> str:
        return f"{one.exchanges_:,}"

    @admin.display(description="to learn from")
    def usable_count(self, one: Any) -> str:
        return f"{one.usable_:,}"

    @admin.display(description="at risk")
    def risk_count(self, one: Any) -> str:
        return f"{one.risky_:,}"

    @admin.display(description="licence text")
    def licence_words(self, one: Import) -> SafeString | str:
        if not one.licence_text:
            return "none is kept"
        return format_html('<pre style="white-space: pre-wrap">{}</pre>', one.licence_text)

    @admin.display(description="when it was imported")
    def counted(self, one: Import) -> SafeString | str:
        """What the report said then; rows that other imports stand for may be more by now."""
        flags = one.report.get("flags", {})
        plain = [(name, count) for name, count in one.report.items() if isinstance(count, int)]
        found = [
            (WORDS[name], flags[name]) for name in (*FLAGS, *cleaning.MENDED) if flags.get(name)
        ]
        rows = [(name.replace("_", " "), f"{count:,}") for name, count in [*plain, *found]]
        table = format_html_join("", "<tr><td>{}</td><td>{}</td></tr>", rows)
        return format_html("<table>{}</table>", table) if rows else "no report"

    @admin.display(description="rows")
    def rows_of_it(self, one: Import) -> SafeString:
        url = reverse("admin:corpus_exchange_changelist")
        return format_html('<a href="{}?source__id__exact={}">look at them</a>', url, one.pk)

    def delete_model(self, request: HttpRequest, obj: Import) -> None:
        operations.remove_import(import_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Import]) -> None:
        for one in queryset:
            operations.remove_import(import_id=one.pk)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Count the rows: to list them, as Django would, takes minutes at 100,000."""
        ids = [each.pk for each in objs]
        rows = Exchange.objects.filter(source__in=ids).count()
        said = [f"{each.name}" for each in objs]
        return said, {"imports": len(ids), "exchanges": rows}, set(), []


class FlagFilter(admin.SimpleListFilter):
    title = "flag"
    parameter_name = "flag"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        return [(flag, flag.replace("_", " ")) for flag in (*FLAGS, *cleaning.MENDED)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Exchange]) -> QuerySet[Exchange]:
        return queryset.filter(flags__contains=[self.value()]) if self.value() else queryset


@admin.register(Exchange)
class ExchangeAdmin(ReadOnlyAdmin):
    list_display = ("asked_shortly", "topics_said", "risk", "flags_shortly", "usable", "source")
    list_filter = (("source", admin.RelatedOnlyFieldListFilter), "usable", "risk", FlagFilter)
    list_select_related = ("source",)
    search_fields = ("title", "question", "answer")
    show_full_result_count = False
    list_per_page = 50
    fields = (
        *("source", "row", "turn", "title", "before", "question", "answer", "attributed"),
        *("topics_said", "upvotes", "link", "usable", "risk", "flags_said", "scores", "alike"),
    )
    readonly_fields = ("before", "attributed", "topics_said", "flags_said", "scores", "alike")

    @admin.display(description="question")
    def asked_shortly(self, row: Exchange) -> str:
        asked = row.title or row.question or "(empty)"
        return asked if len(asked) <= _SHORT else f"{asked[:_SHORT].rstrip()} …"

    @admin.display(description="topics")
    def topics_said(self, row: Exchange) -> str:
        return ", ".join(row.topics)

    @admin.display(description="flags")
    def flags_shortly(self, row: Exchange) -> SafeString:
        return _flags(flag for flag in row.flags if flag in FLAGS)

    @admin.display(description="flags")
    def flags_said(self, row: Exchange) -> SafeString:
        """Those of what was mended, too."""
        return _flags(row.flags)

    @admin.display(description="said to people")
    def attributed(self, row: Exchange) -> str:
        return row.source.attribution

    @admin.display(description="said before")
    def before(self, row: Exchange) -> SafeString | str:
        said = ((turn["role"], turn["content"]) for turn in row.history)
        return format_html_join("", "<p><b>{}</b>: {}</p>", said) or "nothing"

    @admin.display(description="moderation")
    def scores(self, row: Exchange) -> str:
        return json.dumps(row.moderation, indent=1) if row.moderation else "was not asked"

    @admin.display(description="nearly the same")
    def alike(self, row: Exchange) -> SafeString | str:
        """Rows whose answers are nearly this one; one of them stands for all."""
        if row.duplicates is None:
            return "none"
        others = Exchange.objects.filter(duplicates=row.duplicates).exclude(pk=row.pk)[:20]
        links = (
            (reverse("admin:corpus_exchange_change", args=[each.pk]), each.pk, _stands(each))
            for each in others
        )
        return format_html_join(", ", '<a href="{}">{}</a>{}', links)


def _flags(flags: Iterable[str]) -> SafeString:
    """Those that keep a row out stand out."""
    patterns = {True: "<strong>{}</strong>", False: "{}"}
    said = (format_html(patterns[flag in EXCLUDING], flag.replace("_", " ")) for flag in flags)
    return format_html_join(", ", "{}", ((each,) for each in said))


def _stands(row: Exchange) -> str:
    return " (stands for them)" if row.usable else ""
