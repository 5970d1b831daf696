# Debian packages: installed where we may, asked for where we may not. Sourced by build.sh.

# need_system_packages NAME...: returns once all of them are installed, or ends the script saying what to type.
need_system_packages() {
    local missing=() name
    for name in "$@"; do
        is_installed "$name" || missing+=("$name")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0

    if ! command -v apt-get >/dev/null; then
        echo "build.sh: this needs what Debian and Ubuntu call: ${missing[*]}. Install it and try again." >&2
        exit 1
    fi
    if [[ $(id -u) -ne 0 ]]; then
        echo "build.sh: some system packages are missing. Run this, then try again:" >&2
        echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    echo "Installing ${missing[*]} ..."
    # The package lists of a fresh machine are empty or old: then the first try fails.
    install_quietly "${missing[@]}" 2>/dev/null || { apt-get update -qq </dev/null && install_quietly "${missing[@]}"; } || {
        echo "build.sh: apt-get could not install: ${missing[*]}" >&2
        exit 1
    }
}

install_quietly() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null
}

# A command of the same name will do as well: the system may not be Debian.
is_installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]] || command -v "$1" >/dev/null
}
