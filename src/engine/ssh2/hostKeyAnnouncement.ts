import { type WireReader, wireString } from "../../base/wire.ts";
import { isCertificate, withoutCertificate } from "../../trust/certificate.ts";
import type { HostKeyAnnouncement } from "../../trust/hostKeyPorts.ts";
import { claimedKeyType, publicKeyType } from "../../trust/publicKeyBlob.ts";
import { verifyKeySignature } from "../../trust/publicKeySignature.ts";
import type { GlobalRequests } from "../channels/globalRequests.ts";
import { connectionEnded } from "../engineErrors.ts";
import type { Ssh2ConnectionParts } from "./ssh2ConnectionParts.ts";

/** Handles the announcement of one connection only once, so that repetitions by the server cost nothing. */
export class HostKeyAnnouncements {
  readonly #hostKeys: Ssh2ConnectionParts["hostKeys"];
  readonly #requests: GlobalRequests;
  readonly #gone = new AbortController();
  #hasAnnounced = false;

  constructor(hostKeys: Ssh2ConnectionParts["hostKeys"], requests: GlobalRequests) {
    this.#hostKeys = hostKeys;
    this.#requests = requests;
  }

  /** A global request that wants no reply. */
  receive(name: string, body: WireReader, sessionId: Buffer): void {
    if (name !== hostKeysRequest || this.#hasAnnounced) {
      return;
    }
    this.#hasAnnounced = true;
    const announcement = readAnnouncement(body, this.#hostKeys.offered, this.#requests, sessionId);
    if (announcement !== undefined) {
      this.#hostKeys.announced(announcement, this.#gone.signal);
    }
  }

  /** The connection has ended. */
  end(): void {
    this.#gone.abort(connectionEnded());
  }
}

/** Global requests of OpenSSH's PROTOCOL, section 2.5. */
const hostKeysRequest = "hostkeys-00@openssh.com";
const proveRequest = "hostkeys-prove-00@openssh.com";

/** More keys than any server has; sshd announces one for each HostKey. */
const mostKeys = 64;

/**
 * Reads the keys that a server announces. Undefined: no usable key, or the announcement breaks the rules.
 * @param offered the accepted algorithms, HostKeyAlgorithms.
 */
function readAnnouncement(
  body: WireReader,
  offered: readonly string[],
  requests: GlobalRequests,
  sessionId: Buffer,
): HostKeyAnnouncement | undefined {
  const keys: Buffer[] = [];
  for (let count = 0; body.left > 0; count++) {
    const blob = body.string();
    if (blob === undefined || count === mostKeys || keys.some((key) => key.equals(blob))) {
      return undefined;
    }
    if (publicKeyType(blob) !== undefined && !isCertificate(blob) && isOffered(blob, offered)) {
      keys.push(Buffer.from(blob));
    }
  }
  return keys.length === 0
    ? undefined
    : { keys, prove: (unknown, signal) => prove(unknown, requests, sessionId, offered, signal) };
}

function isOffered(blob: Buffer, offered: readonly string[]): boolean {
  const type = claimedKeyType(blob);
  return offered.some((name) => keyTypeOf(withoutCertificate(name)) === type);
}

/** RFC 8332: an RSA key has several algorithms. */
function keyTypeOf(algorithm: string): string {
  return algorithm.replace(/^rsa-sha2-(?:256|512)$/, "ssh-rsa");
}

async function prove(
  keys: readonly Buffer[],
  requests: GlobalRequests,
  sessionId: Buffer,
  offered: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  const payload = Buffer.concat(keys.map((key) => wireString(key)));
  return await requests.request(proveRequest, payload, signal, ({ accepted, body }) => {
    const isProven = keys.every((key) => {
      const signed = Buffer.concat([wireString(proveRequest), wireString(sessionId), wireString(key)]);
      const signature = body.string();
      const name = signature && verifyKeySignature(key, signed, signature);
      return name !== undefined && offered.some((algorithm) => withoutCertificate(algorithm) === name);
    });
    return accepted && isProven && body.left === 0;
  });
}
