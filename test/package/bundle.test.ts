import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build, type Plugin } from "esbuild";
import { afterAll, beforeAll, describe, it } from "vitest";
import { buildExtension } from "../setup/buildExtension.ts";
import { repositoryRoot } from "../setup/repository.ts";
import { plantedThatRan, plantModules } from "../support/plantedModules.ts";
import type { FirstUse } from "./firstUseProbe.ts";

const run = promisify(execFile);
const dist = join(repositoryRoot, "dist");

interface Reference {
  readonly file: string;
  readonly specifier: string;
}

/** esbuild's names for loading code that is only known at run time. */
const computedNames = [
  "unsupported-require-call",
  "indirect-require",
  "unsupported-dynamic-import",
  "direct-eval",
];

/** What a built file loads: every `import`, `import()`, `require` and `require.resolve`, as parsed by esbuild. */
async function references(file: string, source: string): Promise<{ found: Reference[]; unclear: string[] }> {
  const found: Reference[] = [];
  const recorder: Plugin = {
    name: "recorder",
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ path, kind }) => {
        if (kind === "entry-point") {
          return undefined;
        }
        found.push({ file, specifier: path });
        return { path, external: true };
      });
    },
  };
  const { warnings } = await build({
    // Checking the type of `require` loads nothing.
    stdin: {
      contents: source.replaceAll("typeof require", '"function"'),
      sourcefile: file,
      loader: "js",
      resolveDir: dist,
    },
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    plugins: [recorder],
    logLevel: "silent",
    // A name that is only known at run time.
    logOverride: Object.fromEntries(computedNames.map((id) => [id, "warning" as const])),
  });
  const unclear = warnings.filter(({ id }) => computedNames.includes(id));
  return { found, unclear: unclear.map(({ id, text }) => `${file}: ${id}: ${text}`) };
}

/** Other means to load code, none of which may be in the bundle. */
const otherLoaders =
  /\bcreateRequire\b|\bprocess\.dlopen\b|\bmodule\.(?:parent|paths)\b|\bglobalPaths\b|\bNODE_PATH\b|\brequire\.main\b/;

beforeAll(async () => {
  await buildExtension();
});

