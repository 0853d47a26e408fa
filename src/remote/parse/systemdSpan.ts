const spanSeconds: Readonly<Record<string, number>> = {
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  min: 60,
  h: 3600,
  d: 86_400,
  day: 86_400,
  days: 86_400,
  w: 604_800,
  month: 2_629_800,
  months: 2_629_800,
  y: 31_557_600,
};

/** systemd's spans are shorter; a longer text would take quadratic time to search. */
const longestSpan = 200;

/** A time span as systemd prints it (systemd.time(7)): `1h 30min`, `infinity`. Undefined: never, or unreadable. */
export function parseSystemdSpan(text: string): number | undefined {
  if (text.length > longestSpan) {
    return undefined;
  }
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g)];
  if (parts.length === 0) {
    return undefined;
  }
  let seconds = 0;
  for (const [, count, unit = ""] of parts) {
    const factor = spanSeconds[unit];
    if (factor === undefined) {
      return undefined;
    }
    seconds += Number(count) * factor;
  }
  return seconds;
}
