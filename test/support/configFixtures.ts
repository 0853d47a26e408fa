import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Emitter } from "../../src/base/emitter.ts";
import { type ConfigEnvironment, configEnvironment } from "../../src/config/configEnvironment.ts";
import type {
  HostSettings,
  SettingLayer,
  SettingsFolder,
  SettingsPort,
} from "../../src/config/configPorts.ts";

/** A folder that serves as a user's home, with `etc` in it for the system's files. Dispose to delete it. */
export class ConfigHome {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<ConfigHome> {
    const home = new ConfigHome(await mkdtemp(join(tmpdir(), "ssh-sessions-config-")));
    await mkdir(home.path(".ssh"), { mode: 0o700 });
    await mkdir(home.path("etc"));
    return home;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file with owner and mode that OpenSSH accepts, and returns its path. */
  async write(name: string, text: string): Promise<string> {
    const path = this.path(name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    await chmod(path, 0o600);
    return path;
  }

  environment(changes: Partial<ConfigEnvironment> = {}): ConfigEnvironment {
    return configEnvironment({
      homedir: this.folder,
      localUser: "me",
      localHostName: "desk.example.org",
      systemFolder: this.path("etc"),
      env: {},
      homeOf: (user) => (user === "bob" ? "/home/bob" : undefined),
      ...changes,
    });
  }

  async dispose(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Settings that a test changes; `changed.fire()` reports it. */
export class FakeSettings implements SettingsPort {
  readonly changed = new Emitter<void>();
  readonly onDidChange = this.changed.event;
  isTrusted = true;
  configFile = "";
  hosts: readonly HostSettings[] = [];
  folder: SettingsFolder | undefined;
  /** By the last part of the setting's key, such as `linger` for `sshSessions.master.linger`. */
  layers: Partial<Record<"workspace" | "user", Readonly<Record<string, unknown>>>> = {};
  /** By the folder's `uri`. */
  folders: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {};

  read(key: string, layer: SettingLayer, folder?: SettingsFolder): unknown {
    const values = layer === "workspaceFolder" ? this.folders[folder?.uri ?? ""] : this.layers[layer];
    return values?.[key.slice(key.lastIndexOf(".") + 1)];
  }
}
