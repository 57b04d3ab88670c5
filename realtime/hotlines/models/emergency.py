"""Police, ambulance and fire: numbers of their own, not help lines."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from realtime.hotlines import codes
from realtime.hotlines.models.base import Checked, Confidence, HandEdited
from realtime.hotlines.models.hotline import Country


class EmergencySource(models.Model):
    slug = models.SlugField(primary_key=True, max_length=60)
    url = models.CharField(max_length=300, validators=[Checked(codes.check_url)])
    seen = models.CharField(max_length=200, help_text="What kind of copy was read.")
    date = models.CharField(
        max_length=10, blank=True, validators=[Checked(codes.check_partial_date)]
    )

    class Meta:
        ordering: ClassVar = ["slug"]

    def __str__(self) -> str:
        return self.slug


class EmergencyNumber(HandEdited):
    class Service(models.TextChoices):
        GENERAL = "general"
        POLICE = "police"
        AMBULANCE = "ambulance"
        FIRE = "fire"

    country = models.ForeignKey(
        Country, on_delete=models.CASCADE, related_name="emergency_numbers"
    )
    position = models.PositiveSmallIntegerField(default=0)
    service = models.CharField(max_length=9, choices=Service.choices)
    number = models.CharField(max_length=20, validators=[Checked(codes.check_dialled)])
    confidence = models.CharField(
        max_length=6, choices=Confidence.choices, default=Confidence.MEDIUM
    )
    also_reported = models.BooleanField(
        default=False, help_text="One source says so and others differ: never shown."
    )
    note = models.CharField(max_length=200, blank=True)
    sources = models.ManyToManyField(EmergencySource, blank=True, related_name="numbers")
    imported_from = models.CharField(max_length=100, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["country", "position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="emergency_number_once", fields=["country", "service", "number"]
            ),
            models.CheckConstraint(
                name="emergency_service_known", condition=Q(service__in=codes.SERVICES)
            ),
            models.CheckConstraint(
                name="emergency_confidence_known", condition=Q(confidence__in=codes.CONFIDENCES)
            ),
            models.CheckConstraint(
                name="emergency_number_is_dialled", condition=Q(number__regex=r"^[0-9*#+ -]{2,}$")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country_id} {self.service} {self.number}"
