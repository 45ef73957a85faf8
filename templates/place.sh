
# Who acts on a network stands in the network namespace that networks are made in: see
# netmodes/place.py.
refuse_elsewhere() {
    local here log verb host name elsewhere=
    here=$(readlink /proc/self/ns/net)
    if [ -z "$here" ]; then die "\`readlink /proc/self/ns/net\` does not say where this shell is: try again"; fi
    for log in /run/netmodes/*/log; do
        while read -r verb _ host; do
            if [ "$verb" = run ] && [ "$host" != "$here" ]; then elsewhere=${log%/log}; fi
        done <"$log"
    done 2>/dev/null
    for name in /run/netns/*; do
        if [ ! "$name" -ef /proc/self/ns/net ]; then continue; fi
        if [ -n "$elsewhere" ] || [ -e "/run/netmodes/${name##*/}" ]; then die "this shell is inside ${name##*/}: leave it first"; fi
    done
    if [ -z "$elsewhere" ]; then return 0; fi
    name=${elsewhere##*/}
    die "$name was made in another network namespace than this shell's ($here): leave this one first, or if that one is gone forget $name: \`ip netns del $name; rm -r $elsewhere\`"
}
