/**
 * One name for each terminal: `ps`, `who` and `w` print `/dev/pts/0`, `pts/0`, `ttys001` and `s001`, `ttyp0` and
 * `p0`. Undefined for all notations of none.
 */
export function ttyName(text: string): string | undefined {
  const name = text.replace(/^\/dev\//, "");
  if (name === "" || /^[?-]+$/.test(name)) {
    return undefined;
  }
  const device = /^(\d+),(\d+)$/.exec(name);
  if (device !== null) {
    return deviceTty(Number(device[1]), Number(device[2]));
  }
  // The BSDs omit `tty`: s001 (macOS), p0 (OpenBSD), v0 (FreeBSD's console), C0 (OpenBSD's console).
  return /^(?:s\d{3,}|[p-zP-Z][0-9a-zA-Z]|[CE][0-9a-zA-Z])$/.test(name) ? `tty${name}` : name;
}

/** Linux: Documentation/admin-guide/devices.txt, majors 136-143 are Unix98 terminals, 4 the virtual consoles. */
function deviceTty(major: number, minor: number): string | undefined {
  if (major >= 136 && major <= 143) {
    return `pts/${(major - 136) * 256 + minor}`;
  }
  if (major === 4) {
    return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`;
  }
  return major === 0 ? undefined : `${major},${minor}`;
}

/** The `tty_nr` of /proc/PID/stat (proc(5)): minor in bits 31-20 and 7-0, major in bits 15-8. */
export function ttyOfNumber(number: number): string | undefined {
  return deviceTty((number >>> 8) & 0xff, ((number >>> 12) & 0xfff00) | (number & 0xff));
}
