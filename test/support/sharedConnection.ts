import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { installWrapper, wrapperVariables } from "../../src/share/wrapperScripts.ts";
import { until } from "../lab/until.ts";
import { type TestStack, testStack } from "./testStack.ts";

/** The output of a program, and how it ended. */
export interface ProgramOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A connection to `lab` that other programs may use. */
export interface SharedConnection extends AsyncDisposable {
  readonly stack: TestStack;
  /** Of a terminal in an editor: with the wrapper first in its PATH. */
  readonly env: NodeJS.ProcessEnv;
  /** The socket. */
  readonly socket: string;
}

/** Connects to the host `lab` of `config`, and resolves when the wrapper can find it. */
export async function sharedConnection(
  config: string,
  over: Parameters<typeof testStack>[1] = {},
  engine: "ssh2" | "openssh" = "ssh2",
): Promise<SharedConnection> {
  const wrapper = await mkdtemp(join(tmpdir(), "ssh-sessions-wrapper-"));
  await installWrapper(wrapper);
  const stack = await testStack(config, over);
  stack.settings.layers = { user: { engine } };
  const variables = await stack.programs.turnOn();
  await stack.service.connect("lab");
  const socket = await sharedSocket(variables, "lab,,,");
  return {
    stack,
    env: { ...process.env, ...variables, PATH: `${wrapper}:${process.env["PATH"]}` },
    socket,
    async [Symbol.asyncDispose]() {
      for (const { id } of stack.service.masters()) {
        stack.service.kill(id);
      }
      await stack[Symbol.asyncDispose]();
      await rm(wrapper, { recursive: true, force: true });
    },
  };
}

/**
 * Resolves to the socket for a host once the wrapper can find it.
 * @param variables of a terminal
 * @param start of the entry's name
 */
export async function sharedSocket(variables: NodeJS.ProcessEnv, start: string): Promise<string> {
  const folder = variables[wrapperVariables.hosts] ?? "";
  let socket = "";
  await until(async () => {
    const names = await readdir(folder).catch(() => []);
    socket =
      names
        .find((name) => name.startsWith(start))
        ?.split(",")
        .at(-1) ?? "";
    return socket !== "";
  }, `an entry for ${start}`);
  return join(variables[wrapperVariables.sockets] ?? "", socket);
}

/** Runs a program to its end. */
export async function outcomeOf(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input: string | Uint8Array = "",
): Promise<ProgramOutcome> {
  const child = spawn(program, args, { env, stdio: "pipe" });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close").then(([exit]: (number | null)[]) => exit ?? null),
  ]);
  return { code, stdout, stderr };
}
