#!/usr/bin/env bash
# netmodes isolated: the network of namespace A, as commands. Needs no Python.
#
# host                      namespace A
# ┌────────────────────┐    ┌────────────────────┐
# │                    │    │ dummy0             │
# │                    │    │ 192.168.222.10/24  │
# └────────────────────┘    └────────────────────┘
#
# Usage: isolated.sh [up]            run the commands below (the default)
#        isolated.sh down [--kill]   undo them; --kill ends the processes in the namespace
#
# If a command fails, or on Ctrl-C, what was done is undone. A reboot undoes everything but the
# files in /etc/netns/A, which `down` removes.
# shellcheck disable=SC2016,SC2034,SC2317 # some code runs elsewhere, some networks need less
[ -n "${BASH_VERSION-}" ] || { echo "Error: this is a bash script: run it with bash, not sh" >&2; exit 1; }
set +e +o posix -u
umask 022
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
TMPDIR=/run # where bash keeps long here-documents
export PATH LC_ALL=C PS4='[#] '

# The commands in order; "step K" is command K, which has an undo.
up() {
    before 0 1
    # a network of its own, named A: no device but a loopback that is down
    step 0 ip netns add A
    # dummy0, a card with no cable: what it sends is lost
    step 1 ip link add dummy0 type dummy
    after || stop 1 "$(unknown)"
    # dummy0 leaves the host for A
    run ip link set dummy0 netns A
    # dummy0 answers for 192.168.222.10, and reaches 192.168.222.0/24 directly
    run ip netns exec A ip addr add 192.168.222.10/24 dev dummy0
    # dummy0 is switched on
    run ip netns exec A ip link set dummy0 up
    # the loopback works
    run ip netns exec A ip link set lo up
    before 6 7 8
    # guard: files here stand for those in /etc (ip-netns(8))
    step 6 mkdir -p /etc/netns/A
    # guard: A asks nobody for names
    READS=yes step 7 tee /etc/netns/A/resolv.conf <<'STDIN'
# made by netmodes
# no name server
STDIN
    # guard: A finds names in no other way: files
    step 8 sed -n -e 's/^hosts:.*/hosts: files # made by netmodes/' -e 'w /etc/netns/A/nsswitch.conf' /etc/nsswitch.conf
    after || stop 1 "$(unknown)"
}

# What the commands need of the machine.
permissions() {
    need cat:coreutils chmod:coreutils dd:coreutils find:findutils flock:util-linux grep:grep ip:iproute2 mkdir:coreutils mv:coreutils nsenter:util-linux readlink:coreutils rm:coreutils rmdir:coreutils sed:sed sh:dash tee:coreutils
    refuse_masked
    writable /run/netns "where namespaces are named: make /run writable"
    writable /etc/netns/A "where a namespace's own files are: make /etc writable, or export with --dns none or --verbatim"
}

# What must hold before the first command.
requirements() {
    absent 'namespace A exists already: delete it or choose another name' 0 '^/run/netns/A (.)'
    absent 'device dummy0 exists already: delete it or choose another name' 3 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"dummy0",' '"altnames":\[[^]]*("dummy0")'
    absent '192.168.222.0/24 overlaps a route of the host: choose an address of another subnet' 6 '(.)'
    absent '192.168.222.0/24 overlaps a route of the host: choose an address of another subnet' 7 '(.)'
    absent '/etc/netns/A/resolv.conf is not ours: move it away, or export again' 4 '^(/etc/netns/A/resolv\.conf.*)$'
    absent '/etc/netns/A/nsswitch.conf is not ours: move it away, or export again' 5 '^(/etc/netns/A/nsswitch\.conf.*)$'
}

# MESSAGE LOOK...: a look must find nothing, or something.
absent() {
    find_in "${@:2}"
    case $? in 0) die "$1" ;; 2) die "$(unknown)" ;; esac
}

present() {
    find_in "${@:2}"
    case $? in 1 | 3) die "$1" ;; 2) die "$(unknown)" ;; esac
}

NAME=A
NAMES=A
GRACE=60 SLOW=5 PATIENCE=10 MANY=100
FIRST=0 BRIDGE=''
ATTACHED=''
UPLINK=''

needs() {
    need chmod:coreutils dd:coreutils find:findutils flock:util-linux grep:grep ip:iproute2 mkdir:coreutils mv:coreutils readlink:coreutils rm:coreutils rmdir:coreutils sed:sed sh:dash
}

