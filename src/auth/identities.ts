import type { LocalFiles } from "../base/localFiles.ts";
import { type Logger, printable } from "../base/log.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import {
  type CertificateFields,
  certificateDate,
  certificateFields,
  isCertificateType,
} from "../trust/certificate.ts";
import { claimedKeyType, rsaKeyBits } from "../trust/publicKeyBlob.ts";
import { listAgentKeys } from "./agent/agentKeys.ts";
import { KeyFileError } from "./authErrors.ts";
import type { AgentClient, KeyReader, SessionBinding, SigningKey } from "./authPorts.ts";
import type { UserCertificate } from "./keys/certificateFile.ts";
import { type KeyFile, publicKeyOf, readIdentityFiles } from "./keys/identityFiles.ts";

/** A key that can be offered. */
export interface Identity {
  /** A text for the log and for errors: the file, or the agent's comment. */
  readonly origin: string;
  /** @throws KeyFileError when it is unusable; CancelledError. */
  open(): Promise<SigningKey>;
}

export interface IdentitiesRequest {
  readonly config: HostConfig;
  readonly agent: AgentClient;
  /** Undefined: there is no agent. */
  readonly agentPath: string | undefined;
  readonly reader: KeyReader;
  /** Opens an encrypted file, with a prompt for its passphrase if needed. */
  readonly unlock: (file: string, publicKey: Buffer | undefined) => Promise<SigningKey>;
  /** Called with the key of a file before it signs. Default: nothing. */
  readonly onUse?: (file: string, key: SigningKey) => Promise<void>;
  /** Signs with the security key that a file refers to. */
  readonly securityKey: (file: string, publicKey: Buffer) => SigningKey["sign"];
  /** For agents. */
  readonly binding?: SessionBinding | undefined;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Called for each configured key that can't be used, with the reason as text. */
  readonly onProblem: (problem: string) => void;
  /** Default: the files of this machine. For certificates. */
  readonly files?: LocalFiles;
  /** Milliseconds since 1970. Default: the system's clock. */
  readonly now?: () => number;
}

/** A file's key or certificate, as one identity. */
interface FromFile {
  readonly origin: string;
  /** Undefined where it is not known without the passphrase. */
  readonly publicKey: Buffer | undefined;
  readonly identity: () => readonly Identity[];
}

/**
 * The keys to offer, in OpenSSH's order (pubkey_prepare in sshconnect2.c): CertificateFile's certificates; the
 * agent's keys that files name, in the agent's order; the agent's other keys, unless IdentitiesOnly; then the files,
 * each with the certificate beside it. No key is listed twice. A certificate's key, from the agent or a file, makes
 * its signature.
 *
 * @throws only the signal's reason.
 */
export async function collectIdentities(request: IdentitiesRequest): Promise<readonly Identity[]> {
  const { agent, agentPath, signal, logger, config } = request;
  const [files, allAgentKeys] = await Promise.all([
    readIdentityFiles(request),
    listAgentKeys(agent, agentPath, signal, logger, request.binding),
  ]);
  signal.throwIfAborted();
  const { requiredRsaSize } = config;
  const isShort = (publicKey: Buffer | undefined): boolean =>
    publicKey !== undefined && (rsaKeyBits(publicKey) ?? requiredRsaSize) < requiredRsaSize;
  const agentKeys = allAgentKeys.filter(({ publicKey }) => !isShort(publicKey));
  const keyFiles = files.keys.filter(({ read }) => !isShort(publicKeyOf(read)));
  const certificates = files.certificates.filter(({ blob }) => !isShort(blob));
  const short = [
    ...files.keys.filter(({ read }) => isShort(publicKeyOf(read))),
    ...files.certificates.filter(({ blob }) => isShort(blob)),
  ];
  for (const { file } of short) {
    request.onProblem(`${file}: its RSA key is shorter than ${requiredRsaSize} bits (RequiredRSASize)`);
  }
  if (agentKeys.length < allAgentKeys.length) {
    logger.info(`RSA keys of the agent below ${requiredRsaSize} bits are left out (RequiredRSASize)`);
  }
  const fromFiles = keyFiles.flatMap((keyFile) => [
    plainFromFile(request, keyFile),
    ...certificateFromFile(request, keyFile),
  ]);
  const fileOf = (key: SigningKey): FromFile | undefined =>
    fromFiles.find(({ publicKey }) => publicKey?.equals(key.publicKey) === true);
  const named = agentKeys.filter((key) => fileOf(key) !== undefined);
  const others = config.identitiesOnly ? [] : agentKeys.filter((key) => fileOf(key) === undefined);
  const isInAgent = ({ publicKey }: FromFile): boolean =>
    agentKeys.some((key) => publicKey?.equals(key.publicKey) === true);
  return [
    ...certificates.flatMap((certificate) =>
      certificateIdentity(request, certificate, [...named, ...others], keyFiles),
    ),
    ...named.map((key) => agentIdentity(request, key, `${fileOf(key)?.origin} (agent)`)),
    ...others.map((key) =>
      agentIdentity(request, key, `agent key ${printable(key.comment, 100) || key.type}`),
    ),
    ...fromFiles.filter((one) => !isInAgent(one)).flatMap(({ identity }) => identity()),
  ].filter(isNew());

  /** The certificate beside a key. Its key may also be the agent's. */
  function certificateFromFile(of: IdentitiesRequest, keyFile: KeyFile): readonly FromFile[] {
    const { certificate } = keyFile;
    return certificate === undefined
      ? []
      : [
          {
            origin: certificate.file,
            publicKey: certificate.blob,
            identity: () => certificateIdentity(of, certificate, agentKeys, [keyFile]),
          },
        ];
  }
}

