from __future__ import annotations

from django.db import models


class DayCount(models.Model):
    """How often something happened on a day in a country; nothing tells with whom.

    `what` happened to `about`: a line's slug, `emergency` or `international` that was shown or
    tapped, else a level or a reason. `country` is blank where it was not known.
    """

    class What(models.TextChoices):
        SCREENED = "screened"  # a message, at the level `about`, of the category `reason`
        CARD = "card"  # a help card, at the level `about`, for `reason`
        SHOWN = "shown"  # a line, on a card or page, for `reason`
        TAPPED = "tapped"  # a line, by `channel`, on a card or page shown for `reason`
        DISCLOSED = "disclosed"  # that an AI answers, for the reason `about`
        REPLACED = "replaced"  # a passage of a reply, by the rule `about`

    day = models.DateField()
    country = models.CharField(max_length=2, blank=True)
    what = models.CharField(max_length=16, choices=What.choices)
    about = models.CharField(max_length=100)
    reason = models.CharField(max_length=32, blank=True)
    channel = models.CharField(max_length=16, blank=True)
    count = models.PositiveBigIntegerField()

    class Meta:
        db_table = "day_count"
        ordering = ("day", "country", "what", "about", "reason", "channel")
        constraints = (
            models.UniqueConstraint(
                fields=["day", "country", "what", "about", "reason", "channel"],
                name="day_count_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.country or '??'} {self.what} {self.about}: {self.count}"
