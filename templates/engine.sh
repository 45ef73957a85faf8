# Runs commands and undoes them: the only engine of taking back, which `netmodes down` runs too. Around
# it stand NAME, NAMES (of its namespaces), ATTACHED (the process whose one that is), GRACE (the least seconds of a lifetime), FIRST (the command
# that makes the namespaces), SLOW and PATIENCE (seconds), MANY (devices), DEVICES, ASKED, ITEMS (what a
# batch makes) and the functions that know the commands: listing, look, undo, users, others.

JOURNAL=/run/netmodes/$NAME

die() {
    local ended=()
    if [ -z "${HELD-}" ]; then set_ended; fi # what a signal has cut short tells nothing
    printf 'Error: %s\n' "$(visible "${ended[1]-$1}")" >&2
    exit "${ended[0]-1}"
}

# What others have named, without what a terminal would act on.
visible() { printf '%s' "${1//[^[:print:]$'\n']/?}"; }

# Shows a command as it runs, with what it reads if READS is set. If it takes long it is named again,
# and Ctrl-C ends it from then on.
show() {
    local line text=''
    quote "$@"
    line=${LINE//[^[:print:]$'\n']/?}
    if [ -z "${READS-}" ]; then
        printf '[#] %s\n' "$line" >&2
    else
        IFS= read -r -d '' text # fails at the end, which comes without a NUL
        text=${text%$'\n'}
        printf "[#] %s <<'STDIN'\n%s\nSTDIN\n" "$line" "${text//[^[:print:]$'\n']/?}" >&2
    fi
    LISTED=()
    start command_itself "$text" "$@"
    if ! finish "$SLOW"; then
        printf '[#] # %s runs for %s s, as process %s: Ctrl-C ends it\n' "$line" "$SLOW" "$STARTED" >&2
        note_signals
        until finish 0.1; do
            if [ -n "$caught" ]; then give_up && break; fi
        done
        if [ -n "$HELD" ]; then hold_back; fi
    fi
    return "$STATUS"
}

# That it holds the pipe tells that it runs.
command_itself() {
    exec 8>&1 >/dev/null
    if [ -n "${READS-}" ]; then exec <<<"$1"; fi
    exec "${@:2}"
}

# Starts a command, which comes to its end whatever the signals: Ctrl-C reaches the whole group. FROM
# is a pipe with what it prints.
start() {
    local to
    if [ -z "${FROM-}" ]; then exec {FROM}< <(:); fi
    exec {to}>"/proc/self/fd/$FROM"
    (hold_back && exec {to}>&- && "$@") >&"$to" &
    STARTED=$! PRINTED='' STATUS=''
    exec {to}>&-
}

# From now on no signal ends a command, nor what is asked in between.
hold_back() { HELD=yes && trap '' INT TERM HUP; }

# From now on INT, TERM and HUP are noted, and end no command by themselves.
note_signals() {
    trap 'caught=INT' INT
    trap 'caught=TERM' TERM
    trap 'caught=HUP' HUP
}

# Waits these seconds for what was started: adds to PRINTED and sets STATUS, or fails.
finish() {
    local text status=0 size=4096 # what takes bash longer than a program
    while [ "$status" != 1 ]; do # 1: that was all; 0: there is more; else a signal came in between
        IFS= read -r -N "$size" -t "$1" -u "$FROM" text
        status=$?
        if [ "$status" = 0 ]; then # bash would take seconds for much more
            text+=$(hold_back && dd if="/proc/self/fd/$FROM" iflag=nonblock bs=64K count=1 2>/dev/null || : && printf .)
            text=${text%.} size=1
        fi
        PRINTED+=$text
        if [ "$status" != 142 ]; then continue; fi
        if kill -0 "$STARTED" 2>/dev/null; then return 1; fi
        leave_pipe && break # a child of it has the pipe
    done
    wait "$STARTED" 2>/dev/null
    STATUS=$?
    if [ "$STATUS" -gt 128 ]; then wait "$STARTED" 2>/dev/null; STATUS=$?; fi # a signal may have cut the first short
}

give_up() {
    kill -KILL "$STARTED"
    disown "$STARTED" # else bash would tell
    leave_pipe
    STATUS=137
}

leave_pipe() { exec {FROM}<&- && FROM=; }

# Command K's undo, in words.
thing() { (
    show() { if [ -n "${ITEMS[$k]-}" ] && [ -n "$INPUT" ]; then printf %s "${INPUT%$'\n'}"; else echo "$*"; fi; }
    unless() { :; }
    unless_lacking() { :; }
    carry() { :; }
    k=$1 EVERY=
    undo "$@"
); }

run() {
    local status=0
    stop_if_caught
    if settled "$@"; then
        echo "[#] # ${*:3} is so already" >&2
        return 0
    fi
    show "$@" || status=$?
    stop_if_caught
    [ "$status" = 0 ] || stop 1 "\`$(quoted "$@")\` failed (exit status $status)$(hint "$@")"
}

prepare() {
    local devices=(/proc/sys/net/ipv4/conf/*)
    LISTED=() INDEXES=0 DEVICES_NOW=${#devices[@]}
    FOUND=() RAN=() HUNG=() caught='' HELD='' PRINTED='' LISTING='' WRONG=''
    note_signals
}

stop_if_caught() {
    local ended=()
    set_ended
    [ "${#ended[@]}" = 0 ] || stop "${ended[@]}"
}

# Sets ended to how the signal that came ends a run: its exit status and its words.
set_ended() {
    case ${caught-} in
    INT) ended=(130 interrupted) ;;
    TERM) ended=(143 terminated) ;;
    HUP) ended=(129 "hung up") ;;
    esac
}

# A command as it is shown, quoted where it must be.
quoted() { quote "$@" && printf '%s' "$LINE"; }

quote() {
    local word
    LINE=
    for word; do
        if [[ $word =~ [^A-Za-z0-9_@%+=:,./-] || -z $word ]]; then word=${word@Q}; fi
        LINE+=${LINE:+ }$word
    done
}

hint() {
    [[ "$*" != "ip link add "*" type "* ]] ||
        printf '\n%s' "If this kernel has no device type '$6': load its module (\`modprobe $6\`), or install the package that holds it (Ubuntu: linux-modules-extra)."
}

# Commands K..., which have an undo and come next: what their looks find before.
before() {
    local k
    for k; do
        look "$k" || [ "$?" = 1 ] || stop 1 "$(unknown)"
        FOUND[k]=$WORD
    done
}

step() {
    log start "$1" "${FOUND[$1]:--}"
    run "${@:2}"
    RAN+=("$1")
}

# What the looks find of those that have run.
after() {
    local k ran=("${RAN[@]}")
    RAN=()
    for k in "${ran[@]}"; do
        look "$k" || [ "$?" = 1 ] || return 2
        FOUND[k]=$WORD
    done
    for k in "${ran[@]}"; do log "done" "$k" "${FOUND[k]:--}"; done
    if [ "${ran[0]-}" != "$FIRST" ] || [ -n "${ITEMS[FIRST]-}" ]; then return 0; fi
    PLACE=/run/netns/$NAME
    socket && log socket "$WORD"
}

log() { echo "$*" >>"$JOURNAL/log" || stop 1 "$JOURNAL cannot be written"; }

# NUMBER PATTERN...: sets WORD to what a pattern finds in a listing where some line has GIVEN and none
# is LACKS, in the lines without BUT; if a group ITEM is a name, to `NAME=WORD` for each AMONG those, or
# for all. Status 1: it finds nothing; 2: that is unknown; 3: the program is not installed.
find_in() {
    local lines line pattern word names=() seen=
    local -A each=()
    WORD=
    list "$1" || return
    local IFS=$'\n'
    set -f # mapfile would read a long line byte by byte
    # shellcheck disable=SC2206
    lines=($PRINTED)
    set +f
    if [ "${#lines[@]}" = 0 ]; then lines=(''); fi
    if [ -n "${GIVEN-}" ]; then
        for line in "${lines[@]}"; do if [[ $line =~ $GIVEN ]]; then seen=yes; fi; done
        if [ -z "$seen" ]; then return 1; fi
    fi
    if [ -n "${LACKS-}" ] && [[ $'\n'$PRINTED$'\n' == *$'\n'"$LACKS"$'\n'* ]]; then return 1; fi
    for pattern in "${@:2}"; do
        set_head "$pattern"
        for line in "${lines[@]}"; do
            if [[ $line != "$HEAD"* ]]; then continue; fi
            if [ -n "${BUT-}" ] && [[ $line =~ $BUT ]]; then continue; fi
            if ! [[ $line =~ $pattern ]]; then continue; fi
            if [ -n "${ITEM-}" ]; then
                names+=("${BASH_REMATCH[ITEM]}") each[${BASH_REMATCH[ITEM]}]=${BASH_REMATCH[3 - ITEM]}
                continue
            fi
            WORD+=${BASH_REMATCH[1]}
            if [ -z "${ALL-}" ]; then return 0; fi
            WORD+=$'\n'
        done
    done
    IFS=' '
    if [ -n "${AMONG-}" ]; then read -ra names <<<"$AMONG"; fi
    for word in "${names[@]}"; do
        if [ -n "${each[$word]-}" ]; then WORD+=${WORD:+ }$word=${each[$word]}; fi
    done
    [ -n "$WORD" ]
}

# Sets HEAD to what a pattern says of how a line begins, for of many lines few match: bash takes long
# for a regular expression.
set_head() {
    local special='[][\\.*^$+?(){}]*'
    HEAD=
    if [[ $1 != ^* || $1 == *"|"* ]]; then return; fi
    HEAD=${1#^}
    # shellcheck disable=SC2295
    HEAD=${HEAD%%$special} HEAD=${HEAD%?} # the last may be there any number of times
}

# Whether it finds something, or that is unknown: then WORD is empty.
has() { find_in "$@" || [ "$?" = 2 ]; }

# Sets PRINTED to a listing, by its number; it is made once between two commands.
list() {
    LISTING=$1
    if [ -z "${LISTED[$1]+yes}" ]; then
        run_listing "$1" || return
        PRINTED=${PRINTED//,\{\"ifindex\"/$'\n',\{\"ifindex\"} # a line for each device
        LISTED[$1]=${PRINTED%"${PRINTED##*[!$'\n']}"}
    fi
    PRINTED=${LISTED[$1]}
    if [[ $PRINTED =~ ${WHOLE[$1]-} ]]; then return 0; fi
    unset "LISTED[$1]"
    WRONG="lists not all" && return 2
}

# The second time that it hangs is the last that it is made.
run_listing() {
    WRONG="takes over $PATIENCE s"
    if [ "${HUNG[$1]-0}" = 2 ]; then return 2; fi
    start listing_itself "$1"
    if ! finish "$PATIENCE"; then
        give_up
        HUNG[$1]=$((${HUNG[$1]-0} + 1)) && return 2
    fi
    if [ "$STATUS" = 0 ]; then return 0; fi
    WRONG="failed, exit status $STATUS"
    if listing "$1" is_missing; then return 3; else return 2; fi
}

# It holds no lock, for what hangs would keep it.
listing_itself() {
    exec 2>/dev/null 9>&-
    if [ "$1" != "$LINKS" ] || [ "$DEVICES_NOW" -lt "$MANY" ]; then listing "$1" exec; fi
    set -o pipefail
    listing "$1" command | asked_about
}

# Of many devices those alone that some look asks about, and what every complete listing has: bash
# would take long for the others.
asked_about() {
    sed 's/,{"ifindex"/\n&/g' |
        grep -E -e '^\[' -e '\]$' -e '"ifname":"lo"' -e "\"ifindex\":($INDEXES)," "${ASKED[@]/#/-e}"
}

# INDEX: a device that some look asks about by this ifindex.
ask_about() {
    if [[ "|$INDEXES|" == *"|$1|"* ]]; then return 0; fi
    INDEXES+="|$1"
    unset "LISTED[$LINKS]"
}

is_missing() { ! hash "$1" 2>/dev/null; }

# What a command prints; null if it fails or hangs. It has a pipe of its own: a signal ends this
# subshell, and not the command.
json() {
    FROM=
    start exec "$@" 2>/dev/null
    finish "$PATIENCE" || give_up
    if [ "$STATUS" = 0 ]; then printf '%s' "$PRINTED"; else printf null; fi
}

unknown() {
    printf 'what exists is unknown (`%s` %s): try again' "$(listing "$LISTING" quoted)" "$WRONG"
}

stop() {
    if [ "$1" = 1 ]; then stop_if_caught; fi
    printf 'Error: %s\n' "$(visible "$2")" >&2
    after 2>/dev/null
    if take_back; then
        echo 'What was done before that is undone; nothing is left.' >&2
    else
        echo "What was done before that is undone, except: $(visible "$failed"): \`bash $JOURNAL/down.sh\` tries again." >&2
    fi
    exit "$1"
}

# Newest first; only what is still as its command left it, or where what was there before is missing.
# $failed is what could not be taken back, in words.
take_back() {
    local k order=() word_before=() word_after=() begun=() still=() READS=
    failed=
    hold_back
    if [ ! -e "$JOURNAL" ]; then return 0; fi
    set_members
    read_log
    for k in "${order[@]}"; do name_again "$k"; done
    for k in "${order[@]}"; do
        caught="" still=("${word_before[$k]}")
        # What is left in a process's namespace is found by its name.
        if [ "$k" = "$FIRST" ] && [ -n "$ATTACHED" ] && [ -n "$failed" ]; then continue; fi
        if [ -n "${ITEMS[k]-}" ]; then
            take_back_batch "$k" "${word_before[$k]}"
        else
            take_back_one "$k" "${word_before[$k]}"
        fi || failed+="${failed:+; }$(why_failed "$k" "$?")"
    done
    if [ -n "$failed" ] || still_mounted; then return 1; fi
    # The folder goes at once or not at all.
    mv "$JOURNAL" "/run/netmodes/.$NAME.old" && rm -rf "/run/netmodes/.$NAME.old"
    if [ -e "$JOURNAL" ]; then failed="$JOURNAL cannot be removed" && return 1; fi
}

# Sets MEMBERS to the namespaces by now; of several some may have been taken down alone.
set_members() {
    { MEMBERS=$(<"$JOURNAL/namespaces"); } 2>/dev/null || MEMBERS=$NAMES
    MEMBERS=${MEMBERS//$'\n'/ }
}

# Sets order to the commands that were started, newest first, and what the log says of each.
read_log() {
    local verb k value
    order=() SOCKET=
    while read -r verb k value; do
        if [ "$value" = - ]; then value=; fi
        if ! [[ $k =~ ^[0-9]+$ ]]; then continue; fi # bash would evaluate it
        case $verb in
        start) word_before[k]=$value ;;
        done)
            word_after[k]=$value
            if [[ ${value%:} =~ ^[0-9]+$ ]]; then ask_about "${value%:}"; fi
            ;;
        back) begun[k]=yes ;;
        socket) SOCKET=$k ;;
        esac
    done <"$JOURNAL/log"
    for k in "${!word_before[@]}"; do order=("$k" "${order[@]}"); done
}

# Status 1: the undo failed; 2: what exists is unknown.
take_back_one() {
    local k=$1 before=$2 now why status after=${word_after[$1]-}
    if [ -n "$after" ] && [ "$after" != "$before" ]; then
        renamed "$k" "$after"
        case $? in
        0) take_back_renamed "$k" "$before" "$WORD" && return ;;
        2) return 2 ;;
        esac
    fi
    look "$k" || { [ "$?" = 1 ] && return 0; } || return 2
    now=$WORD
    if is_as_before "$k" "$before" "$now"; then return 0; fi
    why_not "$k" "$before" "$now" || return
    if [ -z "$why" ]; then
        if pass_on "$k" "$before"; then return 0; fi
        if users "$k"; then
            [ -n "$WORD" ] || return 2
            why="$WORD depends on it"
        fi
    fi
    if [ -n "$why" ]; then
        leave "$k" "$before" "$why"
        return 0
    fi
    echo "back $k" >>"$JOURNAL/log"
    undo "$k" "$before"
    status=$?
    if [ "$status" = 99 ]; then return 2; fi
    look "$k" || { [ "$?" = 1 ] && return 0; } || return 2
    [ "$WORD" != "$now" ] || [ "$now" = "$before" ] || return
    # It is as before from now on.
    if [ "$status" = 0 ] && [ -n "$before" ]; then echo "done $k $before" >>"$JOURNAL/log"; fi
}

# Gives a device back its name, if somebody has renamed it and nobody has taken the name.
name_again() {
    local after=${word_after[$1]-} name
    if [ -z "$after" ] || [ "$after" = "${word_before[$1]}" ] || ! renamed "$1" "$after"; then return; fi
    name=$WORD
    taken "$1"
    [ "$?" != 1 ] || show ip link set "$name" name "${DEVICES[$1]}"
}

take_back_renamed() { pass_on "$1" "$2" || show ip link del "$3"; }

why_failed() {
    if [ "$2" = 2 ]; then unknown; else printf '`%s` failed' "$(thing "$1" "${still[@]}")"; fi
}

# Sets why: why what command K made is not this run's, or nothing.
why_not() {
    local k=$1 before=$2 now=$3
    why=
    if [ -z "${word_after[$k]+done}" ]; then
        if others "$k"; then
            [ -n "$WORD" ] || return 2
            why="somebody else has made it"
        fi
    elif [ -n "$now" ] && [ "$now" != "$before" ] && [ "$now" != "${word_after[$k]}" ]; then
        why="it is not as this run left it"
    fi
}

# Whether there is nothing to take back; a taking-back of several parts may have been cut.
is_as_before() {
    local k=$1 before=$2 now=$3
    [ "$before" = "${word_after[$k]-not $before}" ] || { [ "$now" = "$before" ] && [ -z "${now:+${begun[$k]-}}" ]; }
}

leave() { printf '[#] # left alone: %s\n' "$(visible "$(thing "$1" "$2") ($3)")" >&2; }

# Whether a network that stays shares command K; then its undo is that network's from now on.
pass_on() {
    local k=$1 before=$2 share='' other index name
    while read -r index name; do
        if [ "$index" = "$k" ]; then share=$name; fi
    done <"$JOURNAL/shares"
    for other in /run/netmodes/*/; do
        if [ -z "$share" ] || [ "$other" = "$JOURNAL/" ]; then continue; fi
        while read -r index name; do
            if [ "$name" != "$share" ]; then continue; fi
            {
                echo "began $(began)"
                echo "start $index $(word_in "$other" "$share" "$before")"
                if [ -n "${word_after[$k]+done}" ]; then echo "done $index $(word_in "$other" "$share" "${word_after[$k]}")"; fi
            } >>"$other/log"
            return 0
        done <"$other/shares"
    done
    return 1
}

# JOURNAL SHARE WORD: the word as that journal has it; before format 3 an ifindex was `6:`, a table's
# handle `h6`.
word_in() {
    local head
    { read -rn 12 head <"$1/plan.json"; } 2>/dev/null
    if [[ $head != *[12] || ! $3 =~ ^[0-9]+$ || $2 == sysctl* ]]; then
        echo "${3:--}"
    elif [[ $2 == NAT* ]]; then
        echo "h$3"
    else
        echo "$3:"
    fi
}

# A lifetime in seconds, less those since the run began.
left() {
    local start now
    start=$(began)
    read -r now _ </proc/uptime
    set -- $(($1 - ${now%.*} + ${start%.*}))
    printf '%s' $(($1 > GRACE ? $1 : GRACE))
}

# The machine's uptime at the first command, or at an earlier one that the network has inherited.
began() {
    local verb value first=
    while read -r verb value; do
        if ! [[ "$verb $value" =~ ^began\ [0-9]+(\.[0-9]+)?$ ]]; then continue; fi
        if [ -z "$first" ] || [ "${value%.*}" -lt "${first%.*}" ]; then first=$value; fi
    done <"$JOURNAL/log"
    printf '%s' "$first"
}

# Sleeps for SECONDS, without a program: nobody ever writes to this pipe.
pause() {
    if [ -z "${PIPE-}" ]; then exec {PIPE}<> <(:); fi
    read -rt "$1" -u "$PIPE"
}

# LINE LOOK...: a line of an undo's input goes to INPUT, unless a look finds something.
unless() {
    find_in "${@:2}"
    case $? in
    0) ;;
    2) return 99 ;; # no command's status
    *) INPUT+=$1$'\n' ;;
    esac
}

