"""The two files that browsers and crawlers ask every site for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

_DAY_S = 24 * 3600
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<path d="M4 19c6 0 6-8 12-8s6 8 12 2" fill="none" stroke="#d98f6a" stroke-width="3.5" '
    'stroke-linecap="round"/></svg>'
)
# What people write here is nobody's business; who needs the site gets its address from someone.
_ROBOTS = "User-agent: *\nDisallow: /\n"


@require_safe
@cache_control(max_age=_DAY_S, public=True)
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for this where a page names no icon, as in the admin."""
    return HttpResponse(_ICON, content_type="image/svg+xml")


@require_safe
@cache_control(max_age=_DAY_S, public=True)
def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_ROBOTS, content_type="text/plain; charset=utf-8")