describe("the bundle", () => {
  let files: string[];

  beforeAll(async () => {
    files = (await readdir(dist)).filter((file) => file.endsWith(".cjs"));
  });

  it("loads built-in modules, vscode and its own files, and nothing else", async () => {
    assert.ok(files.includes("extension.cjs") && files.includes("main.cjs") && files.includes("ssh2.cjs"));
    const own = new Set(files.map((file) => `./${file}`));
    const all = await Promise.all(
      files.map(async (file) => references(file, await readFile(join(dist, file), "utf8"))),
    );
    const found = all.flatMap((each) => each.found);
    // Proves that the check works: each of these kinds occurs.
    for (const specifier of ["node:crypto", "vscode", "./ssh2.cjs"]) {
      assert.ok(
        found.some((each) => each.specifier === specifier),
        specifier,
      );
    }
    assert.deepEqual(
      found.filter(({ specifier }) => !isBuiltin(specifier) && specifier !== "vscode" && !own.has(specifier)),
      [],
    );
    assert.deepEqual(
      all.flatMap(({ unclear }) => unclear),
      [],
    );
  });

  it("has an entry of at most 20 KB, which each window runs at its start", async () => {
    const { size } = await stat(join(dist, "extension.cjs"));
    assert.ok(size <= 20 * 1024, `${size} bytes`);
  });

  it("has main code that loads none of its other files before one of their exports is used", async () => {
    const script = `const Module = require("node:module");
const stub = new Proxy(class {}, { get: (target, key) => (key === "prototype" ? target.prototype : stub) });
const load = Module._load;
const seen = [];
Module._load = function (request, ...rest) {
  if (request === "vscode") return stub;
  seen.push(request);
  return load.call(this, request, ...rest);
};
const { compose } = require("./main.cjs");
console.log(JSON.stringify({ isFunction: typeof compose, own: seen.filter((request) => request.startsWith("./")) }));`;
    const { stdout } = await run(process.execPath, ["-e", script], { cwd: dist });
    assert.deepEqual(JSON.parse(stdout), { isFunction: "function", own: ["./main.cjs"] });
  });

  it("has no other means to load code", async () => {
    for (const file of files) {
      assert.equal(otherLoaders.exec(await readFile(join(dist, file), "utf8"))?.[0], undefined, file);
    }
  });

  it("the check finds a module that is not ours, and one whose name is computed", async () => {
    const planted = await references(
      "planted",
      `try { require("cpu-features") } catch {} import("left-pad"); require.resolve("x"); require(process.argv[2]);`,
    );
    assert.deepEqual(planted.found.map(({ specifier }) => specifier).sort(), [
      "cpu-features",
      "left-pad",
      "x",
    ]);
    assert.deepEqual(planted.unclear.length, 1);
  });

  it("names every package in it, with its licence", async () => {
    const notices = await readFile(join(dist, "THIRD-PARTY-NOTICES.txt"), "utf8");
    const { dependencies } = JSON.parse(await readFile(join(repositoryRoot, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    for (const [name, version] of Object.entries(dependencies)) {
      assert.match(notices, new RegExp(`^={80}\n${name.replace("/", "\\/")} ${version} \\(`, "m"), name);
    }
    const sections = notices.split(/^={80}\n.+ \d+\.\d+\.\d+\S* \((?!undefined).+\)\n={80}$/m).slice(1);
    assert.ok(sections.length >= Object.keys(dependencies).length);
    assert.deepEqual(
      sections.filter((text) => text.trim().length < 200 || !/copyright|public domain/i.test(text)),
      [],
    );
  });
});

/** Reading late.cjs takes as long as all else of the first use: see esbuild.lateModules.ts. */
describe("the first use of the bundle", () => {
  let folder: string;
  let first: FirstUse;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-first-use-"));
    const configFile = join(folder, "ssh_config");
    await writeFile(configFile, "Host web1 web2\n  HostName 10.0.0.1\n");
    const probe = join(import.meta.dirname, "firstUseProbe.ts");
    const { stdout } = await run(process.execPath, [probe, configFile]);
    first = JSON.parse(stdout) as FirstUse;
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("draws its rows without a module of another file than main.cjs", () => {
    assert.deepEqual(first.rows, ["web1", "web2"]);
    assert.deepEqual(first.usedForRows, []);
  });

  it("lists the hosts to choose from without another module than those of the commands", () => {
    assert.deepEqual(first.choices, ["hosts", "web1", "web2"]);
    assert.deepEqual(first.usedForChoices, ["commands.cjs: src/vscode/commands/commandTable.ts"]);
  });
});

describe("modules planted around the bundle", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "ssh-sessions-planted-")));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("do not run", async () => {
    const extension = join(folder, "extensions", "ssh-sessions");
    await cp(dist, join(extension, "dist"), { recursive: true });
    const log = join(folder, "planted.log");
    const roads = [
      join(folder, "node_modules"),
      join(folder, "extensions", "node_modules"),
      join(extension, "node_modules"),
      join(extension, "dist", "node_modules"),
      join(folder, "node-path"),
      join(folder, "home", ".node_modules"),
      join(folder, "home", ".node_libraries"),
      join(folder, "workspace", "node_modules"),
    ];
    plantModules(roads, log);
    // Beside the bundle, where ssh2's own build would put its addon.
    await mkdir(join(extension, "dist", "crypto", "build", "Release"), { recursive: true });
    await writeFile(join(extension, "dist", "crypto", "build", "Release", "sshcrypto.node"), "no addon");
    await cp(
      join(folder, "node_modules", "cpu-features", "index.js"),
      join(folder, "workspace", "decryptWorker.cjs"),
    );
    // VS Code provides its API to the extension under this name; no other hook is needed.
    const probe = join(folder, "probe.cjs");
    await writeFile(
      probe,
      `const Module = require("node:module");
const { join } = require("node:path");
const stub = new Proxy(class {}, { get: (target, key) => (key === "prototype" ? target.prototype : stub) });
const load = Module._load;
const seen = [];
Module._load = function (request, ...rest) {
  if (request === "vscode") return stub;
  const file = Module._resolveFilename(request, ...rest);
  seen.push(file);
  return load.call(this, request, ...rest);
};
const dist = ${JSON.stringify(join(extension, "dist"))};
for (const file of ["extension.cjs", "main.cjs", "commands.cjs", "ssh2Engine.cjs", "late.cjs", "ssh2.cjs", "iconv-lite.cjs"]) require(join(dist, file));
const { utils, Client } = require(join(dist, "ssh2.cjs"));
utils.generateKeyPairSync("ed25519");
new Client();
const { Worker } = require("node:worker_threads");
new Worker(join(dist, "decryptWorker.cjs"), { workerData: {} }).on("error", () => {}).on("exit", () => {
  console.log(JSON.stringify(seen.filter((file) => !Module.isBuiltin(file))));
});
`,
    );
    const { stdout } = await run(process.execPath, [probe], {
      cwd: join(folder, "workspace"),
      env: {
        ...process.env,
        NODE_PATH: join(folder, "node-path"),
        HOME: join(folder, "home"),
        USERPROFILE: join(folder, "home"),
      },
    });
    const loaded = JSON.parse(stdout) as string[];
    assert.deepEqual(
      loaded.filter((file) => !new RegExp(`^${join(extension, "dist")}/[\\w.-]+\\.cjs$`).test(file)),
      [],
    );
    assert.ok(loaded.some((file) => file.endsWith("ssh2.cjs")));
    assert.deepEqual(plantedThatRan(log), []);
  });
});
