import { asError } from "../base/errors.ts";
import { FileError } from "../base/fileErrors.ts";
import type { LocalFiles } from "../base/localFiles.ts";
import { type Logger, printable } from "../base/log.ts";
import { openSshAlgorithms } from "../config/algorithmLists.ts";
import { ConfigError } from "../config/configErrors.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { isCertificate, readCertificate, type SignedCertificate } from "./certificate.ts";
import type { CertificateProblem } from "./hostCertificateCheck.ts";
import { judgeCertificate } from "./hostCertificateVerdict.ts";
import { provenAlgorithms } from "./hostKeyAlgorithms.ts";
import { HostKeyError, type HostKeyErrorReason, hostKeyErrorWords } from "./hostKeyErrors.ts";
import type {
  HostKeyAnnouncement,
  HostKeyPrompter,
  HostKeyVerifier,
  PresentedHostKey,
} from "./hostKeyPorts.ts";
import { isAuthority, isPlain, judge, type Verdict } from "./hostKeyVerdict.ts";
import { asciiLowerCase } from "./hostNamePattern.ts";
import { findKnownHosts, formatKnownHost, type KnownHostEntry, knownHostName } from "./knownHosts.ts";
import {
  type KnownHostsCommand,
  KnownHostsCommandError,
  type KnownHostsQuestion,
  knownHostsCommand,
} from "./knownHostsCommand.ts";
import { createKnownHostsStorage, type KnownHostsStorage } from "./knownHostsStorage.ts";
import { updateKnownHosts } from "./knownHostsUpdater.ts";
import { type Loaded, loadKnownHosts, type Unreadable, withoutNone } from "./loadKnownHosts.ts";
import { loadOtherNames } from "./otherNames.ts";
import { claimedKeyType, publicKeyType, rsaKeyBits, sha256Fingerprint } from "./publicKeyBlob.ts";
import { checkRevoked } from "./revokedKeys.ts";

export interface HostKeyVerifierOptions {
  readonly config: HostConfig;
  readonly prompter: HostKeyPrompter;
  readonly logger: Logger;
  /** Runs a prompt while the connection's deadline is paused. Default: without a pause. */
  readonly pause?: <T>(work: () => Promise<T>) => Promise<T>;
  /** Default: the files of this machine. */
  readonly storage?: KnownHostsStorage;
  /** Default: the files of this machine. For RevokedHostKeys. */
  readonly files?: LocalFiles;
  /** Whether KnownHostsCommand may run: a workspace can name the ssh_config that sets it. Default: no. */
  readonly mayRunCommands?: boolean;
  /** Default: the command of the configuration, if any. */
  readonly knownHostsCommand?: KnownHostsCommand;
  /** Milliseconds since 1970. Default: the system's clock. */
  readonly now?: () => number;
}

