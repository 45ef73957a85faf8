# Runs commands and undoes them, with the conditions and the journal of netmodes/engine/down.py. Around
# it stand NAME, GRACE (the least seconds of a lifetime), FIRST (the command that makes the namespace)
# and the functions that know the commands: probe, undo, users, others.

JOURNAL=/run/netmodes/$NAME

die() {
    printf 'Error: %s\n' "$1" >&2
    exit 1
}

# Shows a command as it runs, with what it reads if READS is set.
show() {
    local text
    if [ -z "${READS-}" ]; then
        (hold_back && set -x && "$@" >/dev/null)
    else
        text=$(cat)
        printf "[#] %s <<'STDIN'\n%s\nSTDIN\n" "$*" "$text" >&2
        (hold_back && "$@" <<<"$text" >/dev/null)
    fi
}

# Command K's undo, in words.
thing() { (
    show() { echo "$*"; }
    unless() { :; }
    undo "$1" "$2"
); }

# Ctrl-C reaches the whole foreground group; each command comes to its end first.
hold_back() { trap '' INT TERM HUP; }

run() {
    local status=0
    show "$@" || status=$?
    [ "$status" = 0 ] || stop 1 "\`$(quoted "$@")\` failed (exit status $status)$(hint "$@")"
}

# A command as it is shown, quoted where it must be.
quoted() {
    local PS4=
    { (set -x && : "$@") 2>&1; } | sed 's/^: //'
}

hint() {
    [[ "$*" != "ip link add "*" type "* ]] ||
        printf '\n%s' "If this kernel has no device type '$6': load its module (\`modprobe $6\`), or install the package that holds it (Ubuntu: linux-modules-extra)."
}

# Command K, which has an undo: what its probe says before and after goes into the journal.
step() {
    note start "$1"
    run "${@:2}"
    note "done" "$1"
}

note() {
    local now status=0
    now=$(word "$2") || status=$?
    if [ "$status" -gt 1 ]; then stop 1 "a probe was ended (exit status $status)"; fi
    printf '%s %s %s\n' "$1" "$2" "${now:--}" >>"$JOURNAL/log" || stop 1 "$JOURNAL cannot be written"
}

# The first word that the probe of command K prints, or nothing. Status 1: it fails, there is no such
# thing; another: it did not come to its end, so what is there is unknown.
word() {
    local output first status=0
    output=$(hold_back && probe "$1" 2>/dev/null) || status=$?
    if ! ended "$status"; then return "$status"; fi
    if [ "$status" != 0 ]; then return 1; fi
    read -r first _ <<<"$output"
    printf '%s' "$first"
}

# Whether a command of this exit status came to its end; `sysctl` fails with 255.
ended() { [ "$1" -lt 126 ] || [ "$1" = 255 ]; }

stop() {
    printf 'Error: %s\n' "$2" >&2
    if take_back; then
        echo 'What was done before that is undone; nothing is left.' >&2
    else
        echo "What was done before that is undone, except: $failed: \`$0 down\` tries again." >&2
    fi
    exit "$1"
}

# Newest first; only what is still as its command left it, or where what was there before is missing.
# $failed is what could not be taken back, in words.
take_back() {
    local k order=()
    local -A word_before=() word_after=() begun=()
    hold_back
    failed=
    if [ ! -e "$JOURNAL" ]; then return 0; fi
    read_log
    for k in "${order[@]}"; do
        take_back_one "$k" "${word_before[$k]}" || failed+="${failed:+; }\`$(thing "$k" "${word_before[$k]}")\` failed"
    done
    if [ -n "$failed" ]; then return 1; fi
    # The folder goes at once or not at all.
    mv "$JOURNAL" "/run/netmodes/.$NAME.old" && rm -rf "/run/netmodes/.$NAME.old"
}

read_log() {
    local verb k value
    while read -r verb k value; do
        if [ "$value" = - ]; then value=; fi
        case $verb in
        start) word_before[$k]=$value ;;
        done) word_after[$k]=$value ;;
        back) begun[$k]=yes ;;
        esac
    done <"$JOURNAL/log"
    mapfile -t order < <(printf '%s\n' "${!word_before[@]}" | grep . | sort -rn)
}

# "return 0", for in a trap "return" alone gives the status of what the signal came into.
take_back_one() {
    local k=$1 before=$2 now again why status=0
    now=$(word "$k") || status=$?
    if [ "$status" = 1 ]; then return 0; fi
    if [ "$status" != 0 ]; then
        echo "[#] # \`$(thing "$k" "$before")\` waits: its probe was ended (exit status $status)" >&2
        return 1
    fi
    if is_as_before "$k" "$before" "$now"; then return 0; fi
    why=$(why_not "$k" "$before" "$now")
    if [ -z "$why" ]; then
        if pass_on "$k" "$before"; then return 0; fi
        why=$(users "$k" | sed -n '1s/$/ depends on it/p')
    fi
    if [ -n "$why" ]; then
        leave "$k" "$before" "$why"
        return 0
    fi
    echo "back $k" >>"$JOURNAL/log"
    undo "$k" "$before"
    again=$(word "$k") || status=$?
    [ "$status" = 1 ] || { [ "$status" = 0 ] && { [ "$again" != "$now" ] || [ "$now" = "$before" ]; }; }
}

