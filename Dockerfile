# One image with one program: worker and daemon by command. docs/deploy.md has the way from here to ECS.
#
#   docker build -t xray-ecs .                                             the worker and the daemon
#   docker build -t xray-ecs-local --build-arg FEATURES=local,schedule .   with all that there is

# An image of Debian with Rust, gcc and the static libc.
ARG RUST_IMAGE=rust:1-slim-bookworm
FROM ${RUST_IMAGE} AS build
# By which the stage is known when it is of no use any more.
LABEL xray-ecs=build

# Beyond worker and daemon: `local`, `schedule`, or both with a comma between.
ARG FEATURES=
# What --version tells of the sources, which come without their history.
ARG COMMIT=
ARG COMMIT_DATE=

WORKDIR /build
COPY . .
# Linked with all it needs, so that nothing else has to be in the image. A target of its own keeps the
# flag away from what runs while it builds. What the image is made of is put together here, with the
# modes it shall have; schedules are shown in any time zone.
RUN set -eu; \
    host=$(rustc -vV | sed -n 's/^host: //p'); \
    export RUSTFLAGS='-C target-feature=+crt-static' XRAY_ECS_COMMIT="$COMMIT" XRAY_ECS_COMMIT_DATE="$COMMIT_DATE"; \
    cargo build --locked --release --target "$host" --no-default-features --features "$FEATURES" --bin xray-ecs; \
    mkdir -p /image/etc/ssl/certs /image/tmp; \
    chmod 1777 /image/tmp; \
    cp "target/$host/release/xray-ecs" /image/; \
    cp -r jobs /image/; \
    cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/; \
    case "$FEATURES" in *schedule*) mkdir -p /image/usr/share; cp -r /usr/share/zoneinfo /image/usr/share/ ;; esac; \
    echo 'xray-ecs:x:10001:10001::/tmp:/nowhere' > /image/etc/passwd

FROM scratch
ARG COMMIT=
LABEL org.opencontainers.image.title="xray-ecs" \
      org.opencontainers.image.description="Batch jobs on ECS on a schedule, every one of them visible in AWS X-Ray" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${COMMIT}"
COPY --from=build /image/ /
USER 10001:10001
# The one place to write, where the root file system is read-only: job files too large for memory.
VOLUME ["/tmp"]
EXPOSE 2000/udp 2000/tcp
ENTRYPOINT ["/xray-ecs"]
CMD ["run"]
