import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { dirname, join } from "node:path";
import { AuthError } from "../../auth/authErrors.ts";
import type { Clock } from "../../base/clock.ts";
import { raceSignal } from "../../base/deadline.ts";
import type { Disposable } from "../../base/disposable.ts";
import { asError, CancelledError } from "../../base/errors.ts";
import { guarded } from "../../base/guarded.ts";
import { printable } from "../../base/log.ts";
import { programSurroundings } from "../../base/programFolder.ts";
import { lacksPipes } from "../../base/runProgram.ts";
import type { ConnectPhase, ConnectRequest } from "../connectionEngine.ts";
import type { ConnectionInfo } from "../connectionInfo.ts";
import { ConnectError } from "../engineErrors.ts";
import { acceptedKeyLine } from "./acceptedKeyLine.ts";
import { askpassQuestion } from "./askpassQuestion.ts";
import { writeHelperScripts } from "./helperScripts.ts";
import { HelperServer } from "./helperServer.ts";
import { HostKeyQuestion } from "./hostKeyQuestion.ts";
import { type LocalSocket, localSocketOf } from "./localSocket.ts";
import { LogTail } from "./logTail.ts";
import type { MasterFiles } from "./masterFolder.ts";
import { MuxError } from "./muxControl.ts";
import { sshArguments } from "./sshArguments.ts";
import { SshBanner } from "./sshBanner.ts";
import { loginFailure } from "./sshFailures.ts";
import { SshLog } from "./sshLog.ts";
import { isAtLeast, type SystemSsh } from "./systemSsh.ts";

