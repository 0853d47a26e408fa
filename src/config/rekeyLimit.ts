import { parseTime } from "./openSshTime.ts";

/** RekeyLimit of ssh_config. Undefined values: the cipher's own limit, and no time limit. */
export interface RekeyLimitValue {
  readonly bytes?: number;
  /** Seconds. */
  readonly seconds?: number;
}

const units: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** As in OpenSSH's readconf.c (oRekeyLimit); `ssh -G` prints bytes and seconds, and 0 for values that are not set. */
export function parseRekeyLimit(text: string): RekeyLimitValue {
  const [amount = "", time = "none"] = text.trim().split(/\s+/);
  const [, digits, unit = ""] = /^(\d{1,15})([kmg]?)$/i.exec(amount) ?? [];
  const bytes = Number(digits) * (units[unit.toLowerCase()] ?? 1);
  const seconds = parseTime(time) ?? 0;
  // OpenSSH refuses less than 16 bytes. `default` and all other text that is not an amount give NaN.
  return { ...(bytes >= 16 && { bytes }), ...(seconds > 0 && { seconds }) };
}
