import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { repositoryRoot } from "../setup/repository.ts";

/** Every package that npm has installed here, every built-in module, and what packages in the bundle try to load. */
function plantedNames(): readonly string[] {
  const packages = readdirSync(join(repositoryRoot, "node_modules")).filter((name) => !/^[.@]/.test(name));
  const builtIns = builtinModules.filter((name) => !name.includes("/") && !name.startsWith("_"));
  return [...new Set([...packages, ...builtIns, "cpu-features", "sshcrypto", "bufferutil"])];
}

/** Puts modules into folders in which Node looks for some. Each writes its path into the file `log` when it runs. */
export function plantModules(roads: readonly string[], log: string): void {
  const evil = `require("node:fs").appendFileSync(${JSON.stringify(log)}, __filename + "\\n");`;
  const names = plantedNames();
  for (const road of roads) {
    for (const name of names) {
      mkdirSync(join(road, name), { recursive: true });
      writeFileSync(join(road, name, "index.js"), evil);
    }
  }
  appendFileSync(log, "");
}

/** The planted modules that ran. */
export function plantedThatRan(log: string): readonly string[] {
  return readFileSync(log, "utf8").split("\n").filter(Boolean);
}
