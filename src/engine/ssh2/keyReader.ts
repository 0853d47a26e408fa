import { createPrivateKey, type KeyObject } from "node:crypto";
import ssh2 from "ssh2";
import { KeyFileError, type KeyFileErrorReason } from "../../auth/authErrors.ts";
import type { KeyReader, PrivateKeyFile, SigningKey } from "../../auth/authPorts.ts";
import type { DecryptReply, DecryptRequest } from "../../auth/keys/decryptWorker.ts";
import { decryptInWorker, type KeyDecrypter } from "../../auth/keys/keyDecrypter.ts";
import {
  decipherSection,
  derivationOf,
  type OpenSshEnvelope,
  parseOpenSshEnvelope,
  parseOpenSshSection,
} from "../../auth/keys/openSshPrivateKey.ts";
import { privateKeyBlock } from "../../auth/keys/pemBlocks.ts";
import { asksForTooMuch } from "../../auth/keys/pkcs8Work.ts";
import { privateKeySigner } from "../../auth/keys/privateKeySigner.ts";
import { asError } from "../../base/errors.ts";
import { FileError } from "../../base/fileErrors.ts";
import { localFiles } from "../../base/localFiles.ts";
import { claimedKeyType, decodeBase64, publicKeyType } from "../../trust/publicKeyBlob.ts";

/** No key is that long: the file is something else. */
const longestFile = 1024 * 1024;

/** Characters: a key of 16384 bits has a fifth. ssh2 divides the numbers in it, at once and whatever their size. */
const longestPutty = 64 * 1024;

/**
 * Reads private keys from files: OpenSSH's format, PEM (PKCS#1, SEC 1, PKCS#8) and PuTTY's version 2 (RSA). A public
 * key instead of a private one names a key in the agent, as in OpenSSH. On POSIX systems a private key of the user
 * that others may read is refused (sshkey_perm_ok in authfile.c).
 */
export function createKeyReader(decrypt: KeyDecrypter = decryptInWorker): KeyReader {
  return { read: (file, passphrase, signal) => new KeyFileReading(file, decrypt, signal).read(passphrase) };
}

class KeyFileReading {
  readonly #file: string;
  readonly #decrypt: KeyDecrypter;
  readonly #signal: AbortSignal | undefined;

  constructor(file: string, decrypt: KeyDecrypter, signal: AbortSignal | undefined) {
    this.#file = file;
    this.#signal = signal;
    this.#decrypt = decrypt;
  }

  async read(passphrase: string | undefined): Promise<PrivateKeyFile> {
    const { text, tooOpen } = await this.#load();
    if (text === undefined) {
      const publicKey = await this.#publicHalf();
      if (publicKey === undefined) {
        throw this.#error("missing", "there is no such file");
      }
      return { kind: "public", publicKey };
    }
    const publicKey = readPublicKey(text);
    if (publicKey !== undefined) {
      return { kind: "public", publicKey };
    }
    if (tooOpen !== undefined) {
      throw this.#error("permissions", `its permissions ${tooOpen} let others read it; chmod 600 it`);
    }
    if (text.startsWith("PuTTY-User-Key-File-")) {
      return this.#readPutty(text, passphrase);
    }
    const block = privateKeyBlock(text);
    if (block === undefined) {
      throw this.#error("malformed", "it does not look like a private key");
    }
    const { pem, label, body } = block;
    return label === "OPENSSH PRIVATE KEY"
      ? await this.#readOpenSsh(body, passphrase)
      : await this.#readPem(pem, label, body, passphrase);
  }

  /** `text` is undefined when there is no file; `tooOpen` is its mode when others may read it. */
  async #load(): Promise<{ text: string | undefined; tooOpen: string | undefined }> {
    try {
      const { facts, bytes } = await localFiles.read(this.#file, longestFile, { pipes: true });
      const ours = facts.kind === "file" && process.getuid?.() === facts.uid;
      const tooOpen = ours && (facts.mode & 0o077) !== 0 ? `0${(facts.mode & 0o777).toString(8)}` : undefined;
      return { text: textOf(bytes), tooOpen };
    } catch (error) {
      if (!FileError.is(error)) {
        throw error;
      }
      if (error.reason === "missing") {
        return { text: undefined, tooOpen: undefined };
      }
      const reason = error.reason === "too-large" ? "malformed" : "unreadable";
      throw this.#error(reason, error.what, error);
    }
  }

