#!/usr/bin/env bash
# Builds all that a release has: packaging/build.sh [DIRECTORY]. Default: target/packages. There are the Debian and the
# RPM package, the same files as a tarball, a list of the program's parts (CycloneDX), the notes of the release, and
# SHA256SUMS. The same commit built with the same compiler gives the same bytes, on any machine and at any time. You need
# Python 3.11 and three tools:
#
#   cargo install --locked cargo-deb@3.8.0 cargo-generate-rpm@0.21.1 cargo-auditable@0.7.7
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target="$(realpath -m "${CARGO_TARGET_DIR:-target}")"
export CARGO_TARGET_DIR="$target"
out="$(realpath -m "${1:-$target/packages}")"
# Cargo.toml points both packages to the files that are made here.
readonly stage="$target/release/package"
# The checkout stays as it is.
export PYTHONDONTWRITEBYTECODE=1

source packaging/release.sh

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
    packaging/book "$stage/book"
}

# FILES... DIRECTORY, with the mode of files that are not run.
put() {
    install -D --mode=644 --target-directory="$tree/${*: -1}" "${@:1:$#-1}"
}

# What the RPM has below /usr, for distributions without a package, and for packaging/Containerfile.
tarball() {
    local name="$1" section
    local tree="$stage/$name"
    install -D --target-directory="$tree/bin" "$target/release/perennial"
    put systemd/*.service systemd/*.timer lib/systemd/system
    put systemd/perennial.sysusers lib/sysusers.d
    mv "$tree/lib/sysusers.d/perennial.sysusers" "$tree/lib/sysusers.d/perennial.conf"
    put "$stage/completions/perennial" share/bash-completion/completions
    put "$stage/completions/_perennial" share/zsh/site-functions
    put "$stage/completions/perennial.fish" share/fish/vendor_completions.d
    for section in 1 5 8; do put "$stage/man"/*."$section".gz "share/man/man$section"; done
    put packaging/perennial.toml share/doc/perennial/examples
    put systemd/examples/* share/doc/perennial/examples/systemd
    put packaging/monitoring/* share/doc/perennial/examples/monitoring
    cp -R "$stage/book/." "$tree/share/doc/perennial"
    put "$stage/changelog.gz" share/doc/perennial
    put LICENSE "$stage/third-party-licences.gz" share/licenses/perennial
    tar --create --directory "$stage" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
        --mode=u=rwX,go=rX --format=gnu "$name" | gzip -9n >"$made/$name.tar.gz"
}

build_release --bins
documents
# Whatever else is in the directory, SHA256SUMS lists what this made.
made="$stage/made"
mkdir -p "$made" "$out"
version="$(cargo pkgid | sed 's/.*[#@]//')"
cargo deb --no-build --no-strip --quiet --output "$made"
cargo generate-rpm --payload-compress gzip --output "$made"
tarball "perennial-$version-$(rustc -vV | sed -n 's/^host: //p')"
packaging/sbom "$target/release/perennial" >"$made/perennial-$version.cdx.json"
packaging/release-notes >"$made/perennial-$version-release-notes.md"
(cd "$made" && sha256sum -- * >"$stage/SHA256SUMS")
cp "$made"/* "$stage/SHA256SUMS" "$out"
ls -l "$out"
