#!/bin/sh
# usage: netnsWatchdog.sh NAMESPACE LINK
# Removes the network namespace and its link to the outside as soon as standard input ends: because whoever started us
# said so, or is dead.
cat >/dev/null
ip link del "$2" 2>/dev/null
ip netns del "$1" 2>/dev/null
