from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from realtime.accounts import operations
from realtime.accounts.models import ClientToken, User


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User]):
    list_display = ("username", "kind", "is_staff", "is_active", "date_joined", "last_login")
    list_filter = ("kind", "is_staff", "is_superuser", "is_active")
    fieldsets = (*(DjangoUserAdmin.fieldsets or ()), ("Kindline", {"fields": ("kind",)}))
    date_hierarchy = "date_joined"
    ordering = ("-date_joined",)

    def get_deleted_objects(
        self, objs: Sequence[User] | QuerySet[User], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Whoever may delete a person may delete what is theirs, though it is read-only here."""
        named, numbers, _, protected = super().get_deleted_objects(objs, request)
        return named, numbers, set(), protected

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: User) -> None:
        operations.lock_for_deletion(ids=[obj.pk])
        super().delete_model(request, obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        operations.lock_for_deletion(ids=list(queryset.values_list("pk", flat=True)))
        super().delete_queryset(request, queryset)


@admin.register(ClientToken)
class ClientTokenAdmin(admin.ModelAdmin[ClientToken]):
    """Tokens can be seen and ended here; only POST /api/v1/tokens makes one."""

    list_display = ("id", "user", "created_at", "expires_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    fields = ("user", "allowed_origins", "created_at", "expires_at", "revoked_at")
    readonly_fields = fields
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Revoke the selected tokens", permissions=["change"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ClientToken]) -> None:
        ended = operations.revoke_client_tokens(ids=list(tokens.values_list("pk", flat=True)))
        self.message_user(request, f"{ended} token(s) revoked.")
