import { access, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureDebianPackages, isDebian } from "./debianPackages.ts";
import { withFileLock } from "./fileLock.ts";
import { findProgram } from "./findProgram.ts";
import { MissingRequirementError } from "./missingRequirement.ts";
import { cacheFolder } from "./repository.ts";
import { runProgram } from "./runProgram.ts";
import { findTestNode, type TestNode } from "./testNode.ts";

/**
 * The npm package code-server carries the whole VS Code server: the same extension host and the same
 * workbench as the desktop, in a browser. This version is VS Code 1.139.
 */
const pinnedVersion = "4.139.1";

const npm = process.platform === "win32" ? "npm.cmd" : "npm";

/** Loaded at start by the server and by the extension host; without the watchdog the latter dies at once. */
const nativeModules = ["@vscode/native-watchdog", "@vscode/spdlog"];

export interface InstalledVscodeServer {
  /** Folder that holds `out/server-main.js`. */
  readonly folder: string;
  /** Runs it. */
  readonly node: string;
  /** The version of VS Code, such as `1.139.1`. */
  readonly version: string;
}

/**
 * Finds the VS Code server in the cache, or installs it there.
 * @throws MissingRequirementError when it must be built and there is no compiler that we may install.
 */
export async function ensureVscodeServer(): Promise<InstalledVscodeServer> {
  const node = await findTestNode();
  const cache = cacheFolder();
  // What is compiled depends on all of these, and a shared cache may serve several machines.
  const name = `code-server-${pinnedVersion}-${process.platform}-${process.arch}-node${node.major}`;
  const target = join(cache, name);
  if (!(await exists(target))) {
    await mkdir(cache, { recursive: true });
    await withFileLock(join(cache, `${name}.lock`), async () => {
      if (!(await exists(target))) {
        await install(cache, target, node);
      }
    });
  }
  const folder = join(target, "lib", "vscode");
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { version: string };
  return { folder, node: node.executable, version: manifest.version };
}

async function install(cache: string, target: string, node: TestNode): Promise<void> {
  await ensureCompiler();
  console.log(`Installing code-server ${pinnedVersion} into ${cache} (once, about a minute)`);
  const staging = await mkdtemp(join(cache, "installing-"));
  try {
    const headers = node.headersFolder ?? (await unpack(node.platformPackage, join(staging, "node"), node));
    const env = npmEnvironment(node, headers);
    const unpacked = await unpack(`code-server@${pinnedVersion}`, join(staging, "server"), node);
    const server = join(unpacked, "lib", "vscode");
    await runProgram(npm, ["install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: server,
      env,
    });
    await runProgram(npm, ["rebuild", ...nativeModules], { cwd: server, env });
    await rename(unpacked, target);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Fetches a package as it is published, without its dependencies, and returns the folder with its files. */
async function unpack(name: string, folder: string, node: TestNode): Promise<string> {
  await mkdir(folder);
  await runProgram(npm, ["pack", "--silent", name], { cwd: folder, env: npmEnvironment(node) });
  const archive = (await readdir(folder)).find((file) => file.endsWith(".tgz"));
  if (archive === undefined) {
    throw new Error(`npm pack ${name} left no archive.`);
  }
  await runProgram("tar", ["-xzf", archive], { cwd: folder });
  return join(folder, "package");
}

/** node-gyp needs a compiler, make and Python. */
async function ensureCompiler(): Promise<void> {
  if (process.platform === "linux" && (await isDebian())) {
    await ensureDebianPackages(["g++", "make", "python3"]);
    return;
  }
  if (process.platform === "win32") {
    return; // node-gyp finds Visual Studio's build tools by itself, and says what to do without them.
  }
  for (const program of ["c++", "make", "python3"]) {
    if ((await findProgram(program)) === undefined) {
      throw new MissingRequirementError(
        `Building the VS Code server's native modules needs ${program}.`,
        process.platform === "darwin"
          ? "xcode-select --install"
          : "install gcc-c++, make and python3 with your package manager",
      );
    }
  }
}

function npmEnvironment(node: TestNode, headersFolder?: string): NodeJS.ProcessEnv {
  // What `npm run` tells its scripts about this package would lead an npm in another folder astray.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^npm_(package|lifecycle|config_local_prefix)/i.test(key)),
  );
  env["PATH"] = [node.binFolder, process.env["PATH"] ?? ""].join(process.platform === "win32" ? ";" : ":");
  if (headersFolder !== undefined) {
    env["npm_config_nodedir"] = headersFolder;
  }
  return env;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