# LOOK...: the same for each of LINES, which begins with what the look's listing lacks.
unless_lacking() {
    local lacks line found
    local -A listed=()
    find_in "$@"
    found=$?
    if [ "$found" = 2 ]; then return 99; fi
    while IFS= read -r line; do listed[" $line"]=yes; done <<<"$PRINTED" # an empty key is none
    while IFS='|' read -r lacks line; do
        if [ "$found" != 0 ] || [ -n "${listed[" $lacks"]-}" ]; then INPUT+=$line$'\n'; fi
    done <<<"${LINES%$'\n'}"
}

# LOOK...: every word that it finds is one more line of an undo's input.
carry() {
    ALL=yes find_in "$@"
    if [ "$?" = 2 ]; then return 99; fi
    INPUT+=$WORD
}

# A process inside would keep the namespace alive once its name is gone, as one whose it is may.
refuse_processes() {
    local pids=() sign
    if [ -n "$ATTACHED" ]; then return 0; fi
    for sign in TERM KILL; do
        inside || die "$(unknown)"
        if [ "${#pids[@]}" = 0 ]; then return 0; fi
        [ "$1" = --kill ] || die "processes run inside $NAME ($(programs_of "${pids[@]}")): end them, or use --kill"
        show kill -s "$sign" "${pids[@]}"
        for _ in {1..100}; do
            inside || die "$(unknown)"
            if [ "${#pids[@]}" = 0 ]; then return 0; fi
            pause 0.02
        done
    done
    die "processes run inside $NAME, and others come while these end: stop what starts them"
}

