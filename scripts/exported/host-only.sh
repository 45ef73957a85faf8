#!/usr/bin/env bash
# netmodes host-only: the network of namespace A, as commands. Needs no Python.
#
# host                      namespace A
# ┌────────────────────┐    ┌────────────────────┐
# │ veth0              ├────┤ veth1              │
# │ 192.168.202.1/24   │    │ 192.168.202.11/24  │
# └────────────────────┘    └────────────────────┘
#
# Usage: host-only.sh [up]            run the commands below (the default)
#        host-only.sh down [--kill]   take them back; --kill ends the processes inside
#
# A command that fails, or Ctrl-C, takes back what was done. A reboot takes back everything.
set -u
export LC_ALL=C PS4='[#] '

NAME=A
JOURNAL=/run/netmodes/$NAME

# The commands, in order; "step K" where command K has an undo of its own.
up() {
    # a network of its own, named A: no device but a loopback that is down
    step 0 ip netns add A
    # guard: the loopback works
    run ip netns exec A ip link set lo up
    # a cable with two ends: what enters veth0 leaves veth1
    step 2 ip link add veth0 type veth peer name veth1
    # veth1 leaves the host for A
    run ip link set veth1 netns A
    # veth0 answers for 192.168.202.1, and reaches 192.168.202.0/24 directly
    run ip addr add 192.168.202.1/24 dev veth0
    # veth0 is switched on
    run ip link set veth0 up
    # veth1 answers for 192.168.202.11, and reaches 192.168.202.0/24 directly
    run ip netns exec A ip addr add 192.168.202.11/24 dev veth1
    # veth1 is switched on
    run ip netns exec A ip link set veth1 up
}

# The first word that this prints names what command K made; nothing when it is gone.
probe() {
    case $1 in
    0) stat -L -c %i.%.9Z /run/netns/A ;;
    2) ip -o link show dev veth0 type veth ;;
    esac
}

# Takes command K back; $before is what the probe said before it ran.
# shellcheck disable=SC2034
undo() {
    local before=$2
    case $1 in
    0) show ip netns del A ;;
    2) show ip link del veth0 ;;
    esac
}

# What must hold before the first command.
checks() {
    absent 'namespace A exists already: delete it or choose another name' stat -c %i /run/netns/A
    absent 'device veth0 exists already: delete it or choose another name' ip -o link show dev veth0
    absent 'device veth1 exists already: delete it or choose another name' ip -o link show dev veth1
    absent '192.168.202.0/24 overlaps a route of the host: choose an address of another subnet' ip -4 route show table all root 192.168.202.0/24
    absent '192.168.202.0/24 overlaps a route of the host: choose an address of another subnet' ip -4 route show table all root 128.0.0.0/1 match 192.168.202.0/24
}

absent() {
    local otherwise=$1
    shift
    [ -z "$("$@" 2>/dev/null)" ] || die "$otherwise"
}

die() {
    printf 'Error: %s\n' "$1" >&2
    exit 1
}

# Shows the command as it runs.
show() { (set -x && "$@" >/dev/null); }

run() {
    local status=0
    show "$@" || status=$?
    [ "$status" = 0 ] || stop 1 "\`$*\` failed (exit status $status)"
}

step() {
    local k=$1
    shift
    note start "$k" "$(word "$k")"
    run "$@"
    note "done" "$k" "$(word "$k")"
}

word() {
    local output first
    output=$(probe "$1" 2>/dev/null) || return 0
    read -r first _ <<<"$output"
    printf '%s' "$first"
}

note() { printf '%s %s %s\n' "$1" "$2" "${3:--}" >>"$JOURNAL/log"; }

stop() {
    local status=$1
    printf 'Error: %s\n' "$2" >&2
    if take_back; then
        echo 'What was done before it was taken back; nothing is left.' >&2
    fi
    exit "$status"
}

# Newest first; only what is still as its command left it.
take_back() {
    trap '' INT TERM HUP
    local verb k value now failed=0 order=()
    local -A before=() after=()
    while read -r verb k value; do
        if [ "$value" = - ]; then value=; fi
        case $verb in
        start) before[$k]=$value order=("$k" "${order[@]}") ;;
        done) after[$k]=$value ;;
        esac
    done <"$JOURNAL/log"
    for k in "${order[@]}"; do
        now=$(word "$k")
        if [ "$now" = "${before[$k]}" ] || [ "$now" != "${after[$k]-$now}" ]; then continue; fi
        undo "$k" "${before[$k]}"
        if [ "$(word "$k")" = "$now" ]; then failed=1; fi
    done
    if [ "$failed" = 0 ]; then rm -rf -- "$JOURNAL"; fi
    return "$failed"
}

refuse_processes() {
    local pids sign
    for sign in TERM KILL; do
        pids=$(ip netns pids "$NAME" 2>/dev/null) || pids=
        if [ -z "$pids" ]; then return; fi
        if [ "$1" != --kill ]; then
            die "processes run inside $NAME (${pids//$'\n'/, }): end them, or use --kill"
        fi
        # shellcheck disable=SC2086 # one word a process
        show kill -s "$sign" $pids
        for _ in {1..100}; do
            if [ -z "$(ip netns pids "$NAME" 2>/dev/null)" ]; then return; fi
            sleep 0.02
        done
    done
}

