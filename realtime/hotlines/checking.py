"""The part of the admin where people verify lines: what is due, one click, and the history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from realtime.accounts.models import User
from realtime.hotlines import codes, help_page, history, queries
from realtime.hotlines.facts import Line
from realtime.hotlines.hand_edits import NOT_CONTENT, HandEditedAdmin, who
from realtime.hotlines.history import CheckRefused, Outcome
from realtime.hotlines.models import Hotline, HotlineCheck
from realtime.hotlines.models.base import Checked
from realtime.hotlines.verifying import enabled_countries, to_verify

_A_PAGE = 25
_LONGEST_VALUE = 60


class FoundForm(forms.Form):
    """What a person found out about a line."""

    how = forms.ChoiceField(choices=[(way, way) for way in history.WAYS])
    outcome = forms.ChoiceField(
        choices=[(one.value, one.label) for one in Outcome if one != Outcome.EDITED]
    )
    note = forms.CharField(required=False, max_length=400, validators=[Checked(codes.check_plain)])
    seen = forms.CharField(max_length=16)
    settled = forms.BooleanField(required=False)

    def clean_note(self) -> str:
        """A line goes for a reason that somebody can read later."""
        note = str(self.cleaned_data["note"])
        if self.data.get("outcome") == Outcome.DEAD and not note:
            raise forms.ValidationError("Say what you found, so that others can follow.")
        return note


class VerifiedAdmin(HandEditedAdmin[Hotline]):
    """Lists what is due, takes what was found out, and writes down what was edited."""

    change_list_template = "hotlines/admin/lines.html"

    def get_urls(self) -> list[URLPattern]:
        shell: Callable[..., Any] = self.admin_site.admin_view
        return [
            path("to-verify/", shell(require_safe(self.due)), name="hotlines_hotline_due"),
            path(
                "to-verify/<slug:slug>/",
                shell(require_POST(self.found)),
                name="hotlines_hotline_found",
            ),
            *super().get_urls(),
        ]

    def due(self, request: HttpRequest) -> HttpResponse:
        """List the lines that nobody checked lately; `?country=GB` leaves the others out."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        facts, country = queries.facts_now(), request.GET.get("country", "")
        due = to_verify(
            facts,
            enabled=enabled_countries(facts, settings.HOTLINE_COUNTRIES),
            now=timezone.now(),
            lasts=timedelta(days=settings.HOTLINE_CHECK_DAYS),
        )
        codes_due = {code for one in due for code in one.line.countries}
        shown = [one for one in due if not country or country in one.line.countries]
        page = Paginator(shown, _A_PAGE).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Lines to verify",
            "opts": self.opts,
            "page": page,
            "cards": [(one, help_page.card_of(one.line)) for one in page],
            "country": country,
            "countries": [one for one in facts.countries.values() if one.code in codes_due],
            "days": settings.HOTLINE_CHECK_DAYS,
            "may_check": self.has_change_permission(request),
            "may_remove": self.has_delete_permission(request),
        }
        return TemplateResponse(request, "hotlines/admin/due.html", context)

    def found(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Take what a person found out about a line."""
        form = FoundForm({"outcome": Outcome.OK, **request.POST.dict()})
        removes = request.POST.get("outcome") == Outcome.DEAD
        if not self.has_change_permission(request) or (
            removes and not self.has_delete_permission(request)
        ):
            raise PermissionDenied
        if not form.is_valid():
            name, reasons = next(iter(form.errors.items()))
            messages.error(request, f"Nothing was written down. {name}: {reasons[0]}")
            return self._back(request)
        found = form.cleaned_data | {"outcome": Outcome(form.cleaned_data["outcome"])}
        try:
            history.record_check(slug=slug, user=who(request), **found)
        except CheckRefused as refused:
            messages.error(request, f"Nothing was written down. {refused}")
            return self._back(request)
        messages.success(request, f"Line {slug}: {found['outcome'].label}, {found['how']}.")
        if found["outcome"] == Outcome.CHANGED:
            return HttpResponseRedirect(reverse("admin:hotlines_hotline_change", args=[slug]))
        return self._back(request)

    def _back(self, request: HttpRequest) -> HttpResponse:
        kept = {name: request.GET[name] for name in ("country", "p") if request.GET.get(name)}
        where = reverse("admin:hotlines_hotline_due")
        return HttpResponseRedirect(f"{where}?{urlencode(kept)}" if kept else where)

    def checks(self, line: Hotline) -> SafeString:
        rows = HotlineCheck.objects.filter(line=line.pk).select_related("by")
        return render_to_string("hotlines/admin/history.html", {"rows": rows})

    def save_related(
        self, request: HttpRequest, form: forms.ModelForm[Hotline], formsets: Any, change: bool
    ) -> None:
        before = queries.line_of(form.instance)
        super().save_related(request, form, formsets, change)
        after = queries.line_of(form.instance)
        changed = before.mark != after.mark  # all that a person verified
        words = [_changed(form, name) for name in form.changed_data if name not in NOT_CONTENT]
        words += [f"contacts: {_ways(before)} -> {_ways(after)}"] if changed else []
        words = words if change else ["added"]
        typed = "checked_on" in form.changed_data
        if words:
            history.record_edit(
                slug=form.instance.pk,
                words="; ".join(words),
                user=who(request),
                unchecked=changed and not typed,
            )
        if form.instance.checked_on and typed:
            history.record_typed_check(line=form.instance, user=who(request))

    def remember(self, row: Model, user: User) -> None:
        super().remember(row, user)
        if isinstance(row, Hotline):
            history.record_edit(slug=row.pk, words="deleted", user=user)


def _ways(line: Line) -> str:
    ways = [(one.kind, one.value, one.e164, one.note) for one in line.contacts]
    return ", ".join(" ".join(filter(None, way)) for way in ways) or "none"


def _changed(form: forms.ModelForm[Hotline], name: str) -> str:
    old, new = form.initial.get(name), form.cleaned_data.get(name)
    if isinstance(new, str) and max(len(new), len(str(old or ""))) <= _LONGEST_VALUE:
        return f"{name}: {old or 'nothing'} -> {new or 'nothing'}"
    return name
