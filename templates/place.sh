# Who acts on a network stands in the network namespace that networks are made in, which is HERE: see
# netmodes/place.py.
refuse_elsewhere() {
    local log verb host name elsewhere=
    HERE=$(readlink /proc/self/ns/net)
    if [ -z "$HERE" ]; then die "\`readlink /proc/self/ns/net\` does not say where this shell is: try again"; fi
    for log in /run/netmodes/*/log; do
        while read -r verb _ host; do
            if [ "$verb" = run ] && [ "$host" != "$HERE" ]; then elsewhere=${log%/log}; fi
        done <"$log"
    done 2>/dev/null
    for name in /run/netns/*; do
        if [ ! "$name" -ef /proc/self/ns/net ]; then continue; fi
        if [ -n "$elsewhere" ] || [ -e "/run/netmodes/${name##*/}" ] || is_member "${name##*/}"; then die "this shell is inside ${name##*/}: leave it first"; fi
    done
    if [ -z "$elsewhere" ]; then return 0; fi
    name=${elsewhere##*/}
    die "$name was made in another network namespace than this shell's ($HERE): leave this one first, or if that one is gone forget $name: \`ip netns del $name; rm -r $elsewhere\`"
}

# Whether a namespace is one of several of ours.
is_member() {
    local file each
    for file in /run/netmodes/*/namespaces; do
        while read -r each; do if [ "$each" = "$1" ]; then return 0; fi; done <"$file"
    done 2>/dev/null
    return 1
}

# Who sees the journal sees the namespace: what is mounted here is mounted for PID 1 as well, or PID 1
# has another journal.
refuse_unseen() {
    local id1 id2 shared1 shared2 master2
    if [ /proc/self/ns/mnt -ef /proc/1/ns/mnt ]; then return 0; fi
    if ! shares_journal; then return 0; fi
    read -r id1 _ shared1 _ < <(mount_of self /run/netns)
    read -r id2 _ shared2 master2 < <(mount_of 1 /run/netns)
    if [ "$id1" = "$id2" ]; then return 0; fi
    if [ "$shared1" != - ] && { [ "$shared1" = "$shared2" ] || [ "$shared1" = "$master2" ]; }; then return 0; fi
    die "namespace $NAME would be seen in this shell's own mount namespace alone: run this outside, as by \`nsenter --target 1 --mount\`"
}

# Whether PID 1 has the same journal.
shares_journal() {
    local own first
    read -r _ own _ < <(mount_of self /run/netmodes)
    read -r _ first _ < <(mount_of 1 /run/netmodes)
    [ -n "$first" ] && [ "$own" = "$first" ]
}

# PROCESS PATH: the mount that holds a path: its id, the path's place in its file system, the peer
# group that it shares with, and the one that it receives from.
mount_of() {
    local every=() lines=() line words id parent device root point rest at place above='' held='' shared='' master=''
    { mapfile -t every <"/proc/$1/mountinfo"; } 2>/dev/null
    set -f
    for line in "${every[@]}"; do # few of them are mounted on the path, or above it
        if [[ $line == *" net:["* && $line != *" $2 "* ]]; then continue; fi # another namespace
        # shellcheck disable=SC2206
        words=($line)
        if [[ "$2/" == "${words[4]%/}/"* ]]; then lines+=("$line"); fi
    done
    set +f
    while [ "$held" != "$above" ] || [ -z "$held" ]; do
        above=$held at=
        for line in "${lines[@]}"; do
            [[ $line =~ ^([^ ]+)\ ([^ ]+)\ ([^ ]+)\ ([^ ]+)\ ([^ ]+)\ (.*) ]]
            id=${BASH_REMATCH[1]} parent=${BASH_REMATCH[2]} device=${BASH_REMATCH[3]}
            root=${BASH_REMATCH[4]} point=${BASH_REMATCH[5]} rest=${BASH_REMATCH[6]}
            if [ "$id" = "$above" ]; then continue; fi
            if [ "$parent" != "${above:-$parent}" ] || [ "${#point}" -ge "${at:-9999}" ]; then continue; fi
            held=$id at=${#point} place=$device:${root%/}${2#"${point%/}"}
            [[ $rest =~ shared:([0-9]+) ]] && shared=${BASH_REMATCH[1]} || shared=-
            [[ $rest =~ master:([0-9]+) ]] && master=${BASH_REMATCH[1]} || master=-
        done
        if [ -z "$held" ]; then return 0; fi
    done
    printf '%s\n' "$held $place $shared $master"
}

# A name on which no namespace is mounted: a run in a mount namespace of its own has left it.
is_plain_file() { [ -f "/run/netns/$NAME" ] && ! is_mounted self; }

is_mounted() { [[ "$(mount_of "$1" "/run/netns/${MEMBERS%% *}")" == *":net:["* ]]; }

refuse_blind() {
    MOUNTED=
    if is_mounted self; then
        MOUNTED=yes
    elif shares_journal && is_mounted 1; then
        die "this shell's mount namespace does not see $NAME: leave it first"
    fi
}

remove_plain_file() { [ -n "$MOUNTED" ] || ! is_plain_file || show rm "/run/netns/$NAME"; }
