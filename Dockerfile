# Kindline as one image: the server, and with other commands the worker, the demo and the set-up.
#   docker build -t kindline .
# The bases are arguments, so that a mirror can stand in for them.
ARG NODE_IMAGE=node:24-bookworm-slim
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

# --- The page -----------------------------------------------------------------------------------
FROM ${NODE_IMAGE} AS page
WORKDIR /page
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

# --- The packages and the application, with static files collected --------------------------------
FROM ${PYTHON_IMAGE} AS built
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
WORKDIR /build
COPY requirements.lock ./
# Wheels only: nothing is compiled, and no code of a package runs here. pip has no use afterwards.
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r requirements.lock \
    && /venv/bin/pip uninstall --yes pip setuptools
WORKDIR /app
COPY manage.py LICENSE NOTICE ./
COPY config/ config/
COPY realtime/ realtime/
COPY --from=page /page/dist/ frontend/dist/
# The settings want these three; none is used here or kept.
RUN SECRET_KEY=none DATABASE_URL=postgres://none@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1 \
    /venv/bin/python manage.py collectstatic --no-input \
    && /venv/bin/python -m compileall -q manage.py config realtime

# --- What runs ------------------------------------------------------------------------------------
FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Kindline" \
    org.opencontainers.image.description="Self-hosted conversational support agent for mental health" \
    org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# /secrets, /help and /index: new volumes mounted there belong to this user, so that no step needs root.
RUN groupadd --gid 10001 kindline \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /app --shell /usr/sbin/nologin kindline \
    && install -d -o kindline -g kindline -m 0755 /secrets/app /secrets/postgres /secrets/valkey /help /index
COPY --from=built /venv /venv
COPY --from=built /app /app
WORKDIR /app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Without the proxies of the environment: they know nobody inside this container.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import ProxyHandler, build_opener; build_opener(ProxyHandler({})).open('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "config.serve", "--host", "0.0.0.0"]
