"""Which model answered when, who chose it and why: to be read here, and changed by commands."""

from __future__ import annotations

import json

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from realtime.accounts.read_only import ReadOnlyAdmin
from realtime.chat.models import ActiveModel


@admin.register(ActiveModel)
class ActiveModelAdmin(ReadOnlyAdmin):
    list_display = ("choice", "answers", "who", "base_url", "source", "forced", "created_at")
    list_display_links = ("choice",)
    list_filter = ("forced", "created_at")
    search_fields = ("name", "base_url", "source")
    ordering = ("-id",)
    fields = (
        "choice", "answers", "who", "base_url", "wire", "source", "reason", "forced",
        "what_was_checked", "previous", "chosen_by", "created_at",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description="choice", ordering="id")
    def choice(self, row: ActiveModel) -> int:
        return row.pk

    @admin.display(description="answers now", boolean=True)
    def answers(self, row: ActiveModel) -> bool:
        return not ActiveModel.objects.filter(pk__gt=row.pk).exists()

    @admin.display(description="model", ordering="name")
    def who(self, row: ActiveModel) -> str:
        return str(row)

    @admin.display(description="checks")
    def what_was_checked(self, row: ActiveModel) -> SafeString:
        told = json.dumps(row.checks, indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", told)