export interface MasterLoginInit {
  readonly ssh: SystemSsh;
  readonly files: MasterFiles;
  readonly request: ConnectRequest;
  readonly configFile: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface MasterLogin {
  readonly info: ConnectionInfo;
  /** Resolves when everything that `ssh` wrote to the given transport has been flushed to it. */
  readonly relayed: Promise<void> | undefined;
  /** The connection is in use: stores the secrets that the user chose to save. */
  succeeded(info: ConnectionInfo): Promise<void>;
}

/**
 * Seconds that a master stays without a client: at least until a busy window connects to it after the login, at most
 * enough for a window to reload.
 */
const persist = { least: 5, most: 60 };

/**
 * Milliseconds, as in the ssh2 engine. `ssh` would wait for ever for a server of another protocol that sends a line
 * and then waits.
 */
const greetingPatience = 10_000;

/** Milliseconds. With `-v`, `ssh` prints its version before it reads a file. */
const startPatience = 10_000;

/** Characters in the log of a login: a server can send SSH_MSG_DEBUG without end. */
const mostLogged = 4 * 1024 * 1024;

/** Questions in one login, as the ssh2 engine counts the rounds of keyboard-interactive. */
const mostQuestions = 20;

const order: readonly ConnectPhase[] = ["tcp", "handshake", "hostKey", "authentication"];

/**
 * Starts the master and waits until it has logged in and its socket exists.
 * @throws ConnectError, AuthError, HostKeyError, CancelledError, MuxError `taken`, the signal's reason; `ssh` has ended
 * then
 */
export async function logIn(init: MasterLoginInit): Promise<MasterLogin> {
  const folder = await mkdtemp(join(dirname(init.files.log), "login-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true }).catch(() => {});
  try {
    const login = await new Login(init).run(folder);
    const removed = remove();
    return { ...login, succeeded: (info) => Promise.all([login.succeeded(info), removed]).then(() => {}) };
  } catch (error) {
    await remove();
    throw error;
  }
}

class Login {
  readonly #init: MasterLoginInit;
  readonly #log: SshLog;
  readonly #banner: SshBanner;
  /** Closes open prompts when the login is over. */
  readonly #over = new AbortController();
  #phase: number;
  #child: ChildProcess | undefined;
  /** Why the login has failed. */
  #failed: unknown;
  #relayed: Promise<void> | undefined;
  #local: Promise<LocalSocket | undefined> | undefined;
  #asked = 0;

  constructor(init: MasterLoginInit) {
    this.#init = init;
    const { request } = init;
    this.#phase = request.transport === undefined ? -1 : 0;
    this.#log = new SshLog((step) => this.#advance(step));
    this.#banner = new SshBanner(request);
  }

  async run(folder: string): Promise<MasterLogin> {
    const { files, request, signal, clock } = this.#init;
    signal.throwIfAborted();
    request.asker?.begin();
    const onAbort = (): void => this.#fail(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const tail = await LogTail.open(
      files.log,
      (text) => {
        mute?.dispose();
        logged += text.length;
        if (logged > mostLogged) {
          this.#fail(new ConnectError("protocol", "The server makes ssh log without end"));
          return;
        }
        this.#log.add(text);
        if (this.#log.hasNoSocket) {
          // `ssh` would stay, and nobody could use it.
          this.#fail(new MuxError("taken", "Another socket came first"));
          return;
        }
        if (this.#log.greeting !== "" && this.#log.serverVersion === "") {
          silence ??= clock.setTimeout(() => this.#notSsh(), greetingPatience);
        } else {
          silence?.dispose();
        }
      },
      "read",
    );
    let logged = 0;
    let silence: Disposable | undefined;
    let mute: Disposable | undefined;
    const socket = join(folder, "s");
    const helpers = await writeHelperScripts(folder, socket);
    const failed = (error: unknown): void => this.#fail(error);
    const server = await HelperServer.listen(socket, helpers.token, {
      ask: (prompt, hint) => this.#ask(prompt, hint),
      relay: (stream) => this.#relay(stream),
      gone: () => this.#helperGone(),
      failed,
    });
    const question = new HostKeyQuestion(folder, (key) => this.#hostKey(key), failed);
    try {
      const preferred = await raceSignal(request.verifier.preferredAlgorithms(), signal);
      const { ssh, configFile } = this.#init;
      const argv = sshArguments({
        ...{ config: request.config, configFile, helpers, preferred },
        ...{ socket: files.socket, logFile: files.log, tcpKeepAlive: request.tcpKeepAlive },
        servesUser: files.place !== undefined,
        persist: Math.min(persist.most, Math.max(persist.least, Math.ceil(request.linger ?? persist.most))),
        relayed: request.transport !== undefined,
        isCurrent: isAtLeast(ssh.version, { major: 8, minor: 7 }),
      });
      if (this.#failed !== undefined) {
        throw this.#failed;
      }
      this.#advance(request.transport === undefined ? "tcp" : "handshake");
      mute = clock.setTimeout(() => this.#fail(silentSsh(ssh)), startPatience);
      const code = await this.#runSsh(ssh.program, argv, helpers.askpass, tail);
      await tail.drain();
      if (this.#failed !== undefined) {
        throw this.#failed;
      }
      if (code !== 0 && question.isOpen) {
        throw helperEnded();
      }
      if (code !== 0) {
        throw this.#sshFailure();
      }
    } finally {
      this.#over.abort();
      silence?.dispose();
      mute?.dispose();
      signal.removeEventListener("abort", onAbort);
      server.dispose();
      question.dispose();
      tail.dispose();
    }
    return {
      info: { ...this.#describe(), ...(await this.#local) },
      relayed: this.#relayed,
      succeeded: async (info) => {
        await writeFile(files.info, JSON.stringify(info), { mode: 0o600 }).catch(() => {});
        await request.asker?.succeeded();
      },
    };
  }

  #describe(): ConnectionInfo {
    const { algorithms, authMethod, serverVersion, remoteAddress, remotePort } = this.#log;
    return {
      engine: "openssh",
      ...(remoteAddress !== undefined && { remoteAddress }),
      ...(remotePort !== undefined && { remotePort }),
      ...(algorithms && { algorithms }),
      serverVersion,
      authMethod,
    };
  }

  /** Resolves to the exit status; undefined: killed by a signal. */
  #runSsh(
    program: string,
    argv: readonly string[],
    askpass: string,
    tail: LogTail,
  ): Promise<number | undefined> {
    const { cwd, env } = programSurroundings();
    const child = spawn(program, argv, {
      cwd,
      env: {
        ...env,
        // strerror would use the user's language otherwise.
        LC_ALL: "C",
        SSH_ASKPASS: askpass,
        SSH_ASKPASS_REQUIRE: "force",
      },
      stdio: ["ignore", "ignore", "pipe"],
      // A process group of its own, so that its helpers can be ended with it.
      detached: true,
    });
    this.#child = child;
    let stderr = "";
    if (!lacksPipes(child)) {
      child.stderr
        .setEncoding("latin1")
        .on("error", () => {})
        .on(
          "data",
          guarded((text: string) => {
            stderr += text;
            void tail.drain().then(() => {
              this.#onStandardError(stderr);
              stderr = "";
            });
          }),
        );
    }
    return new Promise((resolve) => {
      child.once("error", (error) => {
        this.#fail(new ConnectError("openssh-failed", error.message, { cause: error }));
        resolve(undefined);
      });
      // Not `close`: the master that stays in the background may keep the pipe open.
      child.once("exit", (code) => {
        // Its last output may still be in the pipe.
        setImmediate(
          guarded(() => {
            child.stderr.destroy();
            void tail.drain().then(() => {
              this.#onStandardError(stderr);
              this.#banner.end();
              resolve(code ?? undefined);
            });
          }),
        );
      });
    });
  }

  /** Output before the server replies says why `ssh` can't start, such as an unknown option. */
  #onStandardError(text: string): void {
    if (this.#log.serverVersion === "") {
      this.#log.add(text);
    } else {
      this.#banner.add(text);
    }
  }

  #advance(phase: ConnectPhase): void {
    const { request } = this.#init;
    const reached = order.indexOf(phase);
    while (this.#phase < reached) {
      this.#phase++;
      const next = order[this.#phase];
      if (next !== undefined && (next !== "hostKey" || phase === "hostKey")) {
        request.onPhase?.(next);
      }
      if (next === "authentication") {
        request.onWait?.({ on: "server", judging: "request" });
      }
    }
  }

  async #hostKey(key: Buffer): Promise<string> {
    this.#advance("hostKey");
    const pid = this.#child?.pid;
    const { config, transport } = this.#init.request;
    if (pid !== undefined && transport === undefined) {
      // Its socket exists, and it has nothing else to do.
      this.#local = localSocketOf(pid, this.#log.remotePort ?? config.port);
    }
    await this.#init.request.verifier.verify(key, this.#log.remoteAddress, this.#over.signal);
    return acceptedKeyLine(key);
  }

  async #ask(prompt: string, hint: string): Promise<string | undefined> {
    const { request } = this.#init;
    const question = askpassQuestion(prompt, hint);
    this.#advance("authentication");
    if (question.kind === "touch") {
      request.onWait?.({ on: "key", origin: printable(prompt), touch: true });
      return undefined;
    }
    if (++this.#asked > mostQuestions) {
      throw new AuthError("too-many-failures", "The server asks without end", {
        tried: this.#log.tried,
        methodsLeft: this.#log.methodsLeft,
      });
    }
    request.onWait?.(undefined);
    const answer = await request.asker?.answer(question, this.#over.signal);
    if (answer === undefined && question.kind !== "confirm") {
      // `ssh` would send an empty answer otherwise.
      throw CancelledError.dismissed("No answer to a question of ssh");
    }
    const judging = question.kind === "password" ? "password" : "answers";
    request.onWait?.({ on: "server", judging });
    return question.kind === "confirm" && answer !== "yes" ? undefined : answer;
  }

  #relay(stream: Socket): void {
    const transport = this.#init.request.transport;
    if (transport === undefined) {
      stream.destroy();
      return;
    }
    this.#relayed = new Promise((resolve) => {
      stream.once("end", () => transport.end(resolve)).once("close", resolve);
    });
    stream.on("error", () => {}).once("close", () => transport.end());
    transport.once("close", () => stream.destroy());
    transport.on("error", () => {});
    stream.pipe(transport, { end: false });
    transport.pipe(stream);
  }

  #helperGone(): void {
    const isOver =
      this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
    if (!isOver) {
      this.#fail(helperEnded());
    }
  }

  #notSsh(): void {
    const text = this.#log.greeting;
    this.#fail(
      new ConnectError("not-ssh", `Not an SSH server: ${printable(text, 200)}`, { serverText: text }),
    );
  }

  /** Ends `ssh` and thereby the login. Only the first reason counts. */
  #fail(error: unknown): void {
    this.#failed ??= error;
    const pid = this.#child?.pid;
    if (pid === undefined || this.#child?.exitCode !== null) {
      return;
    }
    try {
      process.kill(-pid, "SIGKILL");
    } catch (thrown) {
      this.#init.request.logger.debug(`ssh could not be ended: ${asError(thrown).message}`);
    }
  }

  #sshFailure(): Error {
    const { config, transport } = this.#init.request;
    const error = loginFailure(this.#log);
    if (transport?.errored instanceof ConnectError) {
      // The transport (a ProxyCommand) knows the cause better.
      return transport.errored;
    }
    const { hostName, port } = config;
    return ConnectError.is(error) && this.#phase < 1 && transport === undefined
      ? new ConnectError(error.reason, error.message, { dialed: { hostName, port } })
      : error;
  }
}

function silentSsh({ program }: SystemSsh): ConnectError {
  return new ConnectError("openssh-silent", `${program} did not start within ${startPatience / 1000} s`);
}

function helperEnded(): ConnectError {
  return new ConnectError("askpass-ended", "The askpass program of ssh was killed");
}
