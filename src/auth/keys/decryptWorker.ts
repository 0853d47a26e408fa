/**
 * Entry point of the worker thread for the slow part of opening an encrypted private key: bcrypt-pbkdf takes 0.3 s
 * (16 rounds) to 2.3 s (100 rounds) of pure computing, and PKCS#8 files may need as much. One request per thread,
 * given as workerData, and one reply; then the thread ends.
 */
import { createPrivateKey } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import bcrypt from "bcrypt-pbkdf";

export type DecryptRequest =
  /** Derives `length` bytes of key and IV for an OpenSSH private key (PROTOCOL.key). */
  | {
      readonly kind: "bcrypt";
      readonly passphrase: string;
      readonly salt: Uint8Array;
      readonly rounds: number;
      readonly length: number;
    }
  /** Opens an encrypted PEM block; the reply is the key as unencrypted PKCS#8. */
  | { readonly kind: "pem"; readonly passphrase: string; readonly pem: string };

/**
 * Undefined: it could not be opened. For a PEM block this means a wrong passphrase or damage, which can't be
 * distinguished.
 */
export type DecryptReply = Uint8Array | undefined;

function reply(request: DecryptRequest): DecryptReply {
  const passphrase = Buffer.from(request.passphrase, "utf8");
  switch (request.kind) {
    case "bcrypt": {
      const { salt, rounds, length } = request;
      const derived = new Uint8Array(length);
      const status = bcrypt.pbkdf(passphrase, passphrase.length, salt, salt.length, derived, length, rounds);
      return status === 0 ? derived : undefined;
    }
    case "pem":
      try {
        return createPrivateKey({ key: request.pem, format: "pem", passphrase }).export({
          type: "pkcs8",
          format: "der",
        });
      } catch {
        return undefined;
      }
  }
}

parentPort?.postMessage(reply(workerData as DecryptRequest));
