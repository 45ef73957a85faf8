# Removes what a reboot leaves of a network, the files in /etc/netns that have our mark
# (netmodes/engine/leftover.py); fails where there are none.
remove_leftover() {
    local name file before files=() folders=()
    for name in $NAMES; do
        if [ -e "/run/netns/$name" ]; then continue; fi
        before=${#files[@]}
        for file in "/etc/netns/$name"/*; do
            if is_marked "$file"; then files+=("$file"); fi
        done
        if [ "${#files[@]}" -gt "$before" ]; then folders+=("/etc/netns/$name"); fi
    done
    if [ "${#files[@]}" = 0 ]; then return 1; fi
    echo "[#] # left from before a reboot" >&2
    if ! show rm "${files[@]}" || ! show rmdir --parents --ignore-fail-on-non-empty "${folders[@]}"; then
        die "${files[0]} cannot be removed: see that it can be"
    fi
}

is_marked() { [ -f "$1" ] && [[ "$(<"$1")"$'\n' == *"# made by netmodes"$'\n'* ]]; }
