/**
 * What one refresh runs on the server, for `wrapScript`. POSIX sh only (dash, busybox ash, the sh of the BSDs and
 * macOS). It only reads. Sockets come before processes: a login that ends in between is then merely not listed, while
 * the other order would make it look like one without a connection.
 */
export const probeScript = String.raw`part meta
printf '%s\n' "system $OS" "release $(uname -r)" "now $(date +%s)" "user $(id -un)" "uid $(id -u)" \
  "pid $$" "sudo $sudo_state" "connection $SSH_CONNECTION"
for t in who w ps loginctl ss netstat sockstat fstat stat; do have $t || echo "missing $t"; done
set -- $SSH_CONNECTION
port=$4
case $port in ''|*[!0-9]*) port=22 ;; esac

case $OS in
Linux)
  if have ss && s=$($S ss -tnpo "sport = :$port") && [ -n "$s" ]; then
    part ss; printf '%s\n' "$s"
  elif have netstat; then
    part netstat; { $S netstat -tnpo || $S netstat -tnp || netstat -tn; } | grep "[.:]$port "
  fi ;;
*)
  if have sockstat; then part sockstat; sockstat -c -p "$port"; fi
  if [ "$OS" = OpenBSD ] && have fstat; then part fstat; fstat | grep "stream tcp.*:$port "; fi
  if have netstat; then part netstat; { netstat -anW -p tcp || netstat -an -p tcp; } | grep "[.:]$port "; fi ;;
esac

part who; who -u || who
case $OS in
FreeBSD|DragonFly|NetBSD) part w; w -n ;;
*) part w; w ;;
esac

if have loginctl; then
  set -- $(loginctl list-sessions --no-legend --no-pager | while read -r id rest; do echo "$id"; done)
  if [ $# -gt 0 ]; then
    part loginctl
    loginctl show-session --no-pager -p Id -p Name -p Timestamp -p TTY -p RemoteHost -p Leader -p Service -p Class \
      -p State "$@"
  fi
fi

set --
for t in /dev/pts/[0-9]* /dev/ttys[0-9]* /dev/ttyp[0-9a-zA-Z]; do [ -c "$t" ] && set -- "$@" "$t"; done
if [ $# -gt 0 ]; then
  part tty
  case $OS in
  Linux) stat -c '%n %X %Y' "$@" ;;
  *) stat -f '%N %a %m' "$@" ;;
  esac
fi

if [ "$OS" = Linux ]; then
  part environ
  { $S sh -c 'grep -l SSH_CONNECTION= /proc/[0-9]*/environ 2>/dev/null'; } | while read -r f; do
    printf '%s ' "$f"; $S cat "$f" | tr '\0' '\n' | grep '^SSH_CONNECTION=' || echo
  done
  part clock; grep '^btime ' /proc/stat; printf 'hz %s\n' "$(getconf CLK_TCK || echo 100)"
  part procstat; $S sh -c 'cat /proc/[0-9]*/stat 2>/dev/null'
  if p=$($S ps -A -ww -o pid,ppid,pgid,uid,user:32,tty,stat,lstart,args) && [ -n "$p" ]; then v=full
  elif p=$($S ps -o pid,ppid,pgid,user,tty,stat,args) && [ -n "$p" ]; then v=busybox
  else p=$($S ps w || $S ps) && v=plain
  fi
else
  p=$(ps -A -ww -o pid,ppid,pgid,uid,user,tty,stat,lstart,args) && v=full
fi
if [ -n "$v" ]; then part ps "$v"; printf '%s\n' "$p" | cut -c1-400; fi`;