/** Makes a test for identities whose key has not occurred before; an unknown key counts as new. */
function isNew(): (identity: Identity & { readonly publicKey?: Buffer }) => boolean {
  const seen: Buffer[] = [];
  return ({ publicKey }) => {
    if (publicKey === undefined) {
      return true;
    }
    const isThere = seen.some((other) => other.equals(publicKey));
    seen.push(publicKey);
    return !isThere;
  };
}

function agentIdentity(
  request: IdentitiesRequest,
  key: SigningKey,
  origin: string,
): Identity & { readonly publicKey: Buffer } {
  const fields = isCertificateType(key.type) ? certificateFields(key.publicKey) : undefined;
  return {
    origin: fields === undefined ? origin : `${origin}${standing(request, fields)}`,
    publicKey: key.publicKey,
    open: async () => key,
  };
}

function plainFromFile(request: IdentitiesRequest, keyFile: KeyFile): FromFile {
  return {
    origin: keyFile.file,
    publicKey: publicKeyOf(keyFile.read),
    identity: () => plainIdentity(request, keyFile),
  };
}

function plainIdentity(request: IdentitiesRequest, { file, read }: KeyFile): readonly Identity[] {
  switch (read.kind) {
    case "ready":
      return [{ origin: file, open: async () => inUse(request, file, read.key) }];
    case "security-key": {
      const { publicKey } = read;
      const sign = request.securityKey(file, publicKey);
      const type = claimedKeyType(publicKey);
      return [{ origin: file, open: async () => ({ publicKey, type, comment: file, sign }) }];
    }
    case "public":
      request.onProblem(`${file}: it holds only a public key, and the agent does not have the private one`);
      return [];
    case "encrypted": {
      const { publicKey } = read;
      const open =
        publicKey === undefined
          ? async () => inUse(request, file, await request.unlock(file, undefined))
          : async () => lockedKey(request, file, publicKey);
      return [{ origin: file, open }];
    }
  }
}

/**
 * A certificate together with its signing key (sign_and_send_pubkey): the agent's, by the certificate or by its plain
 * key, or a file's, which may be encrypted.
 */
function certificateIdentity(
  request: IdentitiesRequest,
  certificate: UserCertificate,
  agentKeys: readonly SigningKey[],
  keyFiles: readonly KeyFile[],
): readonly (Identity & { readonly publicKey: Buffer })[] {
  const { file, blob, type, fields } = certificate;
  const inAgent =
    agentKeys.find((key) => key.publicKey.equals(blob)) ??
    agentKeys.find((key) => key.publicKey.equals(fields.plainKey));
  const inFile = keyFiles.find(
    ({ read, certificate: beside }) =>
      read.kind !== "public" &&
      (publicKeyOf(read)?.equals(fields.plainKey) === true ||
        (publicKeyOf(read) === undefined && beside === certificate)),
  );
  const sign =
    inAgent === undefined ? inFile && signerOf(request, inFile, fields.plainKey) : inAgent.sign.bind(inAgent);
  if (sign === undefined) {
    request.onProblem(`${file}: neither the agent nor a file has the private key of this certificate`);
    return [];
  }
  return [
    {
      origin: `${file}${inAgent === undefined ? "" : " (agent)"}${standing(request, fields)}`,
      publicKey: blob,
      open: async () => ({ publicKey: blob, type, comment: file, sign }),
    },
  ];
}

function signerOf(
  request: IdentitiesRequest,
  { file, read }: KeyFile,
  plainKey: Buffer,
): SigningKey["sign"] | undefined {
  switch (read.kind) {
    case "ready":
      return inUse(request, file, read.key).sign;
    case "encrypted":
      return lockedKey(request, file, plainKey).sign;
    case "security-key":
      return request.securityKey(file, plainKey);
    case "public":
      return undefined;
  }
}

/**
 * A problem with a certificate's validity time, as text. The certificate is still offered, as in OpenSSH, because the
 * server's clock decides.
 */
function standing(request: IdentitiesRequest, { validAfter, validBefore }: CertificateFields): string {
  const now = BigInt(Math.floor((request.now ?? Date.now)() / 1000));
  if (now < validAfter) {
    return ` (not valid before ${certificateDate(validAfter)})`;
  }
  return now >= validBefore ? ` (expired on ${certificateDate(validBefore)})` : "";
}

/** A key that is offered before the prompt for its passphrase, which follows only if the server accepts the key. */
function lockedKey(request: IdentitiesRequest, file: string, publicKey: Buffer): SigningKey {
  return {
    publicKey,
    type: claimedKeyType(publicKey),
    comment: file,
    async sign(data, algorithm) {
      const key = await request.unlock(file, publicKey);
      if (!key.publicKey.equals(publicKey)) {
        throw new KeyFileError("malformed", file, `${file}: the public key beside it belongs to another key`);
      }
      return await inUse(request, file, key).sign(data, algorithm);
    },
  };
}

/** A file's key, which is passed to `onUse` before it signs. */
function inUse({ onUse }: IdentitiesRequest, file: string, key: SigningKey): SigningKey {
  return {
    ...key,
    async sign(data, algorithm) {
      await onUse?.(file, key);
      return await key.sign(data, algorithm);
    },
  };
}
