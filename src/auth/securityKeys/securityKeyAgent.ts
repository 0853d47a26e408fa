import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hasTexts } from "../../base/jsonFields.ts";
import { programSurroundings } from "../../base/programFolder.ts";
import { KeyFileError } from "../authErrors.ts";
import type { AgentClient, SigningKey } from "../authPorts.ts";

/** The questions of OpenSSH's programs while a security key is used. */
export interface SecurityKeyPrompts {
  /** The passphrase of the file. Undefined: dismissed, or prompts are not allowed. */
  passphrase(attempt: number): Promise<string | undefined>;
  /** The PIN of the security key. */
  pin(attempt: number): Promise<string | undefined>;
}

export interface SecurityKeyRequest {
  readonly file: string;
  readonly publicKey: Buffer;
  /** SecurityKeyProvider; undefined: the built-in one. */
  readonly provider: string | undefined;
  readonly agent: AgentClient;
  readonly prompts: SecurityKeyPrompts;
  readonly signal: AbortSignal;
}

/** Seconds for which the agent keeps the key: only as long as the signature needs. */
const lifetime = 60;

/** Longer than any prompt of these programs. */
const longestQuestion = 16 * 1024;

/** An agent must listen within this many steps of 20 ms. */
const mostProbes = 250;

/**
 * Signs with the key in a file whose private key is on a FIDO security key, using an `ssh-agent` that runs only for
 * this signature. The agent talks to the device through OpenSSH's own helper, whose protocol changes with each
 * release. Its questions reach the user through our askpass program.
 *
 * @throws KeyFileError `unsupported` where there is no ssh-agent, or `wrong-passphrase`; AgentError; the signal's
 *   reason.
 */
export async function signWithSecurityKey(
  request: SecurityKeyRequest,
  data: Buffer,
  algorithm: string,
): Promise<Buffer> {
  const { file, publicKey, agent, signal } = request;
  signal.throwIfAborted();
  if (process.platform === "win32") {
    throw new KeyFileError("unsupported", file, `${file}: add this key to the agent with ssh-add`);
  }
  const folder = await mkdtemp(join(tmpdir(), "ssh-key-"));
  const questions = new Questions(folder, request);
  const children: ChildProcess[] = [];
  const onAbort = (): void => children.forEach(end);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const env = await questions.open();
    const socket = join(folder, "agent");
    children.push(await startAgent(socket, request, env));
    await listening(socket, children[0], file, signal);
    await addKey(socket, request, env, (child) => children.push(child));
    const key = (await agent.list(socket, signal)).find((one: SigningKey) => one.publicKey.equals(publicKey));
    if (key === undefined) {
      throw new KeyFileError("malformed", file, `${file}: the public key beside it belongs to another key`);
    }
    return await key.sign(data, algorithm);
  } catch (error) {
    signal.throwIfAborted();
    throw questions.cancelled ?? error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    children.forEach(end);
    questions.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startAgent(
  socket: string,
  { provider }: SecurityKeyRequest,
  env: NodeJS.ProcessEnv,
): Promise<ChildProcess> {
  // The libraries that an agent may load are an allow list of real paths.
  const allowed = provider === undefined ? [] : ["-P", await realpath(provider).catch(() => provider)];
  const child = spawn("ssh-agent", ["-D", "-a", socket, ...allowed], {
    ...programSurroundings(),
    env,
    stdio: "ignore",
  });
  // A failed start shows by the missing socket.
  child.on("error", () => {});
  return child;
}

async function addKey(
  socket: string,
  { file, provider, signal }: SecurityKeyRequest,
  env: NodeJS.ProcessEnv,
  onStart: (child: ChildProcess) => void,
): Promise<void> {
  const library = provider === undefined ? [] : ["-S", provider];
  const child = spawn("ssh-add", ["-q", "-t", String(lifetime), ...library, "--", file], {
    ...programSurroundings(),
    env: { ...env, SSH_AUTH_SOCK: socket },
    stdio: ["ignore", "ignore", "pipe"],
  });
  onStart(child);
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(0, 1000);
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", resolve);
  });
  signal.throwIfAborted();
  if (code !== 0) {
    const why = said.trim().split("\n").at(-1) ?? "";
    throw new KeyFileError(
      "unsupported",
      file,
      `${file}: ssh-add could not load it${why === "" ? "" : `, ${why}`}`,
    );
  }
}

