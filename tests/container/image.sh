# Builds the image, in a storage of its own and without a network. For tests/container/run.
# shellcheck shell=bash

# One tree is as good as three: Debian with certificates is the base of our image, Debian's Caddy and Python stand for the
# images that compose.yaml names.
readonly IN_THE_IMAGES=ca-certificates,caddy,python3

# `vfs` works everywhere, but copies a whole image for each container.
driver() {
    mkdir -p "$scratch/try"/{lower,upper,work,merged}
    if mount -t overlay overlay -o "lowerdir=$scratch/try/lower,upperdir=$scratch/try/upper,workdir=$scratch/try/work" \
        "$scratch/try/merged" 2>/dev/null; then
        umount "$scratch/try/merged"
        echo overlay
    else
        echo vfs
    fi
}

use_storage() {
    storage=(--root "$scratch/storage" --runroot "$scratch/running" --storage-driver "$(driver)")
}

pod() {
    podman "${storage[@]}" --cgroup-manager cgroupfs --events-backend file "$@"
}

import_base() {
    tar --create --directory "$trees/container" --exclude=./usr/share/doc --exclude=./usr/share/locale \
        --exclude=./usr/share/man --exclude=./var/lib/apt --exclude=./var/cache . |
        pod import --quiet - localhost/debian:12-slim
}

# With the file and the arguments of the book.
build_image() {
    buildah "${storage[@]}" build --isolation chroot --format docker --pull-never --network host \
        --build-arg BASE=localhost/debian:12-slim --tag localhost/perennial \
        --file "$project/packaging/Containerfile" "$packages"
    pod run "${limits[@]}" --rm --network none localhost/perennial version | grep "perennial 0"
}

is_described() {
    pod inspect localhost/perennial >"$scratch/image"
    /usr/bin/python3 - "$scratch/image" <<'PYTHON'
import json, sys
image = json.load(open(sys.argv[1]))[0]
about = image["Config"]
assert about["User"] == "8470:8470", about
assert sorted(about["Volumes"]) == ["/run/perennial", "/var/lib/perennial"], about
assert about["Entrypoint"] == ["perennial"] and about["Cmd"] == ["run"], about
health = image.get("Healthcheck") or image["HealthCheck"]
assert health["Test"] == ["CMD", "perennial", "status"], health
PYTHON
    pod run "${limits[@]}" --rm --entrypoint sh localhost/perennial -euc '
        test "$(id -u):$(id -g)" = 8470:8470
        test "$(stat -c "%U:%G %a" /var/lib/perennial /run/perennial)" = "perennial:perennial 700
perennial:perennial 750"
        test -s /usr/share/doc/perennial/docs/src/SUMMARY.md
        test -s /usr/share/licenses/perennial/LICENSE
        test ! -e /unpacked'
}