# A listing, by its number, run by the command $2 (one is of the namespace at PLACE).
listing() {
    case $1 in
    0) "$2" find -H /etc /run /proc/self/ns/net '(' -path /etc -o -path /run -o -path '/proc/*' -o -path '/etc/netns*' -o -path '/run/netns*' ')' -printf '%p %i.%C@ %i.%s.%T@\n' -o -prune ;;
    1) "$2" ip netns pids A ;;
    2) "$2" ip -n A -j link show ;;
    3) "$2" ip -d -j addr show ;;
    4) "$2" sh -c 'for file; do [ ! -s "$file" ] || grep -L -- "$0" "$file"; [ $? -lt 2 ] || exit; done; echo looked' '# made by netmodes$' /etc/netns/A/resolv.conf ;;
    5) "$2" sh -c 'for file; do [ ! -s "$file" ] || grep -L -- "$0" "$file"; [ $? -lt 2 ] || exit; done; echo looked' '# made by netmodes$' /etc/netns/A/nsswitch.conf ;;
    6) "$2" ip -4 route show table all root 192.168.222.0/24 ;;
    7) "$2" ip -4 route show table all root 192.0.0.0/8 match 192.168.222.0/24 ;;
    8) "$2" sh -c 'find /proc/[0-9]*/ns/net /proc/self/ns/net -maxdepth 0 -printf "%h %l\n" 2>/dev/null; :' ;;
    9) "$2" nsenter --net="$PLACE" cat /proc/self/net/netlink ;;
    esac
}

# What every complete listing has.
WHOLE=([0]='/proc/self/ns/net [0-9. ]+$' [2]='^\[\{.*"ifname":"lo",.*\}\]$' [3]='^\[\{.*"ifname":"lo",.*\]\}\]$' [4]='looked$' [5]='looked$' [8]='/proc/self/ns net:[^ ]*$' [9]='^sk .* 16 +0 +[0-9a-f]{8} ')
LINKS=3 PROCESSES=8
SOCKETS=9

# What the looks at the host's devices look for.
ASKED=([0]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"dummy0",.*"info_kind":"dummy"' [1]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"dummy0",.*"local"' [2]='"master":"(dummy0)"' [3]='\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"dummy0",' [4]='"altnames":\[[^]]*("dummy0")' [5]='"ifname":"(dummy0)"')

# The devices by the command that makes each, how to find them by name and by ifindex.
DEVICES=([1]=dummy0)
BY_NAME=([1]='"ifname":"(dummy0)"')
BY_INDEX=([1]='"ifindex":{after},.*"ifname":"([^"]+)",.*"info_kind":"dummy"')

# Sets WORD to what tells the network namespace at PLACE from all others.
socket() { find_in 9 '^[^ ]+ +0 +0 .* ([0-9]+) *$'; }

# Sets WORD to what identifies the result of command K.
look() {
    case $1 in
    0) find_in 0 '^/run/netns/A ([0-9]+\.[0-9]+\.[0-9]+) ' ;;
    1) find_in 3 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"dummy0",.*"info_kind":"dummy"' ;;
    6) find_in 0 '^/etc/netns/A ([0-9]+)\.' ;;
    7) find_in 0 '^/etc/netns/A/resolv\.conf [0-9.]+ ([0-9.]+)$' ;;
    8) find_in 0 '^/etc/netns/A/nsswitch\.conf [0-9.]+ ([0-9.]+)$' ;;
    esac
}

# Undoes command K; $before is the word of its look before it ran.
undo() {
    local before=${2-} INPUT=
    case $1 in
    0) show ip netns del A ;;
    1) show ip link del dummy0 ;;
    6) show rmdir --parents --ignore-fail-on-non-empty /etc/netns/A ;;
    7) show rm /etc/netns/A/resolv.conf ;;
    8) show rm /etc/netns/A/nsswitch.conf ;;
    esac
}

# Sets WORD to what depends on the result of command K, except networks of ours.
users() {
    case $1 in
    6) has 0 '^/etc/netns/A/([^/ ]+) ' ;;
    *) return 1 ;;
    esac
}