# PID...: each with the name of its program.
programs_of() {
    local pid name said=
    for pid; do
        { name=$(<"/proc/$pid/comm"); } 2>/dev/null || name=gone
        said+="${said:+, }$pid ${name//[^[:print:]]/?}"
    done
    printf '%s' "$said"
}

# Sets pids to the processes inside, if the namespace is ours; it fails where that is unknown.
inside() {
    local order made line places=() word_before=() word_after=() begun=()
    read_log
    made=${word_after[$FIRST]-}
    pids=()
    if [ -z "$made" ]; then return 0; fi
    LISTED=()
    if [ -n "${ITEMS[FIRST]-}" ]; then inside_several "$made"; return; fi
    list "$PROCESSES" || return 2
    while [[ $PRINTED == *"net:[${made%%.*}]"* ]] && read -r line; do # bash reads byte by byte here
        if [[ $line =~ ^(/proc/([0-9]+)/ns)\ net:\[${made%%.*}\]$ ]]; then
            places+=("${BASH_REMATCH[1]}/net") pids+=("${BASH_REMATCH[2]}")
        fi
    done <<<"$PRINTED"
    look "$FIRST" || [ "$?" = 1 ] || return 2
    if [ "${#pids[@]}" = 0 ] || [ "$WORD" = "$made" ]; then return 0; fi
    if [ -z "$SOCKET" ]; then die "processes run in what may have been $NAME (${pids[*]}): end them first"; fi
    is_ours "${places[@]}" || { [ "$?" != 2 ] && pids=(); }
}

