import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

export type KeyKind =
  | "ed25519"
  | "ecdsa-256"
  | "ecdsa-384"
  | "ecdsa-521"
  | "rsa-2048"
  | "rsa-3072"
  | "rsa-4096";

export const keyKinds: readonly KeyKind[] = [
  "ed25519",
  "ecdsa-256",
  "ecdsa-384",
  "ecdsa-521",
  "rsa-2048",
  "rsa-3072",
  "rsa-4096",
];

export interface KeyOptions {
  readonly kind?: KeyKind;
  /** Encrypts the private half. */
  readonly passphrase?: string;
  /** bcrypt rounds of an encrypted OpenSSH key (ssh-keygen's default is 16, 24 from OpenSSH 10). */
  readonly rounds?: number;
  readonly comment?: string;
  /** OpenSSH's own format, or the older ones that are still in use. PEM: not for ed25519. */
  readonly format?: "openssh" | "PEM" | "PKCS8";
}

export interface KeyPair {
  /** The private half, mode 0600. The public half is beside it, with `.pub`. */
  readonly file: string;
  /** One line as in authorized_keys, without the line end. */
  readonly publicLine: string;
}

/** Makes a key pair with `ssh-keygen` at `file`, which must not exist. */
export async function makeKey(file: string, options: KeyOptions = {}): Promise<KeyPair> {
  const [type = "ed25519", bits] = (options.kind ?? "ed25519").split("-");
  const args = ["-q", "-t", type, "-N", options.passphrase ?? "", "-C", options.comment ?? "lab", "-f", file];
  if (bits !== undefined) {
    args.push("-b", bits);
  }
  if (options.rounds !== undefined) {
    args.push("-a", String(options.rounds));
  }
  if (options.format !== undefined && options.format !== "openssh") {
    args.push("-m", options.format);
  }
  await run("ssh-keygen", args);
  return { file, publicLine: (await readFile(`${file}.pub`, "utf8")).trim() };
}