async function listening(
  socket: string,
  agent: ChildProcess | undefined,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  for (let probe = 0; probe < mostProbes && agent?.exitCode === null && agent.pid !== undefined; probe++) {
    if (await answers(socket)) {
      return;
    }
    // There is no event for the socket, so poll.
    await delay(20, undefined, { signal });
  }
  throw new KeyFileError(
    "unsupported",
    file,
    `${file}: it is on a FIDO security key, for which OpenSSH's ssh-agent has to be installed`,
  );
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket);
    const settle = (there: boolean): void => {
      probe.destroy();
      resolve(there);
    };
    probe.once("connect", () => settle(true));
    probe.once("error", () => settle(false));
  });
}

function end(child: ChildProcess): void {
  child.kill("SIGKILL");
}

/**
 * The program that OpenSSH's programs run to ask a question; it connects to us through a socket. The token is in this
 * file and not in an argument or the environment, which other programs of the machine may see.
 */
const askpassProgram = (socket: string, token: string): string => `"use strict";
const [, , ...words] = process.argv;
const kind = process.env.SSH_ASKPASS_PROMPT || "";
const token = ${JSON.stringify(token)};
const peer = require("node:net").connect(${JSON.stringify(socket)});
let answer = "";
peer.setEncoding("utf8");
peer.on("connect", () => peer.write(JSON.stringify({ token, kind, question: words.join(" ") }) + "\\n"));
peer.on("data", (text) => { answer += text; });
peer.on("error", () => process.exit(1));
peer.on("close", () => {
  if (!answer.endsWith("\\n")) process.exit(1);
  process.stdout.write(answer, () => process.exit(0));
});
`;

class Questions {
  readonly #folder: string;
  readonly #request: SecurityKeyRequest;
  readonly #token = randomBytes(24).toString("hex");
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #passphrases = 0;
  #pins = 0;
  /** Why no signature can be made any more. */
  cancelled: unknown;

  constructor(folder: string, request: SecurityKeyRequest) {
    this.#folder = folder;
    this.#request = request;
  }

  /** @returns the environment for the programs. */
  async open(): Promise<NodeJS.ProcessEnv> {
    const socket = join(this.#folder, "ask");
    const [script, program] = [join(this.#folder, "askpass"), join(this.#folder, "askpass.js")];
    await writeFile(program, askpassProgram(socket, this.#token), { mode: 0o600 });
    const words = [process.execPath, program].map(quote).join(" ");
    await writeFile(script, `#!/bin/sh\nELECTRON_RUN_AS_NODE=1 exec ${words} "$@"\n`, { mode: 0o700 });
    await chmod(script, 0o700);
    this.#server = createServer((peer) => this.#onPeer(peer));
    await new Promise<void>((resolve, reject) => {
      this.#server?.once("error", reject).listen(socket, resolve);
    });
    return {
      ...programSurroundings().env,
      SSH_ASKPASS: script,
      SSH_ASKPASS_REQUIRE: "force",
      // OpenSSH before 8.4 uses askpass only if this is set.
      DISPLAY: process.env["DISPLAY"] ?? ":0",
    };
  }

  close(): void {
    this.#server?.close();
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  #onPeer(peer: Socket): void {
    this.#sockets.add(peer);
    let text = "";
    peer.on("error", () => {});
    peer.on("close", () => this.#sockets.delete(peer));
    peer.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (text.length > longestQuestion) {
        peer.destroy();
      } else if (text.endsWith("\n")) {
        this.#answer(text).then(
          (answer) => this.#reply(peer, answer),
          (error: unknown) => {
            this.cancelled ??= error;
            peer.destroy();
          },
        );
      }
    });
  }

  /** `none` is a notice to touch the key: its askpass runs until it is killed. */
  #reply(peer: Socket, answer: string | "notice" | undefined): void {
    if (answer === undefined) {
      peer.destroy();
    } else if (answer !== "notice") {
      peer.end(`${answer}\n`);
    }
  }

  /** Undefined: refuse. */
  async #answer(text: string): Promise<string | undefined> {
    const asked: unknown = JSON.parse(text);
    if (!isQuestion(asked) || asked.token !== this.#token) {
      return undefined;
    }
    if (asked.kind === "none") {
      return "notice";
    }
    const { prompts } = this.#request;
    // readpass.c, ssh-agent.c and ssh-add.c: none of these texts is ever translated.
    return /^Enter PIN/.test(asked.question)
      ? await prompts.pin(++this.#pins)
      : await prompts.passphrase(++this.#passphrases);
  }
}

interface Question {
  readonly token: string;
  readonly kind: string;
  readonly question: string;
}

function isQuestion(value: unknown): value is Question {
  return hasTexts(value, ["token", "kind", "question"]);
}

/** Quotes a word for sh. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
