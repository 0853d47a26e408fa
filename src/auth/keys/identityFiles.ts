import { asError } from "../../base/errors.ts";
import { type LocalFiles, localFiles } from "../../base/localFiles.ts";
import type { Logger } from "../../base/log.ts";
import type { HostConfig } from "../../config/hostConfig.ts";
import { KeyFileError } from "../authErrors.ts";
import type { KeyReader, PrivateKeyFile } from "../authPorts.ts";
import { readCertificateFile, type UserCertificate } from "./certificateFile.ts";

/** A private key file, and the certificate beside it. */
export interface KeyFile {
  readonly file: string;
  readonly read: PrivateKeyFile;
  readonly certificate: UserCertificate | undefined;
}

export interface IdentityFiles {
  readonly keys: readonly KeyFile[];
  /** From CertificateFile, in its order. */
  readonly certificates: readonly UserCertificate[];
}

export interface IdentityFilesRequest {
  readonly config: HostConfig;
  readonly reader: KeyReader;
  /** Default: the files of this machine. For certificates. */
  readonly files?: LocalFiles;
  readonly logger: Logger;
  /** Called for each configured file that can't be used, with the reason as text. */
  readonly onProblem: (problem: string) => void;
}

/**
 * Reads IdentityFile and CertificateFile (load_public_identity_files in ssh.c): the certificate beside a key counts only
 * where no CertificateFile is set. Nothing is decrypted.
 */
export async function readIdentityFiles(request: IdentityFilesRequest): Promise<IdentityFiles> {
  const { config } = request;
  const names = [...new Set(config.identityFiles)].filter((file) => file.toLowerCase() !== "none");
  const [found, certificates] = await Promise.all([
    Promise.all(names.map((file) => readKey(request, file))),
    Promise.all(config.certificateFiles.map((file) => readNamedCertificate(request, file))),
  ]);
  const keys: KeyFile[] = [];
  for (const key of found) {
    const publicKey = key === undefined ? undefined : publicKeyOf(key.read);
    const isTwin =
      publicKey !== undefined && keys.some(({ read }) => publicKeyOf(read)?.equals(publicKey) === true);
    if (key !== undefined && !isTwin) {
      keys.push(key);
    }
  }
  return { keys, certificates: certificates.filter((certificate) => certificate !== undefined) };
}

/** Undefined where it is not known without the passphrase. */
export function publicKeyOf(read: PrivateKeyFile): Buffer | undefined {
  return read.kind === "ready" ? read.key.publicKey : read.publicKey;
}

async function readKey(request: IdentityFilesRequest, file: string): Promise<KeyFile | undefined> {
  const { config, reader, logger, onProblem } = request;
  try {
    const read = await reader.read(file);
    const certificate =
      config.certificateFiles.length > 0 ? undefined : await readCertificateBeside(request, file, read);
    return { file, read, certificate };
  } catch (error) {
    const isMissing = KeyFileError.is(error) && error.reason === "missing";
    if (isMissing && config.certificateFiles.length === 0) {
      // The key itself may be only in the agent, and its certificate here.
      const certificate = await readNamedCertificate(request, `${file}-cert.pub`, true);
      if (certificate !== undefined) {
        return { file, read: { kind: "public", publicKey: certificate.fields.plainKey }, certificate };
      }
    }
    if (config.identityFilesAreDefault && isMissing) {
      logger.trace(`${file} is not there`);
    } else {
      onProblem(KeyFileError.is(error) ? error.message : `${file}: ${asError(error).message}`);
    }
    return undefined;
  }
}

async function readCertificateBeside(
  request: IdentityFilesRequest,
  file: string,
  read: PrivateKeyFile,
): Promise<UserCertificate | undefined> {
  // IdentityFile may name the public key, which stands for the agent's key.
  const base = read.kind === "public" ? file.replace(/\.pub$/, "") : file;
  const found = await readNamedCertificate(request, `${base}-cert.pub`, true);
  const publicKey = publicKeyOf(read);
  if (found !== undefined && publicKey !== undefined && !found.fields.plainKey.equals(publicKey)) {
    request.onProblem(`${found.file}: the certificate belongs to another key than ${file}`);
    return undefined;
  }
  return found;
}

async function readNamedCertificate(
  { files = localFiles, onProblem }: IdentityFilesRequest,
  file: string,
  mayBeMissing = false,
): Promise<UserCertificate | undefined> {
  try {
    return await readCertificateFile(file, files);
  } catch (error) {
    if (!(mayBeMissing && KeyFileError.is(error) && error.reason === "missing")) {
      onProblem(KeyFileError.is(error) ? error.message : `${file}: ${asError(error).message}`);
    }
    return undefined;
  }
}
