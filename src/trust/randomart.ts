import { createHash } from "node:crypto";
import { WireReader } from "../base/wire.ts";
import { rsaKeyBits } from "./publicKeyBlob.ts";

/** The size of OpenSSH's field (sshkey.c, FLDSIZE_X and FLDSIZE_Y). */
const width = 17;
const height = 9;
/** One symbol for each number of visits to a square; the last two mark the start and the end. */
const symbols = " .o+=*BOX@%&#/^SE";

/**
 * The picture of a key's SHA-256 fingerprint, as `ssh-keygen -lv` prints it (sshkey.c, fingerprint_randomart).
 * @param key in SSH wire format.
 * @returns 11 lines.
 */
export function randomart(key: Buffer): readonly string[] {
  const field = Array.from({ length: height }, () => new Array<number>(width).fill(0));
  const visits = (column: number, row: number): number => field[row]?.[column] ?? 0;
  const put = (column: number, row: number, value: number): void => {
    field[row]?.splice(column, 1, value);
  };
  const start = { column: Math.floor(width / 2), row: Math.floor(height / 2) };
  let { column, row } = start;
  for (const byte of createHash("sha256").update(key).digest()) {
    // Two bits are one step, the lowest bits first.
    for (let step = byte, left = 4; left > 0; left--, step >>= 2) {
      column = within(column + (step & 1 ? 1 : -1), width);
      row = within(row + (step & 2 ? 1 : -1), height);
      put(column, row, Math.min(visits(column, row) + 1, symbols.length - 3));
    }
  }
  put(start.column, start.row, symbols.length - 2);
  put(column, row, symbols.length - 1);
  return [
    border(title(key)),
    ...field.map((squares) => `|${squares.map((square) => symbols[square] ?? " ").join("")}|`),
    border("[SHA256]"),
  ];
}

function within(value: number, size: number): number {
  return Math.min(Math.max(value, 0), size - 1);
}

/** A title of exactly the field's width loses its bracket: OpenSSH's buffer is one character too short. */
function border(text: string): string {
  const cut = text.slice(0, width - 1);
  const before = Math.floor((width - cut.length) / 2);
  return `+${"-".repeat(before)}${cut}${"-".repeat(width - before - cut.length)}+`;
}

function title(key: Buffer): string {
  const [name, bits] = kindOf(key);
  const whole = bits === undefined ? `[${name}]` : `[${name} ${bits}]`;
  return whole.length > width ? `[${name}]` : whole;
}

/** OpenSSH's name for the key's type (sshkey_type), and its size in bits (sshkey_size). */
function kindOf(key: Buffer): readonly [string, number | undefined] {
  const type = new WireReader(key).string()?.toString("latin1") ?? "";
  const plain = type.replace(/-cert-v01@openssh\.com$|@openssh\.com$/, "");
  const ending = type.includes("-cert-v01@") ? "-CERT" : "";
  const [, isSk, curve] = /^(sk-)?ecdsa-sha2-nistp(\d+)$/.exec(plain) ?? [];
  if (curve !== undefined) {
    return [`ECDSA${isSk === undefined ? "" : "-SK"}${ending}`, Number(curve)];
  }
  switch (plain) {
    case "ssh-rsa":
      return [`RSA${ending}`, rsaKeyBits(key)];
    case "ssh-ed25519":
      return [`ED25519${ending}`, 256];
    case "sk-ssh-ed25519":
      return [`ED25519-SK${ending}`, 256];
    default:
      return ["unknown", undefined];
  }
}
