import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import type { MasterSnapshot, SshSessionsApi } from "../../../src/api.ts";
import { extensionId } from "../../../src/vscode/settings/contributionIds.ts";

export function extension(): vscode.Extension<SshSessionsApi> {
  const found = vscode.extensions.getExtension<SshSessionsApi>(extensionId);
  assert.ok(found, `${extensionId} is not there`);
  return found;
}

/** Activates the extension if it isn't active yet. */
export async function activated(): Promise<SshSessionsApi> {
  return await extension().activate();
}

/** Sets `sshSessions.<key>` for the user; undefined removes it. Resolves when VS Code has stored it. */
export async function setSetting(
  key: string,
  value: unknown,
  target = vscode.ConfigurationTarget.Global,
): Promise<void> {
  await vscode.workspace.getConfiguration("sshSessions").update(key, value, target);
}

/** An ssh_config for the tests, set in `sshSessions.configFile` until `dispose`. */
export interface TestConfig {
  readonly file: string;
  dispose(): Promise<void>;
}

export async function useSshConfig(text: string): Promise<TestConfig> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-config-"));
  const file = join(folder, "ssh_config");
  await writeFile(file, text);
  await setSetting("configFile", file);
  return {
    file,
    dispose: async () => {
      await setSetting("configFile", undefined);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Ends everything that is open, and waits until the views are empty, without ended masters. */
export async function endEverything(): Promise<void> {
  const api = await activated();
  await vscode.commands.executeCommand("workbench.action.terminal.killAll");
  for (const master of api.masters()) {
    await api.kill(master.id);
  }
  await untilChanged(api, () => liveMasters(api).length === 0, "all masters ended");
  await vscode.commands.executeCommand("sshSessions.clearEnded");
  await Promise.all(api.masters().map(async ({ id }) => await api.disconnect(id)));
  await untilChanged(api, () => api.masters().length === 0, "ended masters were cleared");
}

export function isLive(master: MasterSnapshot): boolean {
  return !["reconnecting", "lost", "closed"].includes(master.state.kind);
}

/** Existing masters, except those that only show how they ended. */
export function liveMasters(api: SshSessionsApi): readonly MasterSnapshot[] {
  return api.masters().filter(isLive);
}

/** The one live master. */
export function onlyMaster(api: SshSessionsApi): MasterSnapshot {
  const live = liveMasters(api);
  const [master] = live;
  assert.ok(master !== undefined && live.length === 1, `not one master, but ${describe(api.masters())}`);
  return master;
}

/** Resolves when `reached` returns true, checked at each change reported by the API; rejects after 30 s. */
export async function untilChanged(api: SshSessionsApi, reached: () => boolean, what: string): Promise<void> {
  if (reached()) {
    return;
  }
  await new Promise<void>((resolve, reject) => {
    const done = (): void => {
      subscription.dispose();
      clearTimeout(timer);
    };
    const subscription = api.onDidChange(() => {
      if (reached()) {
        done();
        resolve();
      }
    });
    const timer = setTimeout(() => {
      done();
      reject(new Error(`timeout: ${what}; found ${describe(api.masters())}`));
    }, 30_000);
  });
}

/** The terminal tab with this name. */
export function terminalNamed(name: string): vscode.Terminal {
  const found = vscode.window.terminals.find((terminal) => terminal.name === name);
  assert.ok(found, `no terminal ${name} among ${vscode.window.terminals.map((terminal) => terminal.name)}`);
  return found;
}

function describe(masters: readonly MasterSnapshot[]): string {
  return JSON.stringify(
    masters.map(({ id, spec, state, sessions }) => ({
      id,
      spec,
      state,
      sessions: sessions.map((session) => [session.id, session.title, session.state.kind, session.outcome]),
    })),
  );
}