# Sets WORD to a sign that somebody else made the result of command K after a cut.
others() {
    case $1 in
    0)
        has 1 '([0-9]+)' ||
            has 2 '"ifname":"([^"]+)","flags":\[[^]]*"UP"'
        ;;
    1)
        has 3 '\{"ifindex":([0-9]+),("link[^,]*,)?"ifname":"dummy0",.*"local"' ||
            has 3 '"master":"(dummy0)"'
        ;;
    7) has 4 '^(/etc/netns/A/resolv\.conf.*)$' ;;
    8) has 5 '^(/etc/netns/A/nsswitch\.conf.*)$' ;;
    *) return 1 ;;
    esac
}

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

# What root may do here, for a container's may do less (netmodes/machine/permissions.py, writable.py).

# CapEff has CAP_NET_ADMIN and CAP_SYS_ADMIN (capabilities(7)).
refuse_bounded() {
    local key value=
    while read -r key value && [ "$key" != CapEff: ]; do :; done </proc/self/status
    (((0x${value:-201000} & 0x201000) == 0x201000)) ||
        die "this root may not change the network (no CAP_NET_ADMIN or no CAP_SYS_ADMIN; a container's, it seems): give the container --privileged, or use the machine that runs it"
}

# In a user namespace below a container's, `ip netns exec` may not mount the /sys of a new network.
refuse_masked() {
    local ids status=0
    read -r _ _ ids </proc/self/uid_map
    if [ "$ids" = 4294967295 ] || ! covers_sys; then return 0; fi
    unshare --net --mount -- mount -t sysfs sysfs /sys 2>/dev/null || status=$?
    [ "$status" != 32 ] || die "a part of /sys is hidden, as in a container, so that \`ip netns exec\` fails: give that --privileged"
}

# Whether something is mounted below /sys.
covers_sys() {
    local line
    while read -r line; do
        if [[ $line == *" /sys/"* && $line != */cgroup* ]]; then return 0; fi
    done </proc/self/mountinfo
    return 1
}

# KEY=VALUE...: each can be written, or is so already. A new device begins with the default.
settings() {
    local each file folder
    for each; do
        file_of "${each%%=*}"
        folder=${file%/*}
        if [ ! -e "$folder" ]; then file=${folder%/*}/default/${file##*/}; fi
        [ -e "$file" ] || die "this machine has no setting ${each%%=*}: export again"
        [ -w "$file" ] || [ "$(<"$file")" = "${each#*=}" ] ||
            die "/proc/sys is read-only, as a container's, and ${file#/proc/sys/} must be ${each#*=}: start that with --privileged, or with \`--sysctl\`"
    done
}

# Sets file to that of a key, which has slashes between its parts where one has a dot.
file_of() { case $1 in */*) file=/proc/sys/$1 ;; *) file=/proc/sys/${1//.//} ;; esac }

# Whether a command is a `sysctl -w` that cannot write, and need not.
settled() {
    local each file fixed=
    if [ "$1 ${2-}" != "sysctl -w" ]; then return 1; fi
    for each in "${@:3}"; do
        file_of "${each%%=*}"
        if [ ! -e "$file" ] || [ "$(<"$file")" != "${each#*=}" ]; then return 1; fi
        [ -w "$file" ] || fixed=yes
    done
    [ -n "$fixed" ]
}

# FOLDER WHY: it can be written, or made.
writable() {
    local there=$1
    while [ ! -e "$there" ]; do there=${there%/*}; done
    there=${there:-/}
    if [ ! -d "$there" ] || [ ! -w "$there" ]; then die "$1 cannot be written, $2"; fi
}

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

# Devices of DEVICES that somebody has renamed since: ours, and those that must not be lost.

# K INDEX: sets WORD to the name by now of the device that command K made, if it has another one.
renamed() {
    if [ -z "${DEVICES[$1]-}" ]; then return 1; fi
    find_in "$LINKS" "${BY_INDEX[$1]/"{after}"/"${2%:}"}" || return
    [ "$WORD" != "${DEVICES[$1]}" ]
}

# Whether a device has the name of what command K made.
taken() { find_in "$LINKS" "${BY_NAME[$1]}"; }

# Refuses to undo a hand-over by names that the uplink, or its bridge, does not have any more.
refuse_to_cut_off() {
    local order word_before=() word_after=() begun=() after other
    if [ -z "$BRIDGE" ]; then return 0; fi
    read_log
    after=${word_after[BRIDGE]-}
    if [ -z "$after" ]; then return 0; fi
    refuse_renamed_uplink
    renamed "$BRIDGE" "$after" || { [ "$?" != 2 ] && return 0; } || die "$(unknown)"
    other=$WORD
    taken "$BRIDGE" || { [ "$?" != 2 ] && return 0; } || die "$(unknown)"
    die "$other is the bridge of $NAME, renamed, and another has its name: rename that one first"
}

refuse_renamed_uplink() {
    local before pattern
    before=$(<"$JOURNAL/before.json")
    pattern='\{\\?"ifindex\\?":([0-9]+),[^{]*\\?"ifname\\?":\\?"'$UPLINK'\\?"'
    if ! [[ $before =~ $pattern ]]; then return 0; fi
    ask_about "${BASH_REMATCH[1]}"
    find_in "$LINKS" "\"ifindex\":${BASH_REMATCH[1]},.*\"ifname\":\"([^\"]+)\"" || { [ "$?" != 2 ] && return 0; } || die "$(unknown)"
    if [ "$WORD" = "$UPLINK" ]; then return 0; fi
    die "$WORD is $UPLINK, the uplink of $NAME, renamed: \`ip link set $(quoted "$WORD") name $UPLINK\` first"
}

# How this script is called again.
me() {
    if ! is_file; then
        printf 'bash -s --'
    elif [[ $0 == */* && -x $0 ]]; then
        quoted "$0"
    else
        quoted bash "$0"
    fi
}

