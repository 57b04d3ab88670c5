"""What the directory remembers, to be looked at: who checked what, deletions, imported files."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from realtime.hotlines.models import HandDeletion, HotlineCheck, ImportedFile


@admin.register(HandDeletion)
class HandDeletionAdmin(admin.ModelAdmin[HandDeletion]):
    """Delete an entry to let the next import bring the row back."""

    list_display = ("what", "key", "deleted_by", "deleted_at")
    list_filter = ("what",)
    search_fields = ("key",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: HandDeletion | None = None) -> bool:
        return False


@admin.register(ImportedFile)
class ImportedFileAdmin(admin.ModelAdmin[ImportedFile]):
    """Delete an entry to import the file again at the next start."""

    list_display = ("name", "imported_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ImportedFile | None = None) -> bool:
        return False


@admin.register(HotlineCheck)
class HotlineCheckAdmin(admin.ModelAdmin[HotlineCheck]):
    """Who found out or changed what, also about lines that are gone."""

    list_display = ("at", "line", "outcome", "how", "by", "note")
    list_filter = ("outcome", "at")
    list_select_related = ("by",)
    search_fields = ("line", "note", "by__username")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: HotlineCheck | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: HotlineCheck | None = None) -> bool:
        return False
