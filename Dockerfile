# gmmpipe with all it needs to run: docker build -t gmmpipe . && docker run --rm gmmpipe
# Packages come from the hash-checked lock; nothing is compiled but the kernels of EM.
FROM python:3.11-slim-bookworm AS build
WORKDIR /opt/project
RUN python -m venv /opt/gmmpipe
ENV VIRTUAL_ENV=/opt/gmmpipe PATH=/opt/gmmpipe/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements-build.lock requirements.lock ./
RUN pip install --quiet --require-hashes -r requirements-build.lock \
    && uv pip install --quiet --no-cache --require-hashes --no-deps --no-build-isolation -r requirements.lock
COPY . .
RUN pip install --quiet --no-deps --no-build-isolation . \
    && python -P -m gmmpipe.mixture.precompile \
    && rm -r gmmpipe requirements-*

FROM python:3.11-slim-bookworm
RUN apt-get update -qq \
    && apt-get install -qq --yes --no-install-recommends fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 gmmpipe
COPY --from=build /opt/gmmpipe /opt/gmmpipe
COPY --from=build --chown=gmmpipe /opt/project /home/gmmpipe/project
ENV PATH=/opt/gmmpipe/bin:$PATH
USER gmmpipe
WORKDIR /home/gmmpipe/project
CMD ["gmmpipe", "run"]
