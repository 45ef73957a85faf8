# Removes what a reboot leaves of a network, the files in /etc/netns that have our mark
# (netmodes/engine/leftover.py); fails where there are none.
remove_leftover() {
    local file files=()
    if [ -e "/run/netns/$NAME" ]; then return 1; fi
    for file in "/etc/netns/$NAME"/*; do
        if is_marked "$file"; then files+=("$file"); fi
    done
    if [ "${#files[@]}" = 0 ]; then return 1; fi
    echo "[#] # left from before a reboot" >&2
    if ! show rm "${files[@]}" || ! show rmdir --parents --ignore-fail-on-non-empty "/etc/netns/$NAME"; then
        die "the files in /etc/netns/$NAME cannot be removed: see that they can be"
    fi
}

is_marked() { [ -f "$1" ] && [[ "$(<"$1")"$'\n' == *"# made by netmodes"$'\n'* ]]; }
