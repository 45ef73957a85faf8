# Removes what a reboot leaves of a network, the files in /etc/netns that have our mark
# (netmodes/engine/leftover.py); fails where there are none.
remove_leftover() {
    local name file before files=() folders=()
    for name in $NAMES; do
        if [ -e "/run/netns/$name" ] || [ -e "/run/netmodes/$name" ]; then continue; fi
        before=${#files[@]}
        for file in "/etc/netns/$name"/*; do
            if is_marked "$file"; then files+=("$file"); fi
        done
        if [ "${#files[@]}" -gt "$before" ]; then folders+=("/etc/netns/$name"); fi
    done
    if [ "${#files[@]}" = 0 ]; then return 1; fi
    echo "[#] # left from before a reboot" >&2
    show rm "${files[@]}" || die "${files[0]} cannot be removed: see that it can be"
    # /etc/netns itself may be a link, or mounted.
    show rmdir --parents --ignore-fail-on-non-empty "${folders[@]}" || [ ! -e "${folders[0]}" ] ||
        die "${folders[0]} cannot be removed: see that it can be"
}

is_marked() { [ -f "$1" ] && [ ! -L "$1" ] && [[ "$(<"$1")"$'\n' == *"# made by netmodes"$'\n'* ]]; }