/** Characters that must never be written to a known_hosts file as part of a name (check_host_key in sshconnect.c). */
const unrecordable = /[@?*#[\]|'"\\\s]/;

/**
 * Decides about host keys as OpenSSH does (verify_host_key and check_host_key in sshconnect.c). It is stricter in
 * these cases: a changed or revoked key is refused under `StrictHostKeyChecking no` too (OpenSSH continues without
 * passwords); a key that is revoked under the bare name is refused on other ports as well; a new key is accepted
 * without a question only when every known_hosts file, and every line that names the host, can be read; a
 * KnownHostsCommand that can't be started is an error, not an empty answer; and no name is written to known_hosts
 * that would make the key known for other hosts, or for none.
 *
 * As in OpenSSH, a host for which only keys of other types are known counts as changed: a server uses one of the
 * algorithms that we prefer, so `preferredAlgorithms` prevents this for an honest server.
 */
export function createHostKeyVerifier(options: HostKeyVerifierOptions): HostKeyVerifier {
  return new KnownHostsVerifier(options);
}

/** A key that is judged as a plain key, and why its certificate does not prove the host. */
interface Judged extends PresentedHostKey {
  readonly certificateProblem?: CertificateProblem;
}

class KnownHostsVerifier implements HostKeyVerifier {
  readonly #config: HostConfig;
  readonly #prompter: HostKeyPrompter;
  readonly #logger: Logger;
  readonly #pause: <T>(work: () => Promise<T>) => Promise<T>;
  readonly #storage: KnownHostsStorage;
  readonly #files: LocalFiles | undefined;
  readonly #command: KnownHostsCommand | undefined;
  readonly #mayRunCommands: boolean;
  /** The name to look up, and the name without the port that counts when the first is unknown. */
  readonly #name: string;
  readonly #bareName: string | undefined;
  readonly #now: () => number;
  #mayUpdate = false; // The user trusts this key: its server may announce its other keys.

  constructor(options: HostKeyVerifierOptions) {
    this.#config = options.config;
    this.#prompter = options.prompter;
    this.#logger = options.logger;
    this.#pause = options.pause ?? ((work) => work());
    this.#storage = options.storage ?? createKnownHostsStorage();
    this.#files = options.files;
    const { hostKeyAlias, hostName, port, knownHostsCommand: template } = options.config;
    this.#command =
      options.knownHostsCommand ??
      (template === undefined ? undefined : knownHostsCommand(options.config, template));
    this.#mayRunCommands = options.mayRunCommands ?? false;
    this.#now = options.now ?? Date.now;
    // HostKeyAlias is used unchanged: no port is added.
    this.#name = hostKeyAlias === undefined ? knownHostName(hostName, port) : asciiLowerCase(hostKeyAlias);
    this.#bareName = hostKeyAlias === undefined && port !== 22 ? knownHostName(hostName, 22) : undefined;
  }

  async preferredAlgorithms(): Promise<readonly string[]> {
    // `verify` reports a command that fails or may not run.
    const ordered = await this.#ask({ purpose: "ORDER", host: this.#name, presented: undefined }).catch(
      () => [],
    );
    let entries = [...(await this.#load(this.#name)).entries, ...ordered];
    if (this.#bareName !== undefined) {
      // An authority may be listed under either name; plain keys under the name without the port count only if the
      // other name has none.
      const bare = (await this.#load(this.#bareName)).entries;
      const hasPlain = entries.some(isPlain);
      entries = [...entries, ...bare.filter((entry) => isAuthority(entry) || !hasPlain)];
    }
    const allowed = this.#config.hostKeyAlgorithms;
    return provenAlgorithms(entries).filter((name) => allowed === undefined || allowed.includes(name));
  }

  async verify(key: Buffer, address: string | undefined, signal: AbortSignal): Promise<void> {
    const certificate = isCertificate(key) ? readCertificate(key) : undefined;
    const plain = describe(certificate?.plainKey ?? key);
    const presented = { ...plain, key, type: claimedKeyType(key) };
    const { requiredRsaSize, noHostAuthenticationForLocalhost, hostKeyAlias } = this.#config;
    const bits = rsaKeyBits(key);
    if (bits !== undefined && bits < requiredRsaSize) {
      throw this.#error("short", presented);
    }
    if (publicKeyType(key) === undefined || isCertificate(key) !== (certificate !== undefined)) {
      throw this.#error("malformed", presented);
    }
    await this.#refuseRevoked(presented);
    if (noHostAuthenticationForLocalhost && hostKeyAlias === undefined && isLoopback(address)) {
      this.#logger.info(
        `Host key ${presented.fingerprint} is accepted without a check (NoHostAuthenticationForLocalhost)`,
      );
      return;
    }
    const printed = await this.#askAbout(presented, signal);
    const certificateProblem =
      certificate === undefined ? undefined : await this.#certificateProblem(presented, certificate, printed);
    if (certificate !== undefined && certificateProblem === undefined) {
      return;
    }
    const judged: Judged = { ...plain, ...(certificateProblem && { certificateProblem }) };
    const { verdict, isBare, unreadable, otherTypes } = await this.#judge(judged, printed);
    switch (verdict.status) {
      case "known":
        // As in OpenSSH: not if it is known from the machine's file, a command, or the name without the port.
        this.#mayUpdate = this.#userFiles.includes(verdict.entry.file) && !isBare;
        this.#logger.debug(
          `Host key ${plain.fingerprint} is known: ${verdict.entry.file}:${verdict.entry.line}`,
        );
        return;
      case "changed":
      case "revoked":
        throw this.#error(verdict.status, judged, verdict.entry);
      case "new":
        await this.#acceptNew(judged, address, { printed, unreadable, otherTypes }, signal);
    }
  }

  /** Why a certificate does not prove the host; undefined: it proves it. */
  async #certificateProblem(
    presented: PresentedHostKey,
    certificate: SignedCertificate,
    printed: readonly KnownHostEntry[],
  ): Promise<CertificateProblem | undefined> {
    const { hostKeyAlias, hostName, caSignatureAlgorithms } = this.#config;
    const places: (readonly KnownHostEntry[])[] = [[...(await this.#load(this.#name)).entries, ...printed]];
    if (this.#bareName !== undefined) {
      places.push((await this.#load(this.#bareName)).entries);
    }
    const verdict = judgeCertificate(certificate, places, {
      name: Buffer.from(asciiLowerCase(hostKeyAlias ?? hostName)).toString("latin1"),
      now: BigInt(Math.floor(this.#now() / 1000)),
      allowed: caSignatureAlgorithms ?? openSshAlgorithms.casignaturealgorithms.offered,
    });
    if (verdict.status === "revoked") {
      throw this.#error("revoked", presented, verdict.entry);
    }
    const { authority, problem } = verdict;
    if (authority !== undefined) {
      const keyId = printable(certificate.keyId.toString("utf8"), 100);
      this.#logger.info(
        `The host certificate "${keyId}" (serial ${certificate.serial}), signed by the authority in ${authority.file}:${authority.line}, ${problem === undefined ? "proves the host" : `does not count: ${problem.kind}`}`,
      );
    }
    return problem;
  }

  async announced(announcement: HostKeyAnnouncement, signal: AbortSignal): Promise<void> {
    const { updateHostKeys } = this.#config;
    if (this.#mayUpdate && updateHostKeys !== undefined && updateHostKeys !== "no") {
      await updateKnownHosts(
        {
          ...{ config: this.#config, name: this.#name, storage: this.#storage },
          ...{ prompter: this.#prompter, logger: this.#logger },
        },
        announcement,
        signal,
      );
    }
  }

  async #refuseRevoked(presented: PresentedHostKey): Promise<void> {
    const { revokedHostKeysFiles: files } = this.#config;
    const revocation = await checkRevoked(files, presented.key, this.#files);
    switch (revocation.status) {
      case "clear":
        return;
      case "revoked":
        throw this.#error("revoked", presented, revocation);
      case "unknown":
        this.#logger.warn(`${revocation.file} (RevokedHostKeys): ${printable(revocation.why)}`);
        throw this.#error("revocation-unknown", presented, revocation);
    }
  }

  /** Entries that KnownHostsCommand prints. */
  async #ask(
    question: KnownHostsQuestion,
    signal = new AbortController().signal,
  ): Promise<readonly KnownHostEntry[]> {
    if (this.#command === undefined) {
      return [];
    }
    if (!this.#mayRunCommands) {
      throw new ConfigError("not-allowed", "A KnownHostsCommand runs in trusted workspaces only");
    }
    const text = await this.#command(question, signal);
    return (await findKnownHosts("KnownHostsCommand", text, question.host)).entries;
  }

  async #askAbout(presented: PresentedHostKey, signal: AbortSignal): Promise<readonly KnownHostEntry[]> {
    try {
      return await this.#ask({ purpose: "HOSTNAME", host: this.#name, presented }, signal);
    } catch (error) {
      if (!(error instanceof KnownHostsCommandError)) {
        throw error;
      }
      this.#logger.warn(printable(error.message));
      throw this.#error("command-failed", presented);
    }
  }

  async #judge(
    presented: PresentedHostKey,
    printed: readonly KnownHostEntry[],
  ): Promise<{
    verdict: Verdict;
    /** The key was found under the name without the port. */
    isBare: boolean;
    unreadable: Unreadable | undefined;
    otherTypes: readonly string[];
  }> {
    const { entries, unreadable } = await this.#load(this.#name);
    let verdict = judge([...entries, ...printed], presented.key);
    let isBare = false;
    let otherTypes: readonly string[] = [];
    if (verdict.status === "new" && this.#bareName !== undefined) {
      const bare = await this.#load(this.#bareName);
      const bareVerdict = judge(bare.entries, presented.key);
      if (bareVerdict.status === "changed") {
        // Another server on another port of the same machine: this is no conflict.
        otherTypes = [...new Set(bare.entries.filter(isPlain).map((entry) => entry.type))];
      } else {
        verdict = bareVerdict;
        isBare = true;
      }
    }
    return { verdict, isBare, unreadable, otherTypes };
  }

  async #acceptNew(
    presented: Judged,
    address: string | undefined,
    found: {
      readonly printed: readonly KnownHostEntry[];
      readonly unreadable: Unreadable | undefined;
      readonly otherTypes: readonly string[];
    },
    signal: AbortSignal,
  ): Promise<void> {
    const { unreadable, otherTypes: knownTypes } = found;
    const { strictHostKeyChecking: strict, hostName, alias, port, batchMode } = this.#config;
    const [file] = this.#userFiles;
    // Only the user can decide then: the known key may be a different one.
    if (strict !== "ask" && unreadable !== undefined) {
      throw this.#error("unreadable", presented, unreadable);
    }
    // OpenSSH refuses when it could not record the key: it would ask each time, or never.
    if (strict === "yes" || file === undefined || unrecordable.test(hostName)) {
      throw this.#error("unknown", presented);
    }
    const line = formatKnownHost(this.#name, presented.type, presented.key, this.#config.hashKnownHosts);
    if (line === undefined) {
      throw this.#error("unrecordable", presented);
    }
    if (strict === "ask") {
      if (batchMode) {
        throw this.#error(unreadable === undefined ? "unknown" : "unreadable", presented, unreadable);
      }
      const { certificateProblem, ...shown } = presented;
      const question = {
        ...{ host: this.#name, alias, address, port, presented: shown, knownTypes, savedTo: file },
        ...(certificateProblem && { certificateProblem }),
        otherNames: await loadOtherNames(this.#config, presented.key, this.#storage),
      };
      const accepts = await this.#pause(() => this.#prompter.confirmUnknown(question, signal));
      signal.throwIfAborted();
      if (!accepts) {
        throw this.#error("declined", presented);
      }
    }
    await this.#storage.exclusively(file, async () => {
      // Meanwhile another window may have recorded this key, or a different one.
      const { verdict } = await this.#judge(presented, found.printed);
      if (verdict.status === "changed" || verdict.status === "revoked") {
        throw this.#error(verdict.status, presented, verdict.entry);
      }
      if (verdict.status === "new") {
        this.#mayUpdate ||= strict === "ask";
        await this.#record(presented, file, line);
      }
    });
  }

  async #record(presented: PresentedHostKey, file: string, line: string): Promise<void> {
    try {
      await this.#storage.append(file, line);
      this.#logger.info(
        `Added ${printable(this.#name)} (${presented.type} ${presented.fingerprint}) to ${file}`,
      );
    } catch (error) {
      // The login continues, as in OpenSSH; next time the key is unknown again, and there is no line to update.
      this.#mayUpdate = false;
      const why = FileError.is(error) ? error.what : asError(error).message;
      this.#logger.warn(`Could not add the key of ${printable(this.#name)} to ${file}: ${printable(why)}`);
      this.#prompter.notSaved?.(this.#config.alias, file, why);
    }
  }

  get #userFiles(): readonly string[] {
    return withoutNone(this.#config.userKnownHostsFiles);
  }

  #load(name: string): Promise<Loaded> {
    return loadKnownHosts(this.#config, name, this.#storage, this.#logger);
  }

  #error(reason: HostKeyErrorReason, presented: Judged, where?: Unreadable): HostKeyError {
    const key = `${printable(presented.type, 80)} key ${presented.fingerprint} of ${printable(this.#name)}`;
    const place = where?.line === undefined ? (where?.file ?? "") : `${where.file}:${where.line}`;
    return new HostKeyError(reason, hostKeyErrorWords(reason, key, place, this.#config.requiredRsaSize), {
      host: this.#name,
      keyType: presented.type,
      fingerprint: presented.fingerprint,
      ...(where?.file === undefined ? {} : { file: where.file }),
      ...(where?.line === undefined ? {} : { line: where.line }),
      ...(presented.certificateProblem && { certificateProblem: presented.certificateProblem }),
    });
  }
}

function describe(key: Buffer): PresentedHostKey {
  return { key, type: claimedKeyType(key), fingerprint: sha256Fingerprint(key) };
}

/** sockaddr_is_local in misc.c. */
function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (/^(?:::ffff:)?127\.\d+\.\d+\.\d+$/i.test(address) || address === "::1");
}
