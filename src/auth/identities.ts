import { asError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { rsaKeyBits } from "../trust/publicKeyBlob.ts";
import { KeyFileError } from "./authErrors.ts";
import type { AgentClient, KeyReader, PrivateKeyFile, SigningKey } from "./authPorts.ts";

/** A key that can be offered. */
export interface Identity {
  /** In words, for the log and for errors: the file, or what the agent calls it. */
  readonly origin: string;
  /** @throws KeyFileError when it turns out to be unusable; CancelledError. */
  open(): Promise<SigningKey>;
}

export interface IdentitiesRequest {
  readonly config: HostConfig;
  readonly agent: AgentClient;
  /** Undefined: no agent. */
  readonly agentPath: string | undefined;
  readonly reader: KeyReader;
  /** Opens an encrypted file, asking for its passphrase if need be. */
  readonly unlock: (file: string, publicKey: Buffer | undefined) => Promise<SigningKey>;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Told about each key that a person named and that can't be used, in words. */
  readonly onProblem: (problem: string) => void;
}

/** Key types that an agent can sign with, whether it holds the private half itself or on a security key. */
const usableTypes =
  /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519|sk-ecdsa-sha2-nistp256)(?:-cert-v01)?(?:@openssh\.com)?$/;

interface KeyFile {
  readonly file: string;
  readonly read: PrivateKeyFile;
}

/**
 * The keys to offer, in OpenSSH's order (pubkey_prepare in sshconnect2.c): the agent's keys that IdentityFile names,
 * in the agent's order; the agent's other keys, unless IdentitiesOnly; then the files. No key comes twice.
 *
 * @throws only the signal's reason.
 */
export async function collectIdentities(request: IdentitiesRequest): Promise<readonly Identity[]> {
  const [allFiles, allAgentKeys] = await Promise.all([readFiles(request), listAgent(request)]);
  request.signal.throwIfAborted();
  const { requiredRsaSize } = request.config;
  const isShort = (publicKey: Buffer | undefined): boolean =>
    publicKey !== undefined && (rsaKeyBits(publicKey) ?? requiredRsaSize) < requiredRsaSize;
  const agentKeys = allAgentKeys.filter(({ publicKey }) => !isShort(publicKey));
  const files = allFiles.filter(({ read }) => !isShort(publicKeyOf(read)));
  for (const { file, read } of allFiles) {
    if (isShort(publicKeyOf(read))) {
      request.onProblem(`${file}: its RSA key is shorter than ${requiredRsaSize} bits (RequiredRSASize)`);
    }
  }
  if (agentKeys.length < allAgentKeys.length) {
    request.logger.info(`RSA keys of the agent below ${requiredRsaSize} bits are left out (RequiredRSASize)`);
  }
  for (const file of request.config.certificateFiles) {
    request.onProblem(
      `${file}: a certificate in a file is not offered, only its plain key; \`ssh-add\` adds both to an agent`,
    );
  }
  const fileOf = (key: SigningKey): KeyFile | undefined =>
    files.find(({ read }) => publicKeyOf(read)?.equals(key.publicKey) === true);
  const named = agentKeys.filter((key) => fileOf(key) !== undefined);
  const others = request.config.identitiesOnly ? [] : agentKeys.filter((key) => fileOf(key) === undefined);
  const fromFiles = files.filter(
    ({ read }) => !agentKeys.some((key) => publicKeyOf(read)?.equals(key.publicKey) === true),
  );
  return [
    ...named.map((key) => agentIdentity(key, `${fileOf(key)?.file} (agent)`)),
    ...others.map((key) => agentIdentity(key, `agent key ${printable(key.comment, 100) || key.type}`)),
    ...fromFiles.flatMap((keyFile) => fileIdentity(request, keyFile)),
  ];
}

function publicKeyOf(read: PrivateKeyFile): Buffer | undefined {
  return read.kind === "ready" ? read.key.publicKey : read.publicKey;
}

function agentIdentity(key: SigningKey, origin: string): Identity {
  return { origin, open: async () => key };
}

function fileIdentity(request: IdentitiesRequest, { file, read }: KeyFile): readonly Identity[] {
  switch (read.kind) {
    case "ready":
      return [{ origin: file, open: async () => read.key }];
    case "public":
      request.onProblem(`${file}: it holds only a public key, and the agent does not have the private one`);
      return [];
    case "encrypted": {
      const { publicKey } = read;
      const open =
        publicKey === undefined
          ? () => request.unlock(file, undefined)
          : async () => lockedKey(file, publicKey, () => request.unlock(file, publicKey));
      return [{ origin: file, open }];
    }
  }
}

/** A key that can be offered before anybody is asked for its passphrase: that comes only if the server takes it. */
function lockedKey(file: string, publicKey: Buffer, unlock: () => Promise<SigningKey>): SigningKey {
  return {
    publicKey,
    type: publicKey.subarray(4, 4 + publicKey.readUInt32BE(0)).toString("latin1"),
    comment: file,
    async sign(data, algorithm) {
      const key = await unlock();
      if (!key.publicKey.equals(publicKey)) {
        throw new KeyFileError("malformed", file, `${file}: the public key beside it belongs to another key`);
      }
      return await key.sign(data, algorithm);
    },
  };
}

async function readFiles(request: IdentitiesRequest): Promise<readonly KeyFile[]> {
  const { config, reader, logger, onProblem } = request;
  const files = [...new Set(config.identityFiles)].filter((file) => file.toLowerCase() !== "none");
  const found = await Promise.all(
    files.map(async (file): Promise<KeyFile | undefined> => {
      try {
        return { file, read: await reader.read(file) };
      } catch (error) {
        const missingDefault =
          config.identityFilesAreDefault && KeyFileError.is(error) && error.reason === "missing";
        if (missingDefault) {
          logger.trace(`${file} is not there`);
        } else {
          onProblem(KeyFileError.is(error) ? error.message : `${file}: ${asError(error).message}`);
        }
        return undefined;
      }
    }),
  );
  const unique: KeyFile[] = [];
  for (const keyFile of found) {
    const publicKey = keyFile === undefined ? undefined : publicKeyOf(keyFile.read);
    const isTwin =
      publicKey !== undefined && unique.some(({ read }) => publicKeyOf(read)?.equals(publicKey) === true);
    if (keyFile !== undefined && !isTwin) {
      unique.push(keyFile);
    }
  }
  return unique;
}

async function listAgent(request: IdentitiesRequest): Promise<readonly SigningKey[]> {
  const { agent, agentPath, signal, logger } = request;
  if (agentPath === undefined) {
    return [];
  }
  let keys: readonly SigningKey[];
  try {
    keys = await agent.list(agentPath, signal);
  } catch (error) {
    signal.throwIfAborted();
    logger.warn(`No keys from the agent: ${printable(asError(error).message)}`);
    return [];
  }
  const unique = keys.filter(
    (key, index) => keys.findIndex((other) => other.publicKey.equals(key.publicKey)) === index,
  );
  for (const key of unique.filter(({ type }) => !usableTypes.test(type))) {
    const what = `${printable(key.comment, 100)} (${printable(key.type, 80)})`;
    logger.warn(`The agent's key ${what} is left out: its type is not known`);
  }
  return unique.filter(({ type }) => usableTypes.test(type));
}
