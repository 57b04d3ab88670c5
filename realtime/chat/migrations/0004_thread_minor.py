from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0002_synthetic_threads")]

    operations = [
        migrations.AddField(
            model_name="thread",
            name="minor",
            field=models.BooleanField(default=False, db_default=False),
        )
    ]
