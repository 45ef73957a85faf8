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
# If a command fails, or on Ctrl-C, what was done is undone. A reboot undoes everything.
# shellcheck disable=SC2016,SC2034,SC2317 # some code runs elsewhere, some networks need less
[ -n "${BASH_VERSION-}" ] || { echo "Error: this is a bash script: run it with bash, not sh" >&2; exit 1; }
set +e +o posix -u
umask 022
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
TMPDIR=/run # where bash keeps long here-documents
export PATH LC_ALL=C PS4='[#] '

# The commands in order; "step K" is command K, which has an undo.
up() {
    # a network of its own, named A: no device but a loopback that is down
    step 0 ip netns add A
    # dummy0, a card with no cable: what it sends is lost
    step 1 ip link add dummy0 type dummy
    # dummy0 leaves the host for A
    run ip link set dummy0 netns A
    # dummy0 answers for 192.168.222.10, and reaches 192.168.222.0/24 directly
    run ip netns exec A ip addr add 192.168.222.10/24 dev dummy0
    # dummy0 is switched on
    run ip netns exec A ip link set dummy0 up
    # the loopback works
    run ip netns exec A ip link set lo up
    # guard: files here stand for those in /etc (ip-netns(8))
    step 6 mkdir -p /etc/netns/A
    # guard: A asks nobody for names
    READS=yes step 7 tee /etc/netns/A/resolv.conf <<'STDIN'
# made by netmodes
# no name server
STDIN
    # guard: A finds names in no other way: files
    step 8 sed -n -e 's/^hosts:.*/hosts: files # made by netmodes/' -e 'w /etc/netns/A/nsswitch.conf' /etc/nsswitch.conf
}

# What the commands need of the machine.
permissions() {
    need cat:coreutils cksum:coreutils flock:util-linux grep:grep head:coreutils ip:iproute2 ls:ls mkdir:coreutils mv:coreutils readlink:coreutils rm:coreutils rmdir:coreutils sed:sed sh:dash sleep:coreutils sort:coreutils stat:coreutils tail:coreutils tee:coreutils
    refuse_masked
    writable /run/netns "where namespaces are named: make /run writable"
    writable /etc/netns/A "where a namespace's own files are: make /etc writable, or export with --dns none or --verbatim"
}

# What must hold before the first command.
requirements() {
    absent 'namespace A exists already: delete it or choose another name' stat -c %i /run/netns/A
    absent 'device dummy0 exists already: delete it or choose another name' ip -o link show dev dummy0
    absent '192.168.222.0/24 overlaps a route of the host: choose an address of another subnet' ip -4 route show table all root 192.168.222.0/24
    absent '192.168.222.0/24 overlaps a route of the host: choose an address of another subnet' ip -4 route show table all root 192.0.0.0/2 match 192.168.222.0/24
    absent '/etc/netns/A/resolv.conf is not ours: move it away, or export again' grep -L '# made by netmodes$' /etc/netns/A/resolv.conf
    absent '/etc/netns/A/nsswitch.conf is not ours: move it away, or export again' grep -L '# made by netmodes$' /etc/netns/A/nsswitch.conf
}

# MESSAGE [TEXT] COMMAND...: whether the command prints nothing, or this text.
absent() { [ -z "$("${@:2}" 2>/dev/null)" ] || die "$1"; }
present() { [[ "$("${@:3}" 2>/dev/null) " == *"$2"* ]] || die "$1"; }

NAME=A
GRACE=60
FIRST=0

needs() {
    need cat:coreutils cksum:coreutils flock:util-linux grep:grep head:coreutils ip:iproute2 ls:ls mkdir:coreutils mv:coreutils readlink:coreutils rm:coreutils rmdir:coreutils sed:sed sh:dash sleep:coreutils sort:coreutils stat:coreutils tail:coreutils
}

# Prints a word that identifies the result of command K; fails if there is none.
probe() {
    case $1 in
    0) stat -L -c %i.%.9Z /run/netns/A ;;
    1) ip -o link show dev dummy0 type dummy ;;
    6) stat -c %i /etc/netns/A ;;
    7) cksum /etc/netns/A/resolv.conf ;;
    8) cksum /etc/netns/A/nsswitch.conf ;;
    esac
}

