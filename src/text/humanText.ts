/** Numbers as people read them. No vscode. */

/** `8 s`, `3 m`, `2 h 5 m`, `4 d`. Negative counts as zero. */
export function shortDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  return seconds < 60 ? `${seconds} s` : inMinutes(Math.floor(seconds / 60));
}

/**
 * How old something is, in full minutes; undefined in the first one. For the rows of a tree: one whose text changes is
 * drawn anew, which closes its hover.
 */
export function age(milliseconds: number): string | undefined {
  return milliseconds < minute ? undefined : shortDuration(milliseconds);
}

/** What is left, as rows say it: minutes, rounded up, and to the second in the last one. */
export function timeLeft(milliseconds: number): string {
  return milliseconds <= minute ? countdown(milliseconds) : inMinutes(Math.ceil(milliseconds / minute));
}

const minute = 60_000;

function inMinutes(minutes: number): string {
  if (minutes < 60) {
    return `${minutes} m`;
  }
  const hours = Math.floor(minutes / 60);
  if (hours < 24) {
    return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} m`;
  }
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `9:58`, `0:07`, `1:00:00`: what is left, to the second; rounded up, so that it ends at 0:00. */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const pad = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** `5 s`: what is left, in seconds; rounded up, so that it ends at 0. */
export function secondsLeft(milliseconds: number): string {
  return `${Math.max(0, Math.ceil(milliseconds / 1000))} s`;
}

/** `0.4 ms`, `12 ms`, `1.5 s`. */
export function roundTrip(milliseconds: number): string {
  if (milliseconds >= 1000) {
    return `${(milliseconds / 1000).toFixed(1)} s`;
  }
  return milliseconds < 1 ? `${milliseconds.toFixed(1)} ms` : `${Math.round(milliseconds)} ms`;
}

/**
 * A round trip for a row: the middle one of all, without fractions, so that one packet's luck does not redraw the row.
 * Undefined without any.
 */
export function usualRoundTrip(milliseconds: readonly number[]): string | undefined {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  return middle === undefined ? undefined : middle < 1 ? "< 1 ms" : roundTrip(middle);
}

const bars = "▁▂▃▄▅▆▇█";

/** The values as a row of bars, scaled between the smallest and the largest; the last `width` of them. */
export function sparkline(values: readonly number[], width = 24): string {
  const shown = values.slice(-width);
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  return shown
    .map((value) => bars[high === low ? 0 : Math.round(((value - low) / (high - low)) * (bars.length - 1))])
    .join("");
}

/** `user@host`, with `:port` where it isn't 22 and brackets where the host is an IPv6 address and a port follows. */
export function destinationText(destination: {
  readonly user: string;
  readonly hostName: string;
  readonly port: number;
}): string {
  const { user, hostName, port } = destination;
  const host = port !== 22 && hostName.includes(":") ? `[${hostName}]` : hostName;
  return `${user}@${host}${port === 22 ? "" : `:${port}`}`;
}
