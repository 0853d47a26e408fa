import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import type { HostResolver } from "../../src/config/configPorts.ts";
import { createHostResolver } from "../../src/config/hostResolver.ts";
import { EveryTerminal, type EveryTerminalInit } from "../../src/gateway/everyTerminal.ts";
import type { RidingConsent } from "../../src/share/userMasterPorts.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { RecordingLogger } from "./recordingLogger.ts";
import { type TestStack, testStack } from "./testStack.ts";

/** A host `lab`, and an ssh_config whose first line includes our files, as the user's own does. */
export interface EveryTerminalLab extends AsyncDisposable {
  readonly host: SshdHost;
  readonly stack: TestStack;
  /** With the line. */
  readonly config: string;
  /** Of `config`. */
  readonly resolver: HostResolver;
  /** The same without it. */
  readonly plain: string;
  /** The folder of the included files. */
  readonly includes: string;
  readonly sockets: string;
  readonly outlet: EveryTerminal;
  readonly logger: RecordingLogger;
  /** Resolves to the included files when there are so many. */
  included(count: number): Promise<readonly string[]>;
}

/** @param blocks of the ssh_config, in place of the host `lab` alone */
export async function everyTerminalLab(
  over: {
    readonly blocks?: (host: SshdHost) => string;
    readonly mode?: EveryTerminalInit["mode"];
    readonly engine?: string;
    readonly consent?: RidingConsent;
    readonly sshd?: Parameters<typeof startSshd>[0];
    readonly stack?: Parameters<typeof testStack>[1];
  } = {},
): Promise<EveryTerminalLab> {
  const host = await startSshd(over.sshd);
  const config = join(host.folder, "config");
  const plain = join(host.folder, "plain");
  const includes = join(host.folder, ".ssh", "ssh-sessions");
  const blocks = over.blocks?.(host) ?? host.sshConfigText("lab");
  await writeFile(plain, blocks);
  await writeFile(config, `Include "${includes}/*.conf"\n${blocks}`);
  const logger = new RecordingLogger();
  // It stays when the stack is disposed of, as a user's folder does when a window closes.
  const sockets = join(host.folder, "sockets");
  const stack = await testStack(config, { logger, socketFolder: sockets, ...over.stack }, {}, over.consent);
  const outlet = new EveryTerminal({
    ...{ mode: over.mode ?? "all", includes, configFile: config, logger, sockets },
  });
  if (over.engine !== undefined) {
    stack.settings.layers = { user: { reconnect: "never", engine: over.engine } };
  }
  await stack.programs.open(outlet);
  const resolver = createHostResolver({ settings: stack.settings, clock: systemClock, logger });
  return {
    ...{ host, stack, config, plain, includes, outlet, logger, resolver, sockets },
    included: (count) => includedFiles(includes, count),
    async [Symbol.asyncDispose]() {
      resolver.dispose();
      await stack.programs.close(outlet);
      await stack[Symbol.asyncDispose]();
      await host.stop();
    },
  };
}

/** Resolves to the included files of the folder when there are so many. */
export async function includedFiles(folder: string, count: number): Promise<readonly string[]> {
  let names: string[] = [];
  await until(async () => {
    names = (await readdir(folder)).filter((name) => name.endsWith(".conf"));
    return names.length === count;
  }, `${count} included files`);
  return await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
}
