#!/bin/sh
# Installs pik @VERSION@, which needs nothing else on the machine. The archive is used only if it has the SHA-256 sum that
# is written here; so verify this file, and all is verified.
#
#   sh install.sh                             into ~/.local
#   PIK_PREFIX=/usr/local sh install.sh       into /usr/local
#   PIK_RELEASES=URL sh install.sh            from a mirror of the release's files
set -eu

version='@VERSION@'
releases=${PIK_RELEASES:-'@RELEASES@'}
sum_x86_64='@SUM_X86_64@'
sum_aarch64='@SUM_AARCH64@'

fail() {
    echo "install.sh: $1" >&2
    exit 1
}

fetch() {
    if command -v curl >/dev/null; then
        curl --fail --silent --show-error --location --retry 3 --output "$2" "$1"
    elif command -v wget >/dev/null; then
        wget -q -O "$2" "$1"
    else
        fail "there is neither curl nor wget here"
    fi
}

# In a function, so that half of a file does nothing.
main() {
    [ "$(uname -s)" = Linux ] || fail "this release is for Linux; on $(uname -s) build it with cargo"
    case $(uname -m) in
    x86_64 | amd64) machine=x86_64 sum=$sum_x86_64 ;;
    aarch64 | arm64) machine=aarch64 sum=$sum_aarch64 ;;
    *) fail "there is no release for $(uname -m)" ;;
    esac
    [ -n "$sum" ] || fail "there is no release for $machine"
    [ -n "$releases" ] || fail "set PIK_RELEASES to the URL under which the release's files are"
    prefix=${PIK_PREFIX:-"${HOME:?}/.local"}
    name=pik-$version-$machine-unknown-linux-musl

    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    trap 'exit 1' HUP INT TERM
    fetch "${releases%/}/$name.tar.gz" "$folder/pik.tar.gz" || fail "cannot fetch ${releases%/}/$name.tar.gz"
    found=$(sha256sum "$folder/pik.tar.gz" | cut -d ' ' -f 1)
    [ "$found" = "$sum" ] || fail "$name.tar.gz has the sum $found and should have $sum; nothing was installed"
    tar -xzf "$folder/pik.tar.gz" -C "$folder"

    mkdir -p "$prefix/bin" "$prefix/share/man/man1" "$prefix/share/bash-completion/completions" \
        "$prefix/share/zsh/site-functions" "$prefix/share/fish/vendor_completions.d" "$prefix/share/pik"
    # Beside its place and renamed, as the one there may be running.
    cp "$folder/$name/pik" "$prefix/bin/.pik.new"
    chmod 755 "$prefix/bin/.pik.new"
    mv -f "$prefix/bin/.pik.new" "$prefix/bin/pik"
    cp "$folder/$name"/man/*.1 "$prefix/share/man/man1/"
    cp "$folder/$name/completions/pik.bash" "$prefix/share/bash-completion/completions/pik"
    cp "$folder/$name/completions/_pik" "$prefix/share/zsh/site-functions/_pik"
    cp "$folder/$name/completions/pik.fish" "$prefix/share/fish/vendor_completions.d/pik.fish"
    cp "$folder/$name/alerts.yml" "$folder/$name/grafana-dashboard.json" "$prefix/share/pik/"

    echo "installed $("$prefix/bin/pik" --version) as $prefix/bin/pik"
    case :$PATH: in
    *:"$prefix/bin":*) ;;
    *) echo "add $prefix/bin to PATH" ;;
    esac
}

main
