"""The directory by hand: all of it can be edited, and the import leaves such edits alone."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, QueryDict

from realtime.hotlines import bookkeeping_admin, codes  # noqa: F401 - registers itself
from realtime.hotlines.checking import VerifiedAdmin
from realtime.hotlines.hand_edits import HAND_FIELDS, HandEditedAdmin
from realtime.hotlines.models import (
    Audience,
    Contact,
    Country,
    EmergencyNumber,
    EmergencySource,
    Hotline,
    Need,
    Source,
)


class ContactFormSet(forms.BaseInlineFormSet[Contact, Hotline, Any]):
    def clean(self) -> None:
        """What is shown and what is dialled must be one number: a person taps the second."""
        super().clean()
        countries = (
            tuple(self.data.getlist("countries")) if isinstance(self.data, QueryDict) else ()
        )
        for form in self.forms:
            contact = getattr(form, "cleaned_data", {})
            value, e164 = contact.get("value"), contact.get("e164")
            if contact.get("DELETE") or not value or not e164:
                continue
            if not codes.says_the_same(value, e164, countries):
                form.add_error("e164", f"{value} and {e164} are two numbers.")


class ContactInline(admin.TabularInline[Contact, Hotline]):
    model = Contact
    formset = ContactFormSet
    extra = 0
    fields = ("position", "kind", "value", "e164", "note", *HAND_FIELDS)
    readonly_fields = ("edited_by", "edited_at")


class SourceInline(admin.TabularInline[Source, Hotline]):
    model = Source
    extra = 0


class EmergencyNumberInline(admin.TabularInline[EmergencyNumber, Country]):
    model = EmergencyNumber
    extra = 0
    fields = ("position", "service", "number", "confidence", "also_reported", "note", *HAND_FIELDS)
    readonly_fields = ("edited_by", "edited_at")


class ConflictsFilter(admin.SimpleListFilter):
    title = "conflicts"
    parameter_name = "conflicts"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        return [("yes", "Sources disagree"), ("no", "None known")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Hotline]) -> QuerySet[Hotline]:
        if self.value() == "yes":
            return queryset.exclude(conflicts="")
        return queryset.filter(conflicts="") if self.value() == "no" else queryset


class HotlineForm(forms.ModelForm[Hotline]):
    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if bool(values.get("countries")) == bool(values.get("international")):
            raise ValidationError("Choose countries, or international, and not both.")
        listed = values.get("hours") == Hotline.HoursKind.SET
        if listed and not values.get("hours_text"):
            self.add_error("hours_text", "Say in words when the line is open.")
        if not listed and (
            values.get("hours_text") or values.get("time_zone") or values.get("opening")
        ):
            self.add_error("hours", 'Opening times need "at set times".')
        if values.get("opening") and not values.get("time_zone"):
            self.add_error("time_zone", "Opening times need a time zone.")
        if bool(values.get("checked_on")) != bool(values.get("checked_how")):
            self.add_error("checked_how", "A check needs its day and how it was done.")
        return values


@admin.register(Hotline)
class HotlineAdmin(VerifiedAdmin):
    deletion_name = "hotline"
    form = HotlineForm
    inlines: ClassVar = [ContactInline, SourceInline]
    list_display = (
        "name", "slug", "served", "confidence", "disputed", "hours", "last_seen", "checked_on",
        "edited_by_hand",
    )  # fmt: skip
    list_filter = (
        ConflictsFilter,
        "confidence",
        "needs",
        "audiences",
        "hours",
        "edited_by_hand",
        ("checked_on", admin.EmptyFieldListFilter),
        ("countries", admin.RelatedOnlyFieldListFilter),
    )
    readonly_fields = (*VerifiedAdmin.readonly_fields, "checks")
    search_fields = ("name", "slug", "organisation", "contacts__value", "contacts__e164")
    filter_horizontal = ("countries", "needs", "audiences")
    fieldsets = (
        (None, {"fields": ("slug", "name", "organisation", "website", "notes", "pair")}),
        ("Where", {"fields": ("countries", "international", "regions")}),
        ("Whom and what for", {"fields": ("needs", "audiences", "open_to_all", "only_for")}),
        ("Languages", {"fields": ("languages", "languages_inferred")}),
        ("When", {"fields": ("hours", "hours_text", "time_zone", "opening", "cost")}),
        ("How sure", {"fields": ("confidence", "conflicts", "last_seen")}),
        ("Checked by this site", {"fields": ("checked_on", "checked_how")}),
        ("By hand", {"fields": HAND_FIELDS}),
        ("Checks and changes", {"fields": ("checks",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hotline]:
        return super().get_queryset(request).prefetch_related("countries")

    @admin.display(description="countries")
    def served(self, line: Hotline) -> str:
        return ", ".join(country.code for country in line.countries.all()) or "international"

    @admin.display(boolean=True, description="conflicts")
    def disputed(self, line: Hotline) -> bool:
        return bool(line.conflicts)

    def save_formset(
        self,
        request: HttpRequest,
        form: forms.ModelForm[Hotline],
        formset: BaseInlineFormSet[Any, Hotline, Any],
        change: bool,
    ) -> None:
        super().save_formset(request, form, formset, change)
        for row in [*formset.new_objects, *(row for row, _ in formset.changed_objects)]:
            if isinstance(row, Contact) and row.e164:
                _warn_if_unlikely(request, row.e164)


def _warn_if_unlikely(request: HttpRequest, number: str) -> None:
    try:
        codes.check_valid_e164(number)
    except ValueError as error:
        messages.warning(request, f"Saved, but please look again: {error}.")


@admin.register(Need)
class NeedAdmin(HandEditedAdmin[Need]):
    deletion_name = "need"
    list_display = ("name", "slug", "definition", "urgent", "broad", "edited_by_hand")
    search_fields = ("slug", "name", "definition")
    fields = ("slug", "name", "definition", "urgent", "broad", "implies", *HAND_FIELDS)


@admin.register(Audience)
class AudienceAdmin(HandEditedAdmin[Audience]):
    deletion_name = "audience"
    list_display = ("name", "slug", "definition", "edited_by_hand")
    search_fields = ("slug", "name", "definition")
    fields = ("slug", "name", "definition", *HAND_FIELDS)


@admin.register(Country)
class CountryAdmin(HandEditedAdmin[Country]):
    inlines: ClassVar = [EmergencyNumberInline]
    list_display = ("name", "code", "lead", "edited_by_hand")
    list_select_related = ("lead",)
    search_fields = ("code", "name")
    fields = ("code", "name", "lead", *HAND_FIELDS)

    def has_delete_permission(self, request: HttpRequest, obj: Country | None = None) -> bool:
        return False  # the list of countries is ISO's

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "lead" and request.resolver_match:
            code = request.resolver_match.kwargs.get("object_id")
            kwargs["queryset"] = Hotline.objects.filter(countries=code)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(EmergencyNumber)
class EmergencyNumberAdmin(HandEditedAdmin[EmergencyNumber]):
    deletion_name = "emergency number"
    list_display = (
        "country",
        "service",
        "number",
        "confidence",
        "also_reported",
        "edited_by_hand",
    )
    list_filter = ("service", "confidence", "also_reported", "edited_by_hand")
    list_select_related = ("country",)
    search_fields = ("country__code", "country__name", "number")
    filter_horizontal = ("sources",)
    fields = (
        "country", "position", "service", "number", "confidence", "also_reported", "note",
        "sources", *HAND_FIELDS,
    )  # fmt: skip


@admin.register(EmergencySource)
class EmergencySourceAdmin(admin.ModelAdmin[EmergencySource]):
    list_display = ("slug", "url", "date")
