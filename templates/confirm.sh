# --confirm: the run is undone unless somebody confirms it in time. The watcher, the journal's
# watch.sh, sees to that in a session of its own; it acts by the journal alone. Times are hundredths
# of a second of uptime, which goes on while the machine is suspended. RUN is the log's line that
# names the run.

# What watch.sh does. CENTISECONDS: the time for it once the run is up; PID: the process that puts it
# up, without which there is no use in waiting; ID: the run's. To come up it has the same time, and at
# least a minute.
watch() {
    local latest deadline=
    detach
    clock
    latest=$((NOW + ($1 > 6000 ? $1 : 6000)))
    RUN="run $3 $(readlink /proc/self/ns/net)"
    # The log is opened once: by its path it might be another run's a moment later.
    { grep -Fqx "$RUN" /proc/self/fd/8 && echo "watching $$" >&8; } 8>>"$JOURNAL/log" || exit 1
    while alive "$2" && unconfirmed; do
        clock
        if [ -z "$deadline" ] && logged up; then deadline=$((NOW + $1)); fi
        if [ -z "$deadline" ] && [ "$NOW" -ge "$latest" ]; then stop_run "$2" && break; fi
        if [ -n "$deadline" ] && [ "$NOW" -ge "$deadline" ]; then break; fi
        pause 0.2
    done
    for _ in {1..300}; do # what exists may be unknown for a while
        if (undo_unconfirmed); then exit 0; fi
        pause 2
    done
}

# Ends a run that hangs: the signal has it give its command up and undo itself, or else it is killed,
# with its commands. Nobody else may be able to reach the machine.
stop_run() {
    kill -TERM "$1"
    # shellcheck disable=SC2046 # one word a process
    flock -w 30 /run/netmodes/.lock true || kill -KILL "$1" $(commands_of "$1")
}

# What PID has started, and what that has, as far as it keeps the lock.
commands_of() {
    local stat line pid parent fd
    for stat in /proc/[0-9]*/stat; do
        { read -r line <"$stat"; } 2>/dev/null || continue
        pid=${line%% *}
        read -r _ parent _ <<<"${line##*) }"
        if [ "$parent" != "$1" ]; then continue; fi
        for fd in "/proc/$pid/fd/"*; do
            if [ "$fd" -ef /run/netmodes/.lock ]; then echo "$pid" && commands_of "$pid" && break; fi
        done
    done
}

