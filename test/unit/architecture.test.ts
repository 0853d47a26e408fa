import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";

const source = join(import.meta.dirname, "..", "..", "src");

/**
 * The rooms of `src/`, lowest first. A file may import values from its own room and from the rooms before it in this
 * list. A type-only import of a port (`*Ports.ts`) or of shared types (`*Types.ts`) may point the other way: this is
 * how a lower room refers to what a higher one provides. `api.ts` contains only types.
 */
const rooms = [
  "base",
  "config",
  "trust",
  "auth",
  "engine",
  "master",
  "reconnect",
  "session",
  "forward",
  "share",
  "gateway",
  "terminal",
  "keeper",
  "remote",
  "text",
  "webview",
  "vscode",
  "",
] as const;

/** The rooms of `src/vscode/`, lowest first; `commands`, `features` and the layer itself may use all others. */
const editorRooms = [
  "messages",
  "settings",
  "documents",
  "serverView",
  "views",
  "prompts",
  "terminals",
  "commands",
  "features",
  "",
] as const;

/** Packages that only one folder may import. */
const owners: Readonly<Record<string, string>> = { vscode: "vscode", ssh2: "engine/ssh2" };

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

const imports: Import[] = files(source).flatMap((file) =>
  [
    ...readFileSync(file, "utf8").matchAll(
      /^(?:import|export)( type)?\b(?:[^;"]*?\bfrom)? ?"([^"]+)"|\bimport\("([^"]+)"\)/gm,
    ),
  ].map(([, type, named, dynamic]): Import => {
    const specifier = named ?? dynamic ?? "";
    return {
      from: relative(source, file),
      to: specifier.startsWith(".") ? relative(source, join(dirname(file), specifier)) : specifier,
      typeOnly: type !== undefined,
    };
  }),
);
const own = imports.filter(({ to }) => to.endsWith(".ts"));

function roomOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : "";
}

function editorRoomOf(file: string): string {
  return roomOf(file.slice("vscode/".length));
}

function isPort(file: string): boolean {
  return file === "api.ts" || /(Ports|Types)\.ts$/.test(file);
}

function upward(
  list: readonly string[],
  room: (file: string) => string,
  within: readonly Import[],
): string[] {
  return within
    .filter(({ from, to, typeOnly }) => {
      const [user, used] = [list.indexOf(room(from)), list.indexOf(room(to))];
      return user < 0 || used < 0 || (used > user && !(typeOnly && isPort(to)));
    })
    .map(({ from, to }) => `${from} imports ${to}`);
}

describe("the rooms of src", () => {
  test("imports are found", () => {
    expect(own.length).toBeGreaterThan(500);
  });

  test("imports point down", () => {
    expect(upward(rooms, roomOf, own)).toEqual([]);
  });

  test("imports between the editor's rooms point down", () => {
    const editor = own.filter(({ from, to }) => from.startsWith("vscode/") && to.startsWith("vscode/"));
    expect(upward(editorRooms, editorRoomOf, editor)).toEqual([]);
  });

  test("the channel layer needs only a wire: no sockets, no transport, no SSH library", () => {
    const allowed =
      /^(?:base\/|engine\/channels\/|engine\/(?:connectionEngine|engineErrors)\.ts$|node:stream$)/;
    const foreign = imports.filter(
      ({ from, to }) => from.startsWith("engine/channels/") && !allowed.test(to),
    );
    expect(foreign.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  test.each(Object.entries(owners))("only one folder imports %s", (name, folder) => {
    const strangers = imports
      .filter(({ to }) => to === name || (to.startsWith(`${name}/`) && !to.endsWith(".ts")))
      .filter(({ from }) => !from.startsWith(`${folder}/`))
      .map(({ from }) => from);
    expect(strangers.filter((file) => file !== "extension.ts" && file !== "compositionRoot.ts")).toEqual([]);
  });
});

describe("callbacks without a caller that catches", () => {
  const lines = files(source).flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .map((text, at) => ({ where: `${relative(source, file)}:${at + 1}`, text })),
  );

  test("timers are the clock's, whose callbacks are guarded", () => {
    const own = lines
      .filter(({ text }) => /(?<![.\w])set(?:Timeout|Interval)\(/.test(text))
      // A promise's own functions never throw; the guard is in the clock.
      .filter(({ where, text }) => !where.startsWith("base/clock.ts") && !/\b(?:resolve|reject)\b/.test(text))
      .filter(({ text }) => !/^\s*setTimeout\(callback/.test(text));
    expect(own.map(({ where }) => where)).toEqual([]);
  });

  test("work that runs after the turn is guarded, or settles a promise", () => {
    const bare = files(source).filter((file) =>
      [...readFileSync(file, "utf8").matchAll(/(?<![.\w])setImmediate\(\s*([^\s(]*)/g)].some(
        ([, called]) => called !== "guarded" && called !== "resolve);" && called !== "resolve));",
      ),
    );
    expect(bare.map((file) => relative(source, file))).toEqual([]);
  });
});

describe("errors", () => {
  test("each class has its name as a static, because the packaged code renames classes", () => {
    const classes = files(source).flatMap((file) => [
      ...readFileSync(file, "utf8").matchAll(
        /class (\w+) extends SshSessionsError<[^{]*\{\s*(?:static override readonly name = "(\w+)")?/g,
      ),
    ]);
    expect(classes.length).toBeGreaterThan(10);
    expect(classes.map(([, , name]) => name)).toEqual(classes.map(([, name]) => name));
  });
});

describe("the size of files", () => {
  const longest = 400;

  test("no file is longer than 400 lines without a reason in its header", () => {
    const long = files(source)
      .map((file) => ({ file: relative(source, file), text: readFileSync(file, "utf8") }))
      .filter(({ text }) => text.split("\n").length - 1 > longest)
      // The header is the comment before the first import.
      .filter(({ text }) => !/^ \* Longer than 400 lines because .+/m.test(text.split(/^import /m)[0] ?? ""))
      .map(({ file }) => file);
    expect(long).toEqual([]);
  });
});
