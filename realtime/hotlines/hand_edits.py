"""How the admin notes what a person changed, so that the import leaves it alone."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest

from realtime.accounts.models import User
from realtime.hotlines import operations
from realtime.hotlines.models import Contact, EmergencyNumber, Source
from realtime.hotlines.models.base import HandEdited

M = TypeVar("M", bound=Model)
# Changing only these takes nothing away from the data files.
NOT_CONTENT = frozenset({"edited_by_hand", "checked_on", "checked_how"})
HAND_FIELDS = ("edited_by_hand", "edited_by", "edited_at")


def who(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("the admin is for users who logged in")
    return request.user


class HandEditedAdmin(admin.ModelAdmin[M]):
    """Notes who changed, added or deleted what."""

    deletion_name: ClassVar[str]  # what the import calls such a row
    readonly_fields: ClassVar[tuple[str, ...]] = ("edited_by", "edited_at")

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> tuple[str, ...]:
        # A changed primary key would be a second row.
        key = self.model._meta.pk.name
        return (key, *self.readonly_fields) if obj and key != "id" else self.readonly_fields

    def save_model(
        self, request: HttpRequest, obj: M, form: forms.ModelForm[M], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if isinstance(obj, HandEdited) and set(form.changed_data) - NOT_CONTENT:
            operations.mark_edited(row=obj, user=who(request))

    def save_formset(
        self,
        request: HttpRequest,
        form: forms.ModelForm[M],
        formset: BaseInlineFormSet[Any, M, Any],
        change: bool,
    ) -> None:
        super().save_formset(request, form, formset, change)
        user = who(request)
        edited = [row for row, names in formset.changed_objects if set(names) - NOT_CONTENT]
        edited += formset.new_objects
        for row in edited:
            if isinstance(row, HandEdited):
                operations.mark_edited(row=row, user=user)
        for row in formset.deleted_objects:
            self.remember(row, user)
        owner: Model = form.instance
        changed = formset.model is Source and (edited or formset.deleted_objects)
        if changed and isinstance(owner, HandEdited):
            operations.mark_edited(row=owner, user=user)

    def delete_model(self, request: HttpRequest, obj: M) -> None:
        self.remember(obj, who(request))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[M]) -> None:
        for row in queryset:
            self.remember(row, who(request))
        super().delete_queryset(request, queryset)

    def remember(self, row: Model, user: User) -> None:
        if isinstance(row, Contact):
            key = f"{row.hotline_id} {row.kind} {row.value}"
            operations.remember_deletion(what="contact", key=key, user=user)
        elif isinstance(row, EmergencyNumber):
            operations.remember_deletion(what="emergency number", key=str(row), user=user)
        elif not isinstance(row, Source):
            operations.remember_deletion(what=self.deletion_name, key=str(row.pk), user=user)
