/**
 * What "Explain Timeouts" reads on the server, for `wrapScript`: only the lines that set timeouts. The configuration
 * file that sshd was started with is in the arguments of our own carrier's listener.
 */
export const timeoutScript = String.raw`arguments_of() {
  if [ -r "/proc/$1/cmdline" ]; then tr '\0' ' ' <"/proc/$1/cmdline"; else ps -o args= -ww -p "$1"; fi
}
parent() {
  if [ "$OS" = Linux ]; then { read -r l <"/proc/$1/stat" && set -- ${"${l##*) }"} && echo "$2"; }
  else ps -o ppid= -p "$1" | tr -d ' '
  fi
}
part meta
printf '%s\n' "system $OS" "user $(id -un)" "sudo $sudo_state" "shell $SHELL" "connection $SSH_CONNECTION"
[ -z "$TMOUT" ] || echo "tmout $TMOUT"

config=
sshd=$(command -v sshd)
p=$$
part ancestors
while p=$(parent "$p"); do
  case $p in ''|0|*[!0-9]*) break ;; esac
  a=$(arguments_of "$p")
  printf '%s\n' "$a" | cut -c1-400
  case $a in
  *sshd*)
    f=$(printf '%s\n' "$a" | sed -n 's/.* -f \([^ ]*\).*/\1/p'); [ -z "$f" ] || config=$f
    s=$(printf '%s\n' "$a" | sed -n 's/^\(sshd: \)\{0,1\}\(\/[^ ]*\/sshd\) .*/\2/p'); [ -z "$s" ] || sshd=$s ;;
  esac
  [ "$p" != 1 ] || break
done

user=$(id -un)
set -- $SSH_CONNECTION
if [ -n "$sshd" ]; then
  if t=$($S "$sshd" -T ${'${config:+-f "$config"}'} -C "user=$user,host=$1,addr=$1,laddr=$3,lport=$4") && [ -n "$t" ]; then
    part effective
    printf '%s\n' "$t" | grep -E '^(clientalive|tcpkeepalive|channeltimeout|unusedconnectiontimeout|rekeylimit)'
  fi
fi

show() {
  part file "$1"
  if ! { $S cat "$1" >/dev/null; }; then part unreadable "$1"; return; fi
  $S grep -n -i -E '^[[:space:]]*(clientalive|tcpkeepalive|channeltimeout|unusedconnectiontimeout|rekeylimit|match|include)' "$1"
  [ "$2" -lt 8 ] || return
  for i in $($S sed -n 's/^[[:space:]]*[Ii][Nn][Cc][Ll][Uu][Dd][Ee][[:space:]=]*//p' "$1" | tr -d '"'); do
    case $i in /*) ;; *) i=/etc/ssh/$i ;; esac
    part include "$i"
    for f in $i; do [ ! -e "$f" ] || show "$f" $(($2+1)); done
    part included "$i"
  done
}
for f in "$config" /etc/ssh/sshd_config /usr/local/etc/ssh/sshd_config /private/etc/ssh/sshd_config; do
  if [ -n "$f" ] && [ -e "$f" ]; then show "$f" 0; break; fi
done

case ${"${SHELL##*/}"} in
bash) set -- /etc/profile /etc/profile.d/*.sh /etc/bash.bashrc /etc/bashrc /etc/bash/bashrc \
  "$HOME/.bash_profile" "$HOME/.bash_login" "$HOME/.profile" "$HOME/.bashrc" ;;
zsh) set -- /etc/zshenv /etc/zprofile /etc/zshrc /etc/zsh/zshenv /etc/zsh/zprofile /etc/zsh/zshrc \
  "$HOME/.zshenv" "$HOME/.zprofile" "$HOME/.zshrc" ;;
*) set -- /etc/profile /etc/profile.d/*.sh "$HOME/.profile" "$HOME/.kshrc" ;;
esac
for f in /etc/environment "$@"; do
  if [ -r "$f" ] && grep -q TMOUT "$f"; then part tmout "$f"; grep -n TMOUT "$f"; fi
done

if have loginctl; then
  part logind; loginctl show-session --no-pager -p StopIdleSessionUSec -p KillUserProcesses
fi
part kernel
case $OS in
Linux)
  for k in time intvl probes; do echo "$k $(cat /proc/sys/net/ipv4/tcp_keepalive_$k)"; done
  f=/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established
  [ ! -r $f ] || echo "conntrack $(cat $f)" ;;
FreeBSD|Darwin|DragonFly)
  echo "timems $(sysctl -n net.inet.tcp.keepidle)"
  echo "intvlms $(sysctl -n net.inet.tcp.keepintvl)"
  echo "probes $(sysctl -n net.inet.tcp.keepcnt)" ;;
esac`;