  /** The key in the `.pub` file beside this one. */
  async #publicHalf(): Promise<Buffer | undefined> {
    try {
      return readPublicKey(textOf((await localFiles.read(`${this.#file}.pub`, longestFile)).bytes));
    } catch {
      return undefined;
    }
  }

  async #readOpenSsh(body: string, passphrase: string | undefined): Promise<PrivateKeyFile> {
    const data = decodeBase64(body);
    const envelope = data === undefined ? undefined : parseOpenSshEnvelope(data);
    if (envelope === undefined) {
      throw this.#error("malformed", "it is damaged");
    }
    const type = claimedKeyType(envelope.publicKey);
    if (type === "") {
      throw this.#error("malformed", "it is damaged");
    }
    if (type.startsWith("sk-")) {
      return { kind: "security-key", publicKey: envelope.publicKey };
    }
    if (envelope.cipher === "none") {
      return { kind: "ready", key: this.#openSshKey(envelope.encrypted, "malformed") };
    }
    const derivation = derivationOf(envelope);
    if (derivation === undefined) {
      throw this.#error(
        "unsupported",
        `it is encrypted with ${envelope.cipher} and ${envelope.kdf}; rewrite it with ssh-keygen -p -Z aes256-ctr`,
      );
    }
    if (passphrase === undefined) {
      return { kind: "encrypted", publicKey: envelope.publicKey };
    }
    return { kind: "ready", key: await this.#openOpenSsh(envelope, derivation, passphrase) };
  }

  async #openOpenSsh(
    envelope: OpenSshEnvelope,
    derivation: { readonly salt: Buffer; readonly rounds: number; readonly length: number },
    passphrase: string,
  ): Promise<SigningKey> {
    // bcrypt-pbkdf has no empty passphrase: ssh-keygen writes such a key unencrypted.
    const derived =
      passphrase === "" ? undefined : await this.#inThread({ kind: "bcrypt", passphrase, ...derivation });
    const section = derived === undefined ? undefined : decipherSection(envelope, derived);
    if (section === undefined) {
      throw this.#wrongPassphrase();
    }
    return this.#openSshKey(section, "wrong-passphrase");
  }

  #openSshKey(section: Buffer, whenGarbled: KeyFileErrorReason): SigningKey {
    const parsed = parseOpenSshSection(section);
    switch (parsed.kind) {
      case "key":
        return this.#signer(parsed.key, parsed.comment);
      case "garbled":
        throw whenGarbled === "wrong-passphrase"
          ? this.#wrongPassphrase()
          : this.#error("malformed", "it is damaged");
      case "malformed":
        throw this.#error("malformed", "it is damaged");
      case "unsupported":
        throw this.#unsupported("a key of a kind that is not supported");
    }
  }

  async #readPem(
    pem: string,
    label: string,
    body: string,
    passphrase: string | undefined,
  ): Promise<PrivateKeyFile> {
    if (!/^(?:(?:RSA|EC|ENCRYPTED) )?PRIVATE KEY$/.test(label)) {
      throw this.#unsupported(`a file of kind ${label}`);
    }
    if (label !== "ENCRYPTED PRIVATE KEY" && !/^Proc-Type: 4,ENCRYPTED/m.test(body)) {
      return { kind: "ready", key: this.#signer(this.#parse({ key: pem, format: "pem" }), "") };
    }
    if (passphrase === undefined) {
      const publicKey = await this.#publicHalf();
      return { kind: "encrypted", ...(publicKey === undefined ? {} : { publicKey }) };
    }
    if (label === "ENCRYPTED PRIVATE KEY" && asksForTooMuch(Buffer.from(body, "base64"))) {
      throw this.#error(
        "unsupported",
        "its passphrase takes more than 10 million rounds to check; rewrite it with ssh-keygen -p",
      );
    }
    const clear = await this.#inThread({ kind: "pem", passphrase, pem });
    if (clear === undefined) {
      throw this.#wrongPassphrase();
    }
    return {
      kind: "ready",
      key: this.#signer(this.#parse({ key: Buffer.from(clear), format: "der", type: "pkcs8" }), ""),
    };
  }

  /** Version 2 of PuTTY's format derives its key with SHA-1, which is fast enough without a thread. */
  #readPutty(text: string, passphrase: string | undefined): PrivateKeyFile {
    const encrypted = !/^Encryption: none\r?$/m.test(text);
    const publicLines = /^Public-Lines: \d+\r?\n([A-Za-z0-9+/=\r\n]+?)\r?\nPrivate-Lines:/m.exec(text)?.[1];
    const publicKey = publicLines === undefined ? undefined : decodeBase64(publicLines);
    if (!text.startsWith("PuTTY-User-Key-File-2: ssh-rsa")) {
      throw this.#error(
        "unsupported",
        "of PuTTY's keys only version 2 with RSA is supported; convert it with puttygen -O private-openssh",
      );
    }
    if (publicKey === undefined || text.length > longestPutty) {
      throw this.#error("malformed", "it is damaged");
    }
    if (encrypted && passphrase === undefined) {
      return { kind: "encrypted", publicKey };
    }
    const parsed = parsePutty(text, passphrase);
    if (parsed instanceof Error) {
      throw encrypted ? this.#wrongPassphrase() : this.#error("malformed", "it is damaged");
    }
    return {
      kind: "ready",
      key: this.#signer(this.#parse({ key: parsed.getPrivatePEM(), format: "pem" }), parsed.comment),
    };
  }

  async #inThread(request: DecryptRequest): Promise<DecryptReply> {
    try {
      return await this.#decrypt(request, this.#signal);
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw this.#error("unsupported", "its passphrase can't be checked here", error);
    }
  }

  #parse(input: Parameters<typeof createPrivateKey>[0]): KeyObject {
    try {
      return createPrivateKey(input);
    } catch (error) {
      throw this.#error("malformed", "it is damaged", error);
    }
  }

  #signer(key: KeyObject, comment: string): SigningKey {
    const signer = privateKeySigner(key, comment);
    if (signer === undefined) {
      throw this.#unsupported(`a key of kind ${key.asymmetricKeyType ?? "unknown"} and this size`);
    }
    return signer;
  }

  #unsupported(what: string): KeyFileError {
    return this.#error("unsupported", `it is ${what}; use an Ed25519, ECDSA or RSA key`);
  }

  #wrongPassphrase(): KeyFileError {
    return this.#error("wrong-passphrase", "the passphrase does not open it");
  }

  #error(reason: KeyFileErrorReason, what: string, cause?: unknown): KeyFileError {
    return new KeyFileError(reason, this.#file, `${this.#file}: ${what}`, { cause });
  }
}

/** @returns an error for a key that makes no sense, also where ssh2 divides by a zero of the file. */
function parsePutty(text: string, passphrase: string | undefined): ssh2.ParsedKey | Error {
  try {
    return ssh2.utils.parseKey(text, passphrase);
  } catch (error) {
    return asError(error);
  }
}

function textOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? new Uint8Array(0))
    .toString("latin1")
    .trim();
}

/** Parses a line of a `.pub` file; undefined when it is something else. */
function readPublicKey(text: string): Buffer | undefined {
  const [, type, base64] = /^([a-z0-9@.-]+)[ \t]+([A-Za-z0-9+/]+=*)(?=\s|$)/.exec(text) ?? [];
  const key = decodeBase64(base64 ?? "");
  return key !== undefined && publicKeyType(key) === type ? key : undefined;
}
