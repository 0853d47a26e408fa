import { ensureDebianPackages, isDebian } from "./debianPackages.ts";
import { findProgram } from "./findProgram.ts";
import { MissingRequirementError } from "./missingRequirement.ts";

/** Program -> the Debian package that contains it. */
const programs: Readonly<Record<string, string>> = {
  sshd: "openssh-server",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
  "ssh-agent": "openssh-client",
  ps: "procps",
  tmux: "tmux",
  screen: "screen",
  vim: "vim",
  less: "less",
  htop: "htop",
  fish: "fish",
  tcsh: "tcsh",
  curl: "curl",
  git: "git",
  rsync: "rsync",
};

/**
 * Linux only: network namespaces and packet filters simulate lost networks; another SSH server; other tools; ends of
 * other users' sessions.
 */
const linuxPrograms: Readonly<Record<string, string>> = {
  ip: "iproute2",
  python3: "python3",
  nft: "nftables",
  dropbear: "dropbear-bin",
  sudo: "sudo",
  busybox: "busybox",
  "softhsm2-util": "softhsm2",
  krb5kdc: "krb5-kdc",
  "kadmin.local": "krb5-admin-server",
  kinit: "krb5-user",
  psql: "postgresql",
};

/**
 * The OpenSSH server and client, and the programs that the tests run on the hosts.
 * @throws MissingRequirementError if something is missing and can't be installed without asking
 */
export async function ensureSshTools(): Promise<void> {
  const wanted = { ...programs, ...(process.platform === "linux" ? linuxPrograms : {}) };
  const missing: [program: string, debianPackage: string][] = [];
  for (const entry of Object.entries(wanted)) {
    if ((await findProgram(entry[0])) === undefined) {
      missing.push(entry);
    }
  }
  if (missing.length === 0) {
    return;
  }
  if (process.platform === "linux" && (await isDebian())) {
    await ensureDebianPackages([...new Set(missing.map(([, debianPackage]) => debianPackage))]);
    return;
  }
  const names = missing.map(([program]) => program).join(" ");
  throw new MissingRequirementError(
    `The tests need these programs: ${names}`,
    process.platform === "darwin" ? `brew install ${names}` : `install with your package manager: ${names}`,
  );
}
