/** What the names of a process's sockets for forwards begin with, in the folder of our masters. */
export function socketPrefix(pid = process.pid): string {
  return `forward-${pid}-`;
}