main() {
    if [ "$*" = --help ] && is_file; then exec sed -n '2,$ {/^# shellcheck/q; s/^# \{0,1\}//; p}' "$SCRIPT"; fi
    case "$# $*" in
    "0 " | "1 up" | "1 down" | "2 down --kill") ;;
    *) printf 'Usage: %s [up | down [--kill]]\n' "$(me)" >&2 && exit 2 ;;
    esac
    become_root "$@"
    needs
    take_lock
    if [ "${1-up}" = down ]; then
        is_this || die "$NAME was made by other commands than these: \`netmodes down $NAME\`"
        down "${2-}"
    elif [ -e "$JOURNAL" ]; then
        if ! is_this || ! is_up; then die "$NAME is in use, or was interrupted: take it down first"; fi
        echo "$NAME is up already." >&2
    else
        permissions
        prepare
        requirements
        stop_if_caught
        refuse_unseen
        remove_leftover || :
        begin || die "$JOURNAL cannot be written"
        up
        stop_if_caught
        echo up >>"$JOURNAL/log" || stop 1 "$JOURNAL cannot be written"
        # Nobody may read it any more.
        echo "$NAME is up: \`$(me) down\` undoes it." >&2 || :
    fi
}

# Writes the whole journal before the first command.
begin() {
    local draft=/run/netmodes/.$NAME.new uptime id
    mkdir "$draft" && read -r uptime _ </proc/uptime && read -r id </proc/sys/kernel/random/uuid &&
        printf '%s\n' "began $uptime" "run $id $HERE" >"$draft/log" && shares >"$draft/shares" && plan >"$draft/plan.json" &&
        down_script >"$draft/down.sh" && (umask 077 && facts >"$draft/before.json") && mv "$draft" "$JOURNAL" && [ -e "$JOURNAL/log" ]
}

# The machine's facts from before the run, for comparison.
facts() {
    printf '{"format": 2, "table": { '
    entry links ip -d -j addr show
    printf ', '
    entry routes ip -4 -j route show table all
    printf ', '
    entry routes6 ip -6 -j route show table all
    printf ' }}\n'
}

# NAME COMMAND...: what a command prints, as an entry of a table of facts; none if it fails or hangs.
entry() {
    start escaped "${@:2}"
    finish "$PATIENCE" || give_up
    if [ "$STATUS" = 0 ]; then printf '"%s": {"output": "%s"}' "$1" "${PRINTED%$'\n'}"; else printf '"%s": {}' "$1"; fi
}

# What a command prints, as JSON has it in quotes; bash would take seconds for a thousand devices.
escaped() {
    exec 9>&- # what hangs would keep the lock
    set -o pipefail
    "$@" 2>/dev/null | sed 's/[\\"]/\\&/g'
}

down_script() { functions_and 'become_root "$@"' needs take_lock 'down "$@"'; }

