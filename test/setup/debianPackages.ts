import { readFile } from "node:fs/promises";
import { MissingRequirementError } from "./missingRequirement.ts";
import { runProgram } from "./runProgram.ts";

/** True on Debian and its derivatives, where `apt-get` installs what the tests need. */
export async function isDebian(): Promise<boolean> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^ID(_LIKE)?=.*\bdebian\b/m.test(release);
}

/** Of the package lists in this process: one update serves all installations of a run. */
let listsAreFresh = false;

/**
 * Installs missing packages: only on Debian, and only as root.
 * @throws MissingRequirementError with the command to run if that can't be done without asking
 */
export async function ensureDebianPackages(names: readonly string[]): Promise<void> {
  const missing = await missingPackages(names);
  if (missing.length === 0) {
    return;
  }
  const packages = missing.join(" ");
  if (process.getuid?.() !== 0) {
    throw new MissingRequirementError(
      `These packages are missing: ${packages}`,
      `sudo apt-get update && sudo apt-get install --yes --no-install-recommends ${packages}`,
    );
  }
  console.log(`Installing Debian packages: ${packages}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // Another apt-get may hold the lock, on a new machine often its own first update.
  const apt = ["-q", "-o", "DPkg::Lock::Timeout=600"];
  if (!listsAreFresh) {
    await runProgram("apt-get", [...apt, "update"], { env });
    listsAreFresh = true;
  }
  await runProgram("apt-get", [...apt, "install", "--yes", "--no-install-recommends", ...missing], { env });
}

async function missingPackages(names: readonly string[]): Promise<string[]> {
  // An unknown package makes dpkg fail, but the others are still listed.
  const listing = await runProgram("sh", [
    "-c",
    `dpkg-query --show --showformat='\${Package} \${db:Status-Status}\\n' "$@" 2>/dev/null || true`,
    "sh",
    ...names,
  ]);
  const installed = new Set(
    listing.split("\n").flatMap((line) => (line.endsWith(" installed") ? [line.split(" ")[0]] : [])),
  );
  return names.filter((name) => !installed.has(name));
}
