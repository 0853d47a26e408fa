/**
 * A condition for a shell script: whether a process is in the foreground of its terminal. On Linux, of builtins only.
 * Sets `group` and `front`.
 * @param pid as the script has it, without quotes
 */
export function foregroundCondition(pid: string): string {
  return `{
  if [ -r "/proc/${pid}/stat" ]; then
    read -r _ _ _ _ group _ _ front _ <"/proc/${pid}/stat"
  else
    group=$(ps -o pgid= -o tpgid= -p "${pid}")
    front=\${group##* }
    group=\${group#"\${group%%[! ]*}"}
    group=\${group%% *}
  fi
  [ "$group" = "$front" ]
}`;
}