# Holds nothing of whoever started it: no terminal, lock, pipe or folder. Its PATH reaches further.
detach() {
    local fd
    cd / || exit 1
    exec </dev/null >/dev/null 2>&1
    for fd in "/proc/$$/fd/"*; do
        fd=${fd##*/}
        if [ "$fd" -gt 2 ] && [ "$fd" != 255 ]; then exec {fd}>&-; fi # 255: bash reads the script there
    done
    export PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
}

# Whether the log has just this run, which nobody has confirmed.
unconfirmed() { logged "$RUN" && ! logged confirmed; }

# Whether the network called $1 waits for its confirmation.
waits() {
    local JOURNAL=/run/netmodes/$1
    grep -qs '^watch' "$JOURNAL/log" && ! logged confirmed
}

# Whether the log has this line.
logged() {
    local line lines=()
    { mapfile -t lines <"$JOURNAL/log"; } 2>/dev/null
    for line in "${lines[@]}"; do
        if [ "$line" = "$1" ]; then return 0; fi
    done
    return 1
}

# Whether a process runs; one that has ended may still wait for its parent (Z).
alive() {
    local line
    { read -r line <"/proc/$1/stat"; } 2>/dev/null && [[ ${line##*) } != Z* ]]
}

clock() {
    read -r NOW _ </proc/uptime
    NOW=$((10#${NOW/./}))
}

# Undoes the run, unless it was confirmed or undone before the lock could be taken.
undo_unconfirmed() {
    take_lock
    if unconfirmed; then down --kill; fi
}

# Starts the watcher before the first command; logind would end a plain one with the SSH session.
start_watcher() {
    local id watcher
    { read -r && read -r RUN; } <"$JOURNAL/log"
    id=${RUN#run }
    watcher=(bash "$JOURNAL/watch.sh" "$CENTIS" $$ "${id% *}")
    if [ -d /run/systemd/system ] &&
        watches timeout 2 systemd-run --collect --quiet "--setenv=PATH=$PATH" -- "${watcher[@]}"; then
        return
    fi
    if watches setsid --fork "${watcher[@]}"; then return; fi
    take_back
    die "no watcher starts for --confirm, so nothing was done: see that \`setsid\` and \`bash\` run and that /run has room"
}

# Whether a watcher that is started by this command says within 2 s that it is there.
watches() {
    (cd / && exec "$@" </dev/null >/dev/null 2>&1 9>&-) || return 1
    for _ in {1..100}; do
        if [ -n "$(watcher_pid)" ]; then return 0; fi
        pause 0.02
    done
    return 1
}

watcher_pid() {
    local verb pid found=
    while read -r verb pid; do
        if [ "$verb" = watching ]; then found=$pid; fi
    done 2>/dev/null <"$JOURNAL/log"
    printf '%s' "$found"
}

# Waits for Enter here, or for a confirmation from anywhere. A watcher that is gone, or does not act,
# is not waited for.
await_confirmation() {
    local watcher deadline signal='' ended=()
    watcher=$(watcher_pid)
    trap '' TTIN
    free_lock
    clock
    deadline=$((NOW + CENTIS))
    echo "$(how_to_keep) within $CONFIRM s to keep it." >&2
    while [ -t 0 ] && read -rt 0 && read -rt 0.1 _; do :; done # what was typed before is no answer
    while unconfirmed; do
        clock
        signal=$caught
        if [ -n "$signal" ] || [ "$NOW" -ge $((deadline + 200)) ] || { [ "$NOW" -ge "$deadline" ] && ! alive "$watcher"; }; then
            undo_unconfirmed
        elif enter_pressed; then
            take_lock
            if unconfirmed; then confirm; fi
            free_lock
        fi
    done
    if logged "$RUN"; then return 0; fi
    caught=$signal
    set_ended
    if [ -n "$signal" ]; then
        echo "$NAME is undone, nothing is left." >&2
        exit "${ended[0]}"
    fi
    if [ "$NOW" -lt $((deadline - 100)) ]; then die "$NAME was taken down before it was confirmed"; fi
    die "$NAME was not confirmed within $CONFIRM s, and is undone"
}

# What to do; over SSH a second session comes first, for it proves that one can log in.
how_to_keep() {
    local again run
    if is_file; then again="$(me) confirm"; else again="bash -s confirm <THIS_SCRIPT"; fi
    run="run \`$again\` or \`netmodes confirm $NAME\`"
    if ! [ -t 0 ]; then
        printf %s "${run^} anywhere"
    elif [ -n "$(ssh_peer)" ]; then
        printf %s "Log in once more and $run there, or press Enter here,"
    else
        printf %s "Press Enter, or $run anywhere,"
    fi
}

# Whether an empty line comes from the terminal before a pause is over.
enter_pressed() {
    local status=1 typed
    if [ -t 0 ]; then
        IFS= read -rt 0.2 typed && status=0 || status=$?
        if [ "$status" = 0 ]; then
            [ -z "$typed" ] || echo "Enter alone keeps it, Ctrl-C undoes it." >&2
            [ -z "$typed" ]
            return
        fi
    fi
    if [ "$status" -le 128 ]; then pause 0.2; fi # no terminal, or it is closed, or another's
    return 1
}

# Says that all is well; the lock is held.
confirm() {
    if [ ! -e "$JOURNAL" ]; then die "$NAME is not up: it was undone, or never put up"; fi
    is_up || die "$NAME was interrupted: \`$(me) down\` undoes it"
    for _ in 1 2; do # the first may go on where a full disk has cut an earlier one
        logged confirmed || echo confirmed >>"$JOURNAL/log"
    done
    logged confirmed || die "$JOURNAL cannot be written: make room there, and confirm again"
    echo "$NAME stays." >&2
}

# One line for users who came over SSH through DEVICE.
warn_of_ssh() {
    local peer
    peer=$(ssh_peer)
    if [ -n "$peer" ] && [[ "$(ip route get "$peer" 2>/dev/null) " == *" dev $1 "* ]]; then
        echo "[#] # your SSH session goes through $1: use \`$(me) up --confirm 60\`" >&2
    fi
}

# The address of the SSH client; sudo hides it from this process, but not from its parents.
ssh_peer() {
    local pid=$$ line variable variables
    while [ "$pid" -gt 1 ]; do
        { mapfile -d '' -t variables <"/proc/$pid/environ" && read -r line <"/proc/$pid/stat"; } 2>/dev/null || return
        for variable in "${variables[@]}"; do
            if [[ $variable == SSH_CONNECTION=?* ]]; then
                variable=${variable#*=}
                printf '%s' "${variable%% *}"
                return
            fi
        done
        read -r _ pid _ <<<"${line##*) }"
    done
}
