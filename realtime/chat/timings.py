"""Every timer of the room, in seconds. Tests scale them all at once."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True)
class Timings:
    lease_s: float = 15.0
    heartbeat_s: float = 5.0
    sweep_s: float = 3.0
    regain_s: float = 10.0
    queue_s: float = 300.0
    drain_s: float = 45.0
    goodbye_s: float = 0.1
    flush_min_s: float = 0.040
    flush_max_s: float = 0.250
    storage_retry_s: float = 0.25
    storage_hint_s: float = 1.0
    storage_give_up_s: float = 60.0
    poll_active_s: float = 2.0
    poll_idle_s: float = 15.0
    poll_unhealthy_s: float = 0.5
    publish_timeout_s: float = 1.0
    send_timeout_s: float = 10.0
    lag_s: float = 28.0  # with send_timeout_s before it and close_s after it: well within 40 s
    close_s: float = 0.5
    subscribe_s: float = 5.0
    ping_s: float = 25.0
    keep_alive_s: float = 15.0
    recheck_s: float = 300.0
    look_again_s: float = 1.0
    socket_lease_s: float = 90.0
    socket_renew_s: float = 30.0
    limits_pause_s: float = 5.0
    help_s: float = 1.0
    directory_s: float = 60.0
    tally_s: float = 30.0
    known_model_s: float = 5.0
    index_s: float = 10.0
    grounding_s: float = 1.0
    slow_s: float = 8.0  # a model that says nothing for so long is slow for who is in danger
    moderation_s: float = 1.5
    notice_retry_s: float = 1.0
    first_token_s: float = 30.0
    idle_s: float = 30.0
    tool_s: float = 15.0
    turn_s: float = 300.0
    backoff_s: float = 0.5

    def scaled(self, factor: float) -> Timings:
        """All but those that ask how fast this machine is, which no factor makes faster."""
        names = {f.name for f in fields(self)} - {"subscribe_s"}
        return replace(self, **{name: getattr(self, name) * factor for name in names})
