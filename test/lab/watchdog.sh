#!/bin/sh
# usage: watchdog.sh PID MARK FOLDER
# Ends the process PID (unless "-") with everything below it, and every process that carries MARK in its environment, as soon as
# standard input ends: because whoever started us said so, or is dead. Then removes FOLDER, unless told "keep".
pid=$1 mark=$2 folder=$3
keep=
while read -r word; do keep=$word; done

children() { cat "/proc/$1/task/$1/children" 2>/dev/null || pgrep -P "$1"; }
# A stopped parent makes no new children while we look.
end() {
  kill -STOP "$1" 2>/dev/null
  for child in $(children "$1"); do end "$child"; done
  kill -KILL "$1" 2>/dev/null
}
[ "$pid" = - ] || end "$pid"
# What detached itself (tmux, nohup) is no child any more. `-s`: processes come and go.
for file in $(grep -aslF "$mark" /proc/[0-9]*/environ); do
  orphan=${file#/proc/}
  kill -KILL "${orphan%/environ}" 2>/dev/null
done
[ "$keep" = keep ] || rm -rf "$folder"
