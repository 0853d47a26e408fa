const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** A time that does not fit C's int is invalid (misc.c, convtime). */
const longestTime = 0x7fff_ffff;

/**
 * The seconds of a time such as `90`, `10m` or `1h30m` (sshd_config(5), TIME FORMATS); undefined if it is invalid.
 */
export function parseTime(text: string): number | undefined {
  if (!/^\d+(?:[smhdw]\d+)*[smhdw]?$/i.test(text)) {
    return undefined;
  }
  let seconds = 0;
  for (const [, digits, letter = ""] of text.matchAll(/(\d+)([smhdw]?)/gi)) {
    seconds += Number(digits) * (unitSeconds[letter.toLowerCase()] ?? 1);
  }
  return seconds <= longestTime ? seconds : undefined;
}
