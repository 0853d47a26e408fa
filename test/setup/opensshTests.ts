import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isDebian } from "./debianPackages.ts";
import { withFileLock } from "./fileLock.ts";
import { MissingRequirementError } from "./missingRequirement.ts";
import { cacheFolder } from "./repository.ts";
import { runProgram } from "./runProgram.ts";

const name = "openssh-tests";

/**
 * The folder of OpenSSH's regress suite, for this system's OpenSSH. Debian's package is unpacked in the cache: installed,
 * it would bring Twisted and PuTTY.
 * @throws MissingRequirementError on other systems
 */
export async function ensureOpenSshTests(): Promise<string> {
  if (!(await isDebian())) {
    throw new MissingRequirementError(
      "OpenSSH's regress suite comes from Debian's package openssh-tests.",
      "run it in a container of debian:12",
    );
  }
  const cache = cacheFolder();
  const target = join(cache, `${name}-${process.arch}`);
  const regress = join(target, "usr", "lib", "openssh", "regress");
  if (!(await isThere(regress))) {
    await mkdir(cache, { recursive: true });
    await withFileLock(join(cache, `${name}.lock`), async () => {
      if (!(await isThere(regress))) {
        await install(cache, target);
      }
    });
  }
  return regress;
}

async function install(cache: string, target: string): Promise<void> {
  console.log(`Unpacking ${name} into ${cache} (once)`);
  const staging = await mkdtemp(join(cache, "unpacking-"));
  try {
    const download = ["-c", 'cd "$0" && apt-get -q -o APT::Sandbox::User=root download "$1"', staging, name];
    try {
      await runProgram("sh", download);
    } catch {
      // The lists are too old, or there are none.
      await runProgram("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=600", "update"]);
      await runProgram("sh", download);
    }
    const [archive = ""] = (await readdir(staging)).filter((file) => file.endsWith(".deb"));
    const root = join(staging, "root");
    await mkdir(root, { mode: 0o755 });
    await runProgram("dpkg-deb", ["-x", join(staging, archive), root]);
    await rename(root, target);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function isThere(folder: string): Promise<boolean> {
  return await readdir(folder).then(
    (names) => names.includes("test-exec.sh"),
    () => false,
  );
}
