/** Numbers as people read them. No vscode. */

/** `8 s`, `3 m`, `2 h 5 m`, `4 d`: short, for descriptions that change often. Negative counts as zero. */
export function shortDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) {
    return `${seconds} s`;
  }
  const minutes = Math.floor(seconds / 60);
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

/** `0.4 ms`, `12 ms`, `1.5 s`. */
export function roundTrip(milliseconds: number): string {
  if (milliseconds >= 1000) {
    return `${(milliseconds / 1000).toFixed(1)} s`;
  }
  return milliseconds < 1 ? `${milliseconds.toFixed(1)} ms` : `${Math.round(milliseconds)} ms`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
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
