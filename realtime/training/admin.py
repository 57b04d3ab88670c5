"""Fine-tuning to look at: jobs with their losses, and the models they gave; nothing to change."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from realtime.accounts.read_only import ReadOnlyAdmin
from realtime.chat.answering import active_model, configured_model
from realtime.training import queries, telling
from realtime.training.job_page import page_of
from realtime.training.models import TunedModel, TuningJob


@admin.register(TuningJob)
class TuningJobAdmin(ReadOnlyAdmin):
    change_form_template = "training/admin/job.html"
    list_display = (
        "number",
        "stands",
        "base_model",
        "server",
        "rows",
        "held_out",
        "began",
        "gave",
    )
    list_filter = ("status", "base_model", "created_at")
    search_fields = ("=id", "=remote_id", "base_model", "fine_tuned_model")
    ordering = ("-id",)
    fields = ("id",)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["page"] = page_of(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="job", ordering="id")
    def number(self, job: TuningJob) -> str:
        return str(job)

    @admin.display(description="status", ordering="status")
    def stands(self, job: TuningJob) -> str:
        return telling.status_of(job)

    @admin.display(description="server", ordering="base_url")
    def server(self, job: TuningJob) -> str:
        return telling.host_of(job.base_url)

    @admin.display(description="rows", ordering="train_examples")
    def rows(self, job: TuningJob) -> int:
        return job.train_examples

    @admin.display(description="held out", ordering="validation_examples")
    def held_out(self, job: TuningJob) -> str:
        return f"{job.validation_examples:,}" if job.validation_examples else "none"

    @admin.display(description="began", ordering="created_at")
    def began(self, job: TuningJob) -> str:
        return telling.minute(job.created_at)

    @admin.display(description="model", ordering="fine_tuned_model")
    def gave(self, job: TuningJob) -> str:
        return job.fine_tuned_model or "-"

    class Media:
        css = {"all": ("chat/transcript.css", "training/jobs.css")}  # noqa: RUF012 - Django's way


@admin.register(TunedModel)
class TunedModelAdmin(ReadOnlyAdmin):
    change_list_template = "training/admin/models.html"
    list_display = ("name", "answers", "of_job", "step", "loss", "ends")
    list_filter = ("base_url",)
    list_select_related = ("job", "checkpoint")
    search_fields = ("name", "=job__id")
    ordering = ("-id",)
    fields = ("name", "answers", "of_job", "step", "loss", "server", "ends", "asked_at")
    readonly_fields = fields

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        active, own = active_model(), configured_model()
        shown = {"active": active, "own": own.resolved_model if own else ""}
        return super().changelist_view(request, {**(extra_context or {}), **shown})

    @admin.display(description="answers now")
    def answers(self, model: TunedModel) -> str:
        active = active_model()
        here = (model.name, model.base_url)
        if active is None or (active.name, active.base_url) != here:
            return "-"
        return format_html('<span class="badge badge-good">{}</span>', "answers now")

    @admin.display(description="from", ordering="job_id")
    def of_job(self, model: TunedModel) -> SafeString:
        url = reverse("admin:training_tuningjob_change", args=[model.job_id])
        return format_html('<a href="{}">{}</a>', url, model.job)

    @admin.display(description="step", ordering="checkpoint__step")
    def step(self, model: TunedModel) -> str:
        return "its end" if model.checkpoint is None else str(model.checkpoint.step)

    @admin.display(description="validation loss")
    def loss(self, model: TunedModel) -> str:
        found = queries.trained(model.name, base_url=model.base_url)
        loss = found.validation_loss if found else None
        return "not measured: memory only" if loss is None else f"{loss:.3f}"

    @admin.display(description="server", ordering="base_url")
    def server(self, model: TunedModel) -> str:
        return telling.host_of(model.base_url)

    @admin.display(description="ends", ordering="shutdown_date")
    def ends(self, model: TunedModel) -> str:
        return telling.ends_of(model)

    class Media:
        css = {"all": ("chat/transcript.css", "training/jobs.css")}  # noqa: RUF012 - Django's way
