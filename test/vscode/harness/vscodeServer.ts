import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "../../setup/repository.ts";
import { ensureVscodeServer, type ServerAge } from "../../setup/vscodeServer.ts";
import { cleanEnvironment } from "./cleanEnvironment.ts";
import { spawnGroup } from "./processGroup.ts";

export interface VscodeServerOptions {
  readonly forPerson?: boolean;
  /** The server writes only below this folder, which the caller creates and removes. */
  readonly folder: string;
  /** `HOME` of the server, its extension host and its terminals. */
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
  /** User settings (settings.json). */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Default: an empty one. */
  readonly extensionsFolder?: string;
  readonly age?: ServerAge;
  /** Workspaces are not trusted until the user trusts them (Restricted Mode). */
  readonly workspaceTrust?: boolean;
}

export interface VscodeServer {
  readonly port: number;
  /** `127.0.0.1:PORT`: the authority of its URLs and of `vscode-remote:` URIs. */
  readonly authority: string;
  /** The output so far. */
  output(): string;
  close(): Promise<void>;
}

/** Starts a VS Code server on loopback with nothing from this user: fresh data, extensions and settings. */
export async function startVscodeServer(options: VscodeServerOptions): Promise<VscodeServer> {
  const { folder, node } = await ensureVscodeServer(options.age);
  const dataFolder = join(options.folder, "server");
  await writeSettings(join(dataFolder, "data"), options.settings ?? {});
  const group = spawnGroup(
    node,
    [
      join(folder, "out", "server-main.js"),
      "--host=127.0.0.1",
      "--port=0",
      "--without-connection-token",
      "--accept-server-license-terms",
      // Under the driver, VS Code shows no toasts.
      ...(options.forPerson === true ? [] : ["--enable-smoke-test-driver"]),
      `--server-data-dir=${dataFolder}`,
      `--extensions-dir=${options.extensionsFolder ?? join(options.folder, "extensions")}`,
      "--telemetry-level=off",
      ...(options.workspaceTrust === true ? [] : ["--disable-workspace-trust"]),
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

/** In a remote window, settings of machine scope apply only from the machine's own file. */
async function writeSettings(folder: string, settings: Readonly<Record<string, unknown>>): Promise<void> {
  const machineScoped = await machineSettings();
  const entries = Object.entries(settings);
  for (const [name, chosen] of [
    ["User", entries.filter(([key]) => !machineScoped.has(key))],
    ["Machine", entries.filter(([key]) => machineScoped.has(key))],
  ] as const) {
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(
      join(folder, name, "settings.json"),
      JSON.stringify(Object.fromEntries(chosen), undefined, 2),
    );
  }
}

interface Manifest {
  readonly contributes: {
    readonly configuration: readonly {
      readonly properties: Readonly<Record<string, { readonly scope?: string }>>;
    }[];
  };
}

/** Keys of our settings with machine scope, or a variant of it. */
async function machineSettings(): Promise<ReadonlySet<string>> {
  const manifest = JSON.parse(await readFile(join(repositoryRoot, "package.json"), "utf8")) as Manifest;
  const properties = manifest.contributes.configuration.flatMap((section) =>
    Object.entries(section.properties),
  );
  return new Set(properties.flatMap(([key, { scope }]) => (scope?.startsWith("machine") ? [key] : [])));
}
