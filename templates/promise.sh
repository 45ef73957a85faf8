# The gateway of the host's default route, if it answers the host.
gateway() {
    if [[ " $(json ip -o route get 8.8.8.8)" =~ \ via\ ([0-9.]+)\  ]] && answers 1 ping "${BASH_REMATCH[1]}"; then
        printf %s "${BASH_REMATCH[1]}"
    fi
}

# TRIES COMMAND...
answers() {
    local try
    for ((try = 0; try < $1; try++)); do
        if [ "$(json "${@:2}" -c 1 -W 1)" != null ]; then return 0; fi
    done
    return 1
}

# GATEWAY: what answers the host is to answer the namespace; nothing, if it does not answer the host.
try_promise() {
    if [ -n "$1" ] && ! answers 3 ip netns exec "${NAMES%% *}" ping "$1"; then
        stop_if_caught
        stop 1 "$1 answers the host, and not ${NAMES%% *}: a firewall drops it, or the LAN takes no other MAC"
    fi
}
