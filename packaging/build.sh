#!/usr/bin/env bash
# Builds the Debian and the RPM package: packaging/build.sh [DIRECTORY]. Default: target/packages. The same commit built
# with the same compiler gives the same bytes, on any machine and at any time. You need three tools:
#
#   cargo install --locked cargo-deb@3.8.0 cargo-generate-rpm@0.21.1 cargo-auditable@0.7.7
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly root="$PWD"
target="$(realpath -m "${CARGO_TARGET_DIR:-target}")"
export CARGO_TARGET_DIR="$target"
out="$(realpath -m "${1:-$target/packages}")"
# Cargo.toml points both packages to the files that are made here.
readonly stage="$target/release/package"

# All times in the packages are the time of the commit.
if [[ -z "${SOURCE_DATE_EPOCH:-}" ]]; then
    SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)"
fi
export SOURCE_DATE_EPOCH

# `perennial version` names it. There is none where the sources come without git.
if [[ -z "${PERENNIAL_COMMIT:-}" ]]; then
    PERENNIAL_COMMIT="$(git rev-parse --short=12 HEAD 2>/dev/null || true)"
fi
export PERENNIAL_COMMIT

# Keep the paths of this machine out of the program.
build() {
    local home="${CARGO_HOME:-$HOME/.cargo}" flags
    flags=("--remap-path-prefix=$root=/perennial" "--remap-path-prefix=$home=/cargo" "--remap-path-prefix=$target=/target")
    # The separator is a character that does not occur in paths.
    CARGO_ENCODED_RUSTFLAGS="$(printf '%s\x1f' "${flags[@]}" | sed 's/\x1f$//')" \
        cargo auditable build --release --locked
}

compressed() {
    gzip -9n >"$stage/$1.gz"
}

documents() {
    local program="$target/release/perennial" page
    rm -rf "$stage"
    mkdir -p "$stage/man" "$stage/completions"
    "$program" man --all "$stage/man"
    for page in "$stage"/man/*; do gzip -9n "$page"; done
    "$program" completions bash >"$stage/completions/perennial"
    "$program" completions zsh >"$stage/completions/_perennial"
    "$program" completions fish >"$stage/completions/perennial.fish"
    compressed changelog <CHANGELOG.md
    compressed changelog.Debian <packaging/debian/changelog
    packaging/third-party-licences | compressed third-party-licences
}

build
documents
mkdir -p "$out"
cargo deb --no-build --no-strip --quiet --output "$out"
cargo generate-rpm --payload-compress gzip --output "$out"
ls -l "$out"