# Undoes command K; $before is the word that its probe printed before it ran.
undo() {
    local before=${2-}
    case $1 in
    0) show ip netns del A ;;
    1) show ip link del dummy0 ;;
    6) show rmdir --parents --ignore-fail-on-non-empty /etc/netns/A ;;
    7) show rm /etc/netns/A/resolv.conf ;;
    8) show rm /etc/netns/A/nsswitch.conf ;;
    esac
}

# Prints what depends on the result of command K by now, except networks of ours.
users() {
    case $1 in
    6) found .+ ls -A /etc/netns/A ;;
    esac
}

# Prints the sign that somebody else made the result of command K, which was cut off.
others() {
    case $1 in
    0)
        found '[0-9]+' ip netns pids A
        found .+ ip -n A -o link show up
        ;;
    1)
        found 'inet6? [^ ]+' ip -o addr show dev dummy0
        found .+ ip -o link show master dummy0
        ;;
    7) found .+ sh -c '[ ! -s "$1" ] || grep -L -- "$0" "$1" || :' '# made by netmodes$' /etc/netns/A/resolv.conf ;;
    8) found .+ sh -c '[ ! -s "$1" ] || grep -L -- "$0" "$1" || :' '# made by netmodes$' /etc/netns/A/nsswitch.conf ;;
    esac
}

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
    if settled "$@"; then
        echo "[#] # ${*:3} is so already" >&2
        return 0
    fi
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
        hash "${each%:*}" 2>/dev/null || die "there is no \`${each%:*}\` on PATH: install ${each#*:}"
    done
}

become_root() {
    if [ "$EUID" = 0 ]; then
        refuse_bounded
        return 0
    fi
    if ! command -v sudo >/dev/null; then die "this needs root, and there is no sudo: run it as root"; fi
    if grep -qs '^NoNewPrivs:.*1' /proc/self/status; then die "this needs root, and sudo gives none here (no_new_privs is set): run it as root"; fi
    # sudo's bash reads the script again, which a pipe gives only once.
    [ -f "$0" ] || die "this needs root: run it as root (\`sudo bash -s\`), or from a file"
    set -x
    exec sudo -- bash "$0" "$@"
}

take_lock() {
    mkdir -p /run/netmodes 2>/dev/null
    if [ ! -d /run/netmodes ] || [ ! -w /run/netmodes ]; then die "/run/netmodes cannot be written: see that it can be"; fi
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
    if [ "$ids" = 4294967295 ] || ! grep -v /cgroup /proc/self/mountinfo | grep -q ' /sys/'; then return 0; fi
    unshare --net --mount -- mount -t sysfs sysfs /sys 2>/dev/null || status=$?
    [ "$status" != 32 ] || die "a part of /sys is hidden, as in a container, so that \`ip netns exec\` fails: give that --privileged"
}

# KEY=VALUE...: each can be written, or is so already. A new device begins with the default.
settings() {
    local each file folder
    for each; do
        file=$(file_of "${each%%=*}") folder=${file%/*}
        if [ ! -e "$folder" ]; then file=${folder%/*}/default/${file##*/}; fi
        [ -e "$file" ] || die "this machine has no setting ${each%%=*}: export again"
        [ -w "$file" ] || [ "$(<"$file")" = "${each#*=}" ] ||
            die "/proc/sys is read-only, as a container's, and ${file#/proc/sys/} must be ${each#*=}: start that with --privileged, or with \`--sysctl\`"
    done
}