# Why what command K made is not this run's, or nothing.
why_not() {
    local k=$1 before=$2 now=$3
    if [ -z "${word_after[$k]+done}" ]; then
        if [ -n "$(others "$k")" ]; then echo "somebody else has made it"; fi
    elif [ -n "$now" ] && [ "$now" != "$before" ] && [ "$now" != "${word_after[$k]}" ]; then
        echo "it is not as this run left it"
    fi
}

# Whether there is nothing to take back; a taking-back of several parts may have been cut.
is_as_before() {
    local k=$1 before=$2 now=$3
    [ "$before" = "${word_after[$k]-not $before}" ] || { [ "$now" = "$before" ] && [ -z "${now:+${begun[$k]-}}" ]; }
}

leave() { printf '[#] # left alone: %s (%s)\n' "$(thing "$1" "$2")" "$3" >&2; }

# Whether a network that stays shares command K; then its undo is that network's from now on.
pass_on() {
    local k=$1 before=$2 share other index name
    share=$(sed -n "s/^$k //p" "$JOURNAL/shares")
    for other in /run/netmodes/*/; do
        if [ -z "$share" ] || [ "$other" = "$JOURNAL/" ]; then continue; fi
        while read -r index name; do
            if [ "$name" != "$share" ]; then continue; fi
            {
                sed -n '/^began /p' "$JOURNAL/log"
                printf 'start %s %s\n' "$index" "${before:--}"
                if [ -n "${word_after[$k]+done}" ]; then printf 'done %s %s\n' "$index" "${word_after[$k]:--}"; fi
            } >>"$other/log"
            return 0
        done <"$other/shares"
    done
    return 1
}

# A lifetime in seconds, less those since the run began.
left() {
    local began now
    began=$(sed -n 's/^began //p' "$JOURNAL/log" | sort -n | head -n 1)
    read -r now _ </proc/uptime
    set -- $(($1 - ${now%.*} + ${began%.*}))
    printf '%s' $(($1 > GRACE ? $1 : GRACE))
}

# Prints what a command's output has of a pattern.
found() { "${@:2}" 2>/dev/null | grep -oE -m 1 -- "$1"; }

# A line of an undo's input, unless a command's output has a pattern.
unless() { [ -n "$(found "${@:2}")" ] || printf '%s\n' "$1"; }

# A process inside would keep the namespace alive once its name is gone.
refuse_processes() {
    local pids sign
    for sign in TERM KILL; do
        pids=$(inside) || die "what runs inside $NAME is unknown (\`ip netns pids\` or \`stat\` was ended): try again"
        if [ -z "$pids" ]; then return 0; fi
        [ "$1" = --kill ] || die "processes run inside $NAME (${pids//$'\n'/, }): end them, or use --kill"
        # shellcheck disable=SC2086 # one word a process
        show kill -s "$sign" $pids
        for _ in {1..100}; do
            if [ -z "$(inside)" ]; then return 0; fi
            sleep 0.02
        done
    done
    die "processes run inside $NAME, and others come while these end: stop what starts them"
}

# The processes inside, if the namespace is there and ours; it fails where that is unknown.
inside() {
    local now status=0 order=()
    local -A word_before=() word_after=() begun=()
    read_log
    now=$(word "$FIRST") || status=$?
    ended "$status" || return 1
    if [ "${word_after[$FIRST]-}" = "" ] || [ "$now" != "${word_after[$FIRST]}" ]; then return 0; fi
    ip netns pids "$NAME" 2>/dev/null || ended $?
}

# PROGRAM:PACKAGE...
need() {
    local each
    for each; do
        command -v "${each%:*}" >/dev/null || die "there is no \`${each%:*}\` on PATH: install ${each#*:}"
    done
}

become_root() {
    if [ "$EUID" = 0 ]; then return 0; fi
    if ! command -v sudo >/dev/null; then die "this needs root, and there is no sudo: run it as root"; fi
    set -x
    exec sudo -- bash "$0" "$@"
}

take_lock() {
    mkdir -p /run/netmodes || die "/run/netmodes cannot be made"
    exec 9>/run/netmodes/.lock
    flock 9 || die "/run/netmodes/.lock cannot be locked"
    rm -rf /run/netmodes/.*.new /run/netmodes/.*.old # of killed runs
    trap '' PIPE                                     # nobody reading is no reason to stop half way,
    { : >&2; } 2>/dev/null || exec 2>/dev/null       # nor is a closed stderr
}

down() {
    trap '' INT TERM HUP
    if [ ! -e "$JOURNAL" ]; then
        echo "$NAME is not up: nothing to do." >&2
        exit 0
    fi
    grep -qs '^began ' "$JOURNAL/log" ||
        die "$JOURNAL/log is damaged: undo $NAME by hand, with the undos in $JOURNAL/down.sh"
    refuse_processes "$1"
    echo down >>"$JOURNAL/log"
    take_back || die "$NAME is not wholly down: $failed"
}
