"""Every knob of Kindline, read from the environment; `.env.example` lists the variables."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.env import (
    checked_key,
    checked_url,
    env_bool,
    env_choice,
    env_float,
    env_int,
    env_list,
    env_secret,
    env_str,
    without_user,
)
from config.public import LOOPBACK_HOSTS, read_public_url, refuse_endless_redirect
from realtime.rehearsal.texts import SUGGESTIONS

django_stubs_ext.monkeypatch()  # ModelAdmin[...] is only generic for type checkers otherwise

BASE_DIR = Path(__file__).resolve().parent.parent

# --- What this process is -------------------------------------------------------------------

DEBUG = env_bool("DEBUG", default=False)
SECRET_KEY = env_secret("SECRET_KEY")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY (or SECRET_KEY_FILE) is not set. `./dev run` makes one; "
        "in production give 50 or more random characters."
    )
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Who may reach it -----------------------------------------------------------------------

# The address people type; what follows from it can still be said one by one.
PUBLIC_URL = read_public_url(env_str("PUBLIC_URL"))
_https = PUBLIC_URL.https if PUBLIC_URL else not DEBUG
_hosts = PUBLIC_URL.hosts if PUBLIC_URL else list(LOOPBACK_HOSTS) if DEBUG else []
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS") or _hosts
# Origins a browser may connect from, besides the host it asked (scheme://host[:port]).
ALLOWED_ORIGINS = [*([PUBLIC_URL.origin] if PUBLIC_URL else []), *env_list("ALLOWED_ORIGINS")]
CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS
# Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses or networks.
TRUSTED_PROXIES = env_list("TRUSTED_PROXIES")
GUESTS_PER_HOUR = env_int("GUESTS_PER_HOUR", default=60, least=1)

# --- How much one person may ask ------------------------------------------------------------

SUBMITS_PER_MINUTE = env_int("SUBMITS_PER_MINUTE", default=20, least=1)
SUBMITS_BURST = env_int("SUBMITS_BURST", default=5, least=1)
SUBMITS_PER_MINUTE_PER_ADDRESS = env_int("SUBMITS_PER_MINUTE_PER_ADDRESS", default=60, least=1)
SOCKETS_PER_PERSON = env_int("SOCKETS_PER_PERSON", default=20, least=1)
RUNS_PER_PERSON = env_int("RUNS_PER_PERSON", default=3, least=1)
TOKENS_PER_DAY = env_int("TOKENS_PER_DAY", default=0, least=0)
# At most what is screened for danger (realtime/safety/screen.py).
MAX_MESSAGE_BYTES = env_int("MAX_MESSAGE_BYTES", default=16_384, least=256, most=16_384)
MAX_LOOP_LAG_MS = env_int("MAX_LOOP_LAG_MS", default=500, least=1)
# Without Redis each process counts against its share of these.
WEB_PROCESSES = env_int("WEB_PROCESSES", default=1, least=1)

# --- Rooms ----------------------------------------------------------------------------------

INSTALLED_APPS = [
    # First, for it replaces runserver; only then, for its import costs each process half a second.
    *(["daphne"] if "runserver" in sys.argv else []),
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "procrastinate.contrib.django",
    "realtime.accounts",
    "realtime.hotlines",
    "realtime.chat",
    "realtime.rehearsal",
    "realtime.corpus",
    "realtime.review",
    "realtime.evaluation",
    "realtime.training",
]
MIDDLEWARE = [
    "config.health.healthz",
    "config.error_pages.middleware.ErrorPages",  # outermost: it has the last word on an error
    "realtime.chat.paths.encoded_slashes",
    "realtime.accounts.middleware.forwarded_proto",  # before anything asks whether it is secure
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- Postgres -------------------------------------------------------------------------------

_POSTGRES = "postgres://user:password@host:port/name"
_database_url = checked_url(
    "DATABASE_URL",
    env_secret("DATABASE_URL"),
    schemes=("postgres", "postgresql", "psql", "pgsql"),
    example=_POSTGRES,
)
if not _database_url:
    raise ImproperlyConfigured(
        f"DATABASE_URL is not set ({_POSTGRES}). "
        "`./dev run`, `./dev test` and `./dev manage` start a Postgres of their own."
    )
_database = environ.Env.db_url_config(_database_url)
if not _database["NAME"]:
    raise ImproperlyConfigured(f"DATABASE_URL names no database: say an address like {_POSTGRES}")
# A host that vanished is noticed in seconds, not when the kernel gives up.
_WATCHFUL = {
    "connect_timeout": 3,
    "tcp_user_timeout": 5_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
DATABASES = {
    "default": {
        **_database,
        "ENGINE": "django.db.backends.postgresql",
        # Also what the address asks for: sslmode, sslrootcert ...
        "OPTIONS": {**_WATCHFUL, **_database.get("OPTIONS", {})},
        "TEST": {"MIGRATE": True},
    }
}

# --- Redis ----------------------------------------------------------------------------------

_REDIS = "redis://:password@host:port/0"
REDIS_URL = checked_url(
    "REDIS_URL", env_secret("REDIS_URL"), schemes=("redis", "rediss", "unix"), example=_REDIS
)
if not REDIS_URL:
    raise ImproperlyConfigured(
        f"REDIS_URL is not set ({_REDIS}). "
        "`./dev run`, `./dev test` and `./dev manage` start a Valkey of their own."
    )
REDIS_PREFIX = env_str("REDIS_PREFIX", "kindline")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "prefix": REDIS_PREFIX,
            # redis-py 8 drops idle subscribers after 5 s unless the time-out is given.
            "hosts": [
                {
                    "address": REDIS_URL,
                    "socket_timeout": 15,
                    "socket_connect_timeout": 2,
                    "health_check_interval": 30,
                }
            ],
        },
    }
}

# Whether words go through Redis, in clear; off: processes tell each other where to look.
FANOUT_CONTENT = env_bool("FANOUT_CONTENT", default=True)

# --- The model that answers -----------------------------------------------------------------

OPENAI_API_KEY = checked_key("OPENAI_API_KEY", env_secret("OPENAI_API_KEY"))
OPENAI_BASE_URL = without_user(
    "OPENAI_BASE_URL",
    checked_url(
        "OPENAI_BASE_URL",
        env_str("OPENAI_BASE_URL"),
        schemes=("http", "https"),
        example="https://host/v1",
    ),
    instead="OPENAI_API_KEY",
)
OPENAI_MODEL = env_str("OPENAI_MODEL")
OPENAI_WIRE = env_choice("OPENAI_WIRE", choices=("auto", "responses", "chat"), default="auto")
OPENAI_REASONING_EFFORT = env_str("OPENAI_REASONING_EFFORT")
# Whether, and how, the model goes on with a reply that broke off, instead of writing it again.
UPSTREAM_PREFILL = env_choice(
    "UPSTREAM_PREFILL", choices=("off", "continue", "prefix"), default="off"
)
# Whether the vendor's moderation endpoint looks at messages too; auto: at OpenAI's own address.
MODERATION = env_choice("MODERATION", choices=("auto", "on", "off"), default="auto")
# Where only this machine's own people come, a first look needs no further word.
ALLOW_REHEARSAL = DEBUG or env_bool(
    "ALLOW_REHEARSAL", default=PUBLIC_URL is not None and PUBLIC_URL.loopback
)
# Where the built-in scripted demo listens; ./dev run sets it when no model is configured.
REHEARSAL_URL = env_str("REHEARSAL_URL")
REHEARSAL_SUGGESTIONS = list(SUGGESTIONS)

# --- What people are told ---------------------------------------------------------------------

# Hours after which a conversation that goes on says again that an AI answers. Laws say 3, and 1
# for who said that they are under 18: it may be more often, not less.
DISCLOSURE_HOURS = env_float("DISCLOSURE_HOURS", default=3.0, most=3.0)
DISCLOSURE_MINOR_HOURS = env_float("DISCLOSURE_MINOR_HOURS", default=1.0, most=1.0)
# Places whose law the operator is under (realtime/safety/policies); a person's country counts too.
POLICY_PLACES = env_list("POLICY_PLACES")
# Countries (ISO codes) in which no chat is offered; help is, everywhere.
CLOSED_COUNTRIES = env_list("CLOSED_COUNTRIES")
# Whom people may ask or complain to: an address or a page, shown on /safety.
OPERATOR_NAME = env_str("OPERATOR_NAME")
OPERATOR_CONTACT = env_str("OPERATOR_CONTACT")
DISCLOSURE_AT_START = True  # no knob: the law asks for it everywhere
# Days without a word after which it says so again.
DISCLOSURE_IDLE_DAYS = env_float("DISCLOSURE_IDLE_DAYS", default=7.0, most=7.0)

# --- Turns ----------------------------------------------------------------------------------

MAX_TURNS = env_int("MAX_TURNS", default=200, least=1)
# Off: this process takes messages and shows replies, others (with it on) write them.
TURN_RUNNER = env_bool("TURN_RUNNER", default=True)
# How long a server that is told to stop lets its replies end before it hands them over.
DRAIN_S = env_float("DRAIN_S", default=1.0 if DEBUG else 45.0)
# Whether what people are sent is filled to whole buckets: sizes must not spell the words.
PAD_FRAMES = env_bool("PAD_FRAMES", default=not DEBUG)
# Multiplies every timer of realtime/chat/timings.py; tests use 0.1.
TIMINGS_SCALE = env_float("TIMINGS_SCALE", default=1.0)

# --- How long words are kept -----------------------------------------------------------------

# Days after the last message of a conversation; 0 keeps it until somebody deletes it.
RETENTION_DAYS = env_int("RETENTION_DAYS", default=30, least=0, most=36_500)
# A worker that starts does what the clock asked for since yesterday, once.
PROCRASTINATE_PERIODIC_DEFAULTS = {"max_delay": 24 * 3600}

# --- Learning from chats ---------------------------------------------------------------------

# Whether people may let reviewed, redacted pieces of their chats be learnt from. Nobody is asked,
# and nothing of anybody is used, where it is off.
LEARN_FROM_CHATS = env_bool("LEARN_FROM_CHATS", default=True)

# --- Help lines ------------------------------------------------------------------------------

# Where the help pages are written at import and at every change; where it cannot be written to,
# they are made from memory.
HELP_DIR = Path(env_str("HELP_DIR", str(BASE_DIR / ".run" / "help")))
# Countries whose lead lines a person keeps checked; none named: every country with a lead line.
HOTLINE_COUNTRIES = [code.upper() for code in env_list("HOTLINE_COUNTRIES")]
# Days that a check of a line lasts.
HOTLINE_CHECK_DAYS = env_int("HOTLINE_CHECK_DAYS", default=180, least=1, most=3_650)

# --- Learning --------------------------------------------------------------------------------

# Whether a reply is shown how counsellors answered similar questions (realtime/corpus).
GROUNDING = env_bool("GROUNDING", default=True)
# Where each machine keeps what is searched; made anew wherever it is missing.
INDEX_DIR = Path(env_str("INDEX_DIR", str(BASE_DIR / ".run" / "index")))
# A model of an embeddings endpoint; blank: exchanges are found on this machine, by their words.
EMBEDDINGS_MODEL = env_str("EMBEDDINGS_MODEL")
EMBEDDINGS_BASE_URL = without_user(
    "EMBEDDINGS_BASE_URL",
    checked_url(
        "EMBEDDINGS_BASE_URL",
        env_str("EMBEDDINGS_BASE_URL"),
        schemes=("http", "https"),
        example="https://host/v1",
    ),
    instead="EMBEDDINGS_API_KEY",
)
EMBEDDINGS_API_KEY = checked_key("EMBEDDINGS_API_KEY", env_secret("EMBEDDINGS_API_KEY"))

# Where models are trained; without an address at OpenAI's own, with OPENAI_API_KEY if it has none.
FINETUNE_API_KEY = checked_key("FINETUNE_API_KEY", env_secret("FINETUNE_API_KEY"))
FINETUNE_BASE_URL = without_user(
    "FINETUNE_BASE_URL",
    checked_url(
        "FINETUNE_BASE_URL",
        env_str("FINETUNE_BASE_URL"),
        schemes=("http", "https"),
        example="https://host/v1",
    ),
    instead="FINETUNE_API_KEY",
)
FINETUNE_MODEL = env_str("FINETUNE_MODEL")

# --- Web ------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / ".run" / "static"
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
STATICFILES_DIRS = [("page", FRONTEND_DIST)] if FRONTEND_DIST.is_dir() else []
WHITENOISE_USE_FINDERS = DEBUG
# whitenoise streams files from a plain iterator; Django says so at every first file.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "config.static_files.Storage"
        )
    },
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SESSION_ENGINE = "realtime.accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _https
SESSION_COOKIE_AGE = 30 * 24 * 3600
CSRF_COOKIE_SECURE = _https
CSRF_COOKIE_AGE = None  # ends with the browser: for a year it would tell of the visit
CSRF_FAILURE_VIEW = "config.error_pages.views.stale_form"
SECURE_SSL_REDIRECT = env_bool("SECURE_SSL_REDIRECT", default=_https)
if PUBLIC_URL and SECURE_SSL_REDIRECT:
    refuse_endless_redirect(TRUSTED_PROXIES)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = env_int("SECURE_HSTS_SECONDS", default=31_536_000 if _https else 0)
# Not for names below this one, nor in browsers' own lists: the operator may serve others there.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"

# --- Words and times ------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# --- Logs: ids and events, never the text of a message --------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "filters": {
        "without_trace": {"()": "config.logs.WithoutTrace"},
        "without_cut_streams": {"()": "config.logs.WithoutCutStreams"},
    },
    "loggers": {
        # One line a model request would drown the rest.
        "httpx2": {"level": "WARNING"},
        "procrastinate": {"level": "WARNING"},
        "uvicorn.error": {"filters": ["without_cut_streams"]},
        # Anybody can send a wrong Host: a line says it.
        "django.security.DisallowedHost": {"filters": ["without_trace"]},
    },
    "root": {
        "handlers": ["stderr"],
        "level": env_choice(
            "LOG_LEVEL", choices=("debug", "info", "warning", "error"), default="info"
        ).upper(),
    },
}