# PLACE...: whether the namespace of our number, which these lead to, is ours. Once ours is gone its
# number may be another's; its socket's is not.
is_ours() {
    for PLACE; do
        unset "LISTED[$SOCKETS]"
        if socket; then [ "$WORD" = "$SOCKET" ]; return; fi
        if [ -e "$PLACE" ]; then return 2; fi # else it has ended
    done
    return 1
}

# Sets failed to where somebody else has mounted our namespace, which so lives on.
still_mounted() {
    local each lines=() line place places=()
    local -A made=()
    if [ -n "$ATTACHED" ]; then return 1; fi
    for each in ${word_after[$FIRST]-}; do each=${each##*=} made[$each]=yes made[${each%%.*}]=yes; done
    mapfile -t lines </proc/self/mountinfo
    for line in "${lines[@]}"; do
        if [[ $line != *" net:["* ]]; then continue; fi
        if ! [[ $line =~ ^([^ ]+\ ){3}net:\[([0-9]+)\]\ ([^ ]+) ]] || [ -z "${made[${BASH_REMATCH[2]}]-}" ]; then continue; fi
        place=$(printf %b "${BASH_REMATCH[3]//\\/\\0}")
        # Of several no socket is known, but while one is mounted its birth is the same.
        if [ -z "${ITEMS[FIRST]-}" ] || [ -n "${made[$(find "$place" -maxdepth 0 -printf '%i.%C@')]-}" ]; then places+=("$place"); fi
    done
    if [ -z "${ITEMS[FIRST]-}" ]; then is_ours "${places[@]}"; else [ "${#places[@]}" != 0 ]; fi
    case $? in
    1) return 1 ;;
    2) failed=$(unknown) && return ;;
    esac
    for place in "${places[@]}"; do
        place=$(quoted "$place")
        failed+="${failed:+; }its namespace lives on at $place: \`umount $place && rm $place\`"
    done
}

