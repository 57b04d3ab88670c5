from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hotlines", "0002_checks_and_pairs")]

    operations = [
        migrations.CreateModel(
            name="DayCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("country", models.CharField(blank=True, max_length=2)),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("screened", "Screened"),
                            ("card", "Card"),
                            ("shown", "Shown"),
                            ("tapped", "Tapped"),
                            ("disclosed", "Disclosed"),
                            ("replaced", "Replaced"),
                        ],
                        max_length=16,
                    ),
                ),
                ("about", models.CharField(max_length=100)),
                ("reason", models.CharField(blank=True, max_length=32)),
                ("channel", models.CharField(blank=True, max_length=16)),
                ("count", models.PositiveBigIntegerField()),
            ],
            options={
                "db_table": "day_count",
                "ordering": ("day", "country", "what", "about", "reason", "channel"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "country", "what", "about", "reason", "channel"),
                        name="day_count_once",
                    )
                ],
            },
        )
    ]