# A script of its own with all functions of this one, which runs these lines.
functions_and() {
    text <<'START'
#!/usr/bin/env bash
[ -n "${BASH_VERSION-}" ] || { echo "Error: this is a bash script: run it with bash, not sh" >&2; exit 1; }
set +e +o posix -u
umask 022
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
TMPDIR=/run # where bash keeps long here-documents
export PATH LC_ALL=C PS4='[#] '
START
    declare -p NAME NAMES GRACE SLOW PATIENCE MANY ASKED FIRST BRIDGE ATTACHED UPLINK JOURNAL WHOLE PROCESSES SOCKETS DEVICES BY_NAME BY_INDEX LINKS
    declare -f
    printf '%s\n' "$@"
}

# Prints what it reads.
text() {
    local text
    text=$(</dev/stdin) # `read` would take it byte by byte
    printf '%s' "${text:+$text$'\n'}"
}

is_this() { [ ! -e "$JOURNAL/plan.json" ] || [ "$(plan)" = "$(<"$JOURNAL/plan.json")" ]; }

is_up() {
    local line last=
    while read -r line; do case $line in up | down) last=$line ;; esac done <"$JOURNAL/log"
    [ "$last" = up ]
}

# The commands that other networks may share.
shares() {
    text <<'SHARES'
SHARES
}