# PROGRAM:PACKAGE...
need() {
    local each
    for each; do
        hash "${each%:*}" 2>/dev/null || die "there is no \`${each%:*}\` on PATH: install ${each#*:}"
    done
}

# Whether bash reads this script from a file, which it can read again: sets SCRIPT to it.
is_file() {
    SCRIPT=$(readlink -f -- "${BASH_SOURCE[0]}")
    [[ $- != *[cs]* && -f $SCRIPT && $SCRIPT -ef ${BASH_SOURCE[0]} ]] # else "FILE (deleted)"
}

become_root() {
    if [ "$EUID" = 0 ]; then
        refuse_bounded
        return 0
    fi
    if ! command -v sudo >/dev/null; then die "this needs root, and there is no sudo: run it as root"; fi
    if [[ "$(</proc/self/status)" =~ NoNewPrivs:.1 ]]; then die "this needs root, and sudo gives none here (no_new_privs is set): run it as root"; fi
    is_file || die "this needs root: run it as root (\`sudo bash -s\`), or from a file"
    set -x
    exec sudo -- bash "$SCRIPT" "$@"
}

# [--kill] [--only NAME...], or --rollback
down() {
    local option=${1-}
    prepare
    hold_back
    if [ "$option" = --rollback ]; then
        take_back || die "$failed"
        exit 0
    fi
    if [ "$option" = --kill ]; then shift; fi
    ONLY=
    if [ ! -e "$JOURNAL" ]; then
        remove_leftover || echo "$NAME is not up: nothing to do." >&2
        exit 0
    fi
    [[ "$(<"$JOURNAL/log")" == "began "[0-9]* ]] 2>/dev/null ||
        die "$JOURNAL/log is damaged: undo $NAME by hand, with the undos in $JOURNAL/down.sh"
    set_members
    if [ "${1-}" = --only ]; then choose "${@:2}" || exit; fi
    refuse_blind
    refuse_processes "$option"
    if [ -n "$ONLY" ]; then
        leave_network || die "$ONLY of $NAME is not wholly down: $failed"
        return
    fi
    refuse_to_cut_off
    if [ -z "${ITEMS[FIRST]-}" ]; then remove_plain_file || die "/run/netns/$NAME cannot be removed"; fi
    echo down >>"$JOURNAL/log"
    take_back || die "$NAME is not wholly down: $failed"
}
