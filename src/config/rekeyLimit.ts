import { parseTime } from "./openSshTime.ts";

/** ssh_config RekeyLimit. A value that is undefined is the cipher's own limit, or no limit of time. */
export interface RekeyLimitValue {
  readonly bytes?: number;
  /** Seconds. */
  readonly seconds?: number;
}

const units: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** As OpenSSH's readconf.c (oRekeyLimit); `ssh -G` prints it as bytes and seconds, 0 for what is not set. */
export function parseRekeyLimit(text: string): RekeyLimitValue {
  const [amount = "", time = "none"] = text.trim().split(/\s+/);
  const [, digits, unit = ""] = /^(\d{1,15})([kmg]?)$/i.exec(amount) ?? [];
  const bytes = Number(digits) * (units[unit.toLowerCase()] ?? 1);
  const seconds = parseTime(time) ?? 0;
  // Below 16 bytes OpenSSH refuses the line. `default` and all else that is no amount is NaN.
  return { ...(bytes >= 16 && { bytes }), ...(seconds > 0 && { seconds }) };
}
