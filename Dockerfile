# The agent as an image: one file, the libraries it calls, the authorities and time zones of the distribution. `eng/image` builds it, or
# --target runtime with a program that is built already.
# Nothing here is newer than Docker 20.10's first builder, so that every other builder reads it, too.
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0.401
ARG RUNTIME_IMAGE=debian:trixie-20250811-slim

# What the program runs on: a glibc as new as that of the image it is built in. Nothing is written but to /tmp and to what is mounted:
# the root file system may be read-only.
FROM ${RUNTIME_IMAGE} AS runtime
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libssl3 libzstd1 tzdata \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/* /var/log/*
# Nobody's; backups that read root's keys are run with uid 0, and without any capability.
USER 65532:65532
ENTRYPOINT ["etcd-backup-agent"]

FROM ${SDK_IMAGE} AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY eng/ eng/
COPY src/ src/
# CI: the packages have to be those of the lock files.
RUN CI=true eng/build

FROM runtime
COPY --from=build /source/artifacts/etcd-backup-agent /usr/local/bin/etcd-backup-agent
