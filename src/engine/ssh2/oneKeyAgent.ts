import type { SignCallback, SigningRequestOptions } from "ssh2";
import ssh2 from "ssh2";
import type { SigningKey } from "../../auth/authPorts.ts";
import { asError } from "../../base/errors.ts";

/** Lets ssh2 try exactly one key, whose private half it never sees: the key may be in an agent, or asked for a touch. */
export class OneKeyAgent extends ssh2.BaseAgent<Buffer> {
  readonly #key: SigningKey;

  constructor(key: SigningKey) {
    super();
    this.#key = key;
  }

  override getIdentities(callback: (error?: Error | null, keys?: Buffer[]) => void): void {
    callback(null, [this.#key.publicKey]);
  }

  override sign(
    _key: unknown,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const done = typeof options === "function" ? options : callback;
    const hash = typeof options === "function" ? undefined : options.hash;
    this.#key
      .sign(data, this.#algorithm(hash))
      .then(rawSignature)
      .then(
        (signature) => done?.(null, signature),
        (error: unknown) => done?.(asError(error)),
      )
      // ssh2 throws from its callback when the connection has ended in the meantime: nobody is left to tell.
      .catch(() => {});
  }

  /** RFC 8332: an RSA key signs with what the server has agreed to. */
  #algorithm(hash: string | undefined): string {
    return this.#key.type === "ssh-rsa" && (hash === "sha256" || hash === "sha512")
      ? `rsa-sha2-${hash.slice(3)}`
      : this.#key.type;
  }
}

/** ssh2 wants the bytes behind the algorithm's name (RFC 4253 section 6.6). */
function rawSignature(blob: Buffer): Buffer {
  const nameLength = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  const at = 4 + nameLength;
  const length = blob.length >= at + 4 ? blob.readUInt32BE(at) : -1;
  if (length < 0 || at + 4 + length > blob.length) {
    throw new Error("The signature is malformed");
  }
  return blob.subarray(at + 4, at + 4 + length);
}
