import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../../setup/repository.ts";
import type { ServerAge } from "../../setup/vscodeServer.ts";
import { extensionUnderTest } from "./packagedExtension.ts";
import { quietExtension, quietSettings } from "./quietSettings.ts";
import { startVscodeServer, type VscodeServer } from "./vscodeServer.ts";

export interface HostedOptions {
  /** Opened as the workspace; default: a new empty folder. */
  readonly workspaceFolder?: string;
  /**
   * The extension under development; default: the folder in `extensionUnderTest`, otherwise this repository, which
   * must have been built.
   */
  readonly extensionPath?: string;
  /** Instead of it: a folder of extensions in which it is installed. */
  readonly extensionsFolder?: string;
  /** The version of VS Code; default: the newest. */
  readonly age?: ServerAge;
  /** CommonJS file that exports `run()`: executed in the extension host; then the window closes. */
  readonly testsPath?: string;
  /** A person uses it, not a test: messages appear as toasts, and the extension has its own defaults. */
  readonly forPerson?: boolean;
  /** User settings in addition to the quiet ones. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Environment of the server, and therefore of the extension host and of local terminals. */
  readonly env?: Readonly<Record<string, string>>;
  /** The workspace is not trusted: the window is in Restricted Mode. */
  readonly workspaceTrust?: boolean;
  /** `HOME` of the server; default: a new empty folder. */
  readonly home?: string;
}

/** A VS Code server that waits for a browser. */
export interface HostedWorkbench {
  readonly server: VscodeServer;
  readonly workspaceFolder: string;
  readonly home: string;
  /** The URL that opens the workspace with the extension under development. */
  readonly url: string;
  /** Stops the server and removes its files. */
  close(): Promise<void>;
}

/** Starts a VS Code server with fresh data, and returns where a browser finds it with the extension. */
export async function hostWorkbench(options: HostedOptions = {}): Promise<HostedWorkbench> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-vscode-"));
  const remove = async (): Promise<void> => await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  try {
    const home = options.home ?? join(folder, "home");
    const workspaceFolder = options.workspaceFolder ?? join(folder, "workspace");
    await mkdir(home, { recursive: true, mode: 0o700 });
    await mkdir(workspaceFolder, { recursive: true });
    const server = await startVscodeServer({
      folder,
      home,
      settings: {
        ...quietSettings,
        ...(options.forPerson === true ? {} : quietExtension),
        ...options.settings,
      },
      ...(options.forPerson === undefined ? {} : { forPerson: options.forPerson }),
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.age === undefined ? {} : { age: options.age }),
      ...(options.workspaceTrust === undefined ? {} : { workspaceTrust: options.workspaceTrust }),
      ...(options.extensionsFolder === undefined ? {} : { extensionsFolder: options.extensionsFolder }),
    });
    return {
      server,
      workspaceFolder,
      home,
      url: workbenchUrl(server.authority, workspaceFolder, options),
      close: async () => {
        await server.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The payload contains what the desktop takes as command line arguments; the server honours it for smoke tests. */
function workbenchUrl(authority: string, workspaceFolder: string, options: HostedOptions): string {
  const remote = (path: string): string => `vscode-remote://${authority}${path}`;
  const underTest = options.extensionPath ?? process.env[extensionUnderTest] ?? repositoryRoot;
  const payload: [string, string][] = [
    ...(options.extensionsFolder === undefined
      ? [["extensionDevelopmentPath", remote(underTest.replace(/\/$/, ""))] satisfies [string, string]]
      : []),
    ["enableProposedApi", ""],
    ["skipWelcome", "true"],
    ["skipReleaseNotes", "true"],
  ];
  if (options.testsPath !== undefined) {
    payload.push(["extensionTestsPath", remote(options.testsPath)]);
  }
  const query = new URLSearchParams({ folder: workspaceFolder, payload: JSON.stringify(payload) });
  return `http://${authority}/?${query}`;
}
