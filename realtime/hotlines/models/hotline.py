"""Lines, how to reach them, and where that was read."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from realtime.hotlines import codes, opening
from realtime.hotlines.models.base import Checked, Confidence, HandEdited, names_field
from realtime.hotlines.models.vocabulary import Audience, Need


class Country(HandEdited):
    code = models.CharField(
        primary_key=True, max_length=2, validators=[Checked(codes.check_country)]
    )
    name = models.CharField(max_length=80, validators=[Checked(codes.check_plain)])
    lead = models.ForeignKey(
        "Hotline",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="leads",
        help_text="The line that comes first in a crisis.",
    )
    lead_imported_from = models.CharField(max_length=100, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name_plural = "countries"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="country_code_is_two_letters", condition=Q(code__regex=r"^[A-Z]{2}$")
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.lead and not self.lead.countries.filter(pk=self.pk).exists():
            raise ValidationError({"lead": f"{self.lead.name} does not serve {self.name}"})


class Hotline(HandEdited):
    class HoursKind(models.TextChoices):
        ALWAYS = "24/7", "24/7"
        UNKNOWN = "unknown", "not known"
        SET = "set", "at set times"

    class Cost(models.TextChoices):
        FREE = "free"
        STANDARD = "standard"
        UNKNOWN = "unknown"

    slug = models.SlugField(primary_key=True, max_length=60)
    name = models.CharField(max_length=120, validators=[Checked(codes.check_plain)])
    organisation = models.CharField(
        max_length=120, blank=True, validators=[Checked(codes.check_plain)]
    )
    countries = models.ManyToManyField(Country, blank=True, related_name="hotlines")
    international = models.BooleanField(default=False)
    regions = names_field(80, codes.check_plain)
    needs = models.ManyToManyField(Need, blank=True, related_name="hotlines")
    audiences = models.ManyToManyField(Audience, blank=True, related_name="hotlines")
    open_to_all = models.BooleanField(
        default=False, help_text="Serves everybody; the audiences are its special care."
    )
    languages = names_field(12, codes.check_language)
    languages_inferred = models.BooleanField(
        default=False, help_text="No source states them: they are the country's main languages."
    )
    hours = models.CharField(max_length=8, choices=HoursKind.choices, default=HoursKind.UNKNOWN)
    hours_text = models.CharField(
        max_length=120, blank=True, validators=[Checked(codes.check_plain)]
    )
    time_zone = models.CharField(
        max_length=40, blank=True, validators=[Checked(codes.check_time_zone)]
    )
    opening = models.JSONField[list[Any], list[Any]](
        default=list,
        blank=True,
        validators=[Checked(opening.parse_opening)],
        help_text='[{"days": ["mon"], "open": "09:00", "close": "17:00"}], local time. '
        "A close not after open is on the next day.",
    )
    cost = models.CharField(max_length=8, choices=Cost.choices, default=Cost.UNKNOWN)
    website = models.CharField(max_length=200, blank=True, validators=[Checked(codes.check_url)])
    confidence = models.CharField(
        max_length=6, choices=Confidence.choices, default=Confidence.MEDIUM
    )
    conflicts = models.CharField(
        max_length=500,
        blank=True,
        validators=[Checked(codes.check_plain)],
        help_text="What the sources disagree about. Never first while another line serves.",
    )
    notes = models.CharField(max_length=500, blank=True, validators=[Checked(codes.check_plain)])
    only_for = models.CharField(
        max_length=80,
        blank=True,
        validators=[Checked(codes.check_plain)],
        help_text='When it serves less than its needs say: "men", "stalking". Ranked later.',
    )
    pair = models.SlugField(
        max_length=60,
        blank=True,
        db_index=False,
        help_text="Lines with the same word here are shown side by side: two languages, two ages.",
    )
    last_seen = models.CharField(
        max_length=10,
        null=True,
        blank=True,
        validators=[Checked(codes.check_partial_date)],
        help_text="Date of the newest source: YYYY, YYYY-MM or YYYY-MM-DD.",
    )
    checked_on = models.DateField(
        null=True, blank=True, help_text="When somebody of this site tried every contact."
    )
    checked_how = models.CharField(
        max_length=80,
        blank=True,
        validators=[Checked(codes.check_plain)],
        help_text='"by phone", "on the operator\'s page" ...',
    )
    imported_from = models.CharField(max_length=100, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["slug"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="hotline_hours_known", condition=Q(hours__in=["24/7", "unknown", "set"])
            ),
            models.CheckConstraint(
                name="hotline_set_hours_say_when",
                condition=Q(hours="set") ^ Q(hours_text="", time_zone="", opening=[]),
            ),
            models.CheckConstraint(
                name="hotline_table_has_a_clock",
                condition=Q(opening=[]) | ~Q(time_zone=""),
            ),
            models.CheckConstraint(name="hotline_cost_known", condition=Q(cost__in=codes.COSTS)),
            models.CheckConstraint(
                name="hotline_confidence_known", condition=Q(confidence__in=codes.CONFIDENCES)
            ),
            models.CheckConstraint(
                name="hotline_checked_says_how",
                condition=Q(checked_on=None, checked_how="")
                | (Q(checked_on__isnull=False) & ~Q(checked_how="")),
            ),
            models.CheckConstraint(
                name="hotline_last_seen_is_a_date",
                condition=Q(last_seen=None)
                | Q(last_seen__regex=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(HandEdited):
    """One way to reach a line."""

    class Kind(models.TextChoices):
        PHONE = "phone"
        SMS = "sms"
        CHAT = "chat"
        WHATSAPP = "whatsapp"
        EMAIL = "email"
        WEB = "web"
        TTY = "tty"

    hotline = models.ForeignKey(Hotline, on_delete=models.CASCADE, related_name="contacts")
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    value = models.CharField(
        max_length=200,
        validators=[Checked(codes.check_plain)],
        help_text="As dialled in the country, or the address.",
    )
    e164 = models.CharField(
        "E.164",
        max_length=16,
        blank=True,
        validators=[Checked(codes.check_possible_e164)],
        help_text="The full number; empty for short numbers.",
    )
    note = models.CharField(
        max_length=120,
        blank=True,
        validators=[Checked(codes.check_plain)],
        help_text='Always shown: "press 1", "text SHOUT".',
    )

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="contact_once_per_line", fields=["hotline", "kind", "value"]
            ),
            models.CheckConstraint(name="contact_kind_known", condition=Q(kind__in=codes.KINDS)),
            models.CheckConstraint(
                name="contact_e164_is_one",
                condition=Q(e164="") | Q(e164__regex=r"^\+[1-9][0-9]{6,14}$"),
            ),
            models.CheckConstraint(name="contact_has_a_value", condition=~Q(value="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"

    def clean(self) -> None:
        try:
            codes.check_contact(self.kind, self.value, self.e164)
        except ValueError as error:
            raise ValidationError({"value": str(error)}) from error


class Source(models.Model):
    """Where a line was read, and when that copy was made."""

    hotline = models.ForeignKey(Hotline, on_delete=models.CASCADE, related_name="sources")
    url = models.CharField(max_length=300, validators=[Checked(codes.check_url)])
    seen = models.CharField(max_length=200, help_text="What kind of copy was read.")
    date = models.CharField(
        max_length=10, blank=True, validators=[Checked(codes.check_partial_date)]
    )
    verified_by_source = models.CharField(
        max_length=60, blank=True, help_text="The directory's own check date."
    )

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.url
