import { access } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { MissingRequirementError } from "./missingRequirement.ts";
import { repositoryRoot } from "./repository.ts";

/** The Node that runs the VS Code server: the one among our development dependencies, with its headers. */
export interface TestNode {
  /** The folder with the `node` executable. */
  readonly binFolder: string;
  readonly executable: string;
  /** For `npm_config_nodedir`: saves node-gyp a download. Undefined after an `npm install` has removed it. */
  readonly headersFolder: string | undefined;
  readonly major: number;
  /** The npm package of Node for this machine, without its version. */
  readonly platformName: string;
  /** The npm package with executable and headers for this machine, as `npm pack` takes it. */
  readonly platformPackage: string;
}

/** @throws MissingRequirementError if the dependencies are not installed */
export async function findTestNode(): Promise<TestNode> {
  const packageFile = join(repositoryRoot, "node_modules", "node", "package.json");
  const executable = join(dirname(packageFile), "bin", process.platform === "win32" ? "node.exe" : "node");
  if (!(await exists(executable))) {
    throw new MissingRequirementError("The development dependencies are not installed.", "npm ci");
  }
  const { version } = createRequire(packageFile)("./package.json") as { version: string };
  const platformPackage = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const places = [
    join(dirname(packageFile), "node_modules", platformPackage),
    join(repositoryRoot, "node_modules", platformPackage),
  ];
  let headersFolder: string | undefined;
  for (const place of places) {
    if (await exists(join(place, "include", "node", "node_api.h"))) {
      headersFolder = place;
      break;
    }
  }
  return {
    binFolder: dirname(executable),
    executable,
    headersFolder,
    major: Number.parseInt(version, 10),
    platformName: platformPackage,
    platformPackage: `${platformPackage}@${version}`,
  };
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
