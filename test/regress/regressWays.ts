import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger } from "../../src/base/log.ts";
import { ownIncludes } from "../../src/config/includePath.ts";
import { EveryTerminal } from "../../src/gateway/everyTerminal.ts";
import { keeperPaths } from "../../src/share/keeper/keeperProgram.ts";
import { installWrapper } from "../../src/share/wrapperScripts.ts";
import { until } from "../lab/until.ts";
import { includedFiles } from "../support/everyTerminalLab.ts";
import { sharedSocket } from "../support/sharedConnection.ts";
import { type TestStack, testStack } from "../support/testStack.ts";

/** How `ssh` gets a connection of ours. */
export interface RegressWay extends AsyncDisposable {
  /** Connects to the host, and resolves to commands for a shell: they set `via`, the program that is to run as `ssh`. */
  connect(config: string, host: string): Promise<string>;
}

export const regressWays = {
  /** By the wrapper, from a window that is there. */
  wrapper: async (folder: string): Promise<RegressWay> => {
    await installWrapper(join(folder, "wrapper"));
    return new ByWrapper(folder, "ssh2");
  },
  /** The same on a master of `ssh`. */
  openssh: async (folder: string): Promise<RegressWay> => {
    await installWrapper(join(folder, "wrapper"));
    return new ByWrapper(folder, "openssh");
  },
  /** By the line of its ssh_config, from the keeper. The window has gone. */
  include: async (folder: string): Promise<RegressWay> => new ByInclude(folder),
} as const;

export type RegressWayName = keyof typeof regressWays;

class ByWrapper implements RegressWay {
  readonly #folder: string;
  readonly #engine: "ssh2" | "openssh";
  /** By the text of their ssh_config, which scripts change. */
  readonly #stacks = new Map<string, Promise<{ stack: TestStack; variables: Record<string, string> }>>();

  constructor(folder: string, engine: "ssh2" | "openssh") {
    this.#folder = folder;
    this.#engine = engine;
  }

  async connect(config: string, host: string): Promise<string> {
    const key = `${config} ${await readFile(config, "utf8")}`;
    let starting = this.#stacks.get(key);
    if (starting === undefined) {
      starting = testStack(config).then(async (stack) => {
        stack.settings.layers = { user: { engine: this.#engine } };
        return { stack, variables: await stack.programs.turnOn() };
      });
      this.#stacks.set(key, starting);
    }
    const { stack, variables } = await starting;
    await stack.service.connect(host);
    await sharedSocket(variables, `${host},`);
    const wrapper = join(this.#folder, "wrapper");
    const exported = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'\n`);
    return `${exported.join("")}PATH='${wrapper}':$PATH via='${wrapper}/ssh'\n`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#stacks.values()) {
      await each.then(
        ({ stack }) => stack[Symbol.asyncDispose](),
        () => {},
      );
    }
  }
}

const ownLine = new RegExp(`^Include .*/\\.ssh/${ownIncludes.folder}/.*\\n`, "gm");

class ByInclude implements RegressWay {
  readonly #folder: string;
  /** By the text of their ssh_config without our lines: by each host, the line that includes its file. */
  readonly #lines = new Map<string, Map<string, Promise<string>>>();
  #keeper: TestStack["keeper"] | undefined;
  #next = 1;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async connect(config: string, host: string): Promise<string> {
    const text = (await readFile(config, "utf8")).replace(ownLine, "");
    const key = `${config} ${text}`;
    const lines = this.#lines.get(key) ?? new Map<string, Promise<string>>();
    this.#lines.set(key, lines);
    const line = lines.get(host) ?? this.#lineFor(config, host);
    lines.set(host, line);
    await line;
    const all = await Promise.all([...lines.values()].map((each) => each.catch(() => "")));
    await replace(config, `${all.join("")}${text}`);
    return "via=/usr/bin/ssh\n";
  }

  /** A window connects by the keeper, and closes. */
  async #lineFor(config: string, host: string): Promise<string> {
    const includes = join(this.#folder, `home-${this.#next++}`, ".ssh", ownIncludes.folder);
    const sockets = join(this.#folder, "sockets");
    const stack = await testStack(config, {
      socketFolder: sockets,
      keeper: { isOn: () => true, staysAfterLogout: () => false, build: "test" },
    });
    this.#keeper = stack.keeper;
    try {
      const outlet = new EveryTerminal({
        ...{ mode: "lasting", includes, configFile: config, logger: silentLogger, sockets },
      });
      await stack.programs.open(outlet);
      await stack.service.connect(host);
      await includedFiles(includes, 1);
    } finally {
      await stack[Symbol.asyncDispose]();
    }
    return `Include "${includes}/${ownIncludes.pattern}"\n`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#lines.values()].flatMap((lines) => [...lines.values()]));
    await this.#keeper?.stop();
    const sockets = join(this.#folder, "sockets");
    await until(async () => (await keeperPaths(sockets)).length === 0, "the end of the keeper");
  }
}

/** At once: an `ssh` may be reading it. */
async function replace(path: string, text: string): Promise<void> {
  if ((await readFile(path, "utf8")) !== text) {
    const temporary = `${path}.${process.pid}`;
    await writeFile(temporary, text);
    await rename(temporary, path);
  }
}
