# shellcheck shell=bash
# What a release is built with, for packaging/build.sh and the tests that use its library. To be sourced in the root of
# the project.

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

# Keep the paths of this machine out of the program. Those of the checkout are relative; a flag with its folder would have
# everything built once more for each checkout.
build_release() {
    local home="${CARGO_HOME:-$HOME/.cargo}" target flags
    target="$(realpath -m "${CARGO_TARGET_DIR:-target}")"
    flags=("--remap-path-prefix=$home=/cargo" "--remap-path-prefix=$target=/target")
    # The separator is a character that does not occur in paths.
    CARGO_ENCODED_RUSTFLAGS="$(printf '%s\x1f' "${flags[@]}" | sed 's/\x1f$//')" \
        cargo auditable build --release --locked "$@"
}