# The plan, for `netmodes list` and `netmodes down`.
plan() {
    text <<'JSON'
{"format": 5, "mode": "isolated", "namespaces": ["A"], "parameters": {"namespace": "A", "device": "dummy0", "address": "192.168.222.10/24"}, "topology": {"device": "dummy0", "address": "192.168.222.10/24", "host_device": "", "ingress": "", "host_address": "", "bridge": "", "uplink": "", "gateway": "", "subnets": ["192.168.222.0/24"], "joins": ""}, "steps": [{"argv": ["ip", "netns", "add", "A"], "why": "a network of its own, named A: no device but a loopback that is down", "undo": {"look": {"argv": ["find", "-H", "/etc", "/run", "/proc/self/ns/net", "(", "-path", "/etc", "-o", "-path", "/run", "-o", "-path", "/proc/*", "-o", "-path", "/etc/netns*", "-o", "-path", "/run/netns*", ")", "-printf", "%p %i.%C@ %i.%s.%T@\\n", "-o", "-prune"], "patterns": ["^/run/netns/A ([0-9]+\\.[0-9]+\\.[0-9]+) "], "whole": "/proc/self/ns/net [0-9. ]+$"}, "argv": ["ip", "netns", "del", "A"], "others": [{"argv": ["ip", "netns", "pids", "A"], "patterns": ["([0-9]+)"]}, {"argv": ["ip", "-n", "A", "-j", "link", "show"], "patterns": ["\"ifname\":\"([^\"]+)\",\"flags\":\\[[^]]*\"UP\""], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\}\\]$"}]}}, {"argv": ["ip", "link", "add", "dummy0", "type", "dummy"], "why": "dummy0, a card with no cable: what it sends is lost", "undo": {"look": {"argv": ["ip", "-d", "-j", "addr", "show"], "patterns": ["\\{\"ifindex\":([0-9]+),(\"link[^,]*,)?\"ifname\":\"dummy0\",.*\"info_kind\":\"dummy\""], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\]\\}\\]$"}, "argv": ["ip", "link", "del", "dummy0"], "others": [{"argv": ["ip", "-d", "-j", "addr", "show"], "patterns": ["\\{\"ifindex\":([0-9]+),(\"link[^,]*,)?\"ifname\":\"dummy0\",.*\"local\""], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\]\\}\\]$"}, {"argv": ["ip", "-d", "-j", "addr", "show"], "patterns": ["\"master\":\"(dummy0)\""], "whole": "^\\[\\{.*\"ifname\":\"lo\",.*\\]\\}\\]$"}], "renamed": "\"ifindex\":{after},.*\"ifname\":\"([^\"]+)\",.*\"info_kind\":\"dummy\""}}, {"argv": ["ip", "link", "set", "dummy0", "netns", "A"], "why": "dummy0 leaves the host for A"}, {"argv": ["ip", "addr", "add", "192.168.222.10/24", "dev", "dummy0"], "why": "dummy0 answers for 192.168.222.10, and reaches 192.168.222.0/24 directly", "namespace": "A"}, {"argv": ["ip", "link", "set", "dummy0", "up"], "why": "dummy0 is switched on", "namespace": "A"}, {"argv": ["ip", "link", "set", "lo", "up"], "why": "the loopback works", "namespace": "A"}, {"argv": ["mkdir", "-p", "/etc/netns/A"], "why": "files here stand for those in /etc (ip-netns(8))", "undo": {"look": {"argv": ["find", "-H", "/etc", "/run", "/proc/self/ns/net", "(", "-path", "/etc", "-o", "-path", "/run", "-o", "-path", "/proc/*", "-o", "-path", "/etc/netns*", "-o", "-path", "/run/netns*", ")", "-printf", "%p %i.%C@ %i.%s.%T@\\n", "-o", "-prune"], "patterns": ["^/etc/netns/A ([0-9]+)\\."], "whole": "/proc/self/ns/net [0-9. ]+$"}, "argv": ["rmdir", "--parents", "--ignore-fail-on-non-empty", "/etc/netns/A"], "users": [{"argv": ["find", "-H", "/etc", "/run", "/proc/self/ns/net", "(", "-path", "/etc", "-o", "-path", "/run", "-o", "-path", "/proc/*", "-o", "-path", "/etc/netns*", "-o", "-path", "/run/netns*", ")", "-printf", "%p %i.%C@ %i.%s.%T@\\n", "-o", "-prune"], "patterns": ["^/etc/netns/A/([^/ ]+) "], "whole": "/proc/self/ns/net [0-9. ]+$"}]}, "guard": true, "prevents": "the namespace reads the host's own files, which name servers it may not reach"}, {"argv": ["tee", "/etc/netns/A/resolv.conf"], "why": "A asks nobody for names", "stdin": "# made by netmodes\n# no name server\n", "undo": {"look": {"argv": ["find", "-H", "/etc", "/run", "/proc/self/ns/net", "(", "-path", "/etc", "-o", "-path", "/run", "-o", "-path", "/proc/*", "-o", "-path", "/etc/netns*", "-o", "-path", "/run/netns*", ")", "-printf", "%p %i.%C@ %i.%s.%T@\\n", "-o", "-prune"], "patterns": ["^/etc/netns/A/resolv\\.conf [0-9.]+ ([0-9.]+)$"], "whole": "/proc/self/ns/net [0-9. ]+$"}, "argv": ["rm", "/etc/netns/A/resolv.conf"], "others": [{"argv": ["sh", "-c", "for file; do [ ! -s \"$file\" ] || grep -L -- \"$0\" \"$file\"; [ $? -lt 2 ] || exit; done; echo looked", "# made by netmodes$", "/etc/netns/A/resolv.conf"], "patterns": ["^(/etc/netns/A/resolv\\.conf.*)$"], "whole": "looked$"}]}, "guard": true, "prevents": "a name server, or the host by a socket in /run, learns what the namespace looks for"}, {"argv": ["sed", "-n", "-e", "s/^hosts:.*/hosts: files # made by netmodes/", "-e", "w /etc/netns/A/nsswitch.conf", "/etc/nsswitch.conf"], "why": "A finds names in no other way: files", "undo": {"look": {"argv": ["find", "-H", "/etc", "/run", "/proc/self/ns/net", "(", "-path", "/etc", "-o", "-path", "/run", "-o", "-path", "/proc/*", "-o", "-path", "/etc/netns*", "-o", "-path", "/run/netns*", ")", "-printf", "%p %i.%C@ %i.%s.%T@\\n", "-o", "-prune"], "patterns": ["^/etc/netns/A/nsswitch\\.conf [0-9.]+ ([0-9.]+)$"], "whole": "/proc/self/ns/net [0-9. ]+$"}, "argv": ["rm", "/etc/netns/A/nsswitch.conf"], "others": [{"argv": ["sh", "-c", "for file; do [ ! -s \"$file\" ] || grep -L -- \"$0\" \"$file\"; [ $? -lt 2 ] || exit; done; echo looked", "# made by netmodes$", "/etc/netns/A/nsswitch.conf"], "patterns": ["^(/etc/netns/A/nsswitch\\.conf.*)$"], "whole": "looked$"}]}, "guard": true, "prevents": "a name server, or the host by a socket in /run, learns what the namespace looks for"}], "promises": [{"source": "namespace", "target": "itself", "reachable": true}, {"source": "host", "target": "namespace", "reachable": false}, {"source": "namespace", "target": "the host's other addresses", "reachable": false}, {"source": "namespace", "target": "the gateway", "reachable": false}, {"source": "namespace", "target": "outside", "reachable": false}, {"source": "namespace", "target": "a name", "reachable": false}, {"source": "outside", "target": "namespace", "reachable": false}], "inherited": [], "confirms": false, "more": []}
JSON
}

main "$@"
