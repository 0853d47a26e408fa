import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { hostPolicyRules, policyKeys } from "../../../../src/config/hostPolicies.ts";
import {
  configurationSection,
  contextKeys,
  contextWords,
  harmlessSettings,
  settingKeys,
  terminalProfileId,
  viewContainerId,
  viewIds,
  walkthroughId,
} from "../../../../src/vscode/settings/contributionIds.ts";
import { manifest as packageJson } from "./manifest.ts";

// The table of commands imports the whole editor; none of it is called here.
vi.mock("vscode", () => ({}));
const { allCommands } = await import("../../../support/allCommands.ts");
const commandIds: readonly string[] = Object.keys(allCommands());

const { contributes } = packageJson;
const settings = Object.assign(
  {},
  ...contributes.configuration.map(({ properties }) => properties),
) as Record<
  string,
  { readonly markdownDescription?: string; readonly scope?: string; readonly default?: unknown }
>;
const menuEntries = Object.values(contributes.menus).flat() as {
  command?: string;
  submenu?: string;
  when: string;
}[];

const viewsFolder = new URL("../../../../src/vscode/views/", import.meta.url);
const presentations: readonly unknown[] = await Promise.all(
  readdirSync(viewsFolder)
    .filter((file) => file.endsWith("Presentation.ts"))
    .map(async (file) => await import(new URL(file, viewsFolder).pathname)),
);
/** Words of one kind of row, which its presentation exports as `…Words`. */
const ownWords = presentations.flatMap((exported) =>
  Object.entries(exported as Readonly<Record<string, unknown>>)
    .filter(([name]) => name.endsWith("Words"))
    .flatMap(([, words]) => Object.values(words as Readonly<Record<string, string>>)),
);

/** A kind of row may use its own name as the word for its menu. */
const rowsFolder = new URL("rows/", viewsFolder);
const rowKindNames = readdirSync(rowsFolder).flatMap((file) =>
  [...readFileSync(new URL(file, rowsFolder), "utf8").matchAll(/^ {4}name: "(\w+)",$/gm)].map(
    ([, name = ""]) => name,
  ),
);

interface KeyBinding {
  readonly command: string;
  readonly key: string;
  readonly mac: string;
  readonly when: string;
  readonly args?: { readonly commands: readonly (string | { readonly command: string })[] };
}

const keyBindings: readonly KeyBinding[] = contributes.keybindings;
const onRows = keyBindings.filter(({ command }) => command === "runCommands");
const inTerminals = keyBindings.filter(({ command }) => command !== "runCommands");