# The file of a key, which has slashes between its parts where one has a dot.
file_of() { case $1 in */*) echo "/proc/sys/$1" ;; *) echo "/proc/sys/${1//.//}" ;; esac }

# Whether a command is a `sysctl -w` that cannot write, and need not.
settled() {
    local each file fixed=
    if [ "$1 ${2-}" != "sysctl -w" ]; then return 1; fi
    for each in "${@:3}"; do
        file=$(file_of "${each%%=*}")
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

main() {
    case "${1-up} ${2-}" in
    "up " | "down " | "down --kill") ;;
    *) printf 'Usage: %s [up | down [--kill]]\n' "$0" >&2 && exit 2 ;;
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
        requirements
        trap 'stop 130 "interrupted"' INT
        trap 'stop 143 "terminated"' TERM
        trap 'stop 129 "hung up"' HUP
        begin || die "$JOURNAL cannot be written"
        up
        echo up >>"$JOURNAL/log"
    fi
}

# Writes the whole journal before the first command.
begin() {
    local draft=/run/netmodes/.$NAME.new uptime id
    mkdir "$draft" && read -r uptime _ </proc/uptime && read -r id </proc/sys/kernel/random/uuid &&
        printf '%s\n' "began $uptime" "run $id $(readlink /proc/self/ns/net)" >"$draft/log" && shares >"$draft/shares" && plan >"$draft/plan.json" &&
        down_script >"$draft/down.sh" && facts >"$draft/before.json" && mv "$draft" "$JOURNAL"
}

# The machine's facts from before the run, for comparison.
facts() {
    printf '{"links": %s, "routes": %s, "routes6": %s}\n' "$(ip -d -j addr show)" \
        "$(ip -4 -j route show table all)" "$(ip -6 -j route show table all)"
}

down_script() {
    cat <<'START'
#!/usr/bin/env bash
[ -n "${BASH_VERSION-}" ] || { echo "Error: this is a bash script: run it with bash, not sh" >&2; exit 1; }
set +e +o posix -u
umask 022
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
TMPDIR=/run # where bash keeps long here-documents
export PATH LC_ALL=C PS4='[#] '
START
    declare -p NAME GRACE FIRST JOURNAL
    declare -f
    printf '%s\n' 'become_root "$@"' needs take_lock 'down "${1-}"'
}

is_this() { [ ! -e "$JOURNAL/plan.json" ] || [ "$(plan)" = "$(cat "$JOURNAL/plan.json")" ]; }

is_up() { [ "$(grep -xE 'up|down' "$JOURNAL/log" | tail -n 1)" = up ]; }

# The commands that other networks may share.
shares() {
    cat <<'SHARES'
SHARES
}

# The plan, for `netmodes list` and `netmodes down`.
plan() {
    cat <<'JSON'
{"format": 2, "mode": "isolated", "namespaces": ["A"], "parameters": {"namespace": "A", "device": "dummy0", "address": "192.168.222.10/24"}, "topology": {"device": "dummy0", "address": "192.168.222.10/24", "host_device": "", "ingress": "", "host_address": "", "bridge": "", "uplink": "", "gateway": "", "subnets": ["192.168.222.0/24"], "joins": ""}, "steps": [{"argv": ["ip", "netns", "add", "A"], "why": "a network of its own, named A: no device but a loopback that is down", "namespace": null, "stdin": null, "undo": {"probe": ["stat", "-L", "-c", "%i.%.9Z", "/run/netns/A"], "argv": ["ip", "netns", "del", "A"], "stdin": null, "users": [], "others": [[["ip", "netns", "pids", "A"], "[0-9]+"], [["ip", "-n", "A", "-o", "link", "show", "up"], ".+"]], "unless": []}, "guard": false, "prevents": "", "share": ""}, {"argv": ["ip", "link", "add", "dummy0", "type", "dummy"], "why": "dummy0, a card with no cable: what it sends is lost", "namespace": null, "stdin": null, "undo": {"probe": ["ip", "-o", "link", "show", "dev", "dummy0", "type", "dummy"], "argv": ["ip", "link", "del", "dummy0"], "stdin": null, "users": [], "others": [[["ip", "-o", "addr", "show", "dev", "dummy0"], "inet6? [^ ]+"], [["ip", "-o", "link", "show", "master", "dummy0"], ".+"]], "unless": []}, "guard": false, "prevents": "", "share": ""}, {"argv": ["ip", "link", "set", "dummy0", "netns", "A"], "why": "dummy0 leaves the host for A", "namespace": null, "stdin": null, "undo": null, "guard": false, "prevents": "", "share": ""}, {"argv": ["ip", "addr", "add", "192.168.222.10/24", "dev", "dummy0"], "why": "dummy0 answers for 192.168.222.10, and reaches 192.168.222.0/24 directly", "namespace": "A", "stdin": null, "undo": null, "guard": false, "prevents": "", "share": ""}, {"argv": ["ip", "link", "set", "dummy0", "up"], "why": "dummy0 is switched on", "namespace": "A", "stdin": null, "undo": null, "guard": false, "prevents": "", "share": ""}, {"argv": ["ip", "link", "set", "lo", "up"], "why": "the loopback works", "namespace": "A", "stdin": null, "undo": null, "guard": false, "prevents": "", "share": ""}, {"argv": ["mkdir", "-p", "/etc/netns/A"], "why": "files here stand for those in /etc (ip-netns(8))", "namespace": null, "stdin": null, "undo": {"probe": ["stat", "-c", "%i", "/etc/netns/A"], "argv": ["rmdir", "--parents", "--ignore-fail-on-non-empty", "/etc/netns/A"], "stdin": null, "users": [[["ls", "-A", "/etc/netns/A"], ".+"]], "others": [], "unless": []}, "guard": true, "prevents": "the namespace reads the host's own files, which name servers it may not reach", "share": ""}, {"argv": ["tee", "/etc/netns/A/resolv.conf"], "why": "A asks nobody for names", "namespace": null, "stdin": "# made by netmodes\n# no name server\n", "undo": {"probe": ["cksum", "/etc/netns/A/resolv.conf"], "argv": ["rm", "/etc/netns/A/resolv.conf"], "stdin": null, "users": [], "others": [[["sh", "-c", "[ ! -s \"$1\" ] || grep -L -- \"$0\" \"$1\" || :", "# made by netmodes$", "/etc/netns/A/resolv.conf"], ".+"]], "unless": []}, "guard": true, "prevents": "a name server, or the host by a socket in /run, learns what the namespace looks for", "share": ""}, {"argv": ["sed", "-n", "-e", "s/^hosts:.*/hosts: files # made by netmodes/", "-e", "w /etc/netns/A/nsswitch.conf", "/etc/nsswitch.conf"], "why": "A finds names in no other way: files", "namespace": null, "stdin": null, "undo": {"probe": ["cksum", "/etc/netns/A/nsswitch.conf"], "argv": ["rm", "/etc/netns/A/nsswitch.conf"], "stdin": null, "users": [], "others": [[["sh", "-c", "[ ! -s \"$1\" ] || grep -L -- \"$0\" \"$1\" || :", "# made by netmodes$", "/etc/netns/A/nsswitch.conf"], ".+"]], "unless": []}, "guard": true, "prevents": "a name server, or the host by a socket in /run, learns what the namespace looks for", "share": ""}], "requirements": [{"argv": ["stat", "-c", "%i", "/run/netns/A"], "expect": null, "otherwise": "namespace A exists already: delete it or choose another name", "asks": false, "guard": false}, {"argv": ["ip", "-o", "link", "show", "dev", "dummy0"], "expect": null, "otherwise": "device dummy0 exists already: delete it or choose another name", "asks": false, "guard": false}, {"argv": ["ip", "-4", "route", "show", "table", "all", "root", "192.168.222.0/24"], "expect": null, "otherwise": "192.168.222.0/24 overlaps a route of the host: choose an address of another subnet", "asks": false, "guard": false}, {"argv": ["ip", "-4", "route", "show", "table", "all", "root", "192.0.0.0/2", "match", "192.168.222.0/24"], "expect": null, "otherwise": "192.168.222.0/24 overlaps a route of the host: choose an address of another subnet", "asks": false, "guard": false}, {"argv": ["grep", "-L", "# made by netmodes$", "/etc/netns/A/resolv.conf"], "expect": null, "otherwise": "/etc/netns/A/resolv.conf is not ours: move it away, or export again", "asks": false, "guard": true}, {"argv": ["grep", "-L", "# made by netmodes$", "/etc/netns/A/nsswitch.conf"], "expect": null, "otherwise": "/etc/netns/A/nsswitch.conf is not ours: move it away, or export again", "asks": false, "guard": true}], "promises": [{"source": "namespace", "target": "itself", "reachable": true}, {"source": "host", "target": "namespace", "reachable": false}, {"source": "namespace", "target": "the host's other addresses", "reachable": false}, {"source": "namespace", "target": "the gateway", "reachable": false}, {"source": "namespace", "target": "outside", "reachable": false}, {"source": "namespace", "target": "a name", "reachable": false}, {"source": "outside", "target": "namespace", "reachable": false}], "inherited": []}
JSON
}

main "$@"
