"""The synthetic threads by name, and how their runs end."""

from __future__ import annotations

from realtime.chat.models import Run, Thread

ENDINGS = {
    "plain": ["completed"] * 4,
    "tool-call": ["completed"] * 2,
    "two-tool-calls": ["completed"] * 2,
    "stopped": ["cancelled", "completed"],
    "interrupted": ["interrupted"],
    "superseded": ["completed"] * 3,
    "help-card": ["completed"] * 3,
    "long": ["completed"] * 22,
    "right-to-left": ["completed"] * 3,
    "failed-before-a-word": ["upstream_unavailable"],
}


def endings() -> dict[str, list[str]]:
    runs = Run.objects.order_by("thread", "ord").select_related("thread")
    found: dict[str, list[str]] = {}
    for run in runs:
        name = run.thread.client_thread_id.removeprefix("demo-")
        found.setdefault(name, []).append(run.error_code or run.state)
    return found


def named(name: str) -> Thread:
    return Thread.objects.get(client_thread_id=f"demo-{name}")
