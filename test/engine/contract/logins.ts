import { readFileSync } from "node:fs";
import ssh2 from "ssh2";
import type { AuthAttempt, Authenticator, SigningKey } from "../../../src/auth/authPorts.ts";
import { silentLogger } from "../../../src/base/log.ts";
import type { ConnectRequest } from "../../../src/engine/connectionEngine.ts";
import type { HostKeyVerifier } from "../../../src/trust/hostKeyPorts.ts";
import type { SshdHost } from "../../lab/sshdHost.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

/** Makes its attempts in the given order, whatever the server replies, and records what it learned. */
export class ScriptedAuthenticator implements Authenticator {
  readonly asked: { methodsLeft: readonly string[] | undefined; partialSuccess: boolean }[] = [];
  readonly attempts: readonly AuthAttempt[];
  #made = 0;
  successes = 0;
  failures = 0;

  constructor(attempts: readonly AuthAttempt[]) {
    this.attempts = attempts;
  }

  async next(
    methodsLeft: readonly string[] | undefined,
    partialSuccess: boolean,
  ): Promise<AuthAttempt | undefined> {
    this.asked.push({ methodsLeft, partialSuccess });
    return this.attempts[this.#made++];
  }

  async succeeded(): Promise<void> {
    this.successes++;
  }

  failed(): void {
    this.failures++;
  }

  tried(): readonly string[] {
    return this.attempts.slice(0, this.#made).map((attempt) => attempt.method);
  }

  problems(): readonly string[] {
    return [];
  }
}

/** The private key of a file without a passphrase. */
export function keyFromFile(file: string): SigningKey {
  const parsed = ssh2.utils.parseKey(readFileSync(file));
  if (parsed instanceof Error) {
    throw parsed;
  }
  return {
    publicKey: parsed.getPublicSSH(),
    type: parsed.type,
    comment: file,
    async sign(data, algorithm) {
      const hash = /^rsa-sha2-(\d+)$/.exec(algorithm)?.[1];
      const signature = parsed.sign(data, hash === undefined ? undefined : `sha${hash}`);
      return Buffer.concat([lengthOf(Buffer.from(algorithm)), wireSignature(parsed.type, signature)]);
    },
  };
}

export function publicKeyAttempt(file: string): AuthAttempt {
  const key = keyFromFile(file);
  const algorithm = key.type === "ssh-rsa" ? "rsa-sha2-512" : key.type;
  return { method: "publickey", key, algorithm, origin: file };
}

/** Trusts any key and records it. */
export class TrustingVerifier implements HostKeyVerifier {
  readonly seen: Buffer[] = [];
  readonly #preferred: readonly string[];

  constructor(preferred: readonly string[] = []) {
    this.#preferred = preferred;
  }

  async preferredAlgorithms(): Promise<readonly string[]> {
    return this.#preferred;
  }

  async verify(key: Buffer): Promise<void> {
    this.seen.push(key);
  }
}

/** A login to a lab host with the host's own key. */
export function loginTo(
  host: Pick<SshdHost, "host" | "port" | "user" | "keyFile">,
  changes: Partial<ConnectRequest> = {},
): ConnectRequest {
  return {
    config: testHostConfig({ hostName: host.host, port: host.port, user: host.user }),
    tcpKeepAlive: true,
    verifier: new TrustingVerifier(),
    authenticator: new ScriptedAuthenticator([publicKeyAttempt(host.keyFile)]),
    logger: silentLogger,
    ...changes,
  };
}

function lengthOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Node makes ECDSA signatures in DER; SSH sends two numbers (RFC 5656 section 3.1.2). */
function wireSignature(type: string, signature: Buffer): Buffer {
  if (!type.startsWith("ecdsa-")) {
    return lengthOf(signature);
  }
  let at = (signature[1] ?? 0) & 0x80 ? 3 : 2;
  const numbers = [0, 1].map(() => {
    const length = signature[at + 1] ?? 0;
    const value = signature.subarray(at + 2, at + 2 + length);
    at += 2 + length;
    return lengthOf(value);
  });
  return lengthOf(Buffer.concat(numbers));
}
