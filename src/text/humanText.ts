/** Formats numbers for display. No vscode. */

/** `0.4 ms`, `12 ms`, `1.5 s`. */
export function roundTrip(milliseconds: number): string {
  if (milliseconds >= 1000) {
    return `${(milliseconds / 1000).toFixed(1)} s`;
  }
  return milliseconds < 1 ? `${milliseconds.toFixed(1)} ms` : `${Math.round(milliseconds)} ms`;
}

/**
 * A round trip for a row: the median, without fractions, so that a single packet does not redraw the row. Undefined
 * without any.
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