describe("the contributions of package.json", () => {
  it("list the commands that the code names, each in the category", () => {
    expect(contributes.commands.map(({ command }) => command).sort()).toEqual([...commandIds].sort());
    expect(new Set(contributes.commands.map(({ category }) => category))).toEqual(new Set(["SSH Sessions"]));
  });

  it("have a handler in a separate file for each command", () => {
    const files = readdirSync(new URL("../../../../src/vscode/commands/", import.meta.url));
    for (const id of commandIds) {
      const name = id.slice(configurationSection.length + 1);
      expect(files).toContain(`${name}.ts`);
    }
  });

  it("list every command that a click or the code calls", () => {
    const sources = new URL("../../../../src/", import.meta.url);
    const called = readdirSync(sources, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => [
        ...readFileSync(new URL(file, sources), "utf8").matchAll(
          /(?:command: |executeCommand\(\s*)"(sshSessions\.\w+)"/g,
        ),
      ])
      .map(([, id]) => id);
    expect(called.length).toBeGreaterThan(3);
    expect(called.filter((id) => id === undefined || !commandIds.includes(id))).toEqual([]);
  });

  it("list the views that the code fills, in the one container", () => {
    expect(Object.keys(contributes.views)).toEqual([viewContainerId]);
    expect(contributes.viewsContainers.activitybar.map(({ id }) => id)).toEqual([viewContainerId]);
    expect(contributes.views.sshSessions.map(({ id }) => id)).toEqual(Object.values(viewIds));
    expect(contributes.viewsWelcome.map(({ view }) => view).sort()).toEqual(Object.values(viewIds).sort());
  });

  it("list the settings that the code reads", () => {
    const perHost = policyKeys.flatMap((key) => hostPolicyRules[key].setting ?? []);
    const read = [...Object.values(settingKeys), ...perHost].map((key) => `${configurationSection}.${key}`);
    expect(Object.keys(settings).sort()).toEqual(read.sort());
  });

  it("describe every setting, and refer only to existing settings", () => {
    const texts = JSON.stringify(contributes.configuration);
    for (const [key, { markdownDescription, scope }] of Object.entries(settings)) {
      expect(markdownDescription, key).toMatch(/\S.{20,}/);
      expect(scope, key).toBeDefined();
    }
    for (const [, key = ""] of texts.matchAll(/`#([^#]+)#`/g)) {
      expect(Object.keys(settings)).toContain(key);
    }
  });

  it("are in the README: every command and every setting", () => {
    const readme = readFileSync(new URL("../../../../README.md", import.meta.url), "utf8");
    for (const { title } of contributes.commands) {
      expect(readme).toContain(title);
    }
    for (const key of Object.keys(settings)) {
      const last = key.slice(key.lastIndexOf("."));
      expect(
        [`\`${key}\``, `\`${last}\``].some((name) => readme.includes(name)),
        key,
      ).toBe(true);
    }
  });

  it("have the defaults in the README's table of settings", () => {
    const readme = readFileSync(new URL("../../../../README.md", import.meta.url), "utf8");
    for (const [key, setting] of Object.entries(settings)) {
      const last = key.slice(key.lastIndexOf("."));
      const row = readme
        .split("\n")
        .map((line) => line.split("|").map((cell) => cell.trim()))
        .find(([, names = ""]) => names.includes(`\`${key}\``) || names.includes(`/ \`${last}\``));
      const said = typeof setting.default === "string" ? setting.default : JSON.stringify(setting.default);
      expect(row?.[2], key).toBe(said === "" ? "" : `\`${said}\``);
    }
  });

  it("bind keys to their own commands, under their own context keys", () => {
    for (const { command, when } of inTerminals) {
      expect(commandIds).toContain(command);
      expect(when).toBe(`(terminalFocus || terminalTabsFocus) && ${contextKeys.activeTerminal}`);
    }
  });

  it("bind keys of a view to commands on its focused row", () => {
    const found = "list.toggleSelection";
    for (const { when, args, key, mac } of onRows) {
      const view = Object.values(viewIds).find(
        (id) => when === `focusedView == ${id} && listFocus && !inputFocus`,
      );
      expect(view, when).toBeDefined();
      const [first, second, called, ...others] = args?.commands ?? [];
      expect([first, second, others]).toEqual([found, found, []]);
      expect(called).toEqual({ command: expect.any(String), args: { focusedRow: view } });
      expect(commandIds).toContain(typeof called === "object" ? called.command : undefined);
      expect([key, mac]).not.toContain(undefined);
    }
    expect(onRows.length).toBeGreaterThan(4);
  });

  it("list the terminal profile that the code provides", () => {
    expect(contributes.terminal.profiles.map(({ id }) => id)).toEqual([terminalProfileId]);
  });

  it("use only their own commands, views, context keys and item words in menus and welcome texts", () => {
    const known = new Set<string>([
      ...commandIds,
      ...Object.values(viewIds),
      ...Object.values(contextKeys),
      ...Object.keys(settings),
    ]);
    const submenus = contributes.submenus.map(({ id }) => id);
    expect(Object.keys(contributes.menus)).toEqual(expect.arrayContaining(submenus));
    for (const { command, submenu, when } of menuEntries) {
      expect(command === undefined ? submenus : [...known]).toContain(command ?? submenu);
      for (const [id] of when.matchAll(/sshSessions\.\w+/g)) {
        expect(known).toContain(id);
      }
      const words = [...when.matchAll(/\\b\(?([\w|]+)\)?\\b/g)].flatMap(([, list = ""]) => list.split("|"));
      for (const word of words) {
        expect([...Object.values<string>(contextWords), ...ownWords, ...rowKindNames]).toContain(word);
      }
    }
    for (const { contents } of contributes.viewsWelcome) {
      for (const [, id = ""] of contents.matchAll(/command:(sshSessions\.\w+)/g)) {
        expect(known).toContain(id);
      }
    }
  });

  it("have a walkthrough that is not opened at the installation, and whose steps have valid links", () => {
    const [walkthrough] = contributes.walkthroughs;
    expect(contributes.walkthroughs.map(({ id, when }) => [id, when])).toEqual([
      [walkthroughId, contextKeys.loaded],
    ]);
    const views = Object.values(viewIds);
    const own = [...commandIds, ...views.map((id) => `${id}.focus`)] as readonly string[];
    for (const { description, completionEvents } of walkthrough?.steps ?? []) {
      const commands = [...description.matchAll(/\]\(command:([\w.]+)/g)].map(([, id = ""]) => id);
      expect(commands.length).toBeGreaterThan(0);
      expect(commands.filter((id) => !own.includes(id) && !id.startsWith("workbench."))).toEqual([]);
      for (const event of completionEvents) {
        const [kind = "", id = ""] = event.split(":");
        const known: Readonly<Record<string, readonly string[]>> = {
          onCommand: commandIds,
          onView: views,
          onContext: Object.values(contextKeys),
          onSettingChanged: Object.keys(settings),
        };
        expect(known[kind], event).toContain(id);
      }
    }
    expect(contributes.viewsWelcome[0]?.contents).toContain(`%23${walkthroughId}%22`);
  });

  it("restrict every setting in untrusted workspaces without a reason not to", () => {
    const restricted = packageJson.capabilities.untrustedWorkspaces.restrictedConfigurations;
    const harmless = Object.keys(harmlessSettings).map((key) => `${configurationSection}.${key}`);
    expect([...restricted, ...harmless].sort()).toEqual(Object.keys(settings).sort());
    expect(Object.values(harmlessSettings).filter((reason) => reason.length < 20)).toEqual([]);
  });

  it("allow no folder setting to choose a destination", () => {
    expect([settings["sshSessions.hosts"]?.scope, settings["sshSessions.profileHosts"]?.scope]).toEqual([
      "window",
      "window",
    ]);
    expect(settings["sshSessions.configFile"]?.scope).toBe("machine-overridable");
  });

  it("keep what is shared on this machine: neither synced nor from a workspace", () => {
    const sharing = Object.entries(settings).filter(([key]) => key.startsWith("sshSessions.sharing."));
    expect(sharing.map(([, { scope }]) => scope)).toEqual(Array(4).fill("machine"));
  });

  it("activate the extension by its own views, commands and profile, and after startup", () => {
    expect(packageJson.activationEvents).toEqual(["onStartupFinished"]);
  });

  it("ship the pictures that they name", () => {
    const size = (file: string): Buffer => readFileSync(new URL(`../../../../${file}`, import.meta.url));
    const png = size(packageJson.icon);
    // The PNG header's width and height.
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([256, 256]);
    expect(size(contributes.viewsContainers.activitybar[0]?.icon ?? "").toString()).toContain(
      'viewBox="0 0 24 24"',
    );
  });
});
