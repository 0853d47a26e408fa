import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureVscodeServer } from "../../setup/vscodeServer.ts";
import { cleanEnvironment } from "./cleanEnvironment.ts";
import { spawnGroup } from "./processGroup.ts";

export interface VscodeServerOptions {
  /** Everything the server writes goes below this folder: the caller makes it and removes it. */
  readonly folder: string;
  /** `HOME` of the server, its extension host and its terminals. */
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
  /** User settings (settings.json). */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface VscodeServer {
  readonly port: number;
  /** `127.0.0.1:PORT`: the authority of its URLs and of `vscode-remote:` URIs. */
  readonly authority: string;
  /** What it printed so far. */
  output(): string;
  close(): Promise<void>;
}

/** Starts a VS Code server on loopback with nothing of the person's own: fresh data, extensions and settings. */
export async function startVscodeServer(options: VscodeServerOptions): Promise<VscodeServer> {
  const { folder, node } = await ensureVscodeServer();
  const dataFolder = join(options.folder, "server");
  const userFolder = join(dataFolder, "data", "User");
  await mkdir(userFolder, { recursive: true });
  await writeFile(join(userFolder, "settings.json"), JSON.stringify(options.settings ?? {}, undefined, 2));
  const group = spawnGroup(
    node,
    [
      join(folder, "out", "server-main.js"),
      "--host=127.0.0.1",
      "--port=0",
      "--without-connection-token",
      "--accept-server-license-terms",
      "--enable-smoke-test-driver",
      `--server-data-dir=${dataFolder}`,
      `--extensions-dir=${join(options.folder, "extensions")}`,
      "--telemetry-level=off",
      "--disable-workspace-trust",
    ],
    {
      cwd: folder,
      env: { ...cleanEnvironment(), HOME: options.home, USERPROFILE: options.home, ...options.env },
    },
  );
  const { leader } = group;
  let output = "";
  const listening = new Promise<number>((resolve, reject) => {
    const listen = (text: string): void => {
      output += text;
      const match = /Extension host agent listening on (\d+)/.exec(output);
      if (match?.[1] !== undefined) {
        resolve(Number(match[1]));
      }
    };
    leader.stdout?.setEncoding("utf8").on("data", listen);
    leader.stderr?.setEncoding("utf8").on("data", listen);
    leader.once("error", reject);
    leader.once("exit", (code, signal) =>
      reject(new Error(`The VS Code server ended with ${signal ?? code}:\n${output}`)),
    );
  });
  const port = await listening.catch(async (error: unknown) => {
    await group.end();
    throw error;
  });
  return {
    port,
    authority: `127.0.0.1:${port}`,
    output: () => output,
    close: async () => await group.end(),
  };
}
