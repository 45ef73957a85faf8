# The host's ways, and the source that it takes by each: to the gateway of every default route, by a
# default route, and to the SSH peer. After the hand-over they are the same, by the bridge.
declare -A WAYS

remember_ways() {
    local line to
    for to in 8.8.8.8 2001:4860:4860::8888 "$(ssh_peer)"; do WAYS[${to:-8.8.8.8}]=; done
    while read -r line; do
        if [[ $line =~ ^default\ via\ ([^ ]+) && $line != *" via fe80:"* ]]; then WAYS[${BASH_REMATCH[1]}]=; fi
    done <<<"$(json ip -4 route show default table all; echo; json ip -6 route show default table all)"
    for to in "${!WAYS[@]}"; do WAYS[$to]=$(way "$to"); done
}

# Nothing where there is none.
way() {
    local line word
    line=" $(json ip -o route get "$1") "
    for word in via dev src; do
        if [[ $line =~ \ $word\ ([^ ]+) ]]; then printf ' %s %s' "$word" "${BASH_REMATCH[1]}"; fi
    done
}

# UPLINK BRIDGE
compare_ways() {
    local to was now
    for to in "${!WAYS[@]}"; do
        was=${WAYS[$to]} now=$(way "$to")
        stop_if_caught
        if [ -n "$was" ] && [ "${was/ dev $1/ dev $2}" != "$now" ]; then
            stop 1 "\`ip route get $to\` says \`${now:+$to}${now:-unreachable}\`, and said \`$to$was\` before"
        fi
    done
}