need() {
    if ! command -v "$1" >/dev/null; then die "there is no \`$1\` on PATH: install $2"; fi
}

main() {
    case "${1-up} ${2-}" in
    "up " | "down " | "down --kill") ;;
    *) printf 'Usage: %s [up | down [--kill]]\n' "$0" >&2 && exit 2 ;;
    esac
    if [ "$EUID" != 0 ]; then
        if ! command -v sudo >/dev/null; then die "this needs root, and there is no sudo: run it as root"; fi
        set -x
        exec sudo -- bash "$0" "$@"
    fi
    need flock util-linux
    need ip iproute2
    need stat coreutils
    mkdir -p /run/netmodes || die "/run/netmodes cannot be made"
    exec 9>/run/netmodes/.lock
    flock 9
    "main_${1-up}" "${2-}"
}

main_up() {
    if [ -e "$JOURNAL/plan.json" ]; then
        if is_this_up; then echo "$NAME is up already." >&2 && exit 0; fi
        die "$NAME is in use or was interrupted: take it down first"
    fi
    checks
    begin || die "$JOURNAL cannot be written"
    trap 'stop 130 "interrupted"' INT
    trap 'stop 143 "terminated"' TERM
    trap 'stop 129 "hung up"' HUP
    up
    echo up >>"$JOURNAL/log"
}

begin() {
    mkdir -p "$JOURNAL" && : >"$JOURNAL/log" &&
        plan >"$JOURNAL/plan.json.new" && mv "$JOURNAL/plan.json.new" "$JOURNAL/plan.json"
}

main_down() {
    if [ ! -e "$JOURNAL/plan.json" ]; then die "$NAME is not up"; fi
    if [ "$(plan)" != "$(cat "$JOURNAL/plan.json")" ]; then
        die "$NAME was made by other commands than these: take it down with \`netmodes down $NAME\`"
    fi
    refuse_processes "$1"
    echo down >>"$JOURNAL/log"
    take_back || die "$NAME is not wholly down"
}

is_this_up() {
    [ "$(plan)" = "$(cat "$JOURNAL/plan.json")" ] && [ "$(tail -n 1 "$JOURNAL/log")" = up ]
}

# The whole intent, for `netmodes list` and `netmodes down`.
plan() {
    cat <<'JSON'
{"format": 1, "mode": "host-only", "namespace": "A", "parameters": {"namespace": "A", "host_device": "veth0", "device": "veth1", "host_address": "192.168.202.1/24", "address": "192.168.202.11/24"}, "steps": [{"argv": ["ip", "netns", "add", "A"], "why": "a network of its own, named A: no device but a loopback that is down", "namespace": null, "stdin": null, "undo": {"probe": ["stat", "-L", "-c", "%i.%.9Z", "/run/netns/A"], "argv": ["ip", "netns", "del", "A"]}, "guard": false}, {"argv": ["ip", "link", "set", "lo", "up"], "why": "the loopback works", "namespace": "A", "stdin": null, "undo": null, "guard": true}, {"argv": ["ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth1"], "why": "a cable with two ends: what enters veth0 leaves veth1", "namespace": null, "stdin": null, "undo": {"probe": ["ip", "-o", "link", "show", "dev", "veth0", "type", "veth"], "argv": ["ip", "link", "del", "veth0"]}, "guard": false}, {"argv": ["ip", "link", "set", "veth1", "netns", "A"], "why": "veth1 leaves the host for A", "namespace": null, "stdin": null, "undo": null, "guard": false}, {"argv": ["ip", "addr", "add", "192.168.202.1/24", "dev", "veth0"], "why": "veth0 answers for 192.168.202.1, and reaches 192.168.202.0/24 directly", "namespace": null, "stdin": null, "undo": null, "guard": false}, {"argv": ["ip", "link", "set", "veth0", "up"], "why": "veth0 is switched on", "namespace": null, "stdin": null, "undo": null, "guard": false}, {"argv": ["ip", "addr", "add", "192.168.202.11/24", "dev", "veth1"], "why": "veth1 answers for 192.168.202.11, and reaches 192.168.202.0/24 directly", "namespace": "A", "stdin": null, "undo": null, "guard": false}, {"argv": ["ip", "link", "set", "veth1", "up"], "why": "veth1 is switched on", "namespace": "A", "stdin": null, "undo": null, "guard": false}], "checks": [{"argv": ["stat", "-c", "%i", "/run/netns/A"], "expect": null, "otherwise": "namespace A exists already: delete it or choose another name", "asks": false}, {"argv": ["ip", "-o", "link", "show", "dev", "veth0"], "expect": null, "otherwise": "device veth0 exists already: delete it or choose another name", "asks": false}, {"argv": ["ip", "-o", "link", "show", "dev", "veth1"], "expect": null, "otherwise": "device veth1 exists already: delete it or choose another name", "asks": false}, {"argv": ["ip", "-4", "route", "show", "table", "all", "root", "192.168.202.0/24"], "expect": null, "otherwise": "192.168.202.0/24 overlaps a route of the host: choose an address of another subnet", "asks": false}, {"argv": ["ip", "-4", "route", "show", "table", "all", "root", "128.0.0.0/1", "match", "192.168.202.0/24"], "expect": null, "otherwise": "192.168.202.0/24 overlaps a route of the host: choose an address of another subnet", "asks": false}]}
JSON
}

main "$@"
