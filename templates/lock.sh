# The lock that allows one run at a time, and the note of who holds it: see netmodes/holder.py.
take_lock() {
    local each
    if [ ! -e /run/netmodes ]; then mkdir -p /run/netmodes 2>/dev/null; fi
    for each in /run/netmodes{,/.lock,/.holder,/*}; do refuse_foreign "$each"; done
    if [ ! -d /run/netmodes ] || [ ! -w /run/netmodes ]; then die "/run/netmodes cannot be written: see that it can be"; fi
    for each in /proc/self/fd/*; do # netmodes has taken it, and waits for this
        if [ "$each" -ef /run/netmodes/.lock ]; then exec 9>&"${each##*/}"; fi
    done
    if [ ! /proc/self/fd/9 -ef /run/netmodes/.lock ]; then
        umask 077 && exec 9>/run/netmodes/.lock # who may open it may hold it
        umask 022 && chmod 755 /run/netmodes && chmod 600 /run/netmodes/.lock /run/netmodes/*/before.json 2>/dev/null
    fi
    flock -w 1 9 || { say_who_holds && flock 9; } || die "/run/netmodes/.lock cannot be locked"
    { echo "$$ $(started $$) $NAME" >/run/netmodes/.holder; } 2>/dev/null
    trap free_lock EXIT
    for each in /run/netmodes/.*.{new,old}; do # of killed runs
        if [ -e "$each" ]; then rm -rf "$each"; fi
    done
    trap '' PIPE                                     # nobody reading is no reason to stop half way,
    { : >&2; } 2>/dev/null || exec 2>/dev/null       # nor is a closed stderr
    refuse_elsewhere
}

free_lock() {
    rm -f /run/netmodes/.holder
    exec 9>&-
    trap - EXIT
}

refuse_foreign() {
    if [ -L "$1" ] || { [ -e "$1" ] && [ ! -O "$1" ]; }; then die "$1 is a link or not root's, so netmodes did not make it: remove it"; fi
}

say_who_holds() {
    local pid='' start='' command line
    { read -r pid start _ </run/netmodes/.holder; } 2>/dev/null
    if [ -z "$start" ] || [ "$(started "$pid")" != "$start" ]; then pid=$(orphan); fi
    { mapfile -d '' -t command <"/proc/$pid/cmdline"; } 2>/dev/null
    if [ -n "$pid" ]; then
        line=$(quoted "${command[@]}")
        echo "[#] # waits for pid $pid: ${line//[^[:print:]]/?}" >&2
    else
        echo "[#] # waits for the process that holds /run/netmodes/.lock" >&2
    fi
}

# When a process started; nothing where it has ended.
started() {
    local line words
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 0
    read -ra words <<<"${line##*) }"
    [[ ${words[0]} == [ZX] ]] || echo "${words[19]}"
}

# A command that keeps the lock of a run that was killed: it has the lock open, and is neither a
# process that waits for it nor the parent of one.
orphan() {
    local arrow pid file fd line parent inode waiting=" $$ "
    inode=$(stat -c %i /run/netmodes/.lock)
    while read -r _ arrow _ _ _ pid file _; do
        if [ "$arrow" != "->" ] || [ "${file##*:}" != "$inode" ]; then continue; fi
        { read -r line <"/proc/$pid/stat"; } 2>/dev/null || continue
        read -r _ parent _ <<<"${line##*) }"
        waiting+="$pid $parent "
    done </proc/locks
    for fd in /proc/[0-9]*/fd/*; do
        pid=${fd#/proc/} pid=${pid%%/*}
        if [[ $waiting != *" $pid "* ]] && [ "$fd" -ef /run/netmodes/.lock ]; then echo "$pid" && return; fi
    done
}
