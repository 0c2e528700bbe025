# syntax=docker/dockerfile:1
# One image, two commands: `webhook` and `processor` (docs/architecture.md). No build tools, not root, nothing written
# outside /tmp. Pin the base by digest: --build-arg PYTHON=python:3.11-slim-bookworm@sha256:…
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock && pip uninstall --yes setuptools pip
# The package is pure Python: its files are all there is to install, and no build backend has to be fetched for it.
COPY app /opt/venv/lib/python3.11/site-packages/app
# The simulated world is no part of production.
RUN rm -rf /opt/venv/lib/python3.11/site-packages/app/sim && python -m compileall -q /opt/venv/lib/python3.11/site-packages/app

FROM ${PYTHON}
LABEL org.opencontainers.image.title="incident-response" org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin incident-response
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
ENTRYPOINT ["python", "-m", "app.cli"]
CMD ["--help"]
